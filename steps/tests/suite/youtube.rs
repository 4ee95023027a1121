//! Posting to YouTube and reading there, in the suite.

use futures::FutureExt as _;
use steps::post_confirm::PostConfirm;
use steps::post_open::PostOpen;
use steps::post_send::PostSend;
use steps::scrape::Scrape;

use crate::in_doubt::youtube as in_doubt;
use crate::prove::{count, posting, processed, target};
use crate::world::World;

prove!(
    post_open,
    post_open,
    PostOpen,
    World::new(),
    target,
    posting,
    [
        (
            "the session cannot be opened just now",
            fault!("youtube", "upload_open", {"kind": "fail", "status": 503}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "too many requests",
            fault!("youtube", "upload_open", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "youtube_rate_limited"
        ),
        (
            "the day's quota is used up",
            fault!("youtube", "upload_open", {"kind": "quota_exceeded"}),
            "later",
            "youtube_quota_exceeded"
        ),
        (
            "the token is refused",
            fault!("youtube", "upload_open", {"kind": "fail", "status": 401}),
            "later",
            "youtube_unauthorized"
        ),
        (
            "the token lacks a scope",
            fault!("youtube", "upload_open", {"kind": "fail", "status": 403}),
            "later",
            "youtube_unauthorized"
        ),
        (
            "the answer is dropped",
            fault!("youtube", "upload_open", {"kind": "act_then_drop"}),
            "retry",
            "youtube_unreachable"
        ),
        (
            "the file is not there",
            sql!(r#"update videos set source = '{"path":"none.mp4"}'"#),
            "terminal",
            "source_missing"
        ),
        (
            "a file stands where the path wants a folder",
            sql!(r#"update videos set source = '{"path":"v_1.mp4/none.mp4"}'"#),
            "terminal",
            "source_missing"
        ),
        (
            "the path leads out of the inbox",
            sql!(r#"update videos set source = '{"path":"../channel.db"}'"#),
            "terminal",
            "source_outside_inbox"
        ),
        (
            "the path is a folder",
            sql!(r#"update videos set source = '{"path":"inbox"}'"#),
            "terminal",
            "source_not_a_file"
        ),
    ]
);

prove!(
    post_send,
    post_send,
    PostSend,
    World::opened(),
    target,
    posting,
    [
        (
            "a chunk is not taken just now",
            fault!("youtube", "upload_put", {"kind": "fail", "status": 503}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "the answer is dropped after YouTube acted",
            fault!("youtube", "upload_put", {"kind": "act_then_drop"}),
            "retry",
            "youtube_unreachable"
        ),
        (
            "a chunk is refused",
            fault!("youtube", "upload_put", {"kind": "fail", "status": 400}),
            "retry",
            "youtube_rejected"
        ),
        (
            "the token is refused",
            fault!("youtube", "upload_put", {"kind": "fail", "status": 401}),
            "later",
            "youtube_unauthorized"
        ),
        (
            "the question about bytes that may have left is refused",
            in_doubt::question_refused,
            "unknown",
            "youtube_rejected"
        ),
        (
            "the search for a vanished upload is refused",
            in_doubt::search_refused,
            "unknown",
            "youtube_rejected"
        ),
        (
            "the upload vanished just now",
            in_doubt::vanished,
            "retry",
            "upload_not_listed"
        ),
        (
            "the upload vanished ten minutes ago",
            in_doubt::vanished_ten_minutes_ago,
            "unknown",
            "publish_unknown"
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
    processed(World::sent().await),
    target,
    posting,
    [
        (
            "YouTube is down",
            fault!("youtube", "videos_list", {"kind": "fail", "status": 500}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "too many requests",
            fault!("youtube", "videos_list", {"kind": "rate_limit", "retry_after_s": 2}),
            "later",
            "youtube_rate_limited"
        ),
        (
            "garbage",
            fault!("youtube", "videos_list", {"kind": "garbage"}),
            "retry",
            "youtube_unreadable_answer"
        ),
        (
            "the post is not shown yet, and sending it took more than a day",
            sql!("update posts set platform_post_id = 'gone', sending_at_ms = 0"),
            "later",
            "post_processing"
        ),
        (
            "the post was not shown for a day",
            sql!("update posts set platform_post_id = 'gone', updated_at_ms = 0"),
            "terminal",
            "post_not_confirmed"
        ),
        (
            "YouTube could not process the video",
            mark!({"failed": "codec"}),
            "terminal",
            "youtube_processing_failed"
        ),
        (
            "YouTube does not want the video",
            mark!({"rejected": "duplicate"}),
            "terminal",
            "youtube_rejected"
        ),
    ]
);

prove!(
    scrape,
    scrape,
    Scrape,
    World::published(),
    target,
    |world| count(world, "analytics_snapshots").boxed(),
    [
        (
            "YouTube is down",
            fault!("youtube", "videos_list", {"kind": "fail", "status": 503}),
            "retry",
            "youtube_unavailable"
        ),
        (
            "the post was deleted",
            mark!({"deleted": true}),
            "terminal",
            "post_deleted"
        ),
    ]
);
