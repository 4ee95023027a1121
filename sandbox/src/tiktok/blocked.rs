//! What a visitor gets instead of a page: a question whether it is a person, the login, or a
//! refusal of the network in front.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::html;

/// Strings of a real verify page by which readers know it. There is nothing to solve on it.
const VERIFY: &str = "<script>const option = {\"title\":\"tiktok-verify-page\"};</script>\
    <div id=\"tiktok-verify-page\"><div class=\"captcha_container captcha-verify\">\
    <div class=\"verify-bar-close\"></div><h1>Verify to continue</h1>\
    <p>Drag the slider to fit the puzzle</p></div></div>";

const LOGIN: &str = "<main><h1>Log in to TikTok</h1>\
    <p>Manage your account, check notifications, comment on videos, and more.</p></main>";

/// Answered with 200, and without any data.
pub(crate) fn verify_page() -> Response {
    html::page("tiktok-verify-page", "", VERIFY)
}

/// Sends to the login.
pub(crate) fn login_wall() -> Response {
    (StatusCode::FOUND, [(header::LOCATION, "/tiktok/login")]).into_response()
}

pub(crate) fn login_page() -> Response {
    html::page("Log in | TikTok", "", LOGIN)
}

/// A status with the words of the network in front, which knows nothing of videos.
pub(crate) fn refused(status: StatusCode) -> Response {
    let title = match status {
        StatusCode::FORBIDDEN => "Access Denied",
        other => other.canonical_reason().unwrap_or("Error"),
    };
    let body = format!("<h1>{title}</h1><p>Reference #18.sandbox</p>");
    let mut response = html::page(title, "", &body);
    *response.status_mut() = status;
    response
}
