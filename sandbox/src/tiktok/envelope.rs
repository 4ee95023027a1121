//! What is around every answer of the open API but the token's: `{"data", "error"}`, also when
//! all is well. And how the bodies that come in are read.

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;

/// Most bytes of a request that is not a file.
const BODY_LIMIT: usize = 1024 * 1024;

/// A success with data.
pub(crate) fn ok(data: &Value) -> Response {
    let error = json!({"code": "ok", "message": "", "log_id": log_id()});
    Json(json!({"data": data, "error": error})).into_response()
}

/// A success that has nothing to say.
pub(crate) fn done() -> Response {
    let error = json!({"code": "ok", "message": "", "log_id": log_id()});
    Json(json!({"error": error})).into_response()
}

/// The vendor's name for one request: the time, and 20 digits.
pub(crate) fn log_id() -> String {
    let id = Uuid::now_v7().simple().to_string().to_uppercase();
    let digits: String = id.chars().skip(12).take(20).collect();
    format!("{}{digits}", Timestamp::now().strftime("%Y%m%d%H%M%S"))
}

/// Reads a JSON body; `code` is what this API calls one that it cannot use.
pub(crate) async fn read<T: DeserializeOwned>(
    body: Body,
    code: &'static str,
) -> Result<T, ApiError> {
    let refused = |message: String| ApiError::new(StatusCode::BAD_REQUEST, code, message);
    let bytes = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| refused("The request body could not be read.".to_owned()))?;
    serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))
}
