//! What is known of a run beside its row: who holds it, for what it waits, its places in lines, and the
//! runs that go on from it.

use engine::EngineError;
use engine::limits::{self, Place};
use engine::operations::{held_by, reruns_of};
use engine::runs::Details;
use engine::tables::{RunStatus, WaitKind, holds, runs, waits};
use jiff::Timestamp;
use schema::DatabaseConnection;
use serde::Serialize;

/// What the run does at this moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    /// Since when it does that, unix milliseconds.
    pub(super) since_ms: i64,
    /// The hold on it, or on a run above it.
    pub(super) held: Option<holds::Model>,
    /// All that it waited for, oldest first.
    pub(super) waits: Vec<Wait>,
    /// Its places in the lines of limits.
    pub(super) places: Vec<Place>,
    /// The runs that go on from it, oldest first.
    pub(super) reruns: Vec<runs::Model>,
}

/// A wait, and whether it is one still.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wait {
    #[serde(flatten)]
    pub(super) row: waits::Model,
    pub(super) open: bool,
}

impl State {
    pub(super) async fn of(
        db: &DatabaseConnection,
        details: &Details,
    ) -> Result<Self, EngineError> {
        let run = &details.run;
        let now_ms = Timestamp::now().as_millisecond();
        let is_open = run.status.is_open();
        let waits: Vec<Wait> = engine::waits::of_run(db, &run.id)
            .await?
            .into_iter()
            .map(|row| Wait {
                open: is_open && is_unanswered(&row, now_ms),
                row,
            })
            .collect();
        // The hold of a run that has ended holds nothing any more.
        let held = match is_open {
            true => held_by(db, &run.id).await?,
            false => None,
        };
        let mut places = limits::places(db, None).await?;
        places.retain(|place| place.run_id == run.id);
        Ok(Self {
            since_ms: since_ms(details, held.as_ref(), &waits),
            held,
            waits,
            places,
            reruns: reruns_of(db, &run.id).await?,
        })
    }
}

impl Wait {
    /// Whether a person has to decide.
    pub(super) fn is_parked(&self) -> bool {
        matches!(self.row.kind, WaitKind::Park | WaitKind::Unknown)
    }
}

fn is_unanswered(wait: &waits::Model, now_ms: i64) -> bool {
    wait.answered_at_ms.is_none() && wait.until_ms.is_none_or(|until_ms| until_ms > now_ms)
}

/// Its row has when it was asked for, when it began and when it ended; between those, the last thing
/// that it did says since when it does the next.
fn since_ms(details: &Details, held: Option<&holds::Model>, waits: &[Wait]) -> i64 {
    let run = &details.run;
    let attempts = details.attempts.iter();
    let last_attempt = attempts
        .flat_map(|attempt| [attempt.started_at_ms, attempt.ended_at_ms])
        .flatten()
        .max();
    let wait = waits.iter().filter(|wait| wait.open);
    let wait = wait.map(|wait| wait.row.since_ms).max();
    let since = match run.status {
        RunStatus::Queued => Some(run.created_at_ms),
        RunStatus::Held => held.map(|hold| hold.since_ms).or(wait),
        RunStatus::Waiting | RunStatus::Parked => wait.or(last_attempt),
        RunStatus::Running => last_attempt,
        RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled | RunStatus::Killed => {
            run.ended_at_ms
        }
    };
    since.or(run.started_at_ms).unwrap_or(run.created_at_ms)
}
