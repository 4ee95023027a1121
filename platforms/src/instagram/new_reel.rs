//! A reel that is to be made, and Instagram's rules for it.
//!
//! All broken rules are found at once and before a container is made, so that a caption is
//! corrected in one go.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SERVICE;
use crate::{PlatformError, Violation, violation};

const CAPTION_CHARS: usize = 2200;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
const SHORTEST_MS: u64 = 3_000;
const LONGEST_MS: u64 = 15 * 60 * 1000;
/// "300 MB", read in the stricter way.
const MOST_BYTES: u64 = 300_000_000;
/// Fewest and most frames per second.
const FRAME_RATES: RangeInclusive<f64> = 23.0..=60.0;

/// A reel that is about to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewReel {
    /// At most 2200 characters with its hashtags, of which there may be 30, and 20 mentions. It is
    /// what a published reel is found again by.
    pub caption: String,
    /// Whether it is shown among the account's posts too, and not among its reels only.
    pub share_to_feed: bool,
    /// Length of the video in milliseconds: 3 s to 15 min.
    pub duration_ms: u64,
    /// Size of the file in bytes: at most 300 MB.
    pub bytes: u64,
    /// Frames per second, 23 to 60; nothing for a variable or undeclared rate.
    pub frame_rate: Option<f64>,
}

impl NewReel {
    /// Every rule that is broken, in the order of the fields; empty when Instagram will take it.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |field, problem| found.push(Violation { field, problem });
        for (count, most, what) in [
            (self.caption.chars().count(), CAPTION_CHARS, "characters"),
            (hashtags(&self.caption), HASHTAGS, "hashtags"),
            (mentions(&self.caption), MENTIONS, "mentions"),
        ] {
            if count > most {
                report("caption", format!("has {count} {what}, {most} are allowed"));
            }
        }
        let length = self.duration_ms;
        if !(SHORTEST_MS..=LONGEST_MS).contains(&length) {
            report(
                "duration_ms",
                format!("is {length}, {SHORTEST_MS} to {LONGEST_MS} are allowed"),
            );
        }
        match self.bytes {
            0 => report("bytes", "is 0: the file is empty".to_owned()),
            bytes if bytes > MOST_BYTES => report(
                "bytes",
                format!("is {bytes}, at most {MOST_BYTES} are allowed"),
            ),
            _ => {}
        }
        // Rates such as 23.976 and 60.02 are meant by whole numbers.
        if let Some(rate) = self.frame_rate
            && !FRAME_RATES.contains(&rate.round())
        {
            let (least, most) = (FRAME_RATES.start(), FRAME_RATES.end());
            report(
                "frame_rate",
                format!("is {rate:.2} frames per second, {least} to {most} are allowed"),
            );
        }
        found
    }

    /// Fails with every rule that is broken.
    ///
    /// # Errors
    /// `instagram_invalid_reel`, terminal.
    pub fn check(&self, operation: &'static str) -> Result<(), PlatformError> {
        let code = "instagram_invalid_reel";
        violation::refuse(&SERVICE, operation, code, &self.violations())
    }
}

/// A `#` with a word behind it, wherever it stands.
fn hashtags(caption: &str) -> usize {
    marks(caption, '#', |_before| true)
}

/// An `@` with a name behind it and no word before it, as an e-mail address has.
fn mentions(caption: &str) -> usize {
    marks(caption, '@', |before| !before.is_some_and(is_of_a_word))
}

/// How often `mark` stands before a word, and behind what `fits`.
fn marks(caption: &str, mark: char, fits: impl Fn(Option<char>) -> bool) -> usize {
    let before = std::iter::once(None).chain(caption.chars().map(Some));
    let after = caption.chars().skip(1).map(Some).chain([None]);
    before
        .zip(caption.chars())
        .zip(after)
        .filter(|((before, here), after)| {
            *here == mark && fits(*before) && after.is_some_and(is_of_a_word)
        })
        .count()
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reel(caption: String) -> NewReel {
        NewReel {
            caption,
            share_to_feed: true,
            duration_ms: 3_000,
            bytes: 300_000_000,
            frame_rate: Some(23.976),
        }
    }

    #[test]
    fn a_reel_exactly_at_every_limit_breaks_no_rule() {
        let marks = format!("{}{}", "#ä ".repeat(30), "@b ".repeat(20));
        let text = "ü".repeat(2200 - marks.chars().count());
        assert_eq!(reel(format!("{marks}{text}")).violations(), []);
        let long = NewReel {
            duration_ms: 900_000,
            ..reel(String::new())
        };
        assert_eq!(long.violations(), []);
    }

    #[test]
    fn every_broken_rule_is_reported_at_once() {
        let marks = format!("{}{}", "#a".repeat(31), " @b".repeat(21));
        let clip = NewReel {
            duration_ms: 2_999,
            bytes: 300_000_001,
            frame_rate: Some(60.5),
            ..reel(format!("{marks}{}", "x".repeat(2200)))
        };
        let found: Vec<String> = clip.violations().iter().map(Violation::to_string).collect();
        insta::assert_snapshot!(found.join("\n"), @r"
        caption has 2325 characters, 2200 are allowed
        caption has 31 hashtags, 30 are allowed
        caption has 21 mentions, 20 are allowed
        duration_ms is 2999, 3000 to 900000 are allowed
        bytes is 300000001, at most 300000000 are allowed
        frame_rate is 60.50 frames per second, 23 to 60 are allowed
        ");
        let empty = NewReel {
            duration_ms: 900_001,
            bytes: 0,
            ..clip
        };
        assert_eq!(empty.violations().len(), 6);
    }

    #[test]
    fn a_mark_counts_only_where_a_word_follows() {
        for (caption, tags, names) in [
            ("", 0, 0),
            ("#money #geld_sparen", 2, 0),
            ("no. # 1, C#, ## and #", 0, 0),
            ("a#b##c", 2, 0),
            ("@a and (@b_c), me@mail.example", 0, 2),
            ("@ @", 0, 0),
        ] {
            assert_eq!(
                (hashtags(caption), mentions(caption)),
                (tags, names),
                "{caption}"
            );
        }
    }
}
