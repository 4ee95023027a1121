//! The video resource that opens an upload, and what is wrong with it.
//!
//! Limits: `videos.insert` reference, errors `invalidTitle`, `invalidDescription`, `invalidTags`,
//! `invalidCategoryId`, `invalidVideoMetadata`.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use axum::http::StatusCode;

/// Characters.
const MAX_TITLE: usize = 100;
/// Bytes of UTF-8.
const MAX_DESCRIPTION: usize = 5000;
/// Characters of all tags, joined by commas; one with a space counts its quotes.
const MAX_TAGS: usize = 500;
/// People & Blogs, which a video without a category gets.
const DEFAULT_CATEGORY: &str = "22";
/// The categories that a video can be put in (`videoCategories.list`, US, assignable).
const CATEGORIES: [&str; 15] = [
    "1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29",
];

/// The resource as sent. Unknown fields are ignored, as the vendor does.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Resource {
    pub(crate) snippet: Snippet,
    pub(crate) status: Status,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Snippet {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) category_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_audio_language: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    pub(crate) privacy_status: Privacy,
    pub(crate) self_declared_made_for_kids: bool,
    pub(crate) contains_synthetic_media: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Privacy {
    #[default]
    Public,
    Unlisted,
    Private,
}

impl Snippet {
    pub(crate) fn category(&self) -> &str {
        self.category_id.as_deref().unwrap_or(DEFAULT_CATEGORY)
    }
}

impl Resource {
    /// Reads the body of an insert and checks it.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let resource: Self = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() {
                video_error("invalidVideoMetadata", "The request metadata is invalid.")
            } else {
                ApiError::bad_request("parseError", "Parse Error")
            }
        })?;
        let snippet = &resource.snippet;
        let title = snippet.title.trim();
        if title.is_empty() || title.chars().count() > MAX_TITLE || has_angle(title) {
            let message = "The request metadata specifies an invalid or empty video title.";
            return Err(video_error("invalidTitle", message).at("body.snippet.title", "other"));
        }
        if snippet.description.len() > MAX_DESCRIPTION || has_angle(&snippet.description) {
            let message = "The request metadata specifies an invalid video description.";
            return Err(
                video_error("invalidDescription", message).at("body.snippet.description", "other")
            );
        }
        if snippet
            .tags
            .iter()
            .any(|tag| tag.trim().is_empty() || has_angle(tag))
            || tags_length(&snippet.tags) > MAX_TAGS
        {
            let message = "The request metadata specifies invalid video keywords.";
            return Err(video_error("invalidTags", message).at("body.snippet.tags", "other"));
        }
        if !CATEGORIES.contains(&snippet.category()) {
            let message = "The snippet.categoryId property specifies an invalid category ID.";
            return Err(
                video_error("invalidCategoryId", message).at("body.snippet.categoryId", "other")
            );
        }
        Ok(resource)
    }
}

fn video_error(reason: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "youtube.video", reason, message)
}

fn has_angle(text: &str) -> bool {
    text.contains(['<', '>'])
}

fn tags_length(tags: &[String]) -> usize {
    let quotes = |tag: &String| if tag.contains(' ') { 2 } else { 0 };
    let letters: usize = tags
        .iter()
        .map(|tag| tag.chars().count() + quotes(tag))
        .sum();
    letters + tags.len().saturating_sub(1)
}
