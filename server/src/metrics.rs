//! `GET /metrics`, and every metric of the server: names and help texts in one table, and the
//! functions that events call.
//!
//! The engine's metrics are its own. Both are on the same page, as far as they are set in this
//! process: what a worker counts is not here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use engine::metrics::{Metric, MetricKind};
use metrics::Unit;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::code::Code;

const REDELIVERED: &str = "flywheel_events_redelivered_total";
const REJECTED: &str = "flywheel_events_rejected_total";
const UNSTARTED: &str = "flywheel_events_unstarted";
const WEBHOOK_SECONDS: &str = "flywheel_webhook_seconds";
const WEBHOOKS: &str = "flywheel_webhooks_total";

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Samples of histograms are kept one by one until someone looks, so someone has to.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Outcomes of a webhook that was taken; one that was refused counts under its error code.
pub(crate) const STARTED: &str = "started";
pub(crate) const PENDING: &str = "pending";
pub(crate) const DUPLICATE: &str = "duplicate";
/// Of an event about a post: its row moved, or stays.
pub(crate) const MOVED: &str = "moved";
pub(crate) const IGNORED: &str = "ignored";

/// All of them, sorted by name.
pub const METRICS: [Metric; 5] = [
    Metric {
        name: REDELIVERED,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        help: "Accepted events whose runs were confirmed by redelivery.",
    },
    Metric {
        name: REJECTED,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        help: "Accepted events that redelivery found can never be started.",
    },
    Metric {
        name: UNSTARTED,
        kind: MetricKind::Gauge,
        unit: Unit::Count,
        help: "Accepted events, at most 500, whose runs were not confirmed at the last look.",
    },
    Metric {
        name: WEBHOOK_SECONDS,
        kind: MetricKind::Histogram,
        unit: Unit::Seconds,
        help: "Time that answering a webhook took, from its headers to the answer.",
    },
    Metric {
        name: WEBHOOKS,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        help: "Webhooks answered, by outcome: started, pending, duplicate, moved, ignored, or an error code.",
    },
];

/// Tells the installed recorder about the engine's metrics and ours, and starts the counters at 0:
/// an alert on the growth of a series that is not there never fires.
pub fn describe() {
    engine::metrics::describe();
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => {
                metrics::describe_counter!(metric.name, metric.unit, metric.help);
            }
            MetricKind::Gauge => metrics::describe_gauge!(metric.name, metric.unit, metric.help),
            MetricKind::Histogram => {
                metrics::describe_histogram!(metric.name, metric.unit, metric.help);
            }
        }
    }
    let refused = Code::ALL
        .into_iter()
        .filter(|code| code.is_of_webhooks())
        .map(Code::name);
    let taken = [STARTED, PENDING, DUPLICATE, MOVED, IGNORED];
    for outcome in taken.into_iter().chain(refused) {
        metrics::counter!(WEBHOOKS, "outcome" => outcome).increment(0);
    }
    metrics::counter!(REDELIVERED).increment(0);
    metrics::counter!(REJECTED).increment(0);
    metrics::gauge!(UNSTARTED).increment(0.0);
}

pub(crate) async fn show(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], app.prometheus.render())
}

/// Until `stop`: moves samples into their buckets, whether or not anyone reads them.
pub(crate) async fn upkeep(app: &App, stop: &CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(UPKEEP_EVERY))
        .await
        .is_some()
    {
        app.prometheus.run_upkeep();
    }
}

pub(crate) fn webhook_answered(outcome: &'static str, took: Duration) {
    metrics::counter!(WEBHOOKS, "outcome" => outcome).increment(1);
    metrics::histogram!(WEBHOOK_SECONDS).record(took.as_secs_f64());
}

pub(crate) fn redelivered() {
    metrics::counter!(REDELIVERED).increment(1);
}

pub(crate) fn rejected() {
    metrics::counter!(REJECTED).increment(1);
}

pub(crate) fn unstarted(events: usize) {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    metrics::gauge!(UNSTARTED).set(f64::from(events));
}
