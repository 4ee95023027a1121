//! Every metric of the engine: names, units and help texts in one table, and the functions that
//! events call.

use metrics::Unit;

const RUNS: &str = "flywheel_runs_total";
const ATTEMPTS: &str = "flywheel_step_attempts_total";
const ATTEMPT_SECONDS: &str = "flywheel_step_attempt_seconds";
const COST: &str = "flywheel_step_cost_microdollars_total";
const HISTORY_ROWS: &str = "flywheel_history_batch_rows";
const HISTORY_LOST: &str = "flywheel_history_lost_rows_total";
/// Open and ended runs in the tables, by workflow and status; set by the reconciler.
pub(crate) const RUNS_NOW: &str = "flywheel_runs";
const STUCK: &str = "flywheel_runs_stuck";
const RECONCILED: &str = "flywheel_reconciler_last_pass_timestamp_seconds";

/// What a metric counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Distribution.
    Histogram,
}

/// One row of the table of metrics.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Name, base units.
    pub name: &'static str,
    /// What it counts as.
    pub kind: MetricKind,
    /// Unit.
    pub unit: Unit,
    /// Help text, with its labels.
    pub help: &'static str,
}

/// All of them, sorted by name.
pub const METRICS: [Metric; 9] = [
    Metric {
        name: HISTORY_ROWS,
        kind: MetricKind::Histogram,
        unit: Unit::Count,
        help: "Rows committed together by the history writer.",
    },
    Metric {
        name: HISTORY_LOST,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        help: "Rows that the database refused, or that were not committed when the process ended. What waited for one is executed again; others are missing in history.",
    },
    Metric {
        name: RECONCILED,
        kind: MetricKind::Gauge,
        unit: Unit::Seconds,
        help: "When the reconciler last compared runs with Restate, unix time.",
    },
    Metric {
        name: RUNS_NOW,
        kind: MetricKind::Gauge,
        unit: Unit::Count,
        help: "Runs in the tables, by workflow and status.",
    },
    Metric {
        name: STUCK,
        kind: MetricKind::Gauge,
        unit: Unit::Count,
        help: "Open runs that Restate cannot go on with.",
    },
    Metric {
        name: RUNS,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        help: "Runs that ended in this process, by workflow and status.",
    },
    Metric {
        name: ATTEMPT_SECONDS,
        kind: MetricKind::Histogram,
        unit: Unit::Seconds,
        help: "Time that attempts took, by step and ending.",
    },
    Metric {
        name: ATTEMPTS,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        help: "Attempts that ended in this process, by step and ending.",
    },
    Metric {
        name: COST,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        help: "Millionths of a US dollar that attempts in this process cost, by step.",
    },
];

/// Tells the installed recorder the names, units and help texts.
pub fn describe() {
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => {
                metrics::describe_counter!(metric.name, metric.unit, metric.help)
            }
            MetricKind::Gauge => metrics::describe_gauge!(metric.name, metric.unit, metric.help),
            MetricKind::Histogram => {
                metrics::describe_histogram!(metric.name, metric.unit, metric.help)
            }
        }
    }
}

pub(crate) fn run_ended(workflow: &str, status: &'static str) {
    metrics::counter!(RUNS, "workflow" => workflow.to_owned(), "status" => status).increment(1);
}

pub(crate) fn attempt_ended(
    step: &'static str,
    ending: &'static str,
    seconds: f64,
    cost_micro_usd: i64,
) {
    metrics::counter!(ATTEMPTS, "step" => step, "ending" => ending).increment(1);
    metrics::histogram!(ATTEMPT_SECONDS, "step" => step, "ending" => ending).record(seconds);
    // Counters of this facade are whole numbers, hence millionths.
    metrics::counter!(COST, "step" => step).increment(u64::try_from(cost_micro_usd).unwrap_or(0));
}

pub(crate) fn history_batch(rows: usize) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a batch has at most a few thousand rows"
    )]
    metrics::histogram!(HISTORY_ROWS).record(rows as f64);
}

pub(crate) fn history_lost() {
    metrics::counter!(HISTORY_LOST).increment(1);
}

pub(crate) fn runs_now(workflow: &str, status: &'static str, count: i64) {
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53 runs")]
    metrics::gauge!(RUNS_NOW, "workflow" => workflow.to_owned(), "status" => status)
        .set(count as f64);
}

pub(crate) fn reconciled(now: jiff::Timestamp, stuck: u64) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts and seconds are far below 2^53"
    )]
    {
        metrics::gauge!(STUCK).set(stuck as f64);
        metrics::gauge!(RECONCILED).set(now.as_second() as f64);
    }
}
