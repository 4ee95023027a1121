//! A Restate server and a database of an example's own, and what a run on them did.

use std::path::Path;

use anyhow::Context as _;
use engine::Registry;
use engine::runs::Details;
use engine::testing::{RestateServer, Stage};
use sea_orm::Database;

/// Starts the server with its data in `folder`, and a worker that serves these workflows.
/// `RESTATE_SERVER_BIN` names the server's program.
pub(crate) async fn open(registry: Registry, folder: &Path) -> anyhow::Result<Stage> {
    let binary = std::env::var_os("RESTATE_SERVER_BIN").context(
        "RESTATE_SERVER_BIN does not name a Restate server; `cargo xtask test` installs one below \
         tools/restate/node_modules/@restatedev",
    )?;
    let file = folder.join("runs.db");
    let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await?;
    let restate = RestateServer::start(Path::new(&binary), folder).await?;
    Ok(Stage::start(registry, db, restate).await?)
}

/// What the run did, an attempt a line, and how it is.
pub(crate) fn story(details: &Details) -> Vec<String> {
    let mut attempts: Vec<_> = details.attempts.iter().collect();
    // In the order of the story. What is done when a run is cancelled stands behind it.
    attempts.sort_by_key(|attempt| (attempt.seq.unwrap_or(i32::MAX), attempt.attempt));
    let attempts = attempts.into_iter().map(|attempt| {
        let ending = attempt.ending.as_deref().unwrap_or("under way");
        match &attempt.error_code {
            Some(code) => format!("{} {ending} ({code})", attempt.step),
            None => format!("{} {ending}", attempt.step),
        }
    });
    let run = &details.run;
    let status = run.status.as_str();
    let end = match run.output.as_ref().or(run.error_code.as_ref()) {
        Some(gave) => format!("{status}: {gave}"),
        None => status.to_owned(),
    };
    attempts.chain([end]).collect()
}
