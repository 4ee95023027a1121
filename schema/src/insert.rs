//! The one way rows get in: insert, or give way to what is there.
//!
//! One statement, so two processes (or two executions of one step) that write the same row never
//! see an error, and one of them knows that it was second. It must not overwrite anything.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};

use crate::SchemaError;
use crate::error::failed;

/// Inserts `row` unless any of its unique keys is taken. True: this call wrote it.
///
/// A missing parent (foreign key) is still an error.
pub(crate) async fn insert_or_ignore<E>(
    db: &impl ConnectionTrait,
    operation: &'static str,
    row: E::Model,
) -> Result<bool, SchemaError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    // Without RETURNING: with it, SeaORM reports a row that gave way as "not found".
    let written = E::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(db)
        .await
        .map_err(failed(operation))?;
    Ok(written > 0)
}
