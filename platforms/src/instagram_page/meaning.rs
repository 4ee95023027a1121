//! What Instagram's pages mean: the only place that reads their status codes and words.
//!
//! | page | code | meaning |
//! |---|---|---|
//! | a challenge, `checkpoint_required` | `instagram_page_verify` | later: the host is left alone |
//! | sent to the login or to the front page; status 401; `require_login`, `login_required` | `instagram_page_login_wall` | later: the host is left alone |
//! | nothing on it | `instagram_page_empty` | later: the host is left alone |
//! | status 403 or 429, "Please wait a few minutes" | `instagram_page_blocked` | later: the host is left alone |
//! | status 404 or 410, "Sorry, this page isn't available" | `instagram_page_deleted` | terminal |
//! | a private account | `instagram_page_private` | terminal |
//! | "Restricted Video", "not available in your country" | `instagram_page_region_locked` | terminal |
//! | `if_gated_logged_out` without another reason | `instagram_page_login_only` | retry |
//! | any other data or layout, another reel, a count that is none | `instagram_page_changed_layout` | retry |
//! | status 5xx | `instagram_page_unavailable` | retry |
//!
//! How long the host is left alone is up to the
//! [`InstagramPageConfig`](super::InstagramPageConfig). There is no word for a review: a reel that
//! is not shown yet, or was taken down, is not there.
//!
//! Source: yt-dlp 2026.10.26, `extractor/instagram.py`.

use crate::browser::Ending;

/// Every code that this module's errors can have besides the browser's, sorted.
pub const CODES: &[&str] = &[
    "instagram_page_blocked",
    "instagram_page_changed_layout",
    "instagram_page_deleted",
    "instagram_page_empty",
    "instagram_page_login_only",
    "instagram_page_login_wall",
    "instagram_page_misconfigured",
    "instagram_page_private",
    "instagram_page_region_locked",
    "instagram_page_unavailable",
    "instagram_page_verify",
];

/// For people and dashboards.
pub(super) fn code(ending: &Ending) -> &'static str {
    match ending {
        Ending::Verify | Ending::Challenge => "instagram_page_verify",
        Ending::LoginWall => "instagram_page_login_wall",
        Ending::Refused(_) | Ending::AskedToWait | Ending::Unexplained(_) => {
            "instagram_page_blocked"
        }
        Ending::Empty => "instagram_page_empty",
        Ending::LoginOnly => "instagram_page_login_only",
        Ending::Deleted | Ending::UnderReview | Ending::Rejected => "instagram_page_deleted",
        Ending::Private => "instagram_page_private",
        Ending::RegionLocked => "instagram_page_region_locked",
        Ending::Changed(_) => "instagram_page_changed_layout",
        Ending::Unavailable(_) => "instagram_page_unavailable",
    }
}

/// The ending that the page was served with, if its status says one.
pub(super) fn of_http_status(status: u16) -> Option<Ending> {
    match status {
        401 => Some(Ending::LoginWall),
        403 | 429 => Some(Ending::Refused(status)),
        404 | 410 => Some(Ending::Deleted),
        500..=599 => Some(Ending::Unavailable(status)),
        _ => None,
    }
}

/// The ending that the page's address says, after all redirects. `path` and `home` are without the
/// slash at their end.
pub(super) fn of_path(path: &str, home: &str) -> Option<Ending> {
    let below = path.strip_prefix(home)?;
    match below {
        "" | "/accounts/login" => Some(Ending::LoginWall),
        below if below == "/challenge" || below.starts_with("/challenge/") => Some(Ending::Verify),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_has_a_code_of_the_list() {
        for ending in [
            Ending::Verify,
            Ending::Challenge,
            Ending::LoginWall,
            Ending::Refused(403),
            Ending::AskedToWait,
            Ending::Empty,
            Ending::Unexplained("words".to_owned()),
            Ending::LoginOnly,
            Ending::Deleted,
            Ending::Private,
            Ending::UnderReview,
            Ending::Rejected,
            Ending::RegionLocked,
            Ending::Changed("words".to_owned()),
            Ending::Unavailable(503),
        ] {
            assert!(CODES.contains(&code(&ending)), "{ending:?}");
        }
        assert!(CODES.is_sorted());
    }

    #[test]
    fn walls_are_known_by_their_address_below_the_sites_own() {
        for (path, home, ending) in [
            ("/accounts/login", "", Some(Ending::LoginWall)),
            ("", "", Some(Ending::LoginWall)),
            ("/challenge/AXE/1", "", Some(Ending::Verify)),
            ("/reel/DIhoUGE00uH", "", None),
            ("/challenges_of_mine", "", None),
            (
                "/instagram/accounts/login",
                "/instagram",
                Some(Ending::LoginWall),
            ),
            ("/instagram", "/instagram", Some(Ending::LoginWall)),
            ("/instagram/challenge", "/instagram", Some(Ending::Verify)),
            ("/instagram/reel/DIhoUGE00uH", "/instagram", None),
        ] {
            assert_eq!(of_path(path, home), ending, "{path}");
        }
    }
}
