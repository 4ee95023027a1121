//! Which call of the Graph API a path is. The version may be any, or missing, as with the vendor;
//! its Python client ends the path of a node with a slash.

use axum::http::Method;

use super::account::ME;
use super::ids::{Kind, kind_of};

/// The upload host's first path segment.
const UPLOAD: &str = "ig-api-upload";
/// What a path without a version is served as.
const CURRENT_VERSION: &str = "v26.0";

/// A call, with the id that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    CreateContainer(&'a str),
    ContainerStatus(&'a str),
    Publish(&'a str),
    PublishingLimit(&'a str),
    MediaList(&'a str),
    Media(&'a str),
    Insights(&'a str),
    Account(&'a str),
    /// Some other object, or none.
    Other(&'a str),
}

impl<'a> Route<'a> {
    /// `path` is without the sandbox's prefix.
    pub(crate) fn of(method: &Method, path: &'a str) -> Self {
        let segments: Vec<&str> = unversioned(path).collect();
        match (method.as_str(), segments.as_slice()) {
            ("POST", [user, "media"]) => Self::CreateContainer(user),
            ("POST", [user, "media_publish"]) => Self::Publish(user),
            ("GET", [user, "media"]) => Self::MediaList(user),
            ("GET", [user, "content_publishing_limit"]) => Self::PublishingLimit(user),
            ("GET", [media, "insights"]) => Self::Insights(media),
            ("GET", [id]) => match kind_of(id) {
                Some(Kind::Container) => Self::ContainerStatus(id),
                Some(Kind::Media) => Self::Media(id),
                Some(Kind::User) => Self::Account(id),
                None if *id == ME => Self::Account(id),
                None => Self::Other(id),
            },
            (_, rest) => Self::Other(rest.first().copied().unwrap_or("")),
        }
    }

    /// What faults and the request log call it.
    pub(crate) fn endpoint(self) -> &'static str {
        match self {
            Self::CreateContainer(_) => "container_create",
            Self::ContainerStatus(_) => "container_status",
            Self::Publish(_) => "publish",
            Self::PublishingLimit(_) => "publishing_limit",
            Self::MediaList(_) => "media_list",
            Self::Media(_) => "media",
            Self::Insights(_) => "insights",
            Self::Account(_) => "account",
            Self::Other(_) => "other",
        }
    }
}

/// The container whose bytes are sent to this path, if it is one of the upload host.
pub(crate) fn upload_of(path: &str) -> Option<&str> {
    let rest = path.trim_start_matches('/').strip_prefix(UPLOAD)?;
    let mut segments = unversioned(rest.strip_prefix('/')?);
    let container = segments.next()?;
    segments.next().is_none().then_some(container)
}

/// Where the bytes of a container go, below the sandbox's prefix.
pub(crate) fn upload_path(version: &str, container: &str) -> String {
    format!("{UPLOAD}/{version}/{container}")
}

/// The version that a path names.
pub(crate) fn version_of(path: &str) -> &str {
    let first = path.trim_start_matches('/').split('/').next();
    first
        .filter(|segment| is_version(segment))
        .unwrap_or(CURRENT_VERSION)
}

fn unversioned(path: &str) -> impl Iterator<Item = &str> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut first = true;
    segments.filter(move |segment| !(std::mem::take(&mut first) && is_version(segment)))
}

fn is_version(segment: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = segment.strip_prefix('v').and_then(|v| v.split_once('.'));
    parts.is_some_and(|(major, minor)| number(major) && number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_with_and_without_version_and_last_slash() {
        let get = |path| Route::of(&Method::GET, path);
        let container = "17889000000000001";
        assert_eq!(
            get("/v26.0/17889000000000001/"),
            Route::ContainerStatus(container)
        );
        assert_eq!(get("/17889000000000001"), Route::ContainerStatus(container));
        assert_eq!(get("/v24.0/me/"), Route::Account("me"));
        assert_eq!(get("/v24.0/me/media"), Route::MediaList("me"));
        assert_eq!(
            Route::of(&Method::POST, "/v26.0/17841/media_publish"),
            Route::Publish("17841")
        );
        assert_eq!(get("/v26.0/v26.0"), Route::Other("v26.0"));
        assert_eq!(get("/"), Route::Other(""));
    }

    #[test]
    fn the_upload_hosts_path_is_no_call_of_the_api() {
        assert_eq!(upload_of("/ig-api-upload/v26.0/178"), Some("178"));
        assert_eq!(upload_of("/ig-api-upload/178/"), Some("178"));
        for path in ["/ig-api-upload", "/ig-api-upload/v26.0", "/178/media"] {
            assert_eq!(upload_of(path), None, "{path}");
        }
        assert_eq!(version_of("/v24.0/178/media"), "v24.0");
        assert_eq!(version_of("/178/media"), CURRENT_VERSION);
    }
}
