//! The controls under `/_sandbox/`: set faults, list what was received, change a post afterwards,
//! and ask for the best forecast there is.
//!
//! | request | does |
//! |---|---|
//! | `GET healthz` | answers `{"ok":true}` |
//! | `POST faults` | sets a [`FaultSpec`], answers `{"id"}` |
//! | `GET faults`, `DELETE faults[/ID]` | lists, removes |
//! | `GET posts?platform=` | what arrived, oldest first |
//! | `POST posts/ID` | replaces the [`Marks`] of a post |
//! | `GET requests?platform=&endpoint=` | the request log |
//! | `GET forecast?post_id=` | what the world expects of a post |
//! | `POST tiktok` | replaces TikTok's [`Settings`]: audit, private accounts, limits, webhook, … |

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SandboxError;
use crate::faults::{Action, FaultSpec};
use crate::platform::Platform;
use crate::posts::{Marks, Post};
use crate::state::SharedState;
use crate::tiktok::Settings;

pub(crate) fn router() -> Router<SharedState> {
    Router::new()
        .route("/healthz", get(async || Json(json!({"ok": true}))))
        .route(
            "/faults",
            post(set_fault).get(list_faults).delete(remove_all_faults),
        )
        .route("/faults/{id}", delete(remove_fault))
        .route("/posts", get(list_posts))
        .route("/posts/{id}", post(mark_post))
        .route("/requests", get(list_requests))
        .route("/forecast", get(forecast))
        .route("/tiktok", post(set_tiktok))
}

/// A control that was used wrongly, or that failed.
#[derive(Debug)]
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl From<SandboxError> for Refusal {
    fn from(error: SandboxError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

async fn set_fault(
    State(state): State<SharedState>,
    spec: Result<Json<FaultSpec>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let Json(spec) = spec?;
    let known = spec.platform.endpoints();
    if spec.endpoint != "any" && !known.contains(&spec.endpoint.as_str()) {
        let message = format!("endpoint must be any or one of {}", known.join(", "));
        return Err(Refusal(StatusCode::BAD_REQUEST, message));
    }
    if !spec.platform.knows(&spec.action) {
        let message = format!("{} has no such fault", spec.platform.name());
        return Err(Refusal(StatusCode::BAD_REQUEST, message));
    }
    let pages = spec.platform.pages();
    if spec.action.is_for_pages()
        && spec.endpoint != "any"
        && !pages.contains(&spec.endpoint.as_str())
    {
        let message = format!("this fault is for pages: {}", pages.join(", "));
        return Err(Refusal(StatusCode::BAD_REQUEST, message));
    }
    if let Action::Fail { status, .. } = &spec.action
        && !(200..=599).contains(status)
    {
        let message = "status must be 200 to 599".to_owned();
        return Err(Refusal(StatusCode::BAD_REQUEST, message));
    }
    Ok(Json(json!({"id": state.faults.set(spec)})))
}

async fn list_faults(State(state): State<SharedState>) -> Response {
    Json(state.faults.all()).into_response()
}

async fn remove_all_faults(State(state): State<SharedState>) -> Json<Value> {
    Json(json!({"removed": state.faults.remove(None)}))
}

async fn remove_fault(State(state): State<SharedState>, Path(id): Path<String>) -> Json<Value> {
    Json(json!({"removed": state.faults.remove(Some(&id))}))
}

#[derive(Debug, Deserialize)]
struct PostsQuery {
    platform: Option<Platform>,
}

async fn list_posts(
    State(state): State<SharedState>,
    Query(query): Query<PostsQuery>,
) -> Json<Vec<Value>> {
    let now = Timestamp::now();
    let posts = state.posts.all();
    let wanted = posts
        .iter()
        .filter(|post| query.platform.is_none_or(|wanted| post.platform == wanted));
    Json(wanted.map(|post| listed(post, now)).collect())
}

fn listed(post: &Post, now: Timestamp) -> Value {
    json!({
        "platform": post.platform,
        "account": post.account,
        "post_id": post.post_id,
        "title": post.title,
        "description": post.description,
        "tags": post.tags,
        "bytes": post.bytes,
        "sha256": post.sha256,
        "state": post.state(now),
        "created_at": post.created_at,
        "marks": post.marks,
    })
}

async fn mark_post(
    State(state): State<SharedState>,
    Path(id): Path<String>,
    marks: Result<Json<Marks>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let Json(marks) = marks?;
    match state.posts.mark(&id, marks)? {
        Some(post) => Ok(Json(listed(&post, Timestamp::now()))),
        None => Err(no_such_post(&id)),
    }
}

#[derive(Debug, Deserialize)]
struct RequestsQuery {
    platform: Option<Platform>,
    endpoint: Option<String>,
}

async fn list_requests(
    State(state): State<SharedState>,
    Query(query): Query<RequestsQuery>,
) -> Response {
    let mut rows = state.requests.all();
    rows.retain(|row| {
        query.platform.is_none_or(|wanted| row.platform == wanted)
            && query.endpoint.as_ref().is_none_or(|e| row.endpoint == *e)
    });
    Json(rows).into_response()
}

#[derive(Debug, Deserialize)]
struct ForecastQuery {
    post_id: String,
}

async fn forecast(
    State(state): State<SharedState>,
    Query(query): Query<ForecastQuery>,
) -> Result<Response, Refusal> {
    let Some(post) = state.posts.get(&query.post_id) else {
        return Err(no_such_post(&query.post_id));
    };
    Ok(Json(state.audience.best_forecast(&post)).into_response())
}

async fn set_tiktok(
    State(state): State<SharedState>,
    settings: Result<Json<Settings>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let Json(settings) = settings?;
    state.tiktok.set(settings);
    Ok(Json(json!({"ok": true})))
}

fn no_such_post(id: &str) -> Refusal {
    Refusal(StatusCode::NOT_FOUND, format!("there is no post {id}"))
}
