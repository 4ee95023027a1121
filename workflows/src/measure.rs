//! `measure`: how a post did, why, and what follows from it.

use std::sync::Arc;

use engine::{Failure, Workflow, WorkflowContext};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steps::analyze::Analyze;
use steps::critique::{Critique, OfFeedback};
use steps::feedback::{Feedback, Outcome};
use steps::reweight::Reweight;
use steps::scrape::Scrape;
use steps::{Steps, Target};

/// Scrape, analyze, and, if the reading is scored, feedback, critique, reweight.
pub struct Measure {
    scrape: Arc<Scrape>,
    analyze: Arc<Analyze>,
    feedback: Arc<Feedback>,
    critique: Arc<Critique>,
    reweight: Arc<Reweight>,
}

/// What was measured and learned. What was not reached is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasureOutput {
    /// The reading.
    pub snapshot_id: String,
    /// Times it was watched.
    pub views: Option<i64>,
    /// Likes.
    pub likes: Option<i64>,
    /// Comments.
    pub comments: Option<i64>,
    /// Shares, where the platform shows them.
    #[serde(default)]
    pub shares: Option<i64>,
    /// (likes + comments + shares) / views, with what the platform shows.
    pub engagement: Option<f64>,
    /// Why the reading is not set against the prediction, if it is not.
    pub unscored_reason: Option<String>,
    /// The analysis of the frames.
    pub analysis_id: String,
    /// Its overall score, 0 to 100.
    pub overall_score: f64,
    /// The feedback.
    pub feedback_id: Option<String>,
    /// The critique.
    pub critique_id: Option<String>,
    /// The decision about the weights.
    pub decision_id: Option<String>,
}

impl Measure {
    /// From the program's steps.
    #[must_use]
    pub fn new(steps: &Steps) -> Self {
        Self {
            scrape: steps.scrape.clone(),
            analyze: steps.analyze.clone(),
            feedback: steps.feedback.clone(),
            critique: steps.critique.clone(),
            reweight: steps.reweight.clone(),
        }
    }
}

impl Workflow for Measure {
    const NAME: &'static str = "measure";
    type Input = Target;
    type Output = MeasureOutput;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        target: Target,
    ) -> Result<MeasureOutput, Failure> {
        let reading = cx.step(&self.scrape, target.clone()).await?;
        let analysis = cx.step(&self.analyze, target.clone()).await?;
        let mut output = MeasureOutput {
            snapshot_id: reading.snapshot_id.clone(),
            views: reading.views,
            likes: reading.likes,
            comments: reading.comments,
            shares: reading.shares,
            engagement: reading.engagement,
            unscored_reason: reading.unscored_reason,
            analysis_id: analysis.analysis_id,
            overall_score: analysis.overall_score,
            feedback_id: None,
            critique_id: None,
            decision_id: None,
        };

        let outcome = Outcome {
            target,
            snapshot_id: reading.snapshot_id,
        };
        if let Some(feedback) = cx.step(&self.feedback, outcome).await? {
            let of = OfFeedback {
                feedback_id: feedback.feedback_id,
            };
            output.critique_id = Some(cx.step(&self.critique, of.clone()).await?.critique_id);
            output.decision_id = Some(cx.step(&self.reweight, of.clone()).await?.decision_id);
            output.feedback_id = Some(of.feedback_id);
        }
        Ok(output)
    }
}
