//! `measure`: how a post did, why, and what follows from it.

use std::sync::Arc;

use engine::{Failure, Workflow, WorkflowContext};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steps::analyze::Analyze;
use steps::critique::{Critique, OfFeedback};
use steps::feedback::{Feedback, Outcome};
use steps::reweight::Reweight;
use steps::scrape::{Reading, Scrape};
use steps::{Steps, Target};

/// Scrape, then, unless a reading is all that is wanted, analyze, and, if the reading is scored,
/// feedback, critique, reweight.
pub struct Measure {
    scrape: Arc<Scrape>,
    analyze: Arc<Analyze>,
    feedback: Arc<Feedback>,
    critique: Arc<Critique>,
    reweight: Arc<Reweight>,
}

/// Which post, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasureInput {
    /// The video on its account.
    #[serde(flatten)]
    pub target: Target,
    /// Whether its counts are all that is wanted.
    // Not written if not: a loop that called its child before there was a choice has to call it with
    // the same bytes when it is replayed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reading_only: bool,
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
    #[serde(default)]
    pub analysis_id: Option<String>,
    /// Its overall score, 0 to 100.
    #[serde(default)]
    pub overall_score: Option<f64>,
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
    type Input = MeasureInput;
    type Output = MeasureOutput;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        input: MeasureInput,
    ) -> Result<MeasureOutput, Failure> {
        let MeasureInput {
            target,
            reading_only,
        } = input;
        let reading = cx.step(&self.scrape, target.clone()).await?;
        let mut output = MeasureOutput::from(reading);
        if reading_only {
            return Ok(output);
        }
        let analysis = cx.step(&self.analyze, target.clone()).await?;
        output.analysis_id = Some(analysis.analysis_id);
        output.overall_score = Some(analysis.overall_score);

        let outcome = Outcome {
            target,
            snapshot_id: output.snapshot_id.clone(),
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

impl From<Target> for MeasureInput {
    fn from(target: Target) -> Self {
        Self {
            target,
            reading_only: false,
        }
    }
}

impl From<Reading> for MeasureOutput {
    fn from(reading: Reading) -> Self {
        Self {
            snapshot_id: reading.snapshot_id,
            views: reading.views,
            likes: reading.likes,
            comments: reading.comments,
            shares: reading.shares,
            engagement: reading.engagement,
            unscored_reason: reading.unscored_reason,
            analysis_id: None,
            overall_score: None,
            feedback_id: None,
            critique_id: None,
            decision_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_before_there_was_a_choice_reads_the_same() {
        let recorded = r#"{"videoId":"v_1","platform":"youtube","account":"main"}"#;
        let input: MeasureInput = serde_json::from_str(recorded).unwrap();
        assert!(!input.reading_only);
        assert_eq!(serde_json::to_string(&input).unwrap(), recorded);
    }
}
