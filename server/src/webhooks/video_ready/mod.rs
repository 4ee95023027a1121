//! `POST /webhooks/video/ready`: a video is there to be published. One loop per target is started.
//!
//! The row in `events` is the promise: once it is committed, the sender is told 202, whether or
//! not the runs are confirmed, and everything after it can be done again.

mod check;
pub(crate) mod message;

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schema::events::{self, Acceptance, EventStatus, NewEvent};
use serde::Serialize;

use self::message::{KIND, VideoReady};
use super::refused;
use super::signed::{self, Signed};
use crate::app::App;
use crate::code::Code;
use crate::delivery::{self, Delivered, Run};
use crate::metrics;
use crate::problem::Problem;
use crate::same_json::same_json;

/// What a sender is told about a message that was taken.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    event_id: String,
    video_id: String,
    /// The message was here before; this delivery started nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
    /// Not every run is confirmed yet; nobody has to send anything again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
    /// In the order of the targets; empty while pending.
    runs: Vec<Run>,
}

impl Taken {
    fn outcome(&self) -> &'static str {
        match (self.duplicate, self.pending) {
            (true, _) => metrics::DUPLICATE,
            (false, true) => metrics::PENDING,
            (false, false) => metrics::STARTED,
        }
    }
}

pub(crate) async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let (outcome, response) = match take(&app, request).await {
        Ok(taken) => {
            let status = if taken.duplicate {
                StatusCode::OK
            } else {
                StatusCode::ACCEPTED
            };
            tracing::info!(
                event.id = taken.event_id,
                video.id = taken.video_id,
                outcome = taken.outcome(),
                "Webhook taken."
            );
            (taken.outcome(), (status, Json(taken)).into_response())
        }
        Err(problem) => refused(problem),
    };
    metrics::webhook_answered(outcome, started.elapsed());
    response
}

async fn take(app: &App, request: Request) -> Result<Taken, Problem> {
    let Signed {
        id,
        body,
        received_at,
    } = signed::read(app, request).await?;
    let message = VideoReady::read(&body).map_err(Problem::of_fields)?;
    let event = NewEvent {
        id,
        kind: KIND.to_owned(),
        payload: body.clone(),
        received_at,
    };
    let accepted = events::accept(&app.db, event).await.map_err(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "Event was not stored."
        );
        Problem::new(
            Code::DatabaseUnavailable,
            "The message could not be stored, and nothing was started; send it again.",
        )
    })?;
    match accepted {
        Acceptance::New(event) => deliver(app, &event, message).await,
        Acceptance::Duplicate(event) if event.kind == KIND && same_json(&event.payload, &body) => {
            answer_again(event, message)
        }
        Acceptance::Duplicate(event) => Err(Problem::of(
            Code::WebhookIdReused,
            "webhook-id",
            format!(
                "{} was sent before with another body; a changed message needs an id of its own.",
                event.id
            ),
        )),
    }
}

async fn deliver(app: &App, event: &events::Model, message: VideoReady) -> Result<Taken, Problem> {
    let (pending, runs) = match delivery::deliver(app, &event.id, &message).await {
        Ok(Delivered::Started(runs)) => (false, runs),
        Ok(Delivered::Rejected(problem)) => return Err(problem),
        Err(error) => {
            tracing::warn!(
                event.id = event.id,
                error = &error as &dyn std::error::Error,
                "Runs are not confirmed yet."
            );
            (true, Vec::new())
        }
    };
    let event_id = event.id.clone();
    Ok(Taken {
        event_id,
        video_id: message.data.video_id,
        duplicate: false,
        pending,
        runs,
    })
}

/// What came of the message when it was here first. An accepted one is not tried here: whoever
/// accepted it may be at it, and the redelivery is.
fn answer_again(event: events::Model, message: VideoReady) -> Result<Taken, Problem> {
    if event.status == EventStatus::Rejected {
        return Err(delivery::rejection(&event.error.unwrap_or_default()));
    }
    let run_ids = event.run_ids.unwrap_or_default().0;
    let runs = message.data.targets.into_iter().zip(run_ids);
    Ok(Taken {
        event_id: event.id,
        video_id: message.data.video_id,
        duplicate: true,
        pending: event.status == EventStatus::Accepted,
        runs: runs
            .map(|(target, run_id)| Run::new(target, run_id, true))
            .collect(),
    })
}
