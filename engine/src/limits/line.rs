//! The line for a limit on what happens at once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait as _,
    Insert, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Set, TransactionTrait as _,
};

use crate::error::EngineError;
use crate::restate::ingress::Ingress;
use crate::tables::permits::{Column, Entity, Model};
use crate::tables::{WaitKind, limits, permits, runs, waits};
use crate::waits::resolve_turns;

/// A run in the line of a limit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The limit's key.
    pub key: String,
    /// The run.
    pub run_id: String,
    /// 0: it acts; else its place among those that wait, from 1.
    pub place: u64,
    /// Since when it stands there, unix milliseconds.
    pub since_ms: i64,
}

/// Stands in the line, unless the run does already: 0 if it may act, else its place among those that
/// wait. From then on the ticket is that of `holder`, the attempt.
pub(crate) async fn line_up(
    db: &DatabaseConnection,
    key: &str,
    run_id: &str,
    holder: &str,
    at_once: u32,
) -> Result<u64, EngineError> {
    let failed = || EngineError::database("line up for a limit");
    let own = match find(db, key, run_id).await.map_err(failed())? {
        Some(own) if own.holder.as_deref() == Some(holder) => own,
        // Of an attempt before this one, if any.
        _ => draw(db, key, run_id, holder, at_once)
            .await
            .map_err(failed())?,
    };
    place_of(db, &own).await.map_err(failed())
}

/// Whether it is the run's turn.
pub(crate) async fn has_turn(
    db: &DatabaseConnection,
    key: &str,
    run_id: &str,
) -> Result<bool, EngineError> {
    let failed = || EngineError::database("look for the run's place in a line");
    match find(db, key, run_id).await.map_err(failed())? {
        Some(own) => Ok(place_of(db, &own).await.map_err(failed())? == 0),
        // Not in the line any more: it has to line up again, and for that to be awake.
        None => Ok(true),
    }
}

/// Leaves every line, and wakes whose turn it is now. With a `holder`, only where that attempt has the
/// ticket: an execution that was stopped and goes on much later gives back nothing of the attempts that
/// came after it.
pub(crate) async fn leave(
    db: &DatabaseConnection,
    ingress: &Ingress,
    run_id: &str,
    holder: Option<&str>,
) -> Result<(), EngineError> {
    let mut own = Condition::all().add(Column::RunId.eq(run_id));
    if let Some(holder) = holder {
        // An old worker leaves the name out.
        let of_holder = Condition::any()
            .add(Column::Holder.eq(holder))
            .add(Column::Holder.is_null());
        own = own.add(of_holder);
    }
    let given_back = Entity::delete_many()
        .filter(own)
        .exec_with_returning(db)
        .await
        .map_err(EngineError::database("give permits back"))?;
    for permit in given_back {
        resolve_turns(db, ingress, &permit.key).await?;
    }
    Ok(())
}

/// Takes the permits of runs that have ended, whatever ended them.
pub(crate) async fn free_of_ended_runs(db: &DatabaseConnection) -> Result<u64, EngineError> {
    let ended = Query::select()
        .expr(Expr::val(1))
        .from(runs::Entity)
        .and_where(Expr::col((runs::Entity, runs::Column::Id)).equals((Entity, Column::RunId)))
        .and_where(Expr::col((runs::Entity, runs::Column::EndedAtMs)).is_not_null())
        .to_owned();
    let freed = Entity::delete_many()
        .filter(Expr::exists(ended))
        .exec(db)
        .await
        .map_err(EngineError::database("free the permits of ended runs"))?;
    Ok(freed.rows_affected)
}

/// The keys for which a run sleeps.
pub(crate) async fn waiting_keys(db: &DatabaseConnection) -> Result<BTreeSet<String>, EngineError> {
    let keys: Vec<String> = waits::Entity::find()
        .select_only()
        .column(waits::Column::Name)
        .distinct()
        .filter(waits::Column::Kind.eq(WaitKind::Permit))
        .filter(waits::Column::AnsweredAtMs.is_null())
        .into_tuple()
        .all(db)
        .await
        .map_err(EngineError::database("read for which limits runs wait"))?;
    Ok(keys.into_iter().collect())
}

/// Everybody in a line, or in all of them, in their order.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn places(db: &DatabaseConnection, key: Option<&str>) -> Result<Vec<Place>, EngineError> {
    let mut query = Entity::find();
    if let Some(key) = key {
        query = query.filter(Column::Key.eq(key));
    }
    let line = query
        .order_by_asc(Column::Key)
        .order_by_asc(Column::Ticket)
        .all(db)
        .await
        .map_err(EngineError::database("read the lines of limits"))?;
    let mut ahead = 0;
    let mut places = Vec::with_capacity(line.len());
    let mut before: Option<&Model> = None;
    for own in &line {
        ahead = match before {
            Some(before) if before.key == own.key => ahead + 1,
            _ => 0,
        };
        before = Some(own);
        places.push(Place {
            key: own.key.clone(),
            run_id: own.run_id.clone(),
            place: waiting_place(ahead, own.at_once),
            since_ms: own.since_ms,
        });
    }
    Ok(places)
}

