//! The description that a reel's page has for other sites: `1,234 likes, 56 comments - oddloop on
//! March 3, 2026: "caption"`. It is English, and has no views.

use super::post::Counts;
use crate::counts;

/// The counts with which it begins, up to the dash. Nothing else in it is ours to read: a caption
/// can say anything.
pub(super) fn counts(description: &str) -> Counts {
    let mut shown = Counts::default();
    let Some((head, _)) = description.split_once(" - ") else {
        return shown;
    };
    for part in head.split(", ") {
        match part.trim().rsplit_once(' ') {
            Some((count, "like" | "likes")) => shown.likes = counts::parse(count),
            Some((count, "comment" | "comments")) => shown.comments = counts::parse(count),
            _ => break,
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_only_where_it_begins_with_them() {
        let of = |likes, comments| Counts {
            views: None,
            likes,
            comments,
        };
        for (description, expected) in [
            (
                "1,234 likes, 56 comments - a on March 3, 2026: \"x\". ",
                of(Some(1234), Some(56)),
            ),
            (
                "1 like, 1 comment - a on March 3, 2026: \"x\". ",
                of(Some(1), Some(1)),
            ),
            (
                "48K likes - a on March 3, 2026: \"x\". ",
                of(Some(48_000), None),
            ),
            (
                "1.2M likes, 0 comments - a on May 1, 2026: \"x\". ",
                of(Some(1_200_000), Some(0)),
            ),
            (
                "12 comments - a on March 3, 2026: \"x\". ",
                of(None, Some(12)),
            ),
            (
                "a on March 3, 2026: \"9 likes - 9 comments - x\". ",
                of(None, None),
            ),
            ("a on March 3, 2026: \"5, 7 likes - x\". ", of(None, None)),
            ("many likes, 56 comments - a: \"x\". ", of(None, Some(56))),
            ("", of(None, None)),
        ] {
            assert_eq!(counts(description), expected, "{description}");
        }
    }
}
