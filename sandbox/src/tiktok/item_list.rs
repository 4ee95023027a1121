//! `GET /api/creator/item_list/`: an account's public videos, newest first, page by page.
//!
//! No signature is asked for. The cursor is the time of the last video, in milliseconds; a page
//! has only older ones.

use axum::Extension;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::open_id_of_sec_uid;
use super::envelope::log_id;
use super::item::Item;
use super::video::public_posts;
use crate::gate::ForcedLayout;
use crate::posts::Post;
use crate::state::SharedState;

/// Videos on a page, unless fewer are asked for.
const MOST: usize = 15;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    #[serde(rename = "secUid")]
    sec_uid: String,
    count: Option<usize>,
    cursor: Option<i64>,
}

#[derive(Serialize)]
struct List {
    #[serde(rename = "itemList")]
    items: Vec<Item>,
    #[serde(rename = "hasMorePrevious")]
    has_older: bool,
    #[serde(rename = "hasMoreLatest")]
    has_newer: bool,
    cursor: String,
    #[serde(rename = "statusCode")]
    code: u32,
    status_code: u32,
    extra: Value,
    log_pb: Value,
}

pub(crate) async fn list(
    State(state): State<SharedState>,
    layout: Option<Extension<ForcedLayout>>,
    Query(params): Query<Params>,
) -> Response {
    if layout.is_some() {
        // A list has nothing but its data: in another layout it is without.
        return Json(json!({"statusCode": 0, "status_code": 0})).into_response();
    }
    let now = Timestamp::now();
    let open_id = open_id_of_sec_uid(&params.sec_uid);
    let mut posts = open_id.map_or_else(Vec::new, |open_id| public_posts(&state, &open_id, now));
    let before = posts.len();
    if let Some(cursor) = params.cursor.filter(|cursor| *cursor > 0) {
        posts.retain(|post| place(post) < cursor);
    }
    let has_newer = posts.len() < before;
    let size = params.count.unwrap_or(MOST).min(MOST);
    let has_older = posts.len() > size;
    posts.truncate(size);
    let items = posts
        .iter()
        .map(|post| Item::in_list(post, state.audience.counts(post, now)));
    Json(List {
        items: items.collect(),
        has_older,
        has_newer,
        cursor: posts.last().map_or(0, |post| place(post)).to_string(),
        code: 0,
        status_code: 0,
        extra: json!({
            "now": now.as_millisecond(),
            "logid": log_id(),
            "fatal_item_ids": [],
        }),
        log_pb: json!({"impr_id": log_id()}),
    })
    .into_response()
}

/// What a cursor is compared with: whole seconds, in milliseconds.
fn place(post: &Post) -> i64 {
    post.published_at().as_second() * 1000
}
