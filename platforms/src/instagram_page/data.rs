//! The data that a reel's page carries for its own scripts: answers of the API, asked for ahead of
//! time, somewhere within one of many scripts.
//!
//! | since | key | what is behind it |
//! |---|---|---|
//! | 2026 | `if_not_gated_logged_out`, `if_gated_logged_out` | the media |
//! | 2023 | `xdt_api__v1__media__shortcode__web_info` | `items`, of which the first |
//! | before | `xdt_shortcode_media`, `shortcode_media` | the media, in the names of GraphQL |
//!
//! The way to these keys changes more often than they do, so they are looked for at any depth.

use jiff::Timestamp;
use serde_json::Value;

use super::post::{Counts, Post};
use super::signs;
use crate::browser::{Ending, Markup};
use crate::counts::CountSource;

const OPEN: &str = "if_not_gated_logged_out";
const GATED: &str = "if_gated_logged_out";
const WEB_INFO: &str = "xdt_api__v1__media__shortcode__web_info";
const GRAPHQL: [&str; 2] = ["xdt_shortcode_media", "shortcode_media"];
const KEYS: [&str; 5] = [OPEN, GATED, WEB_INFO, GRAPHQL[0], GRAPHQL[1]];

/// Where counts are, the best first. `view_count` is null for most reels.
const VIEWS: &[&str] = &[
    "/play_count",
    "/ig_play_count",
    "/video_play_count",
    "/view_count",
    "/video_view_count",
];
const LIKES: &[&str] = &["/like_count", "/edge_media_preview_like/count"];
const COMMENTS: &[&str] = &["/comment_count", "/edge_media_to_parent_comment/count"];

/// What the page says of its reel.
pub(super) struct Media {
    is_gated: bool,
    value: Value,
}

/// The media of the page, or nothing if it has none in a form that we know.
pub(super) fn find(markup: &Markup) -> Option<Media> {
    markup
        .data_scripts()
        .filter(|text| KEYS.iter().any(|key| text.contains(key)))
        .find_map(|text| media_in(&serde_json::from_str(text).ok()?))
}

fn media_in(data: &Value) -> Option<Media> {
    let open = |value: &Value| Media {
        is_gated: false,
        value: value.clone(),
    };
    let items = || behind(data, WEB_INFO)?.pointer("/items/0");
    let graphql = || GRAPHQL.iter().find_map(|key| behind(data, key));
    behind(data, OPEN)
        .or_else(items)
        .or_else(graphql)
        .map(open)
        .or_else(|| {
            let value = behind(data, GATED)?.clone();
            let is_gated = true;
            Some(Media { is_gated, value })
        })
}

/// The first value behind this key, at any depth, that is not null.
fn behind<'v>(data: &'v Value, key: &str) -> Option<&'v Value> {
    match data {
        Value::Object(fields) => fields
            .get(key)
            .filter(|value| !value.is_null())
            .or_else(|| fields.values().find_map(|value| behind(value, key))),
        Value::Array(items) => items.iter().find_map(|value| behind(value, key)),
        _ => None,
    }
}

impl Media {
    /// The reel with this short code, or what became of it. `html` is the whole page.
    pub(super) fn post(self, shortcode: &str, html: &str) -> Result<Post, Ending> {
        let media = self.value;
        if self.is_gated {
            let is_private = media["user"]["is_private"] == true;
            return Err(signs::of_gated(html, is_private));
        }
        let own = text(&media["code"]).or_else(|| text(&media["shortcode"]));
        if own.as_deref() != Some(shortcode) {
            let words = "its data is not about this reel".to_owned();
            return Err(Ending::Changed(words));
        }
        let counts = counts(&media)?;
        if counts == Counts::default() {
            return Err(Ending::Changed("its data has no counts".to_owned()));
        }
        Ok(Post {
            shortcode: shortcode.to_owned(),
            username: text(&media["user"]["username"])
                .or_else(|| text(&media["owner"]["username"])),
            published_at: published_at(&media),
            counts,
            source: CountSource::PageData,
        })
    }
}

/// Where likes and views are hidden, the numbers in their place mean nothing.
fn counts(media: &Value) -> Result<Counts, Ending> {
    let are_hidden = media["like_and_view_counts_disabled"] == true;
    let shown = |names: &[&str]| {
        if are_hidden {
            Ok(None)
        } else {
            count(media, names)
        }
    };
    Ok(Counts {
        views: shown(VIEWS)?,
        likes: shown(LIKES)?,
        comments: count(media, COMMENTS)?,
    })
}

/// A number below 0 stands for a count that is not shown.
fn count(media: &Value, pointers: &[&str]) -> Result<Option<u64>, Ending> {
    let mut values = pointers.iter().filter_map(|name| media.pointer(name));
    let Some(value) = values.find(|value| !value.is_null()) else {
        return Ok(None);
    };
    match (value.as_u64(), value.as_i64()) {
        (Some(count), _) => Ok(Some(count)),
        (None, Some(_)) => Ok(None),
        (None, None) => {
            let words = format!("{} is not a count", pointers.join(" or "));
            Err(Ending::Changed(words))
        }
    }
}

fn published_at(media: &Value) -> Option<Timestamp> {
    let second = media["taken_at"]
        .as_i64()
        .or_else(|| media["taken_at_timestamp"].as_i64())?;
    Timestamp::from_second(second).ok()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
