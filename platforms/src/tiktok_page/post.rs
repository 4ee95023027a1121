//! A video as its page shows it.
//!
//! A count that the page does not show is missing here, never 0.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counts::CountSource;

/// A video on TikTok.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Post {
    /// TikTok's id, nineteen digits today.
    pub id: String,
    /// Its creator's name without the `@`, where the page's data has it.
    pub username: Option<String>,
    /// When it was published, where the page's data has it.
    pub published_at: Option<Timestamp>,
    /// What was counted so far.
    pub counts: Counts,
    /// Where the counts are from.
    pub source: CountSource,
}

/// What TikTok counts of a video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// How often it was played. People do not see it on this page.
    pub views: Option<u64>,
    /// How many liked it.
    pub likes: Option<u64>,
    /// How many comments stand below it.
    pub comments: Option<u64>,
    /// How often it was shared.
    pub shares: Option<u64>,
    /// How many keep it among their favourites.
    pub saves: Option<u64>,
}
