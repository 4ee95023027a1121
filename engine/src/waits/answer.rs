//! Answering a wait: first our row, then Restate, again until Restate has taken it.

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Set,
};

use crate::controls::Answer;
use crate::error::EngineError;
use crate::restate::ingress::Ingress;
use crate::tables::waits::{Column, Entity};
use crate::tables::{WaitKind, permits, storable, waits};

/// Answers that one pass sends again.
const PAGE: u64 = 500;
/// Who has just written an answer is about to send it.
const SETTLED_MS: i64 = 1_000;

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// It is the answer, and Restate has it.
    Delivered,
    /// It is the answer; Restate could not be reached, and gets it from the reconciler.
    Kept,
    /// Somebody was first, or there is no such wait.
    Late,
}

/// Answers a wait. The first answer counts.
pub(crate) async fn answer(
    db: &DatabaseConnection,
    ingress: &Ingress,
    wait: &waits::Model,
    answer: &Answer,
) -> Result<Given, EngineError> {
    let text = serde_json::to_string(answer).map_err(|source| EngineError::Encode {
        what: "an answer".to_owned(),
        source,
    })?;
    let mut row = waits::ActiveModel {
        answer: Set(Some(text.clone())),
        answered_by: Set(Some(storable(answer.by.clone()))),
        answered_at_ms: Set(Some(Timestamp::now().as_millisecond())),
        ..Default::default()
    };
    if wait.kind == WaitKind::Event {
        // What the run had before says nothing any more, and a run that takes many events has as many
        // of these.
        row.detail = Set(None);
    }
    let written = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(&wait.id))
        .filter(Column::AnsweredAtMs.is_null())
        .exec(db)
        .await
        .map_err(EngineError::database("keep the answer"))?;
    if written.rows_affected == 0 {
        return Ok(Given::Late);
    }
    match deliver(db, ingress, wait, text).await {
        Ok(()) => Ok(Given::Delivered),
        Err(error) => {
            tracing::warn!(
                run.id = wait.run_id,
                error = &error as &dyn std::error::Error,
                "Restate has not taken an answer yet; it is sent again."
            );
            Ok(Given::Kept)
        }
    }
}

/// Sends Restate the answers that it has not confirmed, and says how many those were.
pub(crate) async fn redeliver(
    db: &DatabaseConnection,
    ingress: &Ingress,
) -> Result<usize, EngineError> {
    let settled = Timestamp::now().as_millisecond() - SETTLED_MS;
    let unconfirmed = Entity::find()
        .filter(Column::AnsweredAtMs.lt(settled))
        .filter(Column::DeliveredAtMs.is_null())
        .order_by_asc(Column::AnsweredAtMs)
        .limit(PAGE)
        .all(db)
        .await
        .map_err(EngineError::database("read unconfirmed answers"))?;
    for wait in &unconfirmed {
        let text = wait.answer.clone().unwrap_or_default();
        deliver(db, ingress, wait, text).await?;
    }
    Ok(unconfirmed.len())
}

/// Restate takes an answer any number of times; the first one counts there, too.
async fn deliver(
    db: &DatabaseConnection,
    ingress: &Ingress,
    wait: &waits::Model,
    text: String,
) -> Result<(), EngineError> {
    match ingress.resolve(&wait.id, text).await {
        Ok(()) => {}
        // The run is over, so nobody waits any more; the others are not to wait for this one.
        Err(
            error @ EngineError::Refused {
                status: 400..=499, ..
            },
        ) => tracing::debug!(
            run.id = wait.run_id,
            error = &error as &dyn std::error::Error,
            "Restate has no use for an answer."
        ),
        Err(error) => return Err(error),
    }
    let failed = EngineError::database("keep that an answer was delivered");
    // Of holds and permits there are many, and nobody looks at one that is over.
    if matches!(wait.kind, WaitKind::Hold | WaitKind::Permit) {
        Entity::delete_by_id(&wait.id)
            .exec(db)
            .await
            .map_err(failed)?;
        return Ok(());
    }
    let row = waits::ActiveModel {
        id: Set(wait.id.clone()),
        delivered_at_ms: Set(Some(Timestamp::now().as_millisecond())),
        ..Default::default()
    };
    Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(&wait.id))
        .exec(db)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Wakes the runs whose turn it is at this limit, if they still sleep.
pub(crate) async fn resolve_turns(
    db: &DatabaseConnection,
    ingress: &Ingress,
    key: &str,
) -> Result<(), EngineError> {
    let failed = "find out whose turn it is";
    let first = permits::Entity::find()
        .filter(permits::Column::Key.eq(key))
        .order_by_asc(permits::Column::Ticket)
        .one(db)
        .await
        .map_err(EngineError::database(failed))?;
    let Some(first) = first else {
        return Ok(());
    };
    let turns = Query::select()
        .column(permits::Column::RunId)
        .from(permits::Entity)
        .and_where(Expr::col(permits::Column::Key).eq(key))
        .order_by(permits::Column::Ticket, sea_orm::Order::Asc)
        .limit(u64::try_from(first.at_once).unwrap_or(1))
        .to_owned();
    let asleep = Entity::find()
        .filter(Column::Kind.eq(WaitKind::Permit))
        .filter(Column::Name.eq(key))
        .filter(Column::AnsweredAtMs.is_null())
        .filter(Column::RunId.in_subquery(turns))
        .all(db)
        .await
        .map_err(EngineError::database(failed))?;
    let turn = Answer {
        by: "its turn".to_owned(),
        value: serde_json::Value::Null,
    };
    for wait in &asleep {
        answer(db, ingress, wait, &turn).await?;
    }
    Ok(())
}
