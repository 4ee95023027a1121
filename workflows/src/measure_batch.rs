//! `measure_batch`: reads the posts whose next reading is most overdue, each in a child run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::{Failure, Workflow, WorkflowContext};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steps::due_posts::{DuePost, DuePosts, DuePostsInput};
use steps::{Steps, Target};

use crate::measure::{Measure, MeasureInput, MeasureOutput};

/// The tag that a batch is found by: `complete`, `partial`, `empty` or `failed`.
const TAG: &str = "ending";

/// Takes posts that are due, and measures so many at once.
///
/// A post that was never read gets all of it, every other one a reading only. Children that fail stop
/// no other; a rerun with `--failed-children` runs those again and takes the others over.
pub struct MeasureBatch {
    due_posts: Arc<DuePosts>,
    wait: Duration,
}

/// How many posts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeasureBatchInput {
    /// The most posts.
    pub size: u16,
    /// How many of them are measured at the same time.
    pub at_once: u16,
}

/// What came of each post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasureBatchOutput {
    /// Whether all of them were measured.
    pub ending: BatchEnding,
    /// How many were measured.
    pub measured: usize,
    /// How many were not.
    pub failed: usize,
    /// The longest overdue one first.
    pub children: Vec<BatchChild>,
}

/// How a batch ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchEnding {
    /// Every post was measured.
    Complete,
    /// Some were, and some were not.
    Partial,
    /// No post was due.
    Empty,
}

/// What came of one post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchChild {
    /// The video on its account.
    #[serde(flatten)]
    pub target: Target,
    /// Whether its counts were all that was wanted.
    pub reading_only: bool,
    /// How its run ended.
    pub status: ChildStatus,
    /// The run that failed. One that completed may be a child of the batch that this one is a rerun of.
    pub run_id: Option<String>,
    /// Why it failed, as a code.
    pub error_code: Option<String>,
    /// The same in words.
    pub error: Option<String>,
}

/// How the run of one post ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChildStatus {
    /// It was measured.
    Completed,
    /// It was not.
    Failed,
}

impl MeasureBatch {
    /// `wait`: how long loops wait before they measure, wall time; until then a post is theirs.
    #[must_use]
    pub fn new(steps: &Steps, wait: Duration) -> Self {
        Self {
            due_posts: steps.due_posts.clone(),
            wait,
        }
    }
}

impl Workflow for MeasureBatch {
    const NAME: &'static str = "measure_batch";
    type Input = MeasureBatchInput;
    type Output = MeasureBatchOutput;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        input: MeasureBatchInput,
    ) -> Result<MeasureBatchOutput, Failure> {
        let due = DuePostsInput {
            most: input.size,
            wait_ms: i64::try_from(self.wait.as_millis()).unwrap_or(i64::MAX),
        };
        let posts = cx.step(&self.due_posts, due).await?.posts;

        let inputs = posts.iter().map(MeasureInput::from).collect();
        let at_once = usize::from(input.at_once);
        let results = cx.children::<Measure>(inputs, at_once).await?;

        let children = posts.into_iter().zip(results).zip(1..);
        let children: Vec<BatchChild> = children
            .map(|((post, result), number)| child(cx.run_id(), number, post, result))
            .collect();
        let failed = children.iter().filter(|child| child.is_failed()).count();
        let ending = match (children.len() - failed, failed) {
            (0, 0) => BatchEnding::Empty,
            (_, 0) => BatchEnding::Complete,
            (0, _) => {
                cx.tag(TAG, "failed");
                return Err(nothing_measured(&children));
            }
            _ => BatchEnding::Partial,
        };
        cx.tag(TAG, ending.as_str());
        Ok(MeasureBatchOutput {
            ending,
            measured: children.len() - failed,
            failed,
            children,
        })
    }
}

/// A run's children are numbered from 1, in the order in which they were asked for.
fn child(
    batch: &str,
    number: usize,
    post: DuePost,
    result: Result<MeasureOutput, Failure>,
) -> BatchChild {
    let failure = result.err();
    BatchChild {
        target: post.target,
        reading_only: post.reading_only,
        status: match failure {
            None => ChildStatus::Completed,
            Some(_) => ChildStatus::Failed,
        },
        run_id: failure.as_ref().map(|_| format!("{batch}.{number}")),
        error_code: failure.as_ref().map(|failure| failure.code.clone()),
        error: failure.map(|failure| failure.error),
    }
}

fn nothing_measured(children: &[BatchChild]) -> Failure {
    let mut codes = BTreeMap::<&str, usize>::new();
    for code in children
        .iter()
        .filter_map(|child| child.error_code.as_deref())
    {
        *codes.entry(code).or_default() += 1;
    }
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, times)| format!("{code} ({times})"))
        .collect();
    let text = format!(
        "none of {} posts could be measured: {}",
        children.len(),
        codes.join(", ")
    );
    Failure::terminal("batch_failed", text)
}

impl Default for MeasureBatchInput {
    fn default() -> Self {
        Self {
            size: 50,
            at_once: 4,
        }
    }
}

impl From<&DuePost> for MeasureInput {
    fn from(post: &DuePost) -> Self {
        Self {
            target: post.target.clone(),
            reading_only: post.reading_only,
        }
    }
}

impl BatchChild {
    fn is_failed(&self) -> bool {
        self.status == ChildStatus::Failed
    }
}

impl BatchEnding {
    fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Empty => "empty",
        }
    }
}
