//! Events that came in from outside, deduplicated by the sender's id, and kept as `accepted` until
//! every run they ask for is confirmed. Checking signatures and payloads is the server's.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::error::failed;
use crate::insert::insert_or_ignore;
use crate::{SchemaError, StringList, instant};

/// How many events [`stuck`] hands out at once.
const STUCK_AT_ONCE: u64 = 500;

/// One event.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// The sender's id of the message (`webhook-id`).
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// What happened, such as `video/ready`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// The message as it came.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// What became of it.
    pub status: EventStatus,
    /// Why it was rejected.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    /// When it came.
    pub received_at_ms: i64,
    /// When the last of its runs was confirmed.
    pub started_at_ms: Option<i64>,
    /// Its runs.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub run_ids: Option<StringList>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When it came.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        instant::from_millis(self.received_at_ms)
    }

    /// When the last of its runs was confirmed.
    #[must_use]
    pub fn started_at(&self) -> Option<Timestamp> {
        self.started_at_ms.map(instant::from_millis)
    }
}

/// What became of an event.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Ours to start; not every run is confirmed.
    Accepted,
    /// Every run is confirmed.
    Started,
    /// Nothing will be started for it.
    Rejected,
}

/// An event as it came in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// The sender's id of the message.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// The message.
    pub payload: Json,
    /// When it came.
    pub received_at: Timestamp,
}

/// What [`accept`] found.
#[derive(Clone, Debug, PartialEq)]
pub enum Acceptance {
    /// It is new and now ours.
    New(Model),
    /// The id was seen before; this is what came of it. Its payload may differ.
    Duplicate(Model),
}

/// Takes an event in, unless its id was seen before.
pub async fn accept(db: &impl ConnectionTrait, event: NewEvent) -> Result<Acceptance, SchemaError> {
    let row = Model {
        id: event.id,
        kind: event.kind,
        payload: event.payload,
        status: EventStatus::Accepted,
        error: None,
        received_at_ms: event.received_at.as_millisecond(),
        started_at_ms: None,
        run_ids: None,
    };
    if insert_or_ignore::<Entity>(db, "store the event", row.clone()).await? {
        return Ok(Acceptance::New(row));
    }
    match get(db, &row.id).await? {
        Some(seen) => Ok(Acceptance::Duplicate(seen)),
        None => Err(missing(&row.id)),
    }
}

/// The event, if it was taken in.
pub async fn get(db: &impl ConnectionTrait, id: &str) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(id)
        .one(db)
        .await
        .map_err(failed("read the event"))
}

/// Every run is confirmed. Only an accepted event changes; the row as it then is comes back.
pub async fn mark_started(
    db: &impl ConnectionTrait,
    id: &str,
    run_ids: StringList,
    now: Timestamp,
) -> Result<Model, SchemaError> {
    let row = ActiveModel {
        status: Set(EventStatus::Started),
        started_at_ms: Set(Some(now.as_millisecond())),
        run_ids: Set(Some(run_ids)),
        ..Default::default()
    };
    settle(db, id, row).await
}

/// Nothing will be started. Only an accepted event changes; the row as it then is comes back.
pub async fn mark_rejected(
    db: &impl ConnectionTrait,
    id: &str,
    error: &str,
) -> Result<Model, SchemaError> {
    let row = ActiveModel {
        status: Set(EventStatus::Rejected),
        error: Set(Some(error.to_owned())),
        ..Default::default()
    };
    settle(db, id, row).await
}

/// Events accepted at or before `older_than` and still not started, the oldest 500 first: their
/// start must be sent again, with the same keys.
pub async fn stuck(
    db: &impl ConnectionTrait,
    older_than: Timestamp,
) -> Result<Vec<Model>, SchemaError> {
    Entity::find()
        .filter(Column::Status.eq(EventStatus::Accepted))
        .filter(COLUMN.received_at_ms.lte(older_than.as_millisecond()))
        .order_by_asc(Column::ReceivedAtMs)
        .order_by_asc(Column::Id)
        .limit(STUCK_AT_ONCE)
        .all(db)
        .await
        .map_err(failed("list events that were not started"))
}

async fn settle(
    db: &impl ConnectionTrait,
    id: &str,
    row: ActiveModel,
) -> Result<Model, SchemaError> {
    let mut settled = Entity::update_many()
        .set(row)
        .filter(COLUMN.id.eq(id))
        .filter(Column::Status.eq(EventStatus::Accepted))
        .exec_with_returning(db)
        .await
        .map_err(failed("settle the event"))?;
    match settled.pop() {
        Some(event) => Ok(event),
        None => get(db, id).await?.ok_or_else(|| missing(id)),
    }
}

fn missing(id: &str) -> SchemaError {
    SchemaError::NotFound {
        table: "events",
        id: id.to_owned(),
    }
}
