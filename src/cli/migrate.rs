//! `flywheel migrate`: brings the tables of engine and channel up to date.

use super::{Ended, Shared};
use crate::output;
use crate::setup::migrate;

/// Safe to run again, also beside a running `up`.
pub(super) async fn run(shared: &Shared) -> anyhow::Result<Ended> {
    let setup = shared.setup()?;
    migrate(&setup.database().await?).await?;
    if shared.json {
        output::json(&serde_json::json!({ "migrated": true }))?;
    } else {
        output::note("The tables are up to date.");
    }
    Ok(Ended::Well)
}
