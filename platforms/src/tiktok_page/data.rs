//! The data that a video's page carries for its own scripts.
//!
//! | script | where the video is |
//! |---|---|
//! | `__UNIVERSAL_DATA_FOR_REHYDRATION__` | `__DEFAULT_SCOPE__`, `webapp.video-detail`, or `webapp.reflow.video.detail` on mobile pages |
//! | `api-data` | `videoDetail` |
//! | `SIGI_STATE`, the older form | `ItemModule`, by id |
//!
//! Keys that are not read here come and go, and are never required. Numbers are numbers in one
//! place and text in another; a count that is neither is no count.

use jiff::Timestamp;
use serde_json::Value;

use super::meaning;
use super::post::{Counts, Post};
use crate::browser::{Ending, Markup};
use crate::counts::CountSource;

/// By what a desktop and a mobile page are known.
const SCOPES: [&str; 2] = ["webapp.video-detail", "webapp.reflow.video.detail"];

/// Where counts are, the best first: the first has all of them as text.
const STATS: [&str; 2] = ["statsV2", "stats"];

/// What the page says of its video.
pub(super) struct Detail {
    status: i64,
    words: String,
    item: Value,
}

impl Detail {
    /// The detail of the page, or nothing if it has none in a form that we know.
    pub(super) fn of(markup: &Markup, id: &str) -> Option<Self> {
        universal(markup)
            .or_else(|| mobile(markup))
            .or_else(|| older(markup, id))
    }

    fn read(detail: &Value) -> Self {
        Self {
            status: detail["statusCode"].as_i64().unwrap_or_default(),
            words: text(&detail["statusMsg"]).unwrap_or_default(),
            item: detail["itemInfo"]["itemStruct"].clone(),
        }
    }

    /// The video with this id, or what became of it.
    pub(super) fn post(self, id: &str) -> Result<Post, Ending> {
        if let Some(ending) = meaning::of_data_status(self.status, &self.words) {
            return Err(ending);
        }
        let item = self.item;
        if item["isContentClassified"] == true && item["video"].is_null() {
            return Err(Ending::LoginOnly);
        }
        if item["id"] != id {
            let words = "its data is not about this video".to_owned();
            return Err(Ending::Changed(words));
        }
        let counts = counts(&item)?;
        if counts == Counts::default() {
            return Err(Ending::Changed("its data has no counts".to_owned()));
        }
        Ok(Post {
            id: id.to_owned(),
            // The older form has the name in the place of the whole author.
            username: text(&item["author"]["uniqueId"]).or_else(|| text(&item["author"])),
            published_at: seconds(&item["createTime"]),
            counts,
            source: CountSource::PageData,
        })
    }
}

fn universal(markup: &Markup) -> Option<Detail> {
    let data = script(markup, "__UNIVERSAL_DATA_FOR_REHYDRATION__")?;
    let scopes = &data["__DEFAULT_SCOPE__"];
    let detail = SCOPES.iter().find_map(|scope| scopes.get(scope));
    detail.map(Detail::read)
}

fn mobile(markup: &Markup) -> Option<Detail> {
    let data = script(markup, "api-data")?;
    data.get("videoDetail").map(Detail::read)
}

fn older(markup: &Markup, id: &str) -> Option<Detail> {
    let data = script(markup, "SIGI_STATE")?;
    let item = data["ItemModule"].get(id)?.clone();
    Some(Detail {
        status: 0,
        words: String::new(),
        item,
    })
}

fn script(markup: &Markup, id: &str) -> Option<Value> {
    serde_json::from_str(markup.script(id)?).ok()
}

fn counts(item: &Value) -> Result<Counts, Ending> {
    let count = |name: &str| {
        let mut shown = STATS.iter().map(|stats| &item[*stats][name]);
        match shown.find(|value| !value.is_null()) {
            None => Ok(None),
            Some(value) => number(value)
                .map(Some)
                .ok_or_else(|| Ending::Changed(format!("{name} is not a count"))),
        }
    };
    Ok(Counts {
        views: count("playCount")?,
        likes: count("diggCount")?,
        comments: count("commentCount")?,
        shares: count("shareCount")?,
        saves: count("collectCount")?,
    })
}

/// A whole number from 0 on, as such or as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Seconds since 1970, as a number or as text.
fn seconds(value: &Value) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(number(value)?).ok()?).ok()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
