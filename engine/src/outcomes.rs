//! How a step ended lately, over all runs.

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use crate::error::EngineError;
use crate::tables::step_attempts;

/// The last `n` attempts of a step that ended, the newest first.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn last(
    db: &DatabaseConnection,
    step: &str,
    n: u64,
) -> Result<Vec<step_attempts::Model>, EngineError> {
    step_attempts::Entity::find()
        .filter(step_attempts::Column::Step.eq(step))
        .filter(step_attempts::Column::EndedAtMs.is_not_null())
        // In the order of the index on both, read from its end.
        .order_by(step_attempts::Column::EndedAtMs, Order::Desc)
        .limit(n)
        .all(db)
        .await
        .map_err(EngineError::database("read the step's last attempts"))
}
