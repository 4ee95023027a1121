//! Instagram: the Graph API for reels with its upload host under `/graph`, and the public pages of
//! reels under `/instagram`.
//!
//! Sources: the vendor's pages on publishing, resumable uploads, error codes, insights and rate
//! limits (v26.0, as of November 2026), its Python client `facebook_business`, and for the public
//! pages what well-known readers of them expect. Where the vendor's pages leave something open, the
//! file that decides it says so.

mod account;
mod call;
mod caption;
mod container;
mod containers;
mod create;
mod error;
mod fetching;
mod graph;
mod html;
mod ids;
mod insights;
mod media;
mod numbers;
mod page_data;
mod publish;
mod reel_page;
mod route;
mod status;
mod upload;
mod usage;
mod web;

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::SandboxError;
use crate::faults::Action;
use crate::state::SharedState;
use containers::Containers;
use error::ApiError;
pub(crate) use fetching::resume;
use route::Route;
use upload::UploadError;
use usage::Usage;
use web::Page;

/// Where the Graph API and the upload host are.
pub(crate) const GRAPH: &str = "/graph";
/// Where the pages are.
pub(crate) const PAGES_PREFIX: &str = "/instagram";

/// Names that faults and the request log use.
pub(crate) const ENDPOINTS: &[&str] = &[
    "container_create",
    "upload",
    "container_status",
    "publish",
    "publishing_limit",
    "media",
    "media_list",
    "insights",
    "account",
    "other",
    "reel_page",
    "login_page",
    "challenge_page",
    "other_page",
];

/// Those that page faults meet. Login and challenge are none of them: a wall sends there.
pub(crate) const PAGES: &[&str] = &["reel_page"];

/// What is kept of Instagram.
#[derive(Debug)]
pub(crate) struct Instagram {
    pub(crate) containers: Containers,
    usage: Usage,
}

impl Instagram {
    pub(crate) fn open(data: &Path) -> Result<Self, SandboxError> {
        Ok(Self {
            containers: Containers::open(data)?,
            usage: Usage::default(),
        })
    }
}

/// The Graph API and the host that takes bytes.
pub(crate) fn graph_router() -> Router<SharedState> {
    // An id says itself what it names, which the router could not tell apart.
    Router::new().fallback(graph::answer)
}

/// What everybody sees in a browser.
pub(crate) fn page_router() -> Router<SharedState> {
    Router::new().fallback(web::answer)
}

pub(crate) fn endpoint_of(request: &Request) -> &'static str {
    let path = request.uri().path();
    if let Some(page) = path.strip_prefix(PAGES_PREFIX) {
        return Page::of(page).endpoint();
    }
    let call = path.strip_prefix(GRAPH).unwrap_or(path);
    match route::upload_of(call) {
        Some(_) => "upload",
        None => Route::of(request.method(), call).endpoint(),
    }
}

/// The documented error with these numbers exists.
pub(crate) fn has_error(code: i64, subcode: Option<u32>) -> bool {
    ApiError::documented(code, subcode).is_some()
}

/// What a fault without a body of its own answers.
pub(crate) fn failure(endpoint: &'static str, status: StatusCode, action: &Action) -> Response {
    if endpoint.ends_with("_page") {
        return web::failure(status, action);
    }
    if endpoint == "upload" {
        return UploadError::of_status(status).into_response();
    }
    let error = match action {
        Action::QuotaExceeded => ApiError::publish_limit(),
        Action::RateLimit { retry_after_s } => {
            // The vendor names whole minutes only, and none when it is soon over.
            ApiError::too_many_calls(retry_after_s.unwrap_or(0) / 60)
        }
        Action::GraphError { code, subcode } => {
            ApiError::documented(*code, *subcode).unwrap_or_else(|| ApiError::of_status(status))
        }
        _ => ApiError::of_status(status),
    };
    error.into_response()
}
