//! `post_confirm`: sees to it that the post is published, and waits until the platform says so.

use std::time::Duration;

use engine::{Asked, Policy, Step, StepContext, StepError};
use jiff::Timestamp;
use schema::posts::{self, PostState, SeenAs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::missing;
use crate::posting::{Confirmed, Job, Posting, moved, rejected, unknown};
use crate::services::Services;
use crate::target::Target;

/// Publishes where that is a call of its own, and asks the platform about the post, with durable
/// waits in between.
///
/// An upload that failed for a passing reason is made again, three times at most. Not repeatable: it
/// asks whether the post is published before it publishes.
pub struct PostConfirm {
    posting: Posting,
}

/// A published post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    /// Our post.
    pub post_id: String,
    /// The platform's id of it. TikTok names public posts only, and those some time later.
    pub platform_post_id: Option<String>,
    /// Where people see it, as far as that is known.
    pub url: Option<String>,
    /// When it was published, by the platform's clock.
    pub published_at: Timestamp,
}

impl PostConfirm {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            posting: Posting::new(services),
        }
    }

    async fn confirm(&self, job: &Job<'_>, target: &Target) -> Result<Posted, StepError> {
        let publisher = self.posting.publisher(target)?;
        let published = match publisher.confirm(job).await? {
            Confirmed::Published(published) => published,
            Confirmed::Dead(said) => {
                return Err(self.posting.reopen(publisher, job, &said).await?);
            }
        };
        let seen_as = SeenAs {
            platform_post_id: published.platform_post_id.as_deref(),
            url: published.url.as_deref(),
        };
        let (db, id) = (&self.posting.db, &job.post.id);
        let row = posts::posted(db, &job.post, published.at, seen_as, job.cx.now())
            .await?
            .into_model();
        // Refused when another execution or a webhook was faster; then its instant is the one.
        match row.state {
            PostState::Posted if row.platform_post_id.is_none() && seen_as != SeenAs::default() => {
                // A webhook that was faster may not have known the name.
                let named = posts::name(db, id, seen_as, job.cx.now()).await?;
                posted(named.into_model())
            }
            PostState::Posted => posted(row),
            PostState::Rejected => Err(rejected(&row)),
            _ => Err(moved(&row)),
        }
    }
}

fn posted(row: posts::Model) -> Result<Posted, StepError> {
    let published_at = row
        .published_at()
        .ok_or_else(|| missing("published post", &row.id))?;
    Ok(Posted {
        post_id: row.id,
        platform_post_id: row.platform_post_id,
        url: row.url,
        published_at,
    })
}

impl Step for PostConfirm {
    const NAME: &'static str = "post_confirm";
    const REPEATABLE: bool = false;
    type Input = Target;
    type Output = Posted;

    /// As of `post_send`, since it may have to send, too.
    fn policy() -> Policy {
        Policy {
            time_limit: Duration::from_secs(30 * 60),
            max_interrupted: 100,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Posted, StepError> {
        let job = self.posting.job(cx, &target).await?;
        match job.post.state {
            PostState::Rejected => Err(rejected(&job.post)),
            PostState::Unknown => Err(unknown(&job.post)),
            PostState::Posted => posted(job.post),
            PostState::Processing => self.confirm(&job, &target).await,
            // Its upload was opened anew.
            PostState::Open | PostState::Sending => {
                let publisher = self.posting.publisher(&target)?;
                let post = self.posting.bring(publisher, &job).await?;
                self.confirm(&Job { post, ..job }, &target).await
            }
            PostState::Prepared => Err(missing("sent post", &job.post.id)),
        }
    }

    /// The row and the platform say what has happened; `run` asks both before it acts.
    async fn ask(&self, _cx: &StepContext, _target: &Target) -> Result<Asked<Posted>, StepError> {
        Ok(Asked::NotActed)
    }
}
