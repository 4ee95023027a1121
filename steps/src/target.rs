//! What a loop is about: one video on one account of one platform.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One video on one account of one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The video's id.
    pub video_id: String,
    /// The platform's name: `youtube`.
    pub platform: String,
    /// The account's name on that platform.
    pub account: String,
}

impl Target {
    /// The id of the target's post, prediction and loop.
    #[must_use]
    pub fn post_id(&self) -> String {
        schema::posts::id(&self.video_id, &self.platform, &self.account)
    }
}
