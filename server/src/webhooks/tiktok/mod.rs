//! `POST /webhooks/tiktok`: what became of a post, perhaps sooner than the run's next poll has it.
//!
//! TikTok repeats an event for up to 72 hours until it is answered with 200. So 200 is the answer
//! as soon as the row is written, and also to every event that changes none. An event that comes
//! again finds the row where it left it. No run is woken up: it reads the row at its next poll, at
//! most a minute later, and has nothing more to ask.
//!
//! Source: <https://developers.tiktok.com/doc/webhooks-overview>.

mod moves;
mod recipient;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use platforms::tiktok::{Delivery, Event, PublishId};
use schema::SchemaError;

use self::moves::Effect;
use super::refused;
use crate::app::App;
use crate::code::Code;
use crate::metrics;
use crate::problem::Problem;

pub(crate) use self::recipient::Recipient;

pub(crate) async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let (outcome, response) = match take(&app, request).await {
        Ok(outcome) => (outcome, StatusCode::OK.into_response()),
        Err(problem) => refused(problem),
    };
    metrics::webhook_answered(outcome, started.elapsed());
    response
}

/// The outcome that it counts under.
async fn take(app: &App, request: Request) -> Result<&'static str, Problem> {
    let recipient = app.tiktok.as_ref().ok_or_else(|| {
        Problem::new(
            Code::WebhookTikTokUnconfigured,
            "This server has no client secret of an app at TikTok; set one, and restart it.",
        )
    })?;
    let delivery = recipient.read(app, request).await?;
    let effect = moves::make(&app.db, &delivery, Timestamp::now())
        .await
        .map_err(unwritten)?;
    tell(&delivery, &effect);
    Ok(match effect {
        Effect::Moved(_) => metrics::MOVED,
        Effect::Unmoved(_) | Effect::NoPost => metrics::IGNORED,
    })
}

fn unwritten(error: SchemaError) -> Problem {
    tracing::error!(
        error = &error as &dyn std::error::Error,
        "TikTok's event was not written."
    );
    Problem::new(
        Code::DatabaseUnavailable,
        "The event could not be written; send it again.",
    )
}

/// One line in the log for each event that was taken.
fn tell(delivery: &Delivery, effect: &Effect) {
    let event = delivery.name.as_str();
    let publish_id = delivery.event.publish_id().map(PublishId::expose);
    match (effect, &delivery.event) {
        (Effect::Moved(post), _) => {
            tracing::info!(event, publish_id, post.id = post, "TikTok moved a post.");
        }
        (_, Event::AuthorizationRemoved { reason }) => tracing::warn!(
            event,
            reason,
            open_id = delivery.open_id,
            "TikTok has disconnected an account: its tokens are dead."
        ),
        (Effect::Unmoved(post), Event::NoLongerPubliclyAvailable { .. }) => {
            tracing::warn!(
                event,
                publish_id,
                post.id = post,
                "A post is no longer public on TikTok."
            );
        }
        (Effect::Unmoved(post), _) => {
            tracing::info!(
                event,
                publish_id,
                post.id = post,
                "TikTok's event moves nothing."
            );
        }
        (Effect::NoPost, _) => {
            tracing::info!(
                event,
                publish_id,
                "TikTok's event is about no post of ours."
            );
        }
    }
}
