//! What follows from an event: runs that it starts, and runs that wait for it.

use jiff::Timestamp;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Set,
};
use serde_json::{Value, json};

use crate::client::Client;
use crate::controls::Answer;
use crate::error::EngineError;
use crate::tables::{WaitKind, engine_events, storable, waits};
use crate::waits::answer;

/// Events that one pass dispatches again.
const PAGE: u64 = 200;
/// Who has just accepted an event is about to dispatch it.
const SETTLED_MS: i64 = 2_000;

/// One row of the table of events: an event of this name starts a run of this workflow.
#[derive(Debug, Clone, Copy)]
pub struct Trigger {
    /// The event's name.
    pub event: &'static str,
    /// The workflow, whose input is the event's data.
    pub workflow: &'static str,
    /// What the run is about, from the event's key: two events with one result start one run. `None`
    /// makes each event a run.
    pub key: Option<fn(&str) -> String>,
}

impl Trigger {
    /// What the run of an event is about.
    #[must_use]
    pub fn run_key(&self, event: &engine_events::Model) -> String {
        match self.key {
            Some(key) => key(&event.key),
            None => format!("event/{}", event.id),
        }
    }
}

/// Does everything that follows, and keeps that it is done, or why not. Doing it twice changes
/// nothing: runs have keys, and the first answer of a wait counts.
pub(super) async fn dispatch(
    client: &Client,
    event: &engine_events::Model,
) -> Result<(), EngineError> {
    let done = follow(client, event).await;
    let row = match &done {
        Ok(()) => engine_events::ActiveModel {
            started_at_ms: Set(Some(Timestamp::now().as_millisecond())),
            last_error: Set(None),
            ..Default::default()
        },
        Err(error) => {
            tracing::warn!(
                event.id,
                event.name,
                error = error as &dyn std::error::Error,
                "An event could not be dispatched; it is tried again."
            );
            engine_events::ActiveModel {
                last_error: Set(Some(storable(error.to_string()))),
                ..Default::default()
            }
        }
    };
    engine_events::Entity::update_many()
        .set(row)
        .filter(engine_events::Column::Id.eq(&event.id))
        .exec(client.db())
        .await
        .map_err(EngineError::database("keep that the event was dispatched"))?;
    done
}

async fn follow(client: &Client, event: &engine_events::Model) -> Result<(), EngineError> {
    let data: Value = serde_json::from_str(&event.data).map_err(|source| EngineError::Decode {
        what: format!("the data of event {}", event.id),
        as_type: "JSON",
        source,
    })?;
    let triggers = client.triggers().iter();
    for trigger in triggers.filter(|row| row.event == event.name) {
        let key = trigger.run_key(event);
        client
            .start_named(trigger.workflow, &key, data.clone())
            .await?;
    }
    let now = Timestamp::now().as_millisecond();
    let in_time = Condition::any()
        .add(waits::Column::UntilMs.is_null())
        .add(waits::Column::UntilMs.gt(now));
    let waiting = waits::Entity::find()
        .filter(waits::Column::Kind.eq(WaitKind::Event))
        .filter(waits::Column::Name.eq(&event.name))
        .filter(waits::Column::Key.eq(&event.key))
        .filter(waits::Column::AnsweredAtMs.is_null())
        .filter(in_time)
        .all(client.db())
        .await
        .map_err(EngineError::database("read who waits for the event"))?;
    let event = answer_of(event, data);
    for wait in waiting {
        answer(client.db(), client.ingress(), &wait, &event).await?;
    }
    Ok(())
}

/// The event as a run gets it.
pub(super) fn answer_of(event: &engine_events::Model, data: Value) -> Answer {
    Answer {
        by: event.id.clone(),
        value: json!({ "data": data }),
    }
}

/// Dispatches what was accepted and is not done, and says how much that was.
pub(crate) async fn redispatch(client: &Client) -> Result<usize, EngineError> {
    let settled = Timestamp::now().as_millisecond() - SETTLED_MS;
    let open = engine_events::Entity::find()
        .filter(engine_events::Column::StartedAtMs.is_null())
        .filter(engine_events::Column::AcceptedAtMs.lt(settled))
        .order_by_asc(engine_events::Column::AcceptedAtMs)
        .limit(PAGE)
        .all(client.db())
        .await
        .map_err(EngineError::database("read events that are not dispatched"))?;
    for event in &open {
        // Its own row says why; the others are not to wait for it.
        let _ = dispatch(client, event).await;
    }
    Ok(open.len())
}
