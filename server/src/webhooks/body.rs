//! Taking the body of a webhook off the wire: all of it, in time, and within the limit.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;

use crate::app::App;
use crate::code::Code;
use crate::problem::Problem;

/// A body of the permitted size that takes longer is not coming.
const WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn read(app: &App, request: Request) -> Result<Bytes, Problem> {
    match tokio::time::timeout(WITHIN, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(refused)) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!(
                "The body is longer than {} bytes; send references, not content.",
                app.max_body_bytes
            );
            Err(Problem::of(Code::WebhookBodyTooLarge, "body", detail))
        }
        Ok(Err(_)) => Err(Problem::of(
            Code::WebhookBodyUnreadable,
            "body",
            "The body ended early; send it again.",
        )),
        Err(_) => {
            let detail = format!(
                "The body took longer than {} s; send it again.",
                WITHIN.as_secs()
            );
            Err(Problem::of(Code::WebhookBodyUnreadable, "body", detail))
        }
    }
}
