//! The site: pages of reels, and where a visitor is sent who may not see them.
//!
//! Addresses of a reel: `/reel/CODE/`, `/reels/CODE/`, `/p/CODE/`, `/tv/CODE/`, each also behind a
//! name. What only the site's own programs ask (`/api/…`) is not served.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::{PAGES_PREFIX, html, reel_page};
use crate::faults::Action;
use crate::gate::ForcedLayout;
use crate::state::SharedState;

/// The first part of a reel's address.
const KINDS: [&str; 4] = ["p", "reel", "reels", "tv"];

const LOGIN: &str = "<main role=\"main\"><h1>Instagram</h1><form id=\"loginForm\" method=\"post\">\
    <input name=\"username\" aria-label=\"Phone number, username, or email\">\
    <input name=\"password\" type=\"password\" aria-label=\"Password\">\
    <button type=\"submit\">Log in</button></form></main>";

/// Nothing to solve is on it.
const CHALLENGE: &str = "<script type=\"application/json\">{\"message\":\"checkpoint_required\",\
    \"checkpoint_url\":\"/challenge/\",\"lock\":true,\"status\":\"fail\"}</script>\
    <main role=\"main\"><h2>Help us confirm it's you</h2>\
    <p>We detected an unusual visit. Confirm that you are a person to continue.</p></main>";

/// A page of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page<'a> {
    /// With its short code.
    Reel(&'a str),
    Login,
    Challenge,
    Other,
}

impl<'a> Page<'a> {
    /// `path` is without the sandbox's prefix.
    pub(crate) fn of(path: &'a str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            ["accounts", "login"] => Self::Login,
            ["challenge"] => Self::Challenge,
            [kind, code] | [_, kind, code] if KINDS.contains(kind) => Self::Reel(code),
            _ => Self::Other,
        }
    }

    /// What faults and the request log call it.
    pub(crate) fn endpoint(self) -> &'static str {
        match self {
            Self::Reel(_) => "reel_page",
            Self::Login => "login_page",
            Self::Challenge => "challenge_page",
            Self::Other => "other_page",
        }
    }
}

pub(crate) async fn answer(
    State(state): State<SharedState>,
    layout: Option<Extension<ForcedLayout>>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if method != Method::GET {
        return refused(StatusCode::METHOD_NOT_ALLOWED);
    }
    match Page::of(uri.path()) {
        Page::Reel(code) => {
            let layout = layout.map(|Extension(layout)| layout);
            reel_page::show(&state, code, layout, &headers)
        }
        Page::Login => html::page(StatusCode::OK, "en", "Login • Instagram", "", LOGIN),
        Page::Challenge => html::page(StatusCode::OK, "en", "Instagram", "", CHALLENGE),
        Page::Other => reel_page::unavailable(StatusCode::NOT_FOUND),
    }
}

/// What a fault without a body of its own answers instead of a page.
pub(crate) fn failure(status: StatusCode, action: &Action) -> Response {
    // A fault does not know the page, so the way back is to the site itself.
    let sent_to = |page: &str| {
        let location = format!("{PAGES_PREFIX}/{page}/?next=%2F");
        (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
    };
    match action {
        Action::VerifyPage => sent_to("challenge"),
        Action::LoginWall => sent_to("accounts/login"),
        _ => refused(status),
    }
}

fn refused(status: StatusCode) -> Response {
    let (title, text) = match status.as_u16() {
        404 => return reel_page::unavailable(status),
        401 | 403 | 429 => (
            "Instagram",
            "Please wait a few minutes before you try again.",
        ),
        _ => ("Error", "Sorry, something went wrong."),
    };
    let body = format!("<main role=\"main\"><p>{text}</p></main>");
    html::page(status, "en", title, "", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reel_has_several_addresses() {
        for path in [
            "/reel/DIhoUGE00uH/",
            "/reels/DIhoUGE00uH",
            "/p/DIhoUGE00uH/",
            "/tv/DIhoUGE00uH/",
            "/oddloop/reel/DIhoUGE00uH/",
        ] {
            assert_eq!(Page::of(path), Page::Reel("DIhoUGE00uH"), "{path}");
        }
        assert_eq!(Page::of("/accounts/login/"), Page::Login);
        assert_eq!(Page::of("/challenge/"), Page::Challenge);
        for path in ["/", "/oddloop/", "/reel/", "/oddloop/followers/a/"] {
            assert_eq!(Page::of(path), Page::Other, "{path}");
        }
    }
}
