//! `scrape`: reads how a post is doing.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{Step, StepContext, StepError};
use platforms::youtube::{Counts, YouTube};
use schema::analytics_snapshots::{self, SnapshotSource};
use schema::{DatabaseConnection, posts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::{self, Plain, missing};
use crate::services::{Audience, Services};
use crate::target::Target;

/// Reads the post's counts through the platform's API.
pub struct Scrape {
    db: DatabaseConnection,
    youtube: BTreeMap<String, Arc<YouTube>>,
    audience: Audience,
}

/// One reading. What the platform does not show is missing, never 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The reading's id.
    pub snapshot_id: String,
    /// Age of the post, milliseconds of its audience's time.
    pub age_ms: i64,
    /// Times it was watched.
    pub views: Option<i64>,
    /// Likes.
    pub likes: Option<i64>,
    /// Comments.
    pub comments: Option<i64>,
    /// (likes + comments) / views.
    pub engagement: Option<f64>,
    /// Whether it may be set against the prediction.
    pub scored: bool,
    /// If not: why.
    pub unscored_reason: Option<String>,
}

impl Scrape {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
            youtube: services.youtube.clone(),
            audience: services.audience,
        }
    }
}

/// Engagement, or why there is none. YouTube shows no shares, so the numerator is likes + comments.
fn engagement(counts: &Counts) -> Result<f64, &'static str> {
    let views = counts
        .views
        .filter(|views| *views > 0)
        .ok_or("no views are shown")?;
    let likes = counts.likes.ok_or("likes are hidden")?;
    let comments = counts.comments.ok_or("comments are hidden")?;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    Ok((likes + comments) as f64 / views as f64)
}

impl Step for Scrape {
    const NAME: &'static str = "scrape";
    type Input = Target;
    type Output = Reading;

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Reading, StepError> {
        let post_id = target.post_id();
        let post = posts::get(&self.db, &post_id)
            .await?
            .ok_or_else(|| missing("post", &post_id))?;
        let (Some(id), Some(published_at)) = (&post.platform_post_id, post.published_at()) else {
            return Err(missing("published post", &post_id));
        };
        let youtube = self
            .youtube
            .get(&target.account)
            .ok_or_else(|| missing("youtube account", &target.account))?;
        let video = youtube
            .video(id)
            .await
            .map_err(|error| endings::platform(cx, error))?;
        let read_at = cx.now();
        let Some(video) = video else {
            return Err(StepError::terminal(
                "post_deleted",
                Plain(format!(
                    "YouTube no longer shows {id}: deleted or made private"
                )),
            ));
        };
        if video.counts.views == Some(0) && video.counts.likes.is_some_and(|likes| likes > 0) {
            return Err(StepError::retry(
                "reading_implausible",
                Plain("likes without views: a bad reading".to_owned()),
            ));
        }
        let age_ms = self.audience.age_ms(published_at, read_at);
        let engagement = engagement(&video.counts);
        let unscored_reason = match engagement {
            Err(reason) => Some(reason.to_owned()),
            Ok(_) if !self.audience.is_scored_age(age_ms) => Some(format!(
                "read at an age of {:.1} h, not 6 h ± 1 h",
                hours(age_ms)
            )),
            Ok(_) => None,
        };
        let count = |count: Option<u64>| count.and_then(|count| i64::try_from(count).ok());
        let row = analytics_snapshots::Model {
            id: cx.key(),
            post_id,
            read_at_ms: read_at.as_millisecond(),
            age_ms,
            source: SnapshotSource::Api,
            views: count(video.counts.views),
            likes: count(video.counts.likes),
            comments: count(video.counts.comments),
            shares: None,
            saves: None,
            engagement: engagement.ok(),
            scored: unscored_reason.is_none(),
            unscored_reason,
        };
        Ok(analytics_snapshots::record(&self.db, row).await?.into())
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn hours(ms: i64) -> f64 {
    ms as f64 / 3_600_000.0
}

impl From<analytics_snapshots::Model> for Reading {
    fn from(row: analytics_snapshots::Model) -> Self {
        Self {
            snapshot_id: row.id,
            age_ms: row.age_ms,
            views: row.views,
            likes: row.likes,
            comments: row.comments,
            engagement: row.engagement,
            scored: row.scored,
            unscored_reason: row.unscored_reason,
        }
    }
}
