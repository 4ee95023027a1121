//! What follows from an event: runs that wait for it, and runs that it starts.

use jiff::Timestamp;
use sea_orm::sea_query::NullOrdering;
use sea_orm::{
    ColumnTrait as _, Condition, DatabaseConnection, EntityTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Set,
};
use serde_json::{Value, json};

use super::trigger;
use crate::client::Client;
use crate::controls::Answer;
use crate::error::EngineError;
use crate::tables::{WaitKind, engine_events, storable, waits};
use crate::waits::{answer, has_had};

/// Events that one pass dispatches again.
const PAGE: u64 = 200;
/// Who has just accepted an event is about to dispatch it.
const SETTLED_MS: i64 = 2_000;

/// Does everything that follows, and keeps that it is done, or why not. Doing it twice changes
/// nothing: runs have keys and know which events they have had, and the first answer of a wait counts.
pub(super) async fn dispatch(
    client: &Client,
    event: &engine_events::Model,
) -> Result<(), EngineError> {
    let done = follow(client, event).await;
    let now_ms = Timestamp::now().as_millisecond();
    let row = match &done {
        Ok(()) => engine_events::ActiveModel {
            started_at_ms: Set(Some(now_ms)),
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
                tried_at_ms: Set(Some(now_ms)),
                last_error: Set(Some(storable(error.to_string()))),
                ..Default::default()
            }
        }
    };
    engine_events::Entity::update_many()
        .set(row)
        .filter(engine_events::Column::Id.eq(&event.id))
        // Another process may have done what failed here.
        .filter(engine_events::Column::StartedAtMs.is_null())
        .exec(client.db())
        .await
        .map_err(EngineError::database("keep that the event was dispatched"))?;
    done
}

/// The waits first: they have a time, and need nobody but us. What fails keeps the event from nobody
/// else; its error comes at the end, the first one if there are several.
async fn follow(client: &Client, event: &engine_events::Model) -> Result<(), EngineError> {
    let data = data_of(event)?;
    let event_as_answer = answer_of(event, data.clone());
    let mut done = Ok(());
    for wait in waiting_for(client.db(), event).await? {
        let given = answer(client.db(), client.ingress(), &wait, &event_as_answer).await;
        done = done.and(given.map(drop));
    }
    for trigger in trigger::of_event(client, &event.name) {
        let started = trigger.start(client, event, &data).await;
        done = done.and(started);
    }
    done
}

/// The open waits that the event came in time for, of runs that have not had it.
async fn waiting_for(
    db: &DatabaseConnection,
    event: &engine_events::Model,
) -> Result<Vec<waits::Model>, EngineError> {
    // When it came counts, and not when we get to it.
    let in_time = Condition::any()
        .add(waits::Column::UntilMs.is_null())
        .add(waits::Column::UntilMs.gte(event.accepted_at_ms));
    let mut waiting = waits::Entity::find()
        .filter(waits::Column::Kind.eq(WaitKind::Event))
        .filter(waits::Column::Name.eq(&event.name))
        .filter(waits::Column::Key.eq(&event.key))
        .filter(waits::Column::AnsweredAtMs.is_null())
        .filter(in_time)
        .all(db)
        .await
        .map_err(EngineError::database("read who waits for the event"))?;
    waiting.retain(|wait| !has_had(wait, &event.id));
    Ok(waiting)
}

/// The event as a run gets it.
pub(super) fn answer_of(event: &engine_events::Model, data: Value) -> Answer {
    Answer {
        by: event.id.clone(),
        value: json!({ "data": data }),
    }
}

pub(super) fn data_of(event: &engine_events::Model) -> Result<Value, EngineError> {
    serde_json::from_str(&event.data).map_err(|source| EngineError::Decode {
        what: format!("the data of event {}", event.id),
        as_type: "JSON",
        source,
    })
}

/// Dispatches what was accepted and is not done, and says how much that was: first what was not tried
/// yet, so that events that fail each time stand in nobody's way.
pub(crate) async fn redispatch(client: &Client) -> Result<usize, EngineError> {
    let settled = Timestamp::now().as_millisecond() - SETTLED_MS;
    let open = engine_events::Entity::find()
        .filter(engine_events::Column::StartedAtMs.is_null())
        .filter(engine_events::Column::AcceptedAtMs.lt(settled))
        .order_by_with_nulls(
            engine_events::Column::TriedAtMs,
            Order::Asc,
            NullOrdering::First,
        )
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
