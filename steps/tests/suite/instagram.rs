//! Posting to Instagram and reading there, in the suite.
//!
//! Instagram processes the bytes before it takes the post, so an attempt that sends them ends `later`.
//! `post_send` begins here where they have been sent; what meets the bytes themselves puts the row
//! back to where they have not.

use futures::FutureExt as _;
use steps::post_confirm::PostConfirm;
use steps::post_open::PostOpen;
use steps::post_send::PostSend;
use steps::scrape::Scrape;

use crate::prove::{attempt, check_ending, count, posting, processed, target};
use crate::world::World;

/// What Instagram says next of the container.
macro_rules! status {
    ($body:tt) => {
        fault!("instagram", "container_status", {"kind": "fail", "status": 200, "body": $body})
    };
}

/// The bytes have not left yet, and then they meet this.
macro_rules! bytes {
    ($action:tt) => {
        both!(
            sql!("update posts set state = 'open', arrived_at_ms = null"),
            fault!("instagram", "upload", $action)
        )
    };
}

/// The bytes are with Instagram, which has looked at them.
async fn arrived() -> World {
    let world = World::on("instagram").await.open().await;
    let ending = attempt(&world, &world.steps.post_send).await;
    check_ending(&ending, "later", "post_processing");
    processed(world).await
}

prove!(
    post_open,
    post_open,
    PostOpen,
    World::on("instagram"),
    target,
    posting,
    [
        (
            "Instagram is down",
            fault!("instagram", "publishing_limit", {"kind": "fail", "status": 503}),
            "retry",
            "instagram_unavailable"
        ),
        (
            "the container cannot be made just now",
            fault!("instagram", "container_create", {"kind": "fail", "status": 503}),
            "retry",
            "instagram_unavailable"
        ),
        (
            "the answer is dropped",
            fault!("instagram", "container_create", {"kind": "act_then_drop"}),
            "retry",
            "instagram_unreachable"
        ),
        (
            "garbage",
            fault!("instagram", "container_create", {"kind": "garbage"}),
            "retry",
            "instagram_unreadable_answer"
        ),
        (
            "too many requests",
            fault!("instagram", "container_create", {"kind": "rate_limit", "retry_after_s": 120}),
            "later",
            "instagram_rate_limited"
        ),
        (
            "the token is refused",
            fault!("instagram", "publishing_limit", {"kind": "fail", "status": 401}),
            "later",
            "instagram_unauthorized"
        ),
        (
            "the posts of a day are used up",
            fault!("instagram", "publishing_limit", {
                "kind": "fail",
                "status": 200,
                "body": {"data": [{
                    "quota_usage": 50,
                    "config": {"quota_total": 50, "quota_duration": 86400}
                }]}
            }),
            "later",
            "instagram_posts_used_up"
        ),
        (
            "the posts of a day have just been used up",
            fault!("instagram", "container_create", {"kind": "quota_exceeded"}),
            "later",
            "instagram_publish_limit"
        ),
        (
            "the app may not post",
            fault!("instagram", "container_create", {"kind": "fail", "status": 403}),
            "terminal",
            "instagram_forbidden"
        ),
        (
            "the post is refused",
            fault!("instagram", "container_create", {"kind": "fail", "status": 400}),
            "terminal",
            "instagram_rejected"
        ),
        (
            "the post looks like spam",
            fault!("instagram", "container_create", {"kind": "graph_error", "code": 4, "subcode": 2207051}),
            "terminal",
            "instagram_spam_blocked"
        ),
        (
            "the account is restricted",
            fault!("instagram", "container_create", {"kind": "graph_error", "code": 25, "subcode": 2207050}),
            "terminal",
            "instagram_account_restricted"
        ),
        (
            "the caption is too long",
            sql!("update videos set caption = replace(hex(zeroblob(2201)), '00', 'x')"),
            "terminal",
            "instagram_invalid_reel"
        ),
    ]
);

