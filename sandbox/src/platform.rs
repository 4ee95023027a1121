//! The platforms this sandbox serves, and what each must say about itself.
//!
//! Everything that is not one platform's own business (the gate, faults, the request log) goes
//! through here. The rest of a platform stays in its folder.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::faults::Action;
use crate::state::SharedState;
use crate::{anthropic, youtube};

/// An outside service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Platform {
    Youtube,
    Anthropic,
}

impl Platform {
    pub(crate) const ALL: [Self; 2] = [Self::Youtube, Self::Anthropic];

    /// Also the prefix of its paths.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Youtube => "youtube",
            Self::Anthropic => "anthropic",
        }
    }

    /// The names a fault or a log query can use.
    pub(crate) fn endpoints(self) -> &'static [&'static str] {
        match self {
            Self::Youtube => youtube::ENDPOINTS,
            Self::Anthropic => anthropic::ENDPOINTS,
        }
    }

    /// Which platform and endpoint a request is for; nothing for the controls.
    pub(crate) fn classify(request: &Request) -> Option<(Self, &'static str)> {
        let path = request.uri().path();
        let platform = Self::ALL.into_iter().find(|platform| {
            path.strip_prefix('/')
                .and_then(|rest| rest.strip_prefix(platform.name()))
                .is_some_and(|rest| rest.starts_with('/'))
        })?;
        let endpoint = match platform {
            Self::Youtube => youtube::endpoint_of(request),
            Self::Anthropic => anthropic::endpoint_of(request),
        };
        Some((platform, endpoint))
    }

    /// All paths of the platform, under its prefix.
    pub(crate) fn router(self) -> Router<SharedState> {
        match self {
            Self::Youtube => youtube::router(),
            Self::Anthropic => anthropic::router(),
        }
    }

    /// Whether this fault exists at this platform.
    pub(crate) fn knows(self, action: &Action) -> bool {
        match action {
            Action::QuotaExceeded => self == Self::Youtube,
            Action::Overloaded | Action::Refusal | Action::MaxTokens | Action::SpendLimit => {
                self == Self::Anthropic
            }
            _ => true,
        }
    }

    /// The vendor's answer for a bare status, or for a fault with a name of its own.
    pub(crate) fn failure(self, status: StatusCode, action: &Action) -> Response {
        match self {
            Self::Youtube => youtube::failure(status, action),
            Self::Anthropic => anthropic::failure(status, action),
        }
    }
}
