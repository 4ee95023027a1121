//! A reel as its page shows it.
//!
//! A count that the page does not show is missing here, never 0.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counts::CountSource;

/// A reel on Instagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Post {
    /// The reel's name in addresses.
    pub shortcode: String,
    /// Its creator's name, where the page's data has it.
    pub username: Option<String>,
    /// When it was published, where the page's data has it.
    pub published_at: Option<Timestamp>,
    /// What was counted so far.
    pub counts: Counts,
    /// Where the counts are from.
    pub source: CountSource,
}

/// What Instagram shows of a reel's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// How often it was played.
    pub views: Option<u64>,
    /// How many liked it; its creator may hide it.
    pub likes: Option<u64>,
    /// How many comments stand below it.
    pub comments: Option<u64>,
}
