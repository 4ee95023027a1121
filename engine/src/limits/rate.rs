//! The slots of a rate: evenly spaced, each given to one attempt.
//!
//! This is the generic cell rate algorithm (ITU-T I.371, annex A) with reservation: whoever asks gets
//! the next free slot, now or in the future, instead of a refusal that sends it back into the crowd.

use std::time::Duration;

use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, Insert, QueryTrait as _, Set};

use super::Rate;
use crate::error::EngineError;
use crate::tables::limits;

/// Reserves the next slot of the key and says when it is: now or earlier means at once.
pub(crate) async fn reserve_slot(
    db: &DatabaseConnection,
    key: &str,
    rate: &Rate,
    now: Timestamp,
) -> Result<Timestamp, EngineError> {
    let failed = EngineError::database("reserve a slot of a rate");
    let slot_us = reserve(db, key, rate, now.as_microsecond())
        .await
        .map_err(failed)?;
    Ok(Timestamp::from_microsecond(slot_us).unwrap_or(Timestamp::MAX))
}

async fn reserve(
    db: &DatabaseConnection,
    key: &str,
    rate: &Rate,
    now_us: i64,
) -> Result<i64, DbErr> {
    let interval = micros(rate.per) / i64::from(Ord::max(rate.count, 1));
    // Slots that nobody took, up to the burst, can still be taken.
    let earliest = now_us - interval * i64::from(rate.burst.saturating_sub(1));
    let own = || Expr::col((limits::Entity, limits::Column::NextSlotUs));
    let mut reservation = Insert::one(limits::ActiveModel {
        key: Set(key.to_owned()),
        tickets: Set(0),
        next_slot_us: Set(earliest + interval),
    })
    .on_conflict(
        OnConflict::column(limits::Column::Key)
            .value(
                limits::Column::NextSlotUs,
                Expr::case(own().gt(earliest), own().add(interval)).finally(earliest + interval),
            )
            .to_owned(),
    );
    reservation
        .query()
        .returning(Query::returning().column(limits::Column::NextSlotUs));
    let row = db.query_one(reservation.as_query()).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(key.to_owned()))?;
    let next: i64 = row.try_get("", "next_slot_us")?;
    Ok(next - interval)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
