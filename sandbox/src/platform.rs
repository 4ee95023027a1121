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
use crate::{anthropic, instagram, tiktok, youtube};

/// One prefix of a platform's paths, with its slash, and what is served under it.
type Mount = (&'static str, fn() -> Router<SharedState>);

/// An outside service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Platform {
    Youtube,
    Tiktok,
    Instagram,
    Anthropic,
}

impl Platform {
    pub(crate) const ALL: &[Self] = &[
        Self::Youtube,
        Self::Tiktok,
        Self::Instagram,
        Self::Anthropic,
    ];

    /// What faults, the request log and the audience call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Youtube => "youtube",
            Self::Tiktok => "tiktok",
            Self::Instagram => "instagram",
            Self::Anthropic => "anthropic",
        }
    }

    /// The names a fault or a log query can use.
    pub(crate) fn endpoints(self) -> &'static [&'static str] {
        match self {
            Self::Youtube => youtube::ENDPOINTS,
            Self::Tiktok => tiktok::ENDPOINTS,
            Self::Instagram => instagram::ENDPOINTS,
            Self::Anthropic => anthropic::ENDPOINTS,
        }
    }

    /// Those of its endpoints that are pages for people: the ones that page faults meet.
    pub(crate) fn pages(self) -> &'static [&'static str] {
        match self {
            Self::Tiktok => tiktok::PAGES,
            Self::Instagram => instagram::PAGES,
            Self::Youtube | Self::Anthropic => &[],
        }
    }

    /// Everything that is served for it. One service may have several hosts, so several prefixes.
    pub(crate) fn mounts(self) -> &'static [Mount] {
        const YOUTUBE: &[Mount] = &[("/youtube", youtube::router)];
        const TIKTOK: &[Mount] = &[
            ("/tiktok-api", tiktok::api_router),
            ("/tiktok", tiktok::page_router),
        ];
        const INSTAGRAM: &[Mount] = &[
            (instagram::GRAPH, instagram::graph_router),
            (instagram::PAGES_PREFIX, instagram::page_router),
        ];
        const ANTHROPIC: &[Mount] = &[("/anthropic", anthropic::router)];
        match self {
            Self::Youtube => YOUTUBE,
            Self::Tiktok => TIKTOK,
            Self::Instagram => INSTAGRAM,
            Self::Anthropic => ANTHROPIC,
        }
    }

    /// Which platform and endpoint a request is for; nothing for the controls.
    pub(crate) fn classify(request: &Request) -> Option<(Self, &'static str)> {
        let path = request.uri().path();
        let is_under = |prefix: &str| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let serves = |platform: &Self| platform.mounts().iter().any(|(prefix, _)| is_under(prefix));
        let platform = Self::ALL.iter().copied().find(serves)?;
        let endpoint = match platform {
            Self::Youtube => youtube::endpoint_of(request),
            Self::Tiktok => tiktok::endpoint_of(request),
            Self::Instagram => instagram::endpoint_of(request),
            Self::Anthropic => anthropic::endpoint_of(request),
        };
        Some((platform, endpoint))
    }

    /// Whether this fault exists at this platform.
    pub(crate) fn knows(self, action: &Action) -> bool {
        match action {
            Action::QuotaExceeded => matches!(self, Self::Youtube | Self::Instagram),
            Action::ContainerFails { .. } | Action::ContainerExpires => self == Self::Instagram,
            Action::GraphError { code, subcode } => {
                self == Self::Instagram && instagram::has_error(*code, *subcode)
            }
            Action::Overloaded | Action::Refusal | Action::MaxTokens | Action::SpendLimit => {
                self == Self::Anthropic
            }
            action if action.is_for_pages() => !self.pages().is_empty(),
            _ => true,
        }
    }

    /// The vendor's answer for a bare status, or for a fault with a name of its own.
    pub(crate) fn failure(
        self,
        endpoint: &'static str,
        status: StatusCode,
        action: &Action,
    ) -> Response {
        match self {
            Self::Youtube => youtube::failure(status, action),
            Self::Tiktok => tiktok::failure(endpoint, status, action),
            Self::Instagram => instagram::failure(endpoint, status, action),
            Self::Anthropic => anthropic::failure(status, action),
        }
    }
}
