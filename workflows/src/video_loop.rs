//! `video_loop`: one video on one account, from the prediction to the decision.

use std::sync::Arc;
use std::time::Duration;

use engine::{Failure, FailureKind, Workflow, WorkflowContext};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steps::post_confirm::{PostConfirm, Posted};
use steps::post_in_doubt::PostInDoubt;
use steps::post_open::PostOpen;
use steps::post_send::PostSend;
use steps::predict::Predict;
use steps::{Steps, Target};

use crate::measure::{Measure, MeasureOutput};

/// Predict, post, wait, measure.
pub struct VideoLoop {
    predict: Arc<Predict>,
    post_open: Arc<PostOpen>,
    post_send: Arc<PostSend>,
    post_in_doubt: Arc<PostInDoubt>,
    post_confirm: Arc<PostConfirm>,
    wait: Duration,
}

/// Which video, where, and how long to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VideoLoopInput {
    /// The video's id.
    pub video_id: String,
    /// The platform's name: `youtube`.
    pub platform: String,
    /// The account's name on that platform.
    pub account: String,
    /// From publication to measurement, wall milliseconds; the configured wait if absent.
    #[serde(default)]
    pub wait_ms: Option<i64>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VideoLoopOutput {
    /// Our post.
    pub post_id: String,
    /// The platform's id of it, if it had one when it was published.
    pub platform_post_id: Option<String>,
    /// Where people see it, if that was known when it was published.
    pub url: Option<String>,
    /// Expected engagement; missing when there was no history.
    pub predicted_engagement: Option<f64>,
    /// What was measured and learned.
    pub measure: MeasureOutput,
}

impl VideoLoop {
    /// `wait`: from publication to measurement, wall time.
    #[must_use]
    pub fn new(steps: &Steps, wait: Duration) -> Self {
        Self {
            predict: steps.predict.clone(),
            post_open: steps.post_open.clone(),
            post_send: steps.post_send.clone(),
            post_in_doubt: steps.post_in_doubt.clone(),
            post_confirm: steps.post_confirm.clone(),
            wait,
        }
    }

    fn wait(&self, input: &VideoLoopInput) -> SignedDuration {
        let configured = SignedDuration::try_from(self.wait).unwrap_or(SignedDuration::MAX);
        input
            .wait_ms
            .map_or(configured, SignedDuration::from_millis)
    }

    /// Sends the bytes and has them published. A step that cannot tell what became of the post parks
    /// the run and leaves the row as it is: a person's retry still asks the platform by it. Where the
    /// step fails for good and the post may be out there, the row says so before the run does.
    async fn post(&self, cx: &WorkflowContext<'_>, target: &Target) -> Result<Posted, Failure> {
        let posted = async {
            cx.step(&self.post_send, target.clone()).await?;
            cx.step(&self.post_confirm, target.clone()).await
        };
        let failure = match posted.await {
            Ok(posted) => return Ok(posted),
            Err(failure) => failure,
        };
        if failure.kind == FailureKind::Cancelled {
            return Err(failure);
        }
        // Whatever comes of this, the failure to tell of is the first one.
        match cx.step(&self.post_in_doubt, target.clone()).await {
            Ok(marked) if marked.unknown => Err(failure.in_doubt()),
            _ => Err(failure),
        }
    }
}

impl Workflow for VideoLoop {
    const NAME: &'static str = "video_loop";
    type Input = VideoLoopInput;
    type Output = VideoLoopOutput;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        input: VideoLoopInput,
    ) -> Result<VideoLoopOutput, Failure> {
        let wait = self.wait(&input);
        let VideoLoopInput {
            video_id,
            platform,
            account,
            ..
        } = input;
        let target = Target {
            video_id,
            platform,
            account,
        };
        cx.tag("video", target.video_id.as_str());
        cx.tag("platform", target.platform.as_str());
        cx.tag("account", target.account.as_str());

        let prediction = cx.step(&self.predict, target.clone()).await?;

        cx.step(&self.post_open, target.clone()).await?;
        let posted = self.post(cx, &target).await?;

        let due = posted
            .published_at
            .saturating_add(wait)
            .unwrap_or(posted.published_at);
        cx.sleep("the audience", due).await?;

        let measure = cx.child::<Measure>(target.into()).await?;
        Ok(VideoLoopOutput {
            post_id: posted.post_id,
            platform_post_id: posted.platform_post_id,
            url: posted.url,
            predicted_engagement: prediction.predicted_engagement,
            measure,
        })
    }
}
