//! Accepting an event.

use jiff::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, Insert, QueryTrait as _, Set};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{dispatch, trigger};
use crate::client::Client;
use crate::error::EngineError;
use crate::tables::{engine_events, storable};

/// An event as it comes in.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The sender's id of it; without one every call is an event of its own.
    pub id: Option<String>,
    /// What happened: `video/approved`.
    pub name: String,
    /// To what: a video's id.
    pub key: String,
    /// Whatever belongs to it.
    pub data: Value,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentEvent {
    /// Its id.
    pub id: String,
    /// Whether it had come before; then nothing was done again.
    pub existed: bool,
    /// Whether something of it is still to be done: it is kept, and the reconciler does it.
    pub pending: bool,
}

impl Client {
    /// Keeps the event, starts what the triggers name for it, and delivers it to the runs that wait for
    /// it. Once this comes back the event is not lost, whatever happens.
    ///
    /// # Errors
    /// [`EngineError::InputRefused`] if a workflow that it would start does not take its data, with the
    /// fields that are wrong; [`EngineError::Database`] if it cannot be kept. Nothing was done then.
    pub async fn send_event(&self, event: NewEvent) -> Result<SentEvent, EngineError> {
        trigger::check(self, &event.name, &event.data)?;
        let id = event
            .id
            .map_or_else(|| format!("event_{}", Uuid::now_v7().simple()), storable);
        let row = engine_events::ActiveModel {
            id: Set(id.clone()),
            name: Set(storable(event.name)),
            key: Set(storable(event.key)),
            data: Set(event.data.to_string()),
            accepted_at_ms: Set(Timestamp::now().as_millisecond()),
            ..Default::default()
        };
        let once = OnConflict::column(engine_events::Column::Id)
            .do_nothing()
            .to_owned();
        let inserted = self
            .db()
            .execute(Insert::one(row).on_conflict(once).as_query())
            .await
            .map_err(EngineError::database("accept the event"))?;
        let existed = inserted.rows_affected() == 0;
        let kept = engine_events::Entity::find_by_id(&id)
            .one(self.db())
            .await
            .map_err(EngineError::database("read the event"))?;
        let pending = match kept {
            Some(kept) if kept.started_at_ms.is_none() => {
                dispatch::dispatch(self, &kept).await.is_err()
            }
            _ => false,
        };
        Ok(SentEvent {
            id,
            existed,
            pending,
        })
    }
}
