//! Errors in the vendor's format: `{"error":{"message","type","code","error_subcode",…}}`.
//!
//! Codes, subcodes and words: the vendor's page of error codes for the Instagram platform, and its
//! guide to error handling for the codes of all of the Graph API.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;

use super::usage;
use crate::SandboxError;
use crate::draw::short_id;

const REFUSED: u16 = 400;

/// One documented error.
#[derive(Debug)]
struct Known {
    status: u16,
    code: i64,
    subcode: Option<u32>,
    transient: bool,
    message: &'static str,
    /// Title and text for people, which the errors of publishing have.
    for_people: Option<(&'static str, &'static str)>,
}

const fn plain(status: u16, code: i64, transient: bool, message: &'static str) -> Known {
    Known {
        status,
        code,
        subcode: None,
        transient,
        message,
        for_people: None,
    }
}

const fn publishing(
    (code, subcode): (i64, u32),
    transient: bool,
    message: &'static str,
    title: &'static str,
    text: &'static str,
) -> Known {
    Known {
        status: REFUSED,
        code,
        subcode: Some(subcode),
        transient,
        message,
        for_people: Some((title, text)),
    }
}

const MISSING: &str = "The requested resource does not exist";
const CALLS: &str = "(#80002) There have been too many calls to this Instagram account. Wait a \
    bit and try again. For more info, please refer to \
    https://developers.facebook.com/docs/graph-api/overview/rate-limiting.";

#[rustfmt::skip] // One line says more than ten.
const KNOWN: &[Known] = &[
    publishing((-2, 2_207_003), true, "Timeout", "Download timed out", "It takes too long to download the media."),
    publishing((-2, 2_207_020), false, "Media expired", "Media expired", "The media you are trying to access has expired. Please try to upload again."),
    publishing((-1, 2_207_001), true, "Fatal", "Instagram server error", "Instagram server error. Try again."),
    publishing((-1, 2_207_032), true, "Fatal", "Media not created", "Create media fail, please try to re-create media."),
    publishing((-1, 2_207_053), true, "Fatal", "Upload failed", "unknown upload error"),
    publishing((1, 2_207_057), false, "Invalid parameter", "Invalid thumbnail offset", "Thumbnail offset must be greater than or equal to 0 and less than video duration."),
    publishing((4, 2_207_051), false, "Action blocked", "Action blocked", "We restrict certain activity to protect our community. Tell us if you think we made a mistake."),
    publishing((9, 2_207_042), false, "Application request limit reached", "Publishing limit reached", "You reached maximum number of posts that is allowed to be published by Content Publishing API."),
    publishing((24, 2_207_006), false, MISSING, "Media not found", "The media cannot be found."),
    publishing((24, 2_207_008), false, MISSING, "Container not found", "The media builder does not exist or has been expired."),
    publishing((25, 2_207_050), false, "Account restricted", "Account restricted", "The Instagram account is restricted."),
    publishing((100, 2_207_023), false, "Invalid parameter", "Unknown media type", "The media type is unknown."),
    publishing((100, 2_207_040), false, "Invalid parameter", "Too many tags", "Cannot use more than 20 tags per created media."),
    publishing((352, 2_207_026), false, "The video file you selected is in a format that we don't support.", "Unsupported video format", "The video format is not supported. Please check spec for supported video format."),
    publishing((9004, 2_207_052), false, "Only photo or video can be accepted as media type.", "Media download has failed", "The media could not be fetched from this URI."),
    publishing((9007, 2_207_027), false, "Media ID is not available", "Media not ready", "The media is not ready for publishing, please wait for a moment."),
    publishing((36000, 2_207_004), false, "The file is too large.", "File too large", "The file is too large to download."),
    publishing((36004, 2_207_010), false, "The caption was too long.", "Caption too long", "The caption was too long. Up to 2,200 characters, 30 hashtags and 20 @ tags are allowed."),
    Known { subcode: Some(463), ..plain(401, 190, false, "Error validating access token: Session has expired.") },
    plain(401, 190, false, "Invalid OAuth access token - Cannot parse access token"),
    plain(401, 102, false, "Session key invalid or no longer valid"),
    plain(403, 10, false, "(#10) Application does not have permission for this action"),
    plain(403, 4, true, "(#4) Application request limit reached"),
    plain(REFUSED, 17, true, "(#17) User request limit reached"),
    plain(403, 32, true, "(#32) Page request limit reached"),
    plain(REFUSED, 613, true, "(#613) Calls to this api have exceeded the rate limit."),
    plain(REFUSED, 80002, true, CALLS),
    plain(REFUSED, 100, false, "(#100) Invalid parameter"),
    plain(500, 1, true, "An unknown error occurred"),
    plain(500, 2, true, "An unexpected error has occurred. Please retry your request later."),
];

