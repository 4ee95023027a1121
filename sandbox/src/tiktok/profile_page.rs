//! `GET /@NAME`: the page of an account, as a stranger sees it.
//!
//! Every name of the sandbox's own form is somebody, also before the first post. The list of
//! videos in the data is empty, as it is at the vendor; the grid shows them.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::abbreviated::{Separator, abbreviated};
use super::account::{nickname, number, open_id_of_username, sec_uid};
use super::blocked;
use super::html::{self, escaped};
use super::video::{avatar, public_posts};
use crate::gate::ForcedLayout;
use crate::state::{Shared, SharedState};

const SCOPE: &str = "webapp.user-detail";

pub(crate) async fn show(
    State(state): State<SharedState>,
    Path(handle): Path<String>,
    layout: Option<Extension<ForcedLayout>>,
    headers: HeaderMap,
) -> Response {
    let Some(name) = handle.strip_prefix('@') else {
        return blocked::refused(StatusCode::NOT_FOUND);
    };
    let title = escaped(&format!("@{name} | TikTok"));
    let canonical = format!("https://www.tiktok.com/@{name}");
    let page = match open_id_of_username(name) {
        None => Profile::missing(10221, "Couldn't find this account"),
        Some(_) if state.tiktok.settings().is_private(name) => {
            Profile::missing(10222, "This account is private")
        }
        Some(open_id) => Profile::of(&state, &open_id, name, Separator::of(&headers)),
    };
    match layout {
        None => {
            let data = html::data_tag(SCOPE, &canonical, &page.data);
            html::page(&title, &data, &page.body)
        }
        Some(Extension(ForcedLayout::WithoutData)) => html::page(&title, "", &page.body),
        Some(Extension(ForcedLayout::Changed)) => {
            let data = html::data_tag("webapp.account-view", &canonical, &json!({"a": 1}));
            html::page(&title, &data, "<main class=\"css-4d5e\"></main>")
        }
    }
}

/// What a page is made of: its own scope, and what people see.
struct Profile {
    data: Value,
    body: String,
}

impl Profile {
    fn missing(code: u32, sentence: &str) -> Self {
        Self {
            data: json!({
                "userInfo": {},
                "shareMeta": {"title": "TikTok - Make Your Day", "desc": ""},
                "statusCode": code,
                "statusMsg": "",
                "needFix": true,
            }),
            body: format!("<div><p>{}</p></div>", escaped(sentence)),
        }
    }

    fn of(state: &Shared, open_id: &str, name: &str, separator: Separator) -> Self {
        let now = Timestamp::now();
        let posts = public_posts(state, open_id, now);
        let counts: Vec<_> = posts
            .iter()
            .map(|post| state.audience.counts(post, now))
            .collect();
        let likes: u64 = counts.iter().map(|counts| counts.likes).sum();
        let grid: String = counts
            .iter()
            .zip(&posts)
            .map(|(counts, post)| {
                let views = abbreviated(counts.views, separator);
                let id = &post.post_id;
                format!(
                    "<div data-e2e=\"user-post-item\"><a href=\"/tiktok/@{name}/video/{id}\">\
                     <strong data-e2e=\"video-views\">{views}</strong></a></div>"
                )
            })
            .collect();
        let hearts = abbreviated(likes, separator);
        let nickname = nickname(open_id);
        let body = format!(
            "<h1 data-e2e=\"user-title\">{name}</h1><h2 data-e2e=\"user-subtitle\">{nickname}</h2>\
             <strong data-e2e=\"following-count\">0</strong>\
             <strong data-e2e=\"followers-count\">0</strong>\
             <strong data-e2e=\"likes-count\">{hearts}</strong>\
             <h2 data-e2e=\"user-bio\"></h2><div data-e2e=\"user-post-item-list\">{grid}</div>"
        );
        Self {
            data: json!({
                "userInfo": {
                    "user": user(open_id, name),
                    "stats": stats(likes, posts.len()),
                    "statsV2": stats_v2(likes, posts.len()),
                    "itemList": [],
                },
                "shareMeta": {"title": format!("{nickname} on TikTok"), "desc": ""},
                "statusCode": 0,
                "statusMsg": "",
                "needFix": true,
            }),
            body,
        }
    }
}

fn user(open_id: &str, name: &str) -> Value {
    let picture = avatar(open_id);
    json!({
        "id": number(open_id),
        "shortId": "",
        "uniqueId": name,
        "nickname": nickname(open_id),
        "secUid": sec_uid(open_id),
        "avatarThumb": picture,
        "avatarMedium": picture,
        "avatarLarger": picture,
        "signature": "",
        "verified": false,
        "privateAccount": false,
        "secret": false,
        "createTime": 0,
        "region": "US",
    })
}

fn stats(likes: u64, videos: usize) -> Value {
    // The vendor counts hearts in 32 bits, and has not been able to for years.
    let heart = likes as i32;
    json!({
        "followerCount": 0,
        "followingCount": 0,
        "heart": heart,
        "heartCount": heart,
        "videoCount": videos,
        "diggCount": 0,
        "friendCount": 0,
    })
}

fn stats_v2(likes: u64, videos: usize) -> Value {
    json!({
        "followerCount": "0",
        "followingCount": "0",
        "heart": likes.to_string(),
        "heartCount": likes.to_string(),
        "videoCount": videos.to_string(),
        "diggCount": "0",
        "friendCount": "0",
    })
}
