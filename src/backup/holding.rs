//! What keeps a restored folder from doing again what was done after the backup.

use std::collections::HashSet;

use engine::tables::{RunStatus, holds, runs, schedules};
use engine::{Actor, operations};
use jiff::Timestamp;
use schema::DatabaseConnection;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, Insert, QueryFilter as _,
    QuerySelect as _, QueryTrait as _, Set,
};

use super::pending;

/// Who holds the runs.
const WHO: &str = "restore";
/// Rows of one statement.
const AT_ONCE: usize = 500;

/// What is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Runs; those below them with them.
    pub(super) runs: u64,
    /// Of these, how many had only been asked for.
    pub(super) asked_for: u64,
}

/// Holds every open run, and every run that was asked for, and passes over the ticks since the backup.
pub(super) async fn hold_all(
    db: &DatabaseConnection,
    taken_at: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Held> {
    let asked_for = pending::queue(db, now).await?;
    let open = open_runs(db).await?;
    let why = format!(
        "restored from a backup of {taken_at}: what happened since is not known here; see what the \
         platforms have before you release it"
    );
    let by = Actor {
        who: WHO.to_owned(),
        why: Some(why),
    };
    for some in open.chunks(AT_ONCE) {
        hold(db, some, &by, now).await?;
    }
    operations::keep_holds(db, &open, &by).await?;
    pass_over_ticks(db, now).await?;
    Ok(Held {
        runs: open.len() as u64,
        asked_for,
    })
}

/// The open runs but for those that are held with an open one above them.
async fn open_runs(db: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    let open: Vec<(String, Option<String>)> = runs::Entity::find()
        .select_only()
        .columns([runs::Column::Id, runs::Column::ParentId])
        .filter(runs::Column::EndedAtMs.is_null())
        .into_tuple()
        .all(db)
        .await?;
    let ids: HashSet<&str> = open.iter().map(|(id, _)| id.as_str()).collect();
    let is_below = |parent_id: &Option<String>| {
        let parent_id = parent_id.as_deref();
        parent_id.is_some_and(|parent_id| ids.contains(parent_id))
    };
    let first = open.iter().filter(|(_, parent_id)| !is_below(parent_id));
    Ok(first.map(|(id, _)| id.clone()).collect())
}

/// The rows that every attempt looks for before it begins, and the status of what does not look before
/// it wakes. Who held a run before still does.
async fn hold(
    db: &DatabaseConnection,
    run_ids: &[String],
    by: &Actor,
    now: Timestamp,
) -> anyhow::Result<()> {
    let rows = run_ids.iter().map(|run_id| holds::ActiveModel {
        run_id: Set(run_id.clone()),
        since_ms: Set(now.as_millisecond()),
        who: Set(by.who.clone()),
        why: Set(by.why.clone()),
    });
    let once = OnConflict::column(holds::Column::RunId)
        .do_nothing()
        .to_owned();
    let insert = Insert::many(rows).on_conflict(once);
    db.execute(insert.as_query()).await?;
    let held = runs::ActiveModel {
        status: Set(RunStatus::Held),
        ..Default::default()
    };
    // A parked one stays so: whoever decides about it has to see that it is.
    let others = [RunStatus::Queued, RunStatus::Running, RunStatus::Waiting];
    runs::Entity::update_many()
        .set(held)
        .filter(runs::Column::Id.is_in(run_ids.iter().map(String::as_str)))
        .filter(runs::Column::Status.is_in(others))
        .exec(db)
        .await?;
    Ok(())
}

/// What they would have started may have been started where the backup comes from.
async fn pass_over_ticks(db: &DatabaseConnection, now: Timestamp) -> anyhow::Result<()> {
    let now_ms = now.as_millisecond();
    let cursor = schedules::ActiveModel {
        last_tick_ms: Set(now_ms),
        ..Default::default()
    };
    schedules::Entity::update_many()
        .set(cursor)
        .filter(schedules::Column::LastTickMs.lt(now_ms))
        .exec(db)
        .await?;
    Ok(())
}
