//! The address of an upload session: whoever has it can write the video, without a token.
//!
//! So it is shown nowhere, and bytes go to it only if it lies on the API's own origin.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::SERVICE;
use crate::{Meaning, PlatformError};

/// Google serves the API under both names, and a session may be named after either.
const SAME_API: [&str; 2] = ["youtube.googleapis.com", "www.googleapis.com"];

/// The address of one resumable upload, good for about a week.
///
/// A bearer secret: store it where other credentials may be stored, and show it to nobody. Its
/// `Debug` form is redacted. It can be made from any text; the client checks at each use that it
/// lies on the configured origin.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SessionUri(String);

impl SessionUri {
    /// A session as it was stored.
    #[must_use]
    pub fn from_stored(uri: String) -> Self {
        Self(uri)
    }

    /// The address itself, for storing it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address, if bytes and token may be sent there.
    pub(super) fn checked(&self, operation: &'static str, api: &Url) -> Result<Url, PlatformError> {
        let foreign = |message: &str| {
            PlatformError::new(
                SERVICE.name,
                operation,
                "youtube_foreign_session",
                Meaning::Terminal,
                message,
            )
        };
        let uri = Url::parse(&self.0)
            .map_err(|error| foreign("the session is not an address").caused_by(error))?;
        if !uri.username().is_empty() || uri.password().is_some() {
            return Err(foreign("the session's address holds a user name"));
        }
        let google = |url: &Url| {
            url.scheme() == "https"
                && url.port().is_none()
                && url.host_str().is_some_and(|host| SAME_API.contains(&host))
        };
        if uri.origin() == api.origin() || (google(api) && google(&uri)) {
            Ok(uri)
        } else {
            Err(foreign(
                "the session does not lie on the API's origin; nothing was sent there",
            ))
        }
    }
}

impl fmt::Debug for SessionUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionUri([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(api: &str, session: &str) -> bool {
        Url::parse(api).is_ok_and(|api| {
            SessionUri::from_stored(session.to_owned())
                .checked("t", &api)
                .is_ok()
        })
    }

    #[test]
    fn a_session_is_used_on_the_api_s_own_origin_only() {
        let api = "http://127.0.0.1:9000/youtube/";
        assert!(accepted(
            api,
            "http://127.0.0.1:9000/youtube/upload?upload_id=1"
        ));
        for elsewhere in [
            "http://127.0.0.1:9001/youtube/upload?upload_id=1",
            "https://127.0.0.1:9000/youtube/upload?upload_id=1",
            "http://user@127.0.0.1:9000/youtube/upload?upload_id=1",
            "http://127.0.0.1:9000@evil.example/upload",
            "/upload?upload_id=1",
            "",
        ] {
            assert!(!accepted(api, elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn google_s_two_names_of_the_api_are_one_origin() {
        let api = "https://youtube.googleapis.com/";
        assert!(accepted(
            api,
            "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=1"
        ));
        assert!(!accepted(
            api,
            "http://www.googleapis.com/upload/youtube/v3/videos?upload_id=1"
        ));
        assert!(!accepted(
            api,
            "https://storage.googleapis.com/upload?upload_id=1"
        ));
        assert!(!accepted(
            "http://127.0.0.1:9/",
            "https://www.googleapis.com/upload"
        ));
    }

    #[test]
    fn a_session_is_not_shown_by_debug() {
        let session = SessionUri::from_stored("https://x.example/?upload_id=canary".to_owned());
        assert!(!format!("{session:?}").contains("canary"));
    }
}
