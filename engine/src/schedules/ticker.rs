//! The ticker: starts what the clock says, once, whoever else does so.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _, Set,
};
use tokio_util::sync::CancellationToken;

use super::due::Due;
use super::{ScheduleError, start};
use crate::client::Client;
use crate::error::EngineError;
use crate::tables::schedules::{ActiveModel, Column, Entity, Model};
use crate::tables::storable;

/// Schedules that are looked after at once: one whose runs Restate is slow to take does not hold up the
/// others.
const AT_ONCE: usize = 32;
/// The longest that one schedule may take in one pass, well below the minute after which the next tick
/// of another one is missed.
const TURN: Duration = Duration::from_secs(20);

/// The ticker of one database. Several may run at once.
pub struct Ticker {
    db: DatabaseConnection,
    client: Client,
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Ticks that were started, queued ones among them.
    pub started: usize,
    /// Schedules of which ticks were passed over.
    pub passed_over: usize,
    /// Schedules of which a tick could not be started; their rows say why.
    pub failed: usize,
}

impl Ticker {
    /// `client` starts the runs.
    #[must_use]
    pub fn new(db: DatabaseConnection, client: Client) -> Self {
        Self { db, client }
    }

    /// Passes every `interval` until `stop`. A pass is cut off then: the next one does the rest.
    pub async fn run(&self, interval: Duration, stop: CancellationToken) {
        loop {
            let round = async {
                tokio::time::sleep(interval).await;
                self.pass(Timestamp::now()).await
            };
            match stop.run_until_cancelled(round).await {
                None => return,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Schedules could not be looked through."
                    );
                }
            }
        }
    }

    /// Deals with every tick of every schedule that has come at `now`. One that fails is kept in its
    /// row (`last_error`) and stops no other.
    ///
    /// # Errors
    /// [`EngineError::Database`] when the schedules cannot be read.
    pub async fn pass(&self, now: Timestamp) -> Result<Pass, EngineError> {
        let schedules = Entity::find()
            .filter(Column::Held.eq(false))
            .order_by_asc(Column::Name)
            .all(&self.db)
            .await
            .map_err(EngineError::database("read schedules"))?;
        let passes: Vec<Pass> = stream::iter(schedules)
            .map(|schedule| self.look_after(schedule, now))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        Ok(passes.into_iter().fold(Pass::default(), Pass::plus))
    }

    async fn look_after(&self, schedule: Model, now: Timestamp) -> Pass {
        let mut did = Pass::default();
        let turn = self.start_due(&schedule, now, &mut did);
        let turn = tokio::time::timeout(TURN, turn).await;
        // One that was cut off is gone on with in the next pass.
        if let Ok(Err(error)) = turn {
            did.failed = 1;
            self.keep(&schedule, now, &error).await;
        }
        did
    }

    async fn start_due(
        &self,
        schedule: &Model,
        now: Timestamp,
        did: &mut Pass,
    ) -> Result<(), ScheduleError> {
        let due = Due::of(schedule, now)?;
        let mut cursor = schedule.last_tick_ms;
        if let Some(newest) = due.passed_over {
            let to = newest.as_millisecond();
            if !self.advance(&schedule.name, cursor, cursor_at(to)).await? {
                return Ok(());
            }
            tracing::warn!(schedule = schedule.name, %newest, "Missed ticks are passed over.");
            did.passed_over = 1;
            cursor = to;
        }
        for tick in due.start {
            let run_id = self.start(schedule, tick).await?;
            let to = tick.as_millisecond();
            let started = ActiveModel {
                last_run_id: Set(Some(run_id)),
                last_error: Set(None),
                last_error_ms: Set(None),
                ..cursor_at(to)
            };
            if !self.advance(&schedule.name, cursor, started).await? {
                return Ok(());
            }
            did.started += 1;
            cursor = to;
        }
        Ok(())
    }

    /// Starts the run of one tick, unless somebody else has.
    async fn start(&self, schedule: &Model, tick: Timestamp) -> Result<String, EngineError> {
        let key = format!("schedule/{}/{tick}", schedule.name);
        let begun = start::begin(&self.db, &self.client, schedule, &key).await?;
        if let Some(error) = begun.unsent {
            tracing::warn!(
                schedule = schedule.name,
                run.id = begun.run_id,
                error = &error as &dyn std::error::Error,
                "The run of a tick is queued: Restate has not confirmed it."
            );
        }
        Ok(begun.run_id)
    }

    /// Whether the cursor was still there, and moved. If not, the schedule was held or removed, or
    /// another ticker is at it: the rest is not ours.
    async fn advance(&self, name: &str, from: i64, to: ActiveModel) -> Result<bool, EngineError> {
        let written = Entity::update_many()
            .set(to)
            .filter(Column::Name.eq(name))
            .filter(Column::LastTickMs.eq(from))
            .filter(Column::Held.eq(false))
            .exec(&self.db)
            .await
            .map_err(EngineError::database("move the schedule's cursor"))?;
        Ok(written.rows_affected > 0)
    }

    /// Keeps and logs an error, once until it is another one: a pass comes every second.
    async fn keep(&self, schedule: &Model, now: Timestamp, error: &ScheduleError) {
        let text = storable(error.with_causes());
        if schedule.last_error.as_ref() == Some(&text) {
            return;
        }
        tracing::error!(
            schedule = schedule.name,
            error = text,
            "A tick could not be started; every pass tries again."
        );
        let row = ActiveModel {
            last_error: Set(Some(text)),
            last_error_ms: Set(Some(now.as_millisecond())),
            ..Default::default()
        };
        let kept = Entity::update_many()
            .set(row)
            .filter(Column::Name.eq(&schedule.name))
            .exec(&self.db)
            .await;
        if let Err(error) = kept {
            tracing::warn!(
                schedule = schedule.name,
                error = &error as &dyn std::error::Error,
                "The schedule's error could not be kept."
            );
        }
    }
}

/// Of the row, its cursor.
fn cursor_at(last_tick_ms: i64) -> ActiveModel {
    ActiveModel {
        last_tick_ms: Set(last_tick_ms),
        ..Default::default()
    }
}

impl Pass {
    fn plus(self, other: Self) -> Self {
        Self {
            started: self.started + other.started,
            passed_over: self.passed_over + other.passed_over,
            failed: self.failed + other.failed,
        }
    }
}
