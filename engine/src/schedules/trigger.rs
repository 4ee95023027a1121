//! `trigger`: one run now, whatever the clock says.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};
use serde::Serialize;
use uuid::Uuid;

use super::{ScheduleError, Schedules, start};
use crate::client::Client;
use crate::error::EngineError;
use crate::tables::schedules::{ActiveModel, Column, Entity};

/// A run that was started by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Triggered {
    /// The run.
    pub run_id: String,
    /// Why Restate has not confirmed it. It is queued then, and the reconciler of a running API sends
    /// it; another trigger would be another run.
    pub pending: Option<String>,
}

impl Schedules {
    /// Starts a run of the schedule now, also while it is held. Its ticks come as before.
    ///
    /// # Errors
    /// [`ScheduleError::Unknown`], or [`EngineError`] when nothing could be queued.
    pub async fn trigger(&self, client: &Client, name: &str) -> Result<Triggered, ScheduleError> {
        let schedule = self.row(name).await?;
        let key = format!("schedule/{name}/trigger/{}", Uuid::now_v7().simple());
        let begun = start::begin(&self.db, client, &schedule, &key).await?;
        let last = ActiveModel {
            last_run_id: Set(Some(begun.run_id.clone())),
            ..Default::default()
        };
        Entity::update_many()
            .set(last)
            .filter(Column::Name.eq(name))
            .exec(&self.db)
            .await
            .map_err(EngineError::database("keep the schedule's last run"))?;
        Ok(Triggered {
            run_id: begun.run_id,
            pending: begun.unsent.map(|error| error.to_string()),
        })
    }
}
