//! Rows that the tests start from. All of them are about video `v_1` on `youtube:main` unless a
//! test says otherwise; instants count in minutes from a fixed one.

use jiff::{Timestamp, ToSpan};
use schema::{
    DatabaseConnection, FeatureMap, SchemaError, StringList, accounts, analytics_snapshots,
    performance_feedback, posts, predictions, videos,
};
use serde_json::json;

/// `2026-11-22T10:00:00Z` and so many minutes.
pub(crate) fn minute(after: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + 1_795_341_600.seconds() + after.minutes()
}

pub(crate) fn video(id: &str) -> videos::NewVideo {
    videos::Model {
        id: id.to_owned(),
        concept_id: None,
        category: "finance".to_owned(),
        caption: "Money, explained – 💸 \"now\"".to_owned(),
        hashtags: StringList::from_iter(["#money", "#sparen"]),
        audio_id: None,
        source: videos::VideoSource::Path("inbox/v_1.mp4".to_owned()),
        features: Some(json!({ "trendVelocity": 82, "categoryPerformance": 6.5 })),
        created_at_ms: minute(0).as_millisecond(),
    }
}

pub(crate) fn new_post(video_id: &str) -> posts::NewPost {
    posts::NewPost {
        video_id: video_id.to_owned(),
        platform: "youtube".to_owned(),
        account: "main".to_owned(),
    }
}

pub(crate) fn session(name: &str) -> posts::Session {
    posts::Session {
        session: name.to_owned(),
        upload_id: None,
        total_bytes: 1024,
        content_sha256: "9f86d081".to_owned(),
    }
}

/// The account, the video and its prepared post; returns the post's id.
pub(crate) async fn prepared_post(
    db: &DatabaseConnection,
    video_id: &str,
) -> Result<String, SchemaError> {
    accounts::ensure(db, "youtube", "main").await?;
    videos::insert_if_new(db, video(video_id)).await?;
    let post = posts::prepare(db, new_post(video_id), minute(1)).await?;
    Ok(post.id)
}

pub(crate) fn reading(id: &str, post_id: &str) -> analytics_snapshots::Model {
    analytics_snapshots::Model {
        id: id.to_owned(),
        post_id: post_id.to_owned(),
        read_at_ms: minute(360).as_millisecond(),
        age_ms: 21_600_000,
        source: analytics_snapshots::SnapshotSource::Api,
        views: Some(1000),
        likes: Some(0),
        comments: Some(12),
        shares: None,
        saves: None,
        engagement: Some(0.012),
        scored: true,
        unscored_reason: None,
    }
}

pub(crate) fn prediction(post_id: &str, video_id: &str) -> predictions::Model {
    predictions::Model {
        id: post_id.to_owned(),
        video_id: video_id.to_owned(),
        platform: "youtube".to_owned(),
        account_id: "youtube:main".to_owned(),
        category: "finance".to_owned(),
        model: "baseline".to_owned(),
        predicted_engagement: None,
        sample_count: 0,
        features: json!({}),
        created_at_ms: minute(1).as_millisecond(),
    }
}

/// A post with prediction, reading and feedback; returns the feedback's id.
pub(crate) async fn feedback(
    db: &DatabaseConnection,
    video_id: &str,
    actual: f64,
) -> Result<String, SchemaError> {
    let post_id = prepared_post(db, video_id).await?;
    predictions::record_once(db, prediction(&post_id, video_id)).await?;
    let snapshot_id = format!("{post_id}/360");
    analytics_snapshots::record(db, reading(&snapshot_id, &post_id)).await?;
    let stored = performance_feedback::record_once(
        db,
        performance_feedback::Model {
            id: format!("{post_id}/feedback"),
            prediction_id: post_id.clone(),
            post_id,
            snapshot_id,
            platform: "youtube".to_owned(),
            category: "finance".to_owned(),
            predicted_engagement: None,
            actual_engagement: actual,
            error: None,
            age_ms: 21_600_000,
            created_at_ms: minute(361).as_millisecond(),
        },
    )
    .await?;
    Ok(stored.id)
}

pub(crate) fn weights(hook: f64) -> FeatureMap {
    FeatureMap::from_iter([("hook", hook), ("trendVelocity", 1.0)])
}
