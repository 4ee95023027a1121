//! `post_in_doubt`: keeps in the post's row that posting it ended in doubt.

use engine::{Step, StepContext, StepError};
use schema::DatabaseConnection;
use schema::posts::{self, PostState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::missing;
use crate::services::Services;
use crate::target::Target;

const TEXT: &str = "posting ended before it was known whether the video is published; look in the \
    channel before anything is sent again";

/// Marks a post unknown that has bytes on their way, or waits to be published, when nobody goes on
/// with it. Repeatable: it moves the row from those states, and asks nobody outside.
pub struct PostInDoubt {
    db: DatabaseConnection,
}

/// What the row says now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Marked {
    /// Our post.
    pub post_id: String,
    /// Whether it is marked unknown, now or earlier.
    pub unknown: bool,
}

impl PostInDoubt {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
        }
    }
}

impl Step for PostInDoubt {
    const NAME: &'static str = "post_in_doubt";
    type Input = Target;
    type Output = Marked;

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Marked, StepError> {
        let id = target.post_id();
        let post = posts::get(&self.db, &id)
            .await?
            .ok_or_else(|| missing("post", &id))?;
        let row = match post.state {
            // Refused when it moved on since it was read; then what became of it is known.
            PostState::Sending | PostState::Processing if post.platform_post_id.is_none() => {
                posts::unknown(&self.db, &post, "publish_unknown", TEXT, cx.now())
                    .await?
                    .into_model()
            }
            // Of an open post no byte has left; of the others it is known what became of them.
            _ => post,
        };
        Ok(Marked {
            unknown: row.state == PostState::Unknown,
            post_id: row.id,
        })
    }
}
