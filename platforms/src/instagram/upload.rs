//! The bytes of a container: one request that carries the whole file.
//!
//! Nothing is published by them, and a container takes one video, so they may be sent again as
//! long as the container is in progress. Meta's pages name the header `offset` and no way to ask
//! which byte is missing, so a file that broke off is sent from its beginning.

use jiff::Timestamp;
use reqwest::Body;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{ContainerId, Instagram, SERVICE, address, meaning};
use crate::{Meaning, PlatformError};

const OPERATION: &str = "send_bytes";

impl Instagram {
    /// Sends the file of `file_size` bytes into a container that was made for an upload. The
    /// bytes are a `Vec<u8>`, or a `tokio::fs::File` that is read while it is sent.
    ///
    /// # Errors
    /// `instagram_bad_size` when there are no bytes, or other than announced; nothing was sent.
    /// `instagram_upload_failed` when Meta took the request and not the bytes; else as in the
    /// table of this module's meanings. After any of these the bytes may have arrived: ask
    /// [`container_status`](Self::container_status) before they are sent again.
    pub async fn send_bytes(
        &self,
        container: &ContainerId,
        file_size: u64,
        bytes: impl Into<Body>,
    ) -> Result<(), PlatformError> {
        let body = bytes.into();
        let held = body.as_bytes().map(|held| held.len() as u64);
        if file_size == 0 || held.is_some_and(|held| held != file_size) {
            return Err(bad_size(file_size, held));
        }
        let url = address(&self.config.upload_base_url, container.checked(OPERATION)?)?;
        let request = self
            .upload_http
            .post(url)
            .header(AUTHORIZATION, self.oauth()?)
            .header("offset", 0)
            .header("file_size", file_size)
            // A file is a stream, whose length would not be told otherwise.
            .header(CONTENT_LENGTH, file_size)
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(body);
        let answer = self.send(OPERATION, request).await?;
        // A failure may come with status 200, and a refusal with either of two bodies.
        let said: UploadAnswer = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(failure) = said.debug_info {
            return Err(meaning::failed_upload(OPERATION, &answer, &failure));
        }
        if !answer.status.is_success() {
            return Err(meaning::refused(OPERATION, &answer, Timestamp::now()));
        }
        match said.success {
            Some(true) => Ok(()),
            _ => Err(SERVICE.unreadable(
                OPERATION,
                "the answer does not say that the bytes are there",
            )),
        }
    }

    /// The upload host knows the token by another word than the Graph API.
    fn oauth(&self) -> Result<HeaderValue, PlatformError> {
        let token = self.config.access_token.expose_secret();
        let mut value = HeaderValue::try_from(format!("OAuth {token}")).map_err(|error| {
            SERVICE
                .misconfigured("the access token does not fit a header")
                .caused_by(error)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[derive(Default, Deserialize)]
struct UploadAnswer {
    success: Option<bool>,
    debug_info: Option<UploadFailure>,
}

/// Why the upload host did not take the bytes.
#[derive(Deserialize)]
pub(super) struct UploadFailure {
    pub(super) retriable: Option<bool>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) message: Option<String>,
}

fn bad_size(announced: u64, held: Option<u64>) -> PlatformError {
    let message = match held {
        Some(held) => format!("{held} bytes of a file that is said to have {announced}"),
        None => "a file that is said to have no bytes".to_owned(),
    };
    PlatformError::new(
        SERVICE.name,
        OPERATION,
        "instagram_bad_size",
        Meaning::Terminal,
        message,
    )
}