/// One error answer.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: i64,
    subcode: Option<u32>,
    kind: &'static str,
    transient: bool,
    message: String,
    for_people: Option<(&'static str, &'static str)>,
    /// Minutes after which calls are possible again.
    regain: Option<u64>,
}

impl ApiError {
    /// The documented error with these numbers.
    pub(crate) fn documented(code: i64, subcode: Option<u32>) -> Option<Self> {
        let known = KNOWN
            .iter()
            .find(|known| known.code == code && known.subcode == subcode)?;
        Some(Self {
            status: StatusCode::from_u16(known.status).unwrap_or(StatusCode::BAD_REQUEST),
            code,
            subcode,
            kind: "OAuthException",
            transient: known.transient,
            message: known.message.to_owned(),
            for_people: known.for_people,
            regain: None,
        })
    }

    fn new(status: StatusCode, code: i64, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            subcode: None,
            kind: "OAuthException",
            transient: false,
            message: message.into(),
            for_people: None,
            regain: None,
        }
    }

    /// A documented error of publishing.
    pub(crate) fn publishing(code: i64, subcode: u32) -> Self {
        Self::documented(code, Some(subcode)).unwrap_or_else(|| Self::invalid("(#100) Refused"))
    }

    /// The account has published as much as it may in a day.
    pub(crate) fn publish_limit() -> Self {
        Self::publishing(9, 2_207_042)
    }

    /// The account's calls are used up; possible again after so many minutes.
    pub(crate) fn too_many_calls(regain_minutes: u64) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, 80002, CALLS);
        error.transient = true;
        error.regain = Some(regain_minutes);
        error
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 100, message)
    }

    pub(crate) fn no_token() -> Self {
        let message = "An access token is required to request this resource.";
        Self::new(StatusCode::BAD_REQUEST, 104, message)
    }

    pub(crate) fn no_field(name: &str, kind: &str) -> Self {
        Self::invalid(format!(
            "(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
        ))
    }

    /// `verb` is the request's method in small letters.
    pub(crate) fn no_object(verb: &str, id: &str) -> Self {
        let mut error = Self::invalid(format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded \
             due to missing permissions, or does not support this operation."
        ));
        error.kind = "GraphMethodException";
        error.subcode = Some(33);
        error
    }

    /// What the vendor says with nothing but this status to go by.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, subcode) = match status.as_u16() {
            401 => (190, Some(463)),
            403 => (10, None),
            404 => return Self::no_object("get", "0").with_status(status),
            429 => (4, None),
            500..=599 => (2, None),
            _ => (100, None),
        };
        Self::documented(code, subcode)
            .unwrap_or_else(|| Self::invalid("(#100) Invalid parameter"))
            .with_status(status)
    }

    fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox failed at its own work");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let trace = short_id(&Uuid::now_v7().to_string(), 22);
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "is_transient": self.transient,
            "fbtrace_id": format!("A{trace}"),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some((title, text)) = self.for_people {
            error["error_user_title"] = title.into();
            error["error_user_msg"] = text.into();
        }
        let mut response = (self.status, Json(json!({"error": error}))).into_response();
        if let Some(minutes) = self.regain {
            let header = usage::used_up(minutes);
            if let Ok(header) = HeaderValue::try_from(header) {
                response.headers_mut().insert(usage::HEADER, header);
            }
        }
        response
    }
}
