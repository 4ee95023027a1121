//! `post_send`: sends the bytes. On some platforms the video is published with the last one.

use std::time::Duration;

use engine::{Asked, Policy, Step, StepContext, StepError};
use schema::posts::PostState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::posting::{Posting, rejected, unknown};
use crate::services::Services;
use crate::target::Target;

/// Sends the bytes into the upload of the post's row. Not repeatable: it asks the platform what
/// became of them before anything is sent again.
pub struct PostSend {
    posting: Posting,
}

/// What the platform made of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The platform's id of the post, where it has one by now.
    pub platform_post_id: Option<String>,
}

impl PostSend {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            posting: Posting::new(services),
        }
    }
}

impl Step for PostSend {
    const NAME: &'static str = "post_send";
    const REPEATABLE: bool = false;
    type Input = Target;
    type Output = Sent;

    /// Sending takes long, and a worker that is restarted often is no reason to give a post up: each
    /// execution goes on where the upload is.
    fn policy() -> Policy {
        Policy {
            time_limit: Duration::from_secs(30 * 60),
            max_interrupted: 100,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Sent, StepError> {
        let publisher = self.posting.publisher(&target)?;
        let job = self.posting.job(cx, &target).await?;
        match job.post.state {
            PostState::Rejected => Err(rejected(&job.post)),
            PostState::Unknown => Err(unknown(&job.post)),
            PostState::Processing | PostState::Posted => Ok(Sent {
                platform_post_id: job.post.platform_post_id,
            }),
            PostState::Prepared | PostState::Open | PostState::Sending => {
                let sent = self.posting.bring(publisher, &job).await?;
                Ok(Sent {
                    platform_post_id: sent.platform_post_id,
                })
            }
        }
    }

    /// The row's state says whether bytes may have left; `run` asks the platform by it, so nothing
    /// has to be found out twice.
    async fn ask(&self, _cx: &StepContext, _target: &Target) -> Result<Asked<Sent>, StepError> {
        Ok(Asked::NotActed)
    }
}
