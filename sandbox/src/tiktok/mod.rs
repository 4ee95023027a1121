//! TikTok: the official APIs under `/tiktok-api`, and the public pages under `/tiktok`.
//!
//! Sources: the vendor's pages on Content Posting, Display API, OAuth and webhooks (as of November
//! 2026), and for the public pages what well-known readers of them expect. Where the vendor's
//! pages leave something open, the file that decides it says so.

mod abbreviated;
mod account;
mod blocked;
mod chunk_range;
mod creator_info;
mod display;
mod envelope;
mod error;
mod file_check;
mod finish;
mod html;
mod item;
mod item_list;
mod limits;
mod oauth;
mod post_info;
mod profile_page;
mod pull;
mod settings;
mod source_info;
mod status;
mod tokens;
mod upload_put;
mod uploads;
mod user_info;
mod video;
mod video_init;
mod video_page;
mod webhook;

use std::path::Path;
use std::sync::{PoisonError, RwLock};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};

use crate::SandboxError;
use crate::faults::Action;
use crate::state::SharedState;
use error::ApiError;
use limits::Limits;
use oauth::OAuthError;
pub(crate) use pull::resume;
pub(crate) use settings::Settings;
use tokens::Tokens;
use uploads::Uploads;
pub use webhook::TikTokWebhook;

/// Names that faults and the request log use.
pub(crate) const ENDPOINTS: &[&str] = &[
    "oauth_token",
    "creator_info",
    "video_init",
    "upload_put",
    "status_fetch",
    "publish_cancel",
    "video_query",
    "video_list",
    "user_info",
    "video_page",
    "profile_page",
    "item_list",
    "login_page",
    "other",
];

/// Those that page faults meet. The login is none of them: a wall sends there.
pub(crate) const PAGES: &[&str] = &["video_page", "profile_page", "item_list"];

/// What is kept of TikTok, and how its controls are set.
#[derive(Debug)]
pub(crate) struct Tiktok {
    pub(crate) uploads: Uploads,
    tokens: Tokens,
    limits: Limits,
    /// Not kept: they belong to the test that set them.
    settings: RwLock<Settings>,
}

impl Tiktok {
    pub(crate) fn open(data: &Path) -> Result<Self, SandboxError> {
        Ok(Self {
            uploads: Uploads::open(data)?,
            tokens: Tokens::open(data)?,
            limits: Limits::default(),
            settings: RwLock::new(Settings::default()),
        })
    }

    pub(crate) fn settings(&self) -> Settings {
        let settings = self.settings.read().unwrap_or_else(PoisonError::into_inner);
        settings.clone()
    }

    pub(crate) fn set(&self, settings: Settings) {
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = settings;
    }
}

/// The open API, and the host that takes bytes.
pub(crate) fn api_router() -> Router<SharedState> {
    Router::new()
        .route("/v2/oauth/token/", post(oauth::token))
        .route(
            "/v2/post/publish/creator_info/query/",
            post(creator_info::query),
        )
        .route("/v2/post/publish/video/init/", post(video_init::init))
        .route("/v2/post/publish/status/fetch/", post(status::fetch))
        .route("/v2/post/publish/cancel/", post(status::cancel))
        .route("/v2/video/query/", post(display::query))
        .route("/v2/video/list/", post(display::list))
        .route("/v2/user/info/", get(user_info::show))
        .route("/video/", put(upload_put::put))
        .fallback(async || ApiError::unsupported_path().into_response())
}

/// What everybody sees in a browser.
pub(crate) fn page_router() -> Router<SharedState> {
    Router::new()
        .route("/login", get(async || blocked::login_page()))
        .route("/api/creator/item_list/", get(item_list::list))
        .route("/{handle}", get(profile_page::show))
        .route("/{handle}/", get(profile_page::show))
        .route("/{handle}/video/{id}", get(video_page::show))
        .route("/{handle}/video/{id}/", get(video_page::show))
        .fallback(async || blocked::refused(StatusCode::NOT_FOUND))
}

pub(crate) fn endpoint_of(request: &Request) -> &'static str {
    let path = request.uri().path();
    if let Some(page) = path.strip_prefix("/tiktok/") {
        return page_of(page);
    }
    match path.strip_prefix("/tiktok-api").unwrap_or(path) {
        "/v2/oauth/token/" => "oauth_token",
        "/v2/post/publish/creator_info/query/" => "creator_info",
        "/v2/post/publish/video/init/" => "video_init",
        "/v2/post/publish/status/fetch/" => "status_fetch",
        "/v2/post/publish/cancel/" => "publish_cancel",
        "/v2/video/query/" => "video_query",
        "/v2/video/list/" => "video_list",
        "/v2/user/info/" => "user_info",
        "/video/" => "upload_put",
        _ => "other",
    }
}

fn page_of(path: &str) -> &'static str {
    let is_handle = |part: &str| part.starts_with('@') || part.starts_with("%40");
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    match parts.as_slice() {
        ["login"] => "login_page",
        ["api", "creator", "item_list"] => "item_list",
        [handle] if is_handle(handle) => "profile_page",
        [handle, "video", _] if is_handle(handle) => "video_page",
        _ => "other",
    }
}

/// What a fault without a body of its own answers.
pub(crate) fn failure(endpoint: &'static str, status: StatusCode, action: &Action) -> Response {
    match (action, endpoint) {
        (Action::VerifyPage, _) => blocked::verify_page(),
        (Action::LoginWall, _) => blocked::login_wall(),
        (_, "oauth_token") => OAuthError::of_status(status).into_response(),
        // The host that takes bytes says everything by its status.
        (_, "upload_put") => status.into_response(),
        (_, "video_page" | "profile_page" | "item_list" | "login_page") => blocked::refused(status),
        _ => ApiError::of_status(status).into_response(),
    }
}
