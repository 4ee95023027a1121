//! Finding an upload of ours again when the session that made it is lost.
//!
//! It reads the channel's own uploads (`playlistItems.list`), which see a new video earlier than
//! `search.list` and cost one unit a page.

use jiff::Timestamp;
use serde::Deserialize;

use super::{SERVICE, YouTube, meaning};
use crate::{Meaning, PlatformError};

const OPERATION: &str = "find_upload";
/// Newest first, 50 a page: 500 uploads since the marker was made are far more than a day's quota.
const MOST_PAGES: usize = 10;
const PAGE: &str = "50";

impl YouTube {
    /// The id of the newest upload of this channel, not older than `since`, whose description
    /// contains `marker`.
    ///
    /// Nothing found is no proof just after an upload: the list may lag behind by some seconds.
    /// Ask again after a while before you conclude that there is no video.
    ///
    /// # Errors
    /// `youtube_search_incomplete` (unknown) when the list did not end within 10 pages: there may
    /// be a match behind them. `youtube_no_channel` when the account has none. Else as in the
    /// table of this module's meanings; searching may always be repeated.
    pub async fn find_upload(
        &self,
        marker: &str,
        since: Timestamp,
    ) -> Result<Option<String>, PlatformError> {
        if marker.trim().is_empty() {
            return Err(SERVICE.misconfigured("an empty marker is in every description"));
        }
        let playlist = self.uploads_playlist().await?;
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let Some(page) = self.uploads_page(&playlist, token.as_deref()).await? else {
                return Ok(None);
            };
            let recent = |item: &&Item| item.snippet.published_at.is_none_or(|at| at >= since);
            let found = page
                .items
                .iter()
                .filter(recent)
                .find(|item| item.snippet.description.contains(marker));
            if let Some(item) = found {
                return Ok(Some(item.content_details.video_id.clone()));
            }
            let past_the_window = !page.items.is_empty() && !page.items.iter().any(|i| recent(&i));
            match page.next_page_token {
                Some(next) if !past_the_window => token = Some(next),
                _ => return Ok(None),
            }
        }
        let message = format!("no match in the newest {MOST_PAGES} pages, and there are more");
        Err(error(
            "youtube_search_incomplete",
            Meaning::Unknown,
            message,
        ))
    }

    async fn uploads_playlist(&self) -> Result<String, PlatformError> {
        let query = [("part", "contentDetails"), ("mine", "true")];
        let channels: Channels = self.read(OPERATION, "youtube/v3/channels", &query).await?;
        let first = channels.items.into_iter().next();
        first
            .map(|channel| channel.content_details.related_playlists.uploads)
            .ok_or_else(|| {
                error(
                    "youtube_no_channel",
                    Meaning::Terminal,
                    "the account has no channel".to_owned(),
                )
            })
    }

    /// One page, or nothing when YouTube has not made the list yet: it does so with the first
    /// upload.
    async fn uploads_page(
        &self,
        playlist: &str,
        token: Option<&str>,
    ) -> Result<Option<Page>, PlatformError> {
        let mut query = vec![
            ("part", "snippet,contentDetails"),
            ("playlistId", playlist),
            ("maxResults", PAGE),
        ];
        query.extend(token.map(|token| ("pageToken", token)));
        match self
            .read(OPERATION, "youtube/v3/playlistItems", &query)
            .await
        {
            Ok(page) => Ok(Some(page)),
            Err(error) if error.code() == meaning::MISSING_PLAYLIST => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn error(code: &'static str, meaning: Meaning, message: String) -> PlatformError {
    PlatformError::new(SERVICE.name, OPERATION, code, meaning, message)
}

#[derive(Deserialize)]
struct Channels {
    // Google leaves the list out when the account has no channel.
    #[serde(default)]
    items: Vec<Channel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    content_details: ChannelDetails,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChannelDetails {
    related_playlists: RelatedPlaylists,
}

#[derive(Deserialize)]
struct RelatedPlaylists {
    uploads: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Item>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    snippet: ItemSnippet,
    content_details: ItemDetails,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemSnippet {
    published_at: Option<Timestamp>,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemDetails {
    video_id: String,
}
