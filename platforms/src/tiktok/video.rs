//! Posts of the token's account as TikTok describes them: what was counted.
//!
//! A count that TikTok does not show is missing here, never 0. It has none of saves or of watching
//! time. Source: <https://developers.tiktok.com/doc/tiktok-api-v2-video-query>.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{AccessToken, SERVICE, TikTok, data};
use crate::{Meaning, PlatformError};

/// Most posts that one call may ask about.
pub const MOST_QUERIED: usize = 20;

/// The fields that are read; TikTok gives none that is not named.
const FIELDS: &str = "id,create_time,share_url,video_description,duration,height,width,title,\
                      like_count,comment_count,share_count,view_count";

/// A public post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Video {
    /// TikTok's id, in decimal.
    pub id: String,
    /// When it was posted, to the second.
    pub published_at: Option<Timestamp>,
    /// Where people see it.
    pub share_url: Option<String>,
    /// Its title, which most posts have not.
    pub title: String,
    /// Its caption, hashtags included.
    pub description: String,
    /// How long it plays, in whole seconds.
    pub duration_s: Option<u32>,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
    /// What was counted so far.
    pub counts: Counts,
}

/// Counts of a post, as far as TikTok shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// How often it was watched.
    pub views: Option<u64>,
    /// How many liked it.
    pub likes: Option<u64>,
    /// How many comments stand below it.
    pub comments: Option<u64>,
    /// How often it was shared.
    pub shares: Option<u64>,
}

impl TikTok {
    /// The posts with these ids, 1 to [`MOST_QUERIED`] of them, as they are now. One that is
    /// deleted, private or another account's is silently missing from the answer. TikTok allows
    /// 600 of these a minute. Scope `video.list`.
    ///
    /// # Errors
    /// `tiktok_bad_query` for no ids or too many, without asking TikTok; else as in the table of
    /// this module's meanings. Reading may always be repeated.
    pub async fn video_query(
        &self,
        token: &AccessToken,
        ids: &[&str],
    ) -> Result<Vec<Video>, PlatformError> {
        const OPERATION: &str = "video_query";
        if !(1..=MOST_QUERIED).contains(&ids.len()) {
            return Err(PlatformError::new(
                SERVICE.name,
                OPERATION,
                "tiktok_bad_query",
                Meaning::Terminal,
                format!("{} ids; TikTok takes 1 to {MOST_QUERIED}", ids.len()),
            ));
        }
        let request = self
            .post("v2/video/query/", token)?
            .query(&[("fields", FIELDS)])
            .json(&json!({ "filters": { "video_ids": ids } }));
        let answer = self.ask(OPERATION, request).await?;
        let list: VideoList = data(OPERATION, &answer)?;
        Ok(list
            .videos
            .into_iter()
            .filter(|wire| ids.contains(&wire.id.as_str()))
            .map(Video::from)
            .collect())
    }
}

#[derive(Deserialize)]
struct VideoList {
    videos: Vec<Wire>,
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    create_time: Option<i64>,
    share_url: Option<String>,
    title: Option<String>,
    video_description: Option<String>,
    duration: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
    view_count: Option<u64>,
    like_count: Option<u64>,
    comment_count: Option<u64>,
    share_count: Option<u64>,
}

impl From<Wire> for Video {
    fn from(wire: Wire) -> Self {
        Self {
            published_at: wire
                .create_time
                .and_then(|second| Timestamp::from_second(second).ok()),
            id: wire.id,
            share_url: wire.share_url,
            title: wire.title.unwrap_or_default(),
            description: wire.video_description.unwrap_or_default(),
            duration_s: wire.duration,
            width: wire.width,
            height: wire.height,
            counts: Counts {
                views: wire.view_count,
                likes: wire.like_count,
                comments: wire.comment_count,
                shares: wire.share_count,
            },
        }
    }
}
