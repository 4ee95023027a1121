//! Taking a signed message off the wire, after Standard Webhooks 1.0.0: all of its body, then its
//! signature, then its JSON. Nothing is parsed that was not signed, and nothing here looks at what
//! the message says.

use axum::extract::Request;
use axum::http::HeaderMap;
use jiff::Timestamp;
use platforms::webhook::WebhookError;
use serde_json::Value;

use super::body;
use crate::app::App;
use crate::code::Code;
use crate::problem::Problem;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
/// It becomes a key in the database.
const LONGEST_ID: usize = 256;

/// A message that was signed by someone who has a secret.
pub(super) struct Signed {
    /// `webhook-id`: the same for every delivery of the message.
    pub(super) id: String,
    /// The body.
    pub(super) body: Value,
    /// When it was here, whole.
    pub(super) received_at: Timestamp,
}

/// Reads and verifies `request`.
pub(super) async fn read(app: &App, request: Request) -> Result<Signed, Problem> {
    let headers = request.headers().clone();
    let bytes = body::read(app, request).await?;
    let id = header(&headers, ID)?;
    let timestamp = header(&headers, TIMESTAMP)?;
    let signature = header(&headers, SIGNATURE)?;
    let received_at = Timestamp::now();
    app.verifier
        .verify(id, timestamp, signature, &bytes, received_at)
        .map_err(refusal)?;
    if id.len() > LONGEST_ID {
        let detail = format!(
            "{ID} is {} characters long; at most {LONGEST_ID} are kept.",
            id.len()
        );
        return Err(Problem::of(Code::WebhookFieldInvalid, ID, detail));
    }
    let body = serde_json::from_slice(&bytes).map_err(|error| {
        let detail = format!("The body must be one JSON object in UTF-8: {error}.");
        Problem::of(Code::WebhookJsonInvalid, "body", detail)
    })?;
    Ok(Signed {
        id: id.to_owned(),
        body,
        received_at,
    })
}

fn header<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, Problem> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        let detail = format!("The header {name} is missing; send all three of Standard Webhooks.");
        Problem::of(Code::WebhookHeaderMissing, name, detail)
    })
}

/// What the sender is told. `NoSecret` and `BadSecret` cannot come from a verifier that was built.
fn refusal(error: WebhookError) -> Problem {
    let (code, field, fix) = match &error {
        WebhookError::BadId => (Code::WebhookSignatureInvalid, ID, "use an id without dots"),
        WebhookError::BadTimestamp => (
            Code::WebhookTimestampInvalid,
            TIMESTAMP,
            "send the time of this attempt in whole seconds",
        ),
        WebhookError::TooOld { .. } => (
            Code::WebhookTimestampInvalid,
            TIMESTAMP,
            "sign every attempt anew, and check both clocks",
        ),
        WebhookError::TooNew { .. } => (
            Code::WebhookTimestampInvalid,
            TIMESTAMP,
            "check both clocks",
        ),
        WebhookError::NoSecret | WebhookError::BadSecret { .. } | WebhookError::BadSignature => (
            Code::WebhookSignatureInvalid,
            SIGNATURE,
            "sign `id.timestamp.body` with the raw body and a secret that this server has",
        ),
    };
    Problem::of(code, field, format!("{error}; {fix}."))
}
