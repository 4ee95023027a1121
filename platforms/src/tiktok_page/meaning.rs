//! What TikTok's pages mean: the only place that reads their status codes and words.
//!
//! | page | code | meaning |
//! |---|---|---|
//! | a verify page, or a check that does not let the browser pass | `tiktok_page_verify` | later: the host is left alone |
//! | sent to the login | `tiktok_page_login_wall` | later: the host is left alone |
//! | nothing on it | `tiktok_page_empty` | later: the host is left alone |
//! | status 403 or 429; 10204 with words that we do not know | `tiktok_page_blocked` | later: the host is left alone |
//! | 10204 `status_reviewing` | `tiktok_page_under_review` | later: as configured |
//! | 10204 `item doesn't exist`, `status_deleted`; 10202, 10221 (no such user); status 404 or 410 | `tiktok_page_deleted` | terminal |
//! | 10204 `status_self_see`; 10216, 10222 | `tiktok_page_private` | terminal |
//! | 10204 `status_audit_not_pass` | `tiktok_page_rejected` | terminal |
//! | 10204 `cross_border_violation`, `copyright_geo_filter`, `person_geo_fencing`; 10231 | `tiktok_page_region_locked` | terminal |
//! | 10204 `content_classification`, or data without the video | `tiktok_page_login_only` | retry |
//! | any other data or layout, another video, a count that is none | `tiktok_page_changed_layout` | retry |
//! | status 5xx | `tiktok_page_unavailable` | retry |
//!
//! How long the host is left alone is up to the [`TikTokPageConfig`](super::TikTokPageConfig).
//!
//! Sources: yt-dlp 2026.10.26 and gallery-dl 1.32.18, `extractor/tiktok.py` of both.

use crate::browser::Ending;

/// Every code that this module's errors can have besides the browser's, sorted.
pub const CODES: &[&str] = &[
    "tiktok_page_blocked",
    "tiktok_page_changed_layout",
    "tiktok_page_deleted",
    "tiktok_page_empty",
    "tiktok_page_login_only",
    "tiktok_page_login_wall",
    "tiktok_page_misconfigured",
    "tiktok_page_private",
    "tiktok_page_region_locked",
    "tiktok_page_rejected",
    "tiktok_page_unavailable",
    "tiktok_page_under_review",
    "tiktok_page_verify",
];

/// For people and dashboards.
pub(super) fn code(ending: &Ending) -> &'static str {
    match ending {
        Ending::Verify | Ending::Challenge => "tiktok_page_verify",
        Ending::LoginWall => "tiktok_page_login_wall",
        Ending::Refused(_) | Ending::AskedToWait | Ending::Unexplained(_) => "tiktok_page_blocked",
        Ending::Empty => "tiktok_page_empty",
        Ending::LoginOnly => "tiktok_page_login_only",
        Ending::Deleted => "tiktok_page_deleted",
        Ending::Private => "tiktok_page_private",
        Ending::UnderReview => "tiktok_page_under_review",
        Ending::Rejected => "tiktok_page_rejected",
        Ending::RegionLocked => "tiktok_page_region_locked",
        Ending::Changed(_) => "tiktok_page_changed_layout",
        Ending::Unavailable(_) => "tiktok_page_unavailable",
    }
}

/// The ending that the page was served with, if its status says one.
pub(super) fn of_http_status(status: u16) -> Option<Ending> {
    match status {
        403 | 429 => Some(Ending::Refused(status)),
        404 | 410 => Some(Ending::Deleted),
        500..=599 => Some(Ending::Unavailable(status)),
        _ => None,
    }
}

/// The ending that `statusCode` and `statusMsg` of the page's data say; 0 is none.
pub(super) fn of_data_status(status: i64, words: &str) -> Option<Ending> {
    let ending = match (status, words) {
        (0, _) => return None,
        (10204, "item doesn't exist" | "status_deleted") | (10202 | 10221, _) => Ending::Deleted,
        (10204, "status_self_see") | (10216 | 10222, _) => Ending::Private,
        (10204, "status_reviewing") => Ending::UnderReview,
        (10204, "status_audit_not_pass") => Ending::Rejected,
        (10204, "cross_border_violation" | "copyright_geo_filter" | "person_geo_fencing")
        | (10231, _) => Ending::RegionLocked,
        (10204, "content_classification") => Ending::LoginOnly,
        // How yt-dlp reads it: an address that TikTok does not like.
        (10204, words) => Ending::Unexplained(format!("10204 {words}")),
        (status, words) => Ending::Changed(format!("status {status} {words}")),
    };
    Some(ending)
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
    fn a_status_says_what_became_of_the_video() {
        for (status, words, ending) in [
            (0, "", None),
            (10204, "item doesn't exist", Some(Ending::Deleted)),
            (10204, "status_deleted", Some(Ending::Deleted)),
            (10204, "status_self_see", Some(Ending::Private)),
            (10204, "status_reviewing", Some(Ending::UnderReview)),
            (10204, "status_audit_not_pass", Some(Ending::Rejected)),
            (10204, "content_classification", Some(Ending::LoginOnly)),
            (10204, "cross_border_violation", Some(Ending::RegionLocked)),
            (10204, "copyright_geo_filter", Some(Ending::RegionLocked)),
            (10204, "person_geo_fencing", Some(Ending::RegionLocked)),
            (10204, "x", Some(Ending::Unexplained("10204 x".to_owned()))),
            (10216, "private_item", Some(Ending::Private)),
            (10221, "", Some(Ending::Deleted)),
            (10222, "private_account", Some(Ending::Private)),
            (10231, "", Some(Ending::RegionLocked)),
            (9, "x", Some(Ending::Changed("status 9 x".to_owned()))),
        ] {
            assert_eq!(of_data_status(status, words), ending, "{status} {words}");
        }
    }
}
