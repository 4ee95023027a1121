//! Taking an event of TikTok's off the wire: all of its body, then its signature, then which app it
//! is for. Nothing is parsed that was not signed, and nothing here looks at what happened.

use std::error::Error as _;
use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderMap;
use jiff::Timestamp;
use platforms::tiktok::webhook::{SIGNATURE_HEADER, SignatureError, WebhookVerifier};
use platforms::tiktok::{Delivery, EventError};

use crate::app::App;
use crate::code::Code;
use crate::problem::Problem;
use crate::server::TikTokApp;
use crate::webhooks::body;

/// Our app at TikTok, as the one that events have to be for.
pub(crate) struct Recipient {
    client_key: String,
    verifier: WebhookVerifier,
}

impl Recipient {
    pub(crate) fn new(app: TikTokApp, tolerance: Duration) -> Result<Self, SignatureError> {
        Ok(Self {
            verifier: WebhookVerifier::new(&[app.client_secret], tolerance)?,
            client_key: app.client_key,
        })
    }

    /// Reads and verifies `request`.
    pub(super) async fn read(&self, app: &App, request: Request) -> Result<Delivery, Problem> {
        let headers = request.headers().clone();
        let bytes = body::read(app, request).await?;
        let signature = signature(&headers)?;
        self.verifier
            .verify(signature, &bytes, Timestamp::now())
            .map_err(|error| refusal(&error))?;
        let delivery = Delivery::parse(&bytes).map_err(|error| unreadable(&error))?;
        if delivery.client_key == self.client_key {
            return Ok(delivery);
        }
        Err(Problem::of(
            Code::WebhookTikTokAppForeign,
            "client_key",
            "The event is for another app than the one whose client key this server has.",
        ))
    }
}

fn signature(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(SIGNATURE_HEADER);
    let value = value.and_then(|value| value.to_str().ok());
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        let detail = format!("The header {SIGNATURE_HEADER} is missing; TikTok sends it.");
        Problem::of(Code::WebhookHeaderMissing, SIGNATURE_HEADER, detail)
    })
}

/// What the sender is told. `NoSecret` and `EmptySecret` cannot come from a verifier that was built.
fn refusal(error: &SignatureError) -> Problem {
    let (code, fix) = match error {
        SignatureError::BadTimestamp => (
            Code::WebhookTimestampInvalid,
            "send it as TikTok does, `t=<seconds>,s=<hex>`",
        ),
        SignatureError::TooOld { .. } | SignatureError::TooNew { .. } => (
            Code::WebhookTimestampInvalid,
            "sign every attempt anew, and check both clocks",
        ),
        SignatureError::NoSecret
        | SignatureError::EmptySecret { .. }
        | SignatureError::BadSignature => (
            Code::WebhookSignatureInvalid,
            "sign `t.body` with the raw body and the app's client secret",
        ),
    };
    Problem::of(code, SIGNATURE_HEADER, format!("{error}; {fix}."))
}

fn unreadable(error: &EventError) -> Problem {
    let field = match error {
        EventError::Body(_) => "body",
        EventError::Time { .. } => "create_time",
        EventError::Content { .. } => "content",
    };
    let why = error.source().map(|why| format!(": {why}"));
    let detail = format!("{error}{}.", why.unwrap_or_default());
    Problem::of(Code::WebhookTikTokUnreadable, field, detail)
}
