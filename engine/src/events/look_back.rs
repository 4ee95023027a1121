//! What came before somebody waited for it.

use std::collections::BTreeSet;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::dispatch::{answer_of, data_of};
use crate::controls::{Answer, NewWait, lineage};
use crate::error::EngineError;
use crate::tables::{engine_events, runs};

/// Ids in one query, well below what SQLite and Postgres take.
const AT_ONCE: usize = 1_000;

/// The first event of the wait's name and key that came since the run was first asked for and before
/// the wait's time is over, and that the run has not had yet.
pub(crate) async fn look_back(
    db: &DatabaseConnection,
    wait: &NewWait,
) -> Result<Option<Answer>, EngineError> {
    let failed = || EngineError::database("look for an event that came before");
    let since_ms = first_asked_for(db, vec![wait.run_id.clone()])
        .await
        .map_err(failed())?;
    let mut events = engine_events::Entity::find()
        .filter(engine_events::Column::Name.eq(&wait.name))
        .filter(engine_events::Column::Key.eq(&wait.key))
        .filter(engine_events::Column::AcceptedAtMs.gte(since_ms.unwrap_or(0)))
        .filter(engine_events::Column::Id.is_not_in(&wait.had));
    if let Some(until) = wait.until {
        events = events.filter(engine_events::Column::AcceptedAtMs.lte(until.as_millisecond()));
    }
    let event = events
        .order_by_asc(engine_events::Column::AcceptedAtMs)
        .order_by_asc(engine_events::Column::Id)
        .one(db)
        .await
        .map_err(failed())?;
    match event {
        Some(event) => Ok(Some(answer_of(&event, data_of(&event)?))),
        None => Ok(None),
    }
}

/// When the first of these runs was asked for, unix milliseconds: a child with the run that nobody
/// called, a rerun with the run that it goes on from, and so on. Nothing, if there is none of them.
pub(crate) async fn first_asked_for(
    db: &impl ConnectionTrait,
    run_ids: Vec<String>,
) -> Result<Option<i64>, DbErr> {
    let mut earliest: Option<i64> = None;
    let mut next: BTreeSet<String> = run_ids.iter().map(|id| first_above(id)).collect();
    while !next.is_empty() {
        let ids: Vec<String> = std::mem::take(&mut next).into_iter().collect();
        for some in ids.chunks(AT_ONCE) {
            let found: Vec<(i64, Option<String>)> = runs::Entity::find()
                .select_only()
                .columns([runs::Column::CreatedAtMs, runs::Column::RerunOf])
                .filter(runs::Column::Id.is_in(some.iter().map(String::as_str)))
                .into_tuple()
                .all(db)
                .await?;
            for (created_at_ms, rerun_of) in found {
                earliest = Some(earliest.map_or(created_at_ms, |ms| ms.min(created_at_ms)));
                next.extend(rerun_of.map(|id| first_above(&id)));
            }
        }
    }
    Ok(earliest)
}

/// The row of a child run may not be written yet; that of the run that nobody called is there.
fn first_above(run_id: &str) -> String {
    lineage(run_id).last().unwrap_or(run_id).to_owned()
}