async fn find(db: &impl ConnectionTrait, key: &str, run_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((key.to_owned(), run_id.to_owned()))
        .one(db)
        .await
}

/// Draws a ticket. The key's row in `limits` is locked until the commit, so tickets are committed in
/// their order, and nobody acts before one who will turn out to be first. A run that has one keeps its
/// place, under the new name.
async fn draw(
    db: &DatabaseConnection,
    key: &str,
    run_id: &str,
    holder: &str,
    at_once: u32,
) -> Result<Model, DbErr> {
    let transaction = db.begin().await?;
    let mut next = Insert::one(limits::ActiveModel {
        key: Set(key.to_owned()),
        tickets: Set(1),
        next_slot_us: Set(0),
    })
    .on_conflict(
        OnConflict::column(limits::Column::Key)
            .value(
                limits::Column::Tickets,
                Expr::col((limits::Entity, limits::Column::Tickets)).add(1),
            )
            .to_owned(),
    );
    next.query()
        .returning(Query::returning().column(limits::Column::Tickets));
    let row = transaction.query_one(next.as_query()).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(key.to_owned()))?;
    let own = Model {
        key: key.to_owned(),
        run_id: run_id.to_owned(),
        ticket: row.try_get("", "tickets")?,
        at_once: i32::try_from(at_once).unwrap_or(i32::MAX),
        since_ms: Timestamp::now().as_millisecond(),
        holder: Some(holder.to_owned()),
    };
    let renamed = OnConflict::columns([Column::Key, Column::RunId])
        .update_column(Column::Holder)
        .to_owned();
    let insert = Insert::one(permits::ActiveModel::from(own.clone())).on_conflict(renamed);
    transaction.execute(insert.as_query()).await?;
    let own = find(&transaction, key, run_id).await?.unwrap_or(own);
    transaction.commit().await?;
    Ok(own)
}

async fn place_of(db: &impl ConnectionTrait, own: &Model) -> Result<u64, DbErr> {
    let ahead = Entity::find()
        .filter(Column::Key.eq(&own.key))
        .filter(Column::Ticket.lt(own.ticket))
        .count(db)
        .await?;
    Ok(waiting_place(ahead, own.at_once))
}

fn waiting_place(ahead: u64, at_once: i32) -> u64 {
    let at_once = u64::try_from(at_once).unwrap_or(1);
    (ahead + 1).saturating_sub(at_once)
}

#[cfg(test)]
mod tests {
    use sea_orm::Database;

    use super::*;

    struct Line(DatabaseConnection);

    impl Line {
        async fn open() -> Self {
            let db = Database::connect("sqlite::memory:").await.unwrap();
            crate::migrate(&db).await.unwrap();
            Self(db)
        }

        async fn up(&self, run_id: &str, holder: &str) -> u64 {
            line_up(&self.0, "door", run_id, holder, 1).await.unwrap()
        }

        async fn leave(&self, run_id: &str, holder: Option<&str>) {
            // Nobody sleeps, so nobody is woken.
            let ingress = Ingress::new("http://127.0.0.1:1/".parse().unwrap()).unwrap();
            leave(&self.0, &ingress, run_id, holder).await.unwrap();
        }

        async fn runs(&self) -> Vec<String> {
            let places = places(&self.0, Some("door")).await.unwrap();
            places.into_iter().map(|place| place.run_id).collect()
        }
    }

    #[tokio::test]
    async fn a_late_execution_gives_back_nothing_of_a_later_attempt() {
        let line = Line::open().await;
        assert_eq!(line.up("run_1", "first#1").await, 0);
        line.leave("run_1", Some("first#1")).await;
        assert_eq!(line.up("run_1", "second#1").await, 0);
        assert_eq!(line.up("run_2", "first#1").await, 1);
        // The first attempt was executed twice, and this is the one that was stopped for long.
        line.leave("run_1", Some("first#1")).await;
        assert_eq!(line.runs().await, ["run_1", "run_2"]);
        line.leave("run_1", None).await;
        assert_eq!(line.runs().await, ["run_2"]);
    }

    #[tokio::test]
    async fn a_ticket_that_was_not_given_back_serves_the_next_attempt() {
        let line = Line::open().await;
        assert_eq!(line.up("run_1", "first#1").await, 0);
        assert_eq!(line.up("run_2", "first#1").await, 1);
        assert_eq!(line.up("run_1", "first#2").await, 0);
        line.leave("run_1", Some("first#1")).await;
        assert_eq!(line.runs().await, ["run_1", "run_2"]);
        line.leave("run_1", Some("first#2")).await;
        assert_eq!(line.up("run_2", "first#1").await, 0);
    }

    #[tokio::test]
    async fn a_ticket_of_an_old_worker_is_given_back_by_any_attempt() {
        let line = Line::open().await;
        let old = permits::ActiveModel {
            key: Set("door".to_owned()),
            run_id: Set("run_1".to_owned()),
            ticket: Set(1),
            at_once: Set(1),
            since_ms: Set(1),
            ..Default::default()
        };
        line.0.execute(Insert::one(old).as_query()).await.unwrap();
        line.leave("run_1", Some("first#1")).await;
        assert_eq!(line.runs().await, Vec::<String>::new());
    }
}
