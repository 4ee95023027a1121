//! `feedback`: joins the prediction with the outcome, once.

use engine::{Step, StepContext, StepError};
use schema::{DatabaseConnection, analytics_snapshots, performance_feedback, predictions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::missing;
use crate::services::Services;
use crate::target::Target;

/// Sets a scored reading against the prediction.
pub struct Feedback {
    db: DatabaseConnection,
}

/// Which reading to set against the prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The video on its account.
    pub target: Target,
    /// The reading.
    pub snapshot_id: String,
}

/// A prediction beside what came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// The feedback's id.
    pub feedback_id: String,
    /// What was expected; missing when nothing was.
    pub predicted_engagement: Option<f64>,
    /// What came.
    pub actual_engagement: f64,
}

impl Feedback {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
        }
    }
}

impl Step for Feedback {
    const NAME: &'static str = "feedback";
    type Input = Outcome;
    type Output = Option<Joined>;

    async fn run(&self, cx: &StepContext, input: Outcome) -> Result<Option<Joined>, StepError> {
        let post_id = input.target.post_id();
        let reading = analytics_snapshots::get(&self.db, &input.snapshot_id).await?;
        let reading = reading.ok_or_else(|| missing("reading", &input.snapshot_id))?;
        let prediction = predictions::get(&self.db, &post_id)
            .await?
            .ok_or_else(|| missing("prediction", &post_id))?;
        let (true, Some(actual)) = (reading.scored, reading.engagement) else {
            return Ok(None);
        };
        let row = performance_feedback::Model {
            id: format!("feedback/{post_id}"),
            post_id,
            prediction_id: prediction.id,
            snapshot_id: reading.id,
            platform: prediction.platform,
            category: prediction.category,
            predicted_engagement: prediction.predicted_engagement,
            actual_engagement: actual,
            error: prediction
                .predicted_engagement
                .map(|predicted| actual - predicted),
            age_ms: reading.age_ms,
            created_at_ms: cx.now().as_millisecond(),
        };
        let kept = performance_feedback::record_once(&self.db, row).await?;
        Ok(Some(Joined {
            feedback_id: kept.id,
            predicted_engagement: kept.predicted_engagement,
            actual_engagement: kept.actual_engagement,
        }))
    }
}
