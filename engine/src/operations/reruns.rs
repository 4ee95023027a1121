//! The runs that go on from another one.

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use crate::error::EngineError;
use crate::tables::runs;

/// The reruns of a run, oldest first.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn reruns_of(
    db: &DatabaseConnection,
    run_id: &str,
) -> Result<Vec<runs::Model>, EngineError> {
    runs::Entity::find()
        .filter(runs::Column::RerunOf.eq(run_id))
        .order_by_asc(runs::Column::CreatedAtMs)
        .order_by_asc(runs::Column::Id)
        .all(db)
        .await
        .map_err(EngineError::database("read the reruns of the run"))
}
