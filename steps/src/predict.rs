//! `predict`: what we expect of a post, stored before anything is sent.

use engine::{Step, StepContext, StepError};
use schema::{DatabaseConnection, accounts, predictions, videos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endings::missing;
use crate::services::Services;
use crate::target::Target;

/// Predicts with the `baseline`: the mean engagement so far of platform × category.
pub struct Predict {
    db: DatabaseConnection,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// The prediction's id, which is the post's.
    pub prediction_id: String,
    /// Expected engagement, a ratio; missing when there is no history to expect anything from.
    pub predicted_engagement: Option<f64>,
    /// How many outcomes stand behind it.
    pub sample_count: i64,
}

impl Predict {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            db: services.db.clone(),
        }
    }
}

impl Step for Predict {
    const NAME: &'static str = "predict";
    type Input = Target;
    type Output = Prediction;

    async fn run(&self, cx: &StepContext, target: Target) -> Result<Prediction, StepError> {
        let video = videos::get(&self.db, &target.video_id)
            .await?
            .ok_or_else(|| missing("video", &target.video_id))?;
        let account_id = accounts::ensure(&self.db, &target.platform, &target.account).await?;
        let baseline = predictions::baseline(&self.db, &target.platform, &video.category).await?;
        let row = predictions::Model {
            id: target.post_id(),
            video_id: target.video_id,
            platform: target.platform,
            account_id,
            category: video.category,
            model: "baseline".to_owned(),
            predicted_engagement: baseline.map(|(mean, _)| mean),
            sample_count: baseline.map_or(0, |(_, samples)| samples),
            features: video.features.unwrap_or_default(),
            created_at_ms: cx.now().as_millisecond(),
        };
        // The first prediction stays: one made later would know more than the post did.
        let kept = predictions::record_once(&self.db, row).await?;
        Ok(Prediction {
            prediction_id: kept.id,
            predicted_engagement: kept.predicted_engagement,
            sample_count: kept.sample_count,
        })
    }
}
