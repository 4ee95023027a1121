//! What a page is that shows no reel: told by what stands on it, in English.

use crate::browser::{Ending, is_empty};

/// The first that stands on the page is meant.
const SIGNS: &[(&str, Ending)] = &[
    ("checkpoint_required", Ending::Verify),
    ("challenge_required", Ending::Verify),
    ("login_required", Ending::LoginWall),
    ("require_login", Ending::LoginWall),
    (
        "Please wait a few minutes before you try again",
        Ending::AskedToWait,
    ),
    ("This account is private", Ending::Private),
    ("Restricted Video", Ending::RegionLocked),
    ("not available in your country", Ending::RegionLocked),
    ("Sorry, this page isn't available", Ending::Deleted),
    ("id=\"loginForm\"", Ending::LoginWall),
];

/// The ending of a page that has neither data nor a description with counts.
pub(super) fn ending(html: &str) -> Ending {
    if is_empty(html) {
        return Ending::Empty;
    }
    known(html).unwrap_or_else(|| Ending::Changed("it has neither data nor counts".to_owned()))
}

/// The ending of a page that has data for people who are logged in only.
pub(super) fn of_gated(html: &str, is_private: bool) -> Ending {
    if is_private {
        return Ending::Private;
    }
    match known(html) {
        Some(ending @ (Ending::Private | Ending::RegionLocked)) => ending,
        _ => Ending::LoginOnly,
    }
}

fn known(html: &str) -> Option<Ending> {
    let mut signs = SIGNS.iter();
    signs
        .find(|(sign, _)| html.contains(sign))
        .map(|(_, ending)| ending.clone())
}
