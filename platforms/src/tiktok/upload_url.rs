//! The address that bytes are sent to: whoever has it can send them, without a token.
//!
//! So it is shown nowhere, and bytes go to it only if it is TikTok's own.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::SERVICE;
use crate::{Meaning, PlatformError};

/// TikTok's API. Uploads go to a sister of it, whose name depends on the region.
const API: &str = "open.tiktokapis.com";
/// Behind the name of every host of TikTok's API, the dot included.
const DOMAIN: &str = ".tiktokapis.com";

/// The address of one upload, good for an hour.
///
/// A bearer secret: store it where other credentials may be stored, and show it to nobody. Its
/// `Debug` form is redacted. It can be made from any text; the client checks at each use that it
/// belongs to TikTok, or lies on the configured origin.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UploadUrl(String);

impl UploadUrl {
    /// An address as it was stored.
    #[must_use]
    pub fn from_stored(url: String) -> Self {
        Self(url)
    }

    /// The address itself, for storing it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address, if bytes may be sent there.
    pub(super) fn checked(&self, operation: &'static str, api: &Url) -> Result<Url, PlatformError> {
        let foreign = |message: &str| {
            PlatformError::new(
                SERVICE.name,
                operation,
                "tiktok_foreign_upload",
                Meaning::Terminal,
                message,
            )
        };
        let url = Url::parse(&self.0)
            .map_err(|error| foreign("the upload has no address").caused_by(error))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(foreign("the upload's address holds a user name"));
        }
        let both = tiktok_host(api) == Some(API)
            && tiktok_host(&url).is_some_and(|host| host.ends_with(DOMAIN));
        if url.origin() == api.origin() || both {
            Ok(url)
        } else {
            Err(foreign(
                "the upload's address is not TikTok's; nothing was sent there",
            ))
        }
    }
}

/// The host of an address that can be TikTok's.
fn tiktok_host(url: &Url) -> Option<&str> {
    let is_plain = url.scheme() == "https" && url.port().is_none();
    url.host_str().filter(|_| is_plain)
}

impl fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadUrl([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(api: &str, upload: &str) -> bool {
        Url::parse(api).is_ok_and(|api| {
            UploadUrl::from_stored(upload.to_owned())
                .checked("t", &api)
                .is_ok()
        })
    }

    #[test]
    fn tiktok_s_hosts_in_every_region_take_bytes() {
        let api = "https://open.tiktokapis.com/";
        for upload in [
            "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=a",
            "https://upload.us.tiktokapis.com/video/?upload_id=1&upload_token=a",
            "https://open.tiktokapis.com/video/?upload_id=1&upload_token=a",
        ] {
            assert!(accepted(api, upload), "{upload}");
        }
    }

    #[test]
    fn an_address_elsewhere_is_not_used() {
        for elsewhere in [
            "http://open-upload.tiktokapis.com/video/?upload_id=1",
            "https://open-upload.tiktokapis.com:8443/video/?upload_id=1",
            "https://user@open-upload.tiktokapis.com/video/",
            "https://eviltiktokapis.com/video/",
            "https://open.tiktokapis.com.evil.example/video/",
            "https://tiktokapis.com@evil.example/video/",
            "/video/?upload_id=1",
            "",
        ] {
            assert!(
                !accepted("https://open.tiktokapis.com/", elsewhere),
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn a_sandbox_takes_bytes_on_its_own_origin_only() {
        let api = "http://127.0.0.1:9000/tiktok-api/";
        assert!(accepted(
            api,
            "http://127.0.0.1:9000/tiktok-api/upload?id=1"
        ));
        for elsewhere in [
            "http://127.0.0.1:9001/tiktok-api/upload?id=1",
            "https://127.0.0.1:9000/tiktok-api/upload?id=1",
            "https://open-upload.tiktokapis.com/video/?upload_id=1",
        ] {
            assert!(!accepted(api, elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn an_address_is_not_shown_by_debug() {
        let upload = UploadUrl::from_stored("https://x.example/?upload_token=canary".to_owned());
        assert!(!format!("{upload:?}").contains("canary"));
    }
}
