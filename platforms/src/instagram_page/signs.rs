//! What a page is that shows no reel: told by what stands on it, in English.

use crate::browser::{Ending, Markup, is_empty};

/// Anywhere on the page; the first is meant.
const SIGNS: &[(&str, Ending)] = &[
    ("checkpoint_required", Ending::Verify),
    ("challenge_required", Ending::Verify),
    ("login_required", Ending::LoginWall),
    ("require_login", Ending::LoginWall),
    (
        "Please wait a few minutes before you try again",
        Ending::AskedToWait,
    ),
];

/// On many pages; what is meant only where nothing else is.
const LOGIN_FORM: &str = "id=\"loginForm\"";

/// What people read in a reel's place.
const SENTENCES: &[(&str, Ending)] = &[
    ("This account is private", Ending::Private),
    ("Restricted Video", Ending::RegionLocked),
    ("not available in your country", Ending::RegionLocked),
    ("Sorry, this page isn't available", Ending::Deleted),
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
    let readable = Markup::readable(html);
    let signs = SIGNS.iter().filter(|(sign, _)| html.contains(sign));
    let sentences = SENTENCES
        .iter()
        .filter(|(words, _)| readable.contains(words));
    let mut all = signs.chain(sentences);
    let login = || html.contains(LOGIN_FORM).then_some(Ending::LoginWall);
    all.next().map(|(_, ending)| ending.clone()).or_else(login)
}
