//! `GET /@NAME/video/ID`: the page of a video, as a stranger sees it.
//!
//! The status is 200 whatever became of the video: the page's data says what. The name does not
//! matter, as it does not at the vendor.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::abbreviated::{Separator, abbreviated};
use super::account::{nickname, username};
use super::blocked;
use super::html::{self, escaped};
use super::item::Item;
use super::video::{Showing, find, share_url};
use crate::audience::Counts;
use crate::gate::ForcedLayout;
use crate::posts::Post;
use crate::state::SharedState;

const SCOPE: &str = "webapp.video-detail";

/// The page's own scope.
#[derive(Serialize)]
struct Detail {
    #[serde(rename = "itemInfo")]
    info: ItemInfo,
    #[serde(rename = "shareMeta")]
    share: Value,
    #[serde(rename = "statusCode")]
    code: u32,
    #[serde(rename = "statusMsg")]
    message: &'static str,
}

/// Empty when there is nothing to show.
#[derive(Serialize)]
struct ItemInfo {
    #[serde(rename = "itemStruct", skip_serializing_if = "Option::is_none")]
    item: Option<Item>,
}

pub(crate) async fn show(
    State(state): State<SharedState>,
    Path((handle, id)): Path<(String, String)>,
    layout: Option<Extension<ForcedLayout>>,
    headers: HeaderMap,
) -> Response {
    if !handle.starts_with('@') {
        return blocked::refused(StatusCode::NOT_FOUND);
    }
    let now = Timestamp::now();
    let settings = state.tiktok.settings();
    let post = find(&state, &id);
    let showing = post
        .as_ref()
        .map_or(Showing::Absent, |post| Showing::of(post, &settings, now));
    let Some(post) = post.filter(|_| showing == Showing::Public) else {
        return instead(showing, &handle, &id, layout);
    };
    let counts = state.audience.counts(&post, now);
    let separator = Separator::of(&headers);
    let title = escaped(&format!("{} | TikTok", post.title));
    match layout {
        None => {
            let data = html::data_tag(SCOPE, &share_url(&post), &detail(&post, counts));
            html::page(&title, &data, &visible(&post, counts, separator))
        }
        Some(Extension(ForcedLayout::WithoutData)) => {
            html::page(&title, "", &visible(&post, counts, separator))
        }
        Some(Extension(ForcedLayout::Changed)) => {
            let data = html::data_tag("webapp.media-view", &share_url(&post), &changed(counts));
            html::page(&title, &data, &redesigned(counts, separator))
        }
    }
}

/// The page of a video that is not shown.
fn instead(
    showing: Showing,
    handle: &str,
    id: &str,
    layout: Option<Extension<ForcedLayout>>,
) -> Response {
    let (code, message) = showing.status();
    let body = format!(
        "<div id=\"main-content-video_detail\"><p>{}</p></div>",
        showing.sentence()
    );
    if layout.is_some() {
        return html::page("TikTok - Make Your Day", "", &body);
    }
    let detail = Detail {
        info: ItemInfo { item: None },
        share: json!({"title": "TikTok - Make Your Day", "desc": ""}),
        code,
        message,
    };
    let canonical = format!("https://www.tiktok.com/{handle}/video/{id}");
    let data = html::data_tag(SCOPE, &canonical, &detail);
    html::page("TikTok - Make Your Day", &data, &body)
}

fn detail(post: &Post, counts: Counts) -> Detail {
    let (code, message) = Showing::Public.status();
    let text = |count| abbreviated(count, Separator::Point);
    let (likes, comments) = (text(counts.likes), text(counts.comments));
    Detail {
        info: ItemInfo {
            item: Some(Item::on_page(post, counts)),
        },
        share: json!({
            "title": format!("{} on TikTok", nickname(&post.account)),
            "desc": format!("{likes} likes, {comments} comments. \"{}\"", post.title),
        }),
        code,
        message,
    }
}

/// What people see. Views are not shown on this page, and a hidden count has no element.
fn visible(post: &Post, counts: Counts, separator: Separator) -> String {
    let marks = &post.marks;
    let numbers = [
        ("like-count", counts.likes, !marks.likes_hidden),
        ("comment-count", counts.comments, !marks.comments_disabled),
        ("undefined-count", counts.saves, true),
        ("share-count", counts.shares, true),
    ];
    let shown: String = numbers
        .into_iter()
        .filter(|(_, _, shown)| *shown)
        .map(|(name, count, _)| {
            let text = abbreviated(count, separator);
            format!("<button><strong data-e2e=\"{name}\">{text}</strong></button>")
        })
        .collect();
    format!(
        "<div id=\"main-content-video_detail\">\
         <a data-e2e=\"browse-username\">{}</a><span data-e2e=\"browser-nickname\">{}</span>\
         <h1 data-e2e=\"video-desc\">{}</h1><h4 data-e2e=\"video-music\">original sound</h4>\
         <div>{shown}</div></div>",
        username(&post.account),
        nickname(&post.account),
        escaped(&post.title),
    )
}

/// The same numbers under names that nobody knows yet.
fn changed(counts: Counts) -> Map<String, Value> {
    let mut view = Map::new();
    view.insert("a".to_owned(), counts.views.into());
    view.insert(
        "b".to_owned(),
        json!([counts.likes, counts.comments, counts.shares]),
    );
    view
}

fn redesigned(counts: Counts, separator: Separator) -> String {
    let [views, likes] = [counts.views, counts.likes].map(|count| abbreviated(count, separator));
    format!(
        "<main class=\"css-1x2y3z\"><span class=\"css-9a\">{views}</span>\
         <span class=\"css-9b\">{likes}</span></main>"
    )
}
