//! The container: a reel that is being made ready, and how far it is.
//!
//! Making one publishes nothing, and one that is never published disappears after 24 hours. So
//! both calls here may be made again; an account may make 400 containers in 24 hours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{ContainerId, Instagram, NewReel, SERVICE, meaning};
use crate::PlatformError;
use crate::http::excerpt;

const STATUS: &str = "container_status";

/// Where a container's video comes from. Without `Debug`: an address may hold a signature.
#[derive(Clone, PartialEq, Eq)]
pub enum VideoSource {
    /// We send the bytes, with [`send_bytes`](Instagram::send_bytes).
    Upload,
    /// Instagram fetches it from here, once and at once; the address has to be public.
    Url(Url),
}

/// How far a container is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// The bytes have not arrived yet, or the video is being processed. Instagram asks for at most
    /// one question a minute, for five minutes.
    InProgress,
    /// It can be published.
    Finished,
    /// It was published. Its post is found among [`recent_media`](Instagram::recent_media).
    Published,
    /// It was not published within 24 hours, and never will be.
    Expired,
    /// It cannot be published; another container may fare better.
    Failed(ContainerFailure),
    /// A word that we do not know.
    Other(String),
}

/// Why a container failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerFailure {
    /// Meta's number for the reason, such as 2207026, if one is named.
    pub subcode: Option<u32>,
    /// Meta's words, about 300 characters of them.
    pub status: String,
}

impl ContainerFailure {
    /// The failure as an error, with the code and meaning that its number has in a refusal, else
    /// `instagram_container_failed`. `retry` means: with another container.
    #[must_use]
    pub fn error(&self) -> PlatformError {
        meaning::failed_container(STATUS, self)
    }
}

impl Instagram {
    /// Makes a container for `reel`. Nothing is published by this.
    ///
    /// # Errors
    /// `instagram_invalid_reel` names every rule that the reel breaks, without asking Instagram;
    /// else as in the table of this module's meanings. Any failure may be repeated: a container
    /// whose id was lost is never published.
    pub async fn create_container(
        &self,
        reel: &NewReel,
        source: &VideoSource,
    ) -> Result<ContainerId, PlatformError> {
        const OPERATION: &str = "create_container";
        reel.check(OPERATION)?;
        let body = parameters(reel, source);
        let id = self.create(OPERATION, "media", &body).await?;
        ContainerId::from_answer(OPERATION, id)
    }

    /// Asks how far a container is.
    ///
    /// # Errors
    /// `instagram_not_found` or `instagram_container_gone` when Meta does not know the container
    /// (any more), which says nothing about a post; else as in the table of this module's
    /// meanings. Asking may always be repeated.
    pub async fn container_status(
        &self,
        container: &ContainerId,
    ) -> Result<ContainerState, PlatformError> {
        let id = container.checked(STATUS)?;
        let query = [("fields", "status_code,status")];
        let body: ContainerBody = self.read(STATUS, id, &query).await?;
        if body.id.as_deref().is_some_and(|other| other != id) {
            return Err(SERVICE.unreadable(STATUS, "the answer is about another container"));
        }
        Ok(body.state())
    }
}

fn parameters(reel: &NewReel, source: &VideoSource) -> Value {
    let (name, value) = match source {
        VideoSource::Upload => ("upload_type", "resumable"),
        VideoSource::Url(url) => ("video_url", url.as_str()),
    };
    json!({
        "media_type": "REELS",
        "caption": reel.caption,
        "share_to_feed": reel.share_to_feed,
        name: value,
    })
}

#[derive(Deserialize)]
struct ContainerBody {
    id: Option<String>,
    status_code: String,
    status: Option<String>,
}

impl ContainerBody {
    fn state(self) -> ContainerState {
        match self.status_code.as_str() {
            "IN_PROGRESS" => ContainerState::InProgress,
            "FINISHED" => ContainerState::Finished,
            "PUBLISHED" => ContainerState::Published,
            "EXPIRED" => ContainerState::Expired,
            "ERROR" => {
                let status = self.status.unwrap_or_default();
                ContainerState::Failed(ContainerFailure {
                    subcode: subcode_in(&status),
                    status: excerpt(&status),
                })
            }
            other => ContainerState::Other(excerpt(other)),
        }
    }
}

/// The status is `Error: Media upload has failed with error code 2207076`, or the number alone.
fn subcode_in(status: &str) -> Option<u32> {
    status
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| digits.len() == 7 && digits.starts_with("2207"))
        .and_then(|digits| digits.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_failure_is_found_in_its_words() {
        for (status, subcode) in [
            (
                "Error: Media upload has failed with error code 2207076",
                Some(2_207_076),
            ),
            ("2207026", Some(2_207_026)),
            ("Error (2207032): try 5 times", Some(2_207_032)),
            ("Error: container 17889455560051444 failed", None),
            ("", None),
        ] {
            assert_eq!(subcode_in(status), subcode, "{status}");
        }
    }
}
