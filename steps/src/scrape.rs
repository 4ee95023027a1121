//! `scrape`: reads how a post is doing.

use engine::{Policy, Step, StepContext, StepError};
use schema::analytics_snapshots;
use schema::{DatabaseConnection, posts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::{Plain, missing};
use crate::reading::{Readers, Shown};
use crate::services::{Audience, Services};
use crate::target::Target;

/// What platforms say of a post that is no longer there.
const GONE: [&str; 3] = [
    "instagram_page_deleted",
    "post_deleted",
    "tiktok_page_deleted",
];

/// Reads the post's counts, by its public page or through the platform's API.
pub struct Scrape {
    db: DatabaseConnection,
    readers: Readers,
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
    /// Shares, where the platform shows them.
    #[serde(default)]
    pub shares: Option<i64>,
    /// How many keep it, where the platform shows it.
    #[serde(default)]
    pub saves: Option<i64>,
    /// (likes + comments + shares) / views, with what the platform shows.
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
            readers: Readers::new(services),
            audience: services.audience,
        }
    }

    /// The row of a reading.
    fn row(
        &self,
        cx: &StepContext,
        post: &posts::Model,
        shown: &Shown,
    ) -> Result<analytics_snapshots::Model, StepError> {
        let published_at = post.published_at();
        let published_at = published_at.ok_or_else(|| missing("published post", &post.id))?;
        let read_at = cx.now();
        let age_ms = self.audience.age_ms(published_at, read_at);
        let engagement = shown.engagement();
        let unscored_reason = match engagement {
            Err(reason) => Some(reason.to_owned()),
            Ok(_) if !self.audience.is_scored_age(age_ms) => Some(format!(
                "read at an age of {:.1} h, not 6 h ± 1 h",
                hours(age_ms)
            )),
            Ok(_) => None,
        };
        let count = |count: Option<u64>| count.and_then(|count| i64::try_from(count).ok());
        Ok(analytics_snapshots::Model {
            id: cx.key(),
            post_id: post.id.clone(),
            read_at_ms: read_at.as_millisecond(),
            age_ms,
            source: shown.source,
            views: count(shown.views),
            likes: count(shown.likes),
            comments: count(shown.comments),
            shares: count(shown.shares.count()),
            saves: count(shown.saves),
            engagement: engagement.ok(),
            scored: unscored_reason.is_none(),
            unscored_reason,
        })
    }
}

impl Step for Scrape {
    const NAME: &'static str = "scrape";
    type Input = Target;
    type Output = Reading;

    /// A worker that is restarted often is no reason to give a reading up.
    fn policy() -> Policy {
        Policy {
            max_interrupted: 100,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Reading, StepError> {
        let post_id = target.post_id();
        let post = posts::get(&self.db, &post_id)
            .await?
            .ok_or_else(|| missing("post", &post_id))?;
        let shown = match self.readers.of(&target)?.read(cx, &post).await {
            Ok(shown) => shown,
            Err(error) => {
                if GONE.contains(&error.code()) {
                    posts::gone(&self.db, &post.id, cx.now()).await?;
                }
                return Err(error);
            }
        };
        if shown.is_implausible() {
            return Err(StepError::retry(
                "reading_implausible",
                Plain("likes without views: a bad reading".to_owned()),
            ));
        }
        let row = self.row(cx, &post, &shown)?;
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
            shares: row.shares,
            saves: row.saves,
            engagement: row.engagement,
            scored: row.scored,
            unscored_reason: row.unscored_reason,
        }
    }
}
