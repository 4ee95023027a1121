//! What a page is that shows no video: told by what stands on it.

use crate::browser::{Ending, Markup, is_empty};

/// Of a page that asks for a proof that we are a person.
const VERIFY: &[&str] = &[
    "tiktok-verify-page",
    "verify-bar-close",
    "captcha_container",
    "captcha-verify",
    "secsdk-captcha",
    "sec-sdk-iframe",
    "TTGCaptcha",
    "Verify to continue",
];

/// Of a page whose script is to run before the real one is served.
const CHALLENGE: &[&str] = &["waf-jschallenge", "/waf-aiso/"];

/// What people read in a video's place, in English.
const SENTENCES: &[(&str, Ending)] = &[
    ("This video is private", Ending::Private),
    ("This account is private", Ending::Private),
    ("This video is being reviewed", Ending::UnderReview),
    (
        "isn't available in your country or region",
        Ending::RegionLocked,
    ),
    ("Video currently unavailable", Ending::Deleted),
    ("Couldn't find this account", Ending::Deleted),
    ("Log in to TikTok", Ending::LoginWall),
];

/// The ending of a page that has neither data nor counts.
pub(super) fn ending(html: &str) -> Ending {
    let has = |signs: &[&str]| signs.iter().any(|sign| html.contains(sign));
    if is_empty(html) {
        Ending::Empty
    } else if has(VERIFY) {
        Ending::Verify
    } else if has(CHALLENGE) {
        Ending::Challenge
    } else {
        let readable = Markup::readable(html);
        let mut sentences = SENTENCES.iter();
        let known = sentences.find(|(sentence, _)| readable.contains(sentence));
        known.map_or_else(
            || Ending::Changed("it has neither data nor counts".to_owned()),
            |(_, ending)| ending.clone(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_counts_only_where_people_read_it() {
        let shown = "<html><body><p>This video is private</p></body></html>";
        assert_eq!(ending(shown), Ending::Private);
        let kept = "<html><body><script>{\"x\":\"This video is private\"}</script><p>Hello</p></body></html>";
        assert!(matches!(ending(kept), Ending::Changed(_)));
    }
}