prove!(
    post_send,
    post_send,
    PostSend,
    arrived(),
    target,
    posting,
    [
        (
            "the bytes are not taken just now",
            bytes!({"kind": "fail", "status": 503}),
            "retry",
            "instagram_upload_failed"
        ),
        (
            "the bytes are refused",
            bytes!({"kind": "fail", "status": 400}),
            "terminal",
            "instagram_upload_failed"
        ),
        (
            "the answer is dropped after Instagram acted",
            bytes!({"kind": "act_then_drop"}),
            "retry",
            "instagram_unreachable"
        ),
        (
            "the token is refused",
            bytes!({"kind": "fail", "status": 401}),
            "later",
            "instagram_unauthorized"
        ),
        (
            "the file changed",
            sql!("update posts set state = 'open', content_sha256 = 'other'"),
            "terminal",
            "source_changed"
        ),
        (
            "the video is being processed",
            status!({"status_code": "IN_PROGRESS"}),
            "later",
            "post_processing"
        ),
        (
            "the video has been processed for a day",
            both!(
                sql!("update posts set updated_at_ms = 0"),
                status!({"status_code": "IN_PROGRESS"})
            ),
            "terminal",
            "post_not_confirmed"
        ),
        (
            "Instagram is down when it is asked about bytes that have left",
            fault!("instagram", "container_status", {"kind": "fail", "status": 503}),
            "retry",
            "instagram_unavailable"
        ),
        (
            "too many requests",
            fault!("instagram", "container_status", {"kind": "rate_limit", "retry_after_s": 120}),
            "later",
            "instagram_rate_limited"
        ),
        (
            "the question is refused",
            fault!("instagram", "container_status", {"kind": "fail", "status": 400}),
            "unknown",
            "instagram_rejected"
        ),
        (
            "Instagram has a word for the container that we do not know",
            status!({"status_code": "ASLEEP"}),
            "retry",
            "upload_moved"
        ),
        (
            "the container has expired",
            fault!("instagram", "container_status", {"kind": "container_expires"}),
            "retry",
            "upload_reopened"
        ),
        (
            "the container is gone, which may be a mistake",
            fault!("instagram", "container_status", {"kind": "graph_error", "code": 24, "subcode": 2207008}),
            "later",
            "post_processing"
        ),
        (
            "the container is gone ten minutes later, too",
            both!(
                sql!("update posts set updated_at_ms = updated_at_ms - 600000"),
                fault!("instagram", "container_status", {"kind": "graph_error", "code": 24, "subcode": 2207008})
            ),
            "retry",
            "upload_reopened"
        ),
        (
            "the container failed, and another may not",
            fault!("instagram", "container_status", {"kind": "container_fails", "problem": 2207053}),
            "retry",
            "upload_reopened"
        ),
        (
            "Instagram does not take the file",
            fault!("instagram", "container_status", {"kind": "container_fails", "problem": 2207026}),
            "terminal",
            "instagram_unsupported_video"
        ),
    ]
);

