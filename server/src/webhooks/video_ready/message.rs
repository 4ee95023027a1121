//! The message `video/ready` as a type: what a sender writes and what [`VideoReady::read`] gives.
//! Fields that it does not know are left alone; they stay in the stored event.

use jiff::Timestamp;
use schema::FeatureMap;
use schema::videos::VideoSource;
use serde::Serialize;
use serde_json::Value;

use super::check;
use crate::problem::FieldProblem;

/// The value of `type`.
pub(crate) const KIND: &str = "video/ready";

/// A message: a video is there to be published.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "video/ready", rename_all = "camelCase")]
pub struct VideoReady {
    /// When it became ready, as the sender says; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The video.
    pub data: VideoReadyData,
}

/// The video, and where it shall go.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoReadyData {
    /// The sender's id: 1 to 128 of `A-Z a-z 0-9 . _ -`, no dot in front.
    pub video_id: String,
    /// The concept it was made from; at most 128 characters.
    pub concept_id: Option<String>,
    /// The category whose baseline and weights apply; at most 64 characters.
    pub category: String,
    /// The caption, without hashtags; not empty.
    pub caption: String,
    /// With their `#`, in order; one that comes without gets it.
    pub hashtags: Vec<String>,
    /// The audio track's id; at most 128 characters.
    pub audio_id: Option<String>,
    /// A path under the inbox.
    pub source: VideoSource,
    /// Where it shall go: at least one, none twice.
    pub targets: Vec<Target>,
    /// Numbers by name, as far as they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<FeatureMap>,
}

/// One account on one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// `youtube`.
    pub platform: String,
    /// The name that the configuration gives the account: 1 to 64 of the same.
    pub account: String,
}

impl VideoReady {
    /// Reads a message.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the fields; never empty.
    pub fn read(body: &Value) -> Result<Self, Vec<FieldProblem>> {
        check::check(body)
    }
}
