//! What a page is that shows no video: told by what stands on it.

use crate::browser::{Ending, is_empty};

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
        let mut sentences = SENTENCES.iter();
        let known = sentences.find(|(sentence, _)| html.contains(sentence));
        known.map_or_else(
            || Ending::Changed("it has neither data nor counts".to_owned()),
            |(_, ending)| ending.clone(),
        )
    }
}