prove!(
    post_confirm,
    post_confirm,
    PostConfirm,
    World::on("instagram").await.send(),
    target,
    posting,
    [
        (
            "Instagram is down when it is asked about the container",
            fault!("instagram", "container_status", {"kind": "fail", "status": 503}),
            "retry",
            "instagram_unavailable"
        ),
        (
            "the question is refused",
            fault!("instagram", "container_status", {"kind": "fail", "status": 400}),
            "unknown",
            "instagram_rejected"
        ),
        (
            "the video is being processed again",
            status!({"status_code": "IN_PROGRESS"}),
            "later",
            "post_processing"
        ),
        (
            "Instagram is down when it is to publish",
            fault!("instagram", "publish", {"kind": "fail", "status": 503}),
            "retry",
            "instagram_unavailable"
        ),
        (
            "the answer is dropped after Instagram has published",
            fault!("instagram", "publish", {"kind": "act_then_drop"}),
            "retry",
            "instagram_unreachable"
        ),
        (
            "garbage",
            fault!("instagram", "publish", {"kind": "garbage"}),
            "retry",
            "instagram_unreadable_answer"
        ),
        (
            "Instagram refuses to publish",
            fault!("instagram", "publish", {"kind": "fail", "status": 400}),
            "terminal",
            "instagram_rejected"
        ),
        (
            "Instagram refuses to publish what it may be publishing already",
            both!(
                sql!("update posts set publishing_at_ms = updated_at_ms"),
                fault!("instagram", "publish", {"kind": "fail", "status": 400})
            ),
            "retry",
            "instagram_rejected"
        ),
        (
            "Instagram refuses to publish what it may have published ten minutes ago",
            both!(
                sql!("update posts set publishing_at_ms = updated_at_ms - 600000"),
                fault!("instagram", "publish", {"kind": "fail", "status": 400})
            ),
            "unknown",
            "publish_unknown"
        ),
        (
            "the posts of a day are used up",
            fault!("instagram", "publish", {"kind": "quota_exceeded"}),
            "later",
            "instagram_publish_limit"
        ),
        (
            "the container is not ready after all",
            fault!("instagram", "publish", {"kind": "graph_error", "code": 9007, "subcode": 2207027}),
            "later",
            "instagram_not_ready"
        ),
        (
            "the token is refused",
            fault!("instagram", "publish", {"kind": "fail", "status": 401}),
            "later",
            "instagram_unauthorized"
        ),
        (
            "the container expires just before it is published",
            fault!("instagram", "publish", {"kind": "container_expires"}),
            "retry",
            "instagram_container_gone"
        ),
        (
            "the container has expired, and the post is not among the account's",
            fault!("instagram", "container_status", {"kind": "container_expires"}),
            "retry",
            "upload_not_listed"
        ),
        (
            "the container has expired, and ten minutes later there is no post",
            both!(
                sql!("update posts set updated_at_ms = updated_at_ms - 600000"),
                fault!("instagram", "container_status", {"kind": "container_expires"})
            ),
            "unknown",
            "publish_unknown"
        ),
        (
            "the container has expired, and the account's posts are not told",
            both!(
                fault!("instagram", "container_status", {"kind": "container_expires"}),
                fault!("instagram", "media_list", {"kind": "fail", "status": 400})
            ),
            "unknown",
            "instagram_rejected"
        ),
        (
            "Instagram is down when it is asked about the post",
            fault!("instagram", "media", {"kind": "fail", "status": 503}),
            "retry",
            "instagram_unavailable"
        ),
        (
            "the post is not shown yet",
            fault!("instagram", "media", {"kind": "fail", "status": 404}),
            "later",
            "post_processing"
        ),
        (
            "the post was not shown for a day",
            both!(
                sql!("update posts set updated_at_ms = 0"),
                fault!("instagram", "media", {"kind": "fail", "status": 404})
            ),
            "terminal",
            "post_not_confirmed"
        ),
    ]
);

prove!(
    scrape,
    scrape,
    Scrape,
    World::on("instagram").await.publish(),
    target,
    |world| count(world, "analytics_snapshots").boxed(),
    [
        (
            "Instagram is down",
            fault!("instagram", "insights", {"kind": "fail", "status": 503}),
            "retry",
            "instagram_unavailable"
        ),
        (
            "garbage",
            fault!("instagram", "insights", {"kind": "garbage"}),
            "retry",
            "instagram_unreadable_answer"
        ),
        (
            "too many requests",
            fault!("instagram", "insights", {"kind": "rate_limit", "retry_after_s": 120}),
            "later",
            "instagram_rate_limited"
        ),
        (
            "the token is refused",
            fault!("instagram", "insights", {"kind": "fail", "status": 401}),
            "later",
            "instagram_unauthorized"
        ),
        (
            "the post was deleted",
            mark!({"deleted": true}),
            "terminal",
            "post_deleted"
        ),
        (
            "the post has no id",
            sql!("update posts set platform_post_id = null"),
            "terminal",
            "row_missing"
        ),
    ]
);
