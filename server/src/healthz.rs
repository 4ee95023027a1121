//! `GET /healthz`: whether this process can do its work. Needs no key, and says nothing that a
//! stranger may not know. Restate is not asked: without it the server still accepts, by design.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schema::events;
use serde::Serialize;

use crate::app::App;

/// A probe that waits longer than this has its answer.
const DATABASE_WITHIN: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    database: &'static str,
}

pub(crate) async fn show(State(app): State<Arc<App>>) -> Response {
    // A ping would do on Postgres, but says nothing about a SQLite file, nor about migrations.
    let read = tokio::time::timeout(DATABASE_WITHIN, events::get(&app.db, "healthz")).await;
    let (code, status, database) = match read {
        Ok(Ok(_)) => (StatusCode::OK, "ok", "ok"),
        Ok(Err(error)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Health check failed."
            );
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "failed")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "timed out"),
    };
    let health = Health {
        status,
        version: env!("CARGO_PKG_VERSION"),
        database,
    };
    (code, Json(health)).into_response()
}
