//! `flywheel schedules trigger NAME`: one run now; its id goes to stdout.

use engine::schedules::Schedules;
use schema::DatabaseConnection;

use super::for_person;
use crate::cli::Ended;
use crate::output;
use crate::setup::Setup;

pub(super) async fn run(
    setup: &Setup,
    db: DatabaseConnection,
    name: &str,
    json: bool,
) -> anyhow::Result<Ended> {
    let client = setup.client(db.clone())?;
    let triggered = Schedules::new(db)
        .trigger(&client, name)
        .await
        .map_err(for_person)?;
    if json {
        output::json(&triggered)?;
        return Ok(Ended::Well);
    }
    if let Some(why) = &triggered.pending {
        output::note(format!(
            "The run is queued, and starts as soon as `flywheel up` (or `flywheel api`) can send it: {why}"
        ));
    }
    output::data(triggered.run_id);
    Ok(Ended::Well)
}
