//! Posting to TikTok and reading there, in the suite.

use futures::FutureExt as _;
use steps::post_confirm::PostConfirm;
use steps::post_open::PostOpen;
use steps::post_send::PostSend;
use steps::scrape::Scrape;

use crate::prove::{count, posting, processed, target};
use crate::world::World;

/// TikTok says no to the next request, with this status and error code.
macro_rules! refusal {
    ($endpoint:literal, $status:literal, $code:literal) => {
        fault!("tiktok", $endpoint, {
            "kind": "fail",
            "status": $status,
            "body": { "data": {}, "error": { "code": $code, "message": "", "log_id": "1" } }
        })
    };
}

/// What TikTok says next of the post.
macro_rules! status {
    ($data:tt) => {
        fault!("tiktok", "status_fetch", {
            "kind": "fail",
            "status": 200,
            "body": { "data": $data, "error": { "code": "ok", "message": "", "log_id": "1" } }
        })
    };
}

/// Bytes were allowed to leave in an execution that is gone, and this is what TikTok says next of them.
macro_rules! sending {
    ($then:expr) => {
        both!(
            sql!("update posts set state = 'sending', sending_at_ms = opened_at_ms"),
            $then
        )
    };
}

prove!(
    post_open,
    post_open,
    PostOpen,
    World::on("tiktok"),
    target,
    posting,
    [
        (
            "TikTok is down",
            fault!("tiktok", "creator_info", {"kind": "fail", "status": 503}),
            "retry",
            "tiktok_unavailable"
        ),
        (
            "the upload cannot be opened just now",
            fault!("tiktok", "video_init", {"kind": "fail", "status": 503}),
            "retry",
            "tiktok_unavailable"
        ),
        (
            "the answer is dropped",
            fault!("tiktok", "video_init", {"kind": "act_then_drop"}),
            "retry",
            "tiktok_unreachable"
        ),
        (
            "garbage",
            fault!("tiktok", "video_init", {"kind": "garbage"}),
            "retry",
            "tiktok_unreadable_answer"
        ),
        (
            "too many requests",
            fault!("tiktok", "creator_info", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "tiktok_rate_limited"
        ),
        (
            "the account has posted enough for a day",
            fault!("tiktok", "creator_info", {"kind": "fail", "status": 403}),
            "later",
            "tiktok_post_limit"
        ),
        (
            "the app has posted for enough accounts for a day",
            refusal!("video_init", 403, "reached_active_user_cap"),
            "later",
            "tiktok_active_user_cap"
        ),
        (
            "the token is refused",
            fault!("tiktok", "creator_info", {"kind": "fail", "status": 401}),
            "later",
            "tiktok_unauthorized"
        ),
        (
            "the token lacks a scope",
            refusal!("video_init", 401, "scope_not_authorized"),
            "later",
            "tiktok_scope_missing"
        ),
        (
            "the tokens cannot be renewed just now",
            fault!("tiktok", "oauth_token", {"kind": "fail", "status": 503}),
            "retry",
            "tiktok_unavailable"
        ),
        (
            "the refresh token is used up",
            fault!("tiktok", "oauth_token", {"kind": "fail", "status": 400, "body": {"error": "invalid_grant"}}),
            "later",
            "tiktok_refresh_refused"
        ),
        (
            "the app is not known",
            fault!("tiktok", "oauth_token", {"kind": "fail", "status": 401}),
            "later",
            "tiktok_client_refused"
        ),
        (
            "the post is refused",
            fault!("tiktok", "video_init", {"kind": "fail", "status": 400}),
            "terminal",
            "tiktok_rejected"
        ),
        (
            "the account is banned",
            refusal!("creator_info", 403, "spam_risk_user_banned_from_posting"),
            "terminal",
            "tiktok_banned"
        ),
        (
            "the post looks like spam",
            refusal!("video_init", 403, "spam_risk"),
            "terminal",
            "tiktok_spam_risk"
        ),
        (
            "the app is not audited",
            refusal!(
                "video_init",
                403,
                "unaudited_client_can_only_post_to_private_accounts"
            ),
            "terminal",
            "tiktok_unaudited_client"
        ),
        (
            "the account's owner has just made it private",
            refusal!("video_init", 403, "privacy_level_option_mismatch"),
            "terminal",
            "tiktok_privacy_unavailable"
        ),
        (
            "the caption is too long",
            sql!("update videos set caption = replace(hex(zeroblob(2201)), '00', 'x')"),
            "terminal",
            "tiktok_invalid_post"
        ),
    ]
);

prove!(
    post_send,
    post_send,
    PostSend,
    World::on("tiktok").await.open(),
    target,
    posting,
    [
        (
            "a chunk is not taken just now",
            fault!("tiktok", "upload_put", {"kind": "fail", "status": 503}),
            "retry",
            "tiktok_unavailable"
        ),
        (
            "the answer is dropped after TikTok acted",
            fault!("tiktok", "upload_put", {"kind": "act_then_drop"}),
            "retry",
            "tiktok_unreachable"
        ),
        (
            "a chunk is refused",
            fault!("tiktok", "upload_put", {"kind": "fail", "status": 400}),
            "retry",
            "tiktok_rejected"
        ),
        (
            "too many requests",
            fault!("tiktok", "upload_put", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "tiktok_rate_limited"
        ),
        (
            "the upload's address is gone, and bytes are missing",
            fault!("tiktok", "upload_put", {"kind": "fail", "status": 403}),
            "later",
            "upload_address_gone"
        ),
        (
            "the upload's address has been gone for a day, and TikTok says nothing of the bytes",
            both!(
                sql!("update posts set opened_at_ms = opened_at_ms - 86400001"),
                both!(
                    fault!("tiktok", "upload_put", {"kind": "fail", "status": 403}),
                    status!({"status": "PROCESSING_UPLOAD"})
                )
            ),
            "unknown",
            "publish_unknown"
        ),
        (
            "the upload's hour is over, and bytes are missing",
            sending!(sql!(
                "update posts set opened_at_ms = opened_at_ms - 4500001"
            )),
            "retry",
            "upload_reopened"
        ),
        (
            "TikTok could not process the bytes just now",
            sending!(status!({"status": "FAILED", "fail_reason": "internal"})),
            "retry",
            "upload_reopened"
        ),
        (
            "TikTok does not take the file",
            sending!(status!({"status": "FAILED", "fail_reason": "frame_rate_check_failed"})),
            "terminal",
            "tiktok_media_refused"
        ),
        (
            "TikTok has a word for the post that no upload has",
            sending!(status!({"status": "SEND_TO_USER_INBOX"})),
            "retry",
            "upload_moved"
        ),
        (
            "TikTok is down when it is asked about bytes that may have left",
            sending!(fault!("tiktok", "status_fetch", {"kind": "fail", "status": 503})),
            "retry",
            "tiktok_unavailable"
        ),
        (
            "the token is refused when it is asked",
            sending!(fault!("tiktok", "status_fetch", {"kind": "fail", "status": 401})),
            "later",
            "tiktok_unauthorized"
        ),
        (
            "the question is refused",
            sending!(fault!("tiktok", "status_fetch", {"kind": "fail", "status": 400})),
            "unknown",
            "tiktok_rejected"
        ),
        (
            "TikTok does not know the upload",
            sending!(sql!("update posts set upload_id = 'v_pub_file~v2-1.1'")),
            "unknown",
            "tiktok_unknown_post"
        ),
        (
            "the file changed",
            sql!("update posts set content_sha256 = 'other'"),
            "terminal",
            "source_changed"
        ),
    ]
);

prove!(
    post_confirm,
    post_confirm,
    PostConfirm,
    processed(World::on("tiktok").await.send().await),
    target,
    posting,
    [
        (
            "TikTok is down",
            fault!("tiktok", "status_fetch", {"kind": "fail", "status": 503}),
            "retry",
            "tiktok_unavailable"
        ),
        (
            "too many requests",
            fault!("tiktok", "status_fetch", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "tiktok_rate_limited"
        ),
        (
            "the token is refused",
            fault!("tiktok", "status_fetch", {"kind": "fail", "status": 401}),
            "later",
            "tiktok_unauthorized"
        ),
        (
            "garbage",
            fault!("tiktok", "status_fetch", {"kind": "garbage"}),
            "retry",
            "tiktok_unreadable_answer"
        ),
        (
            "the question is refused",
            fault!("tiktok", "status_fetch", {"kind": "fail", "status": 400}),
            "unknown",
            "tiktok_rejected"
        ),
        (
            "the post is not published yet, and sending it took more than a day",
            both!(
                sql!("update posts set sending_at_ms = 0"),
                status!({"status": "PROCESSING_UPLOAD"})
            ),
            "later",
            "post_processing"
        ),
        (
            "the upload has failed for passing reasons too often",
            both!(
                sql!("update posts set reopened = 3"),
                status!({"status": "FAILED", "fail_reason": "internal"})
            ),
            "terminal",
            "upload_given_up"
        ),
        (
            "the post was not published for a day",
            both!(
                sql!("update posts set updated_at_ms = 0"),
                status!({"status": "PROCESSING_UPLOAD"})
            ),
            "terminal",
            "post_not_confirmed"
        ),
        (
            "TikTok does not take the file",
            status!({"status": "FAILED", "fail_reason": "picture_size_check_failed"}),
            "terminal",
            "tiktok_media_refused"
        ),
        (
            "TikTok could not process the bytes just now",
            status!({"status": "FAILED", "fail_reason": "internal"}),
            "retry",
            "upload_reopened"
        ),
        (
            "the post looks like spam",
            status!({"status": "FAILED", "fail_reason": "spam_risk_text"}),
            "terminal",
            "tiktok_spam_risk"
        ),
        (
            "the account's owner has taken the app's rights away",
            status!({"status": "FAILED", "fail_reason": "auth_removed"}),
            "terminal",
            "tiktok_authorization_removed"
        ),
    ]
);

prove!(
    scrape,
    scrape,
    Scrape,
    processed(World::on("tiktok").await.publish().await),
    target,
    |world| count(world, "analytics_snapshots").boxed(),
    [
        (
            "TikTok is down",
            fault!("tiktok", "video_query", {"kind": "fail", "status": 503}),
            "retry",
            "tiktok_unavailable"
        ),
        (
            "too many requests",
            fault!("tiktok", "video_query", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "tiktok_rate_limited"
        ),
        (
            "the token is refused",
            fault!("tiktok", "video_query", {"kind": "fail", "status": 401}),
            "later",
            "tiktok_unauthorized"
        ),
        (
            "the post was deleted",
            mark!({"deleted": true}),
            "terminal",
            "post_deleted"
        ),
        (
            "the post has no public id yet",
            both!(
                sql!("update posts set platform_post_id = null, url = null"),
                mark!({"under_review": true})
            ),
            "later",
            "post_not_public"
        ),
        (
            "the post has had no public id for a day",
            both!(
                sql!("update posts set platform_post_id = null, url = null, published_at_ms = 0"),
                mark!({"under_review": true})
            ),
            "terminal",
            "post_not_public"
        ),
        (
            "TikTok is down when it is asked for the public id",
            both!(
                sql!("update posts set platform_post_id = null, url = null"),
                fault!("tiktok", "status_fetch", {"kind": "fail", "status": 503})
            ),
            "retry",
            "tiktok_unavailable"
        ),
    ]
);
