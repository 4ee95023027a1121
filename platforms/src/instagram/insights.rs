//! What was counted for a reel. Only the account's owner sees it, and up to 48 hours late.
//!
//! A number that Instagram does not show (yet) is missing here, never 0.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Instagram, MediaId};
use crate::PlatformError;

/// The metrics of a reel in v26.0. One that does not exist makes Meta refuse all of them.
const METRICS: &str = "views,reach,likes,comments,shares,saved,reposts,total_interactions,ig_reels_avg_watch_time,ig_reels_video_view_total_time";

/// What was counted for a reel since it was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Insights {
    /// How often it was played.
    pub views: Option<u64>,
    /// How many accounts saw it.
    pub reach: Option<u64>,
    /// How many liked it.
    pub likes: Option<u64>,
    /// How many comments stand below it.
    pub comments: Option<u64>,
    /// How often it was sent to somebody.
    pub shares: Option<u64>,
    /// How many saved it.
    pub saves: Option<u64>,
    /// How many reposted it.
    pub reposts: Option<u64>,
    /// Likes, comments, shares and saves, less those taken back.
    pub interactions: Option<u64>,
    /// How long it was watched on average, in milliseconds.
    pub average_watch_ms: Option<u64>,
    /// How long it was watched in all, in milliseconds.
    pub total_watch_ms: Option<u64>,
}

impl Instagram {
    /// What was counted for a post so far; everything is missing while there is no data.
    ///
    /// # Errors
    /// `instagram_not_found` when it was deleted, or is hidden from this token; else as in the
    /// table of this module's meanings. Reading may always be repeated.
    pub async fn insights(&self, id: &MediaId) -> Result<Insights, PlatformError> {
        const OPERATION: &str = "insights";
        let path = format!("{}/insights", id.checked(OPERATION)?);
        let list: Metrics = self.read(OPERATION, &path, &[("metric", METRICS)]).await?;
        Ok(Insights {
            views: list.value("views"),
            reach: list.value("reach"),
            likes: list.value("likes"),
            comments: list.value("comments"),
            shares: list.value("shares"),
            saves: list.value("saved"),
            reposts: list.value("reposts"),
            interactions: list.value("total_interactions"),
            average_watch_ms: list.value("ig_reels_avg_watch_time"),
            total_watch_ms: list.value("ig_reels_video_view_total_time"),
        })
    }
}

#[derive(Deserialize)]
struct Metrics {
    data: Vec<Metric>,
}

#[derive(Deserialize)]
struct Metric {
    name: String,
    #[serde(default)]
    values: Vec<MetricValue>,
}

#[derive(Deserialize)]
struct MetricValue {
    value: Option<u64>,
}

impl Metrics {
    fn value(&self, name: &str) -> Option<u64> {
        let metric = self.data.iter().find(|metric| metric.name == name)?;
        metric.values.first()?.value
    }
}
