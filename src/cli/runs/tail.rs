//! `flywheel runs tail ID`: a run as it happens, with its children, until it ends or waits for a person.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Args;
use engine::runs::{self, Details};
use engine::tables::{RunStatus, step_attempts};
use schema::DatabaseConnection;
use serde_json::json;

use super::show::{error, step_name, took_ms};
use super::{doing, unknown};
use crate::cli::{Ended, NeedsPerson};
use crate::output;
use crate::parked::parked;

/// How often the tables are read.
const PAUSE: Duration = Duration::from_millis(300);

/// Arguments of `runs tail`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Tail {
    /// The run
    id: String,
}

impl Tail {
    pub(super) async fn run(self, db: &DatabaseConnection, json: bool) -> anyhow::Result<Ended> {
        let mut told = Told {
            json,
            ..Told::default()
        };
        loop {
            let run = runs::show(db, &self.id)
                .await?
                .ok_or_else(|| unknown(&self.id))?;
            for child in &run.children {
                if let Some(child) = runs::show(db, &child.id).await? {
                    told.tell(&child)?;
                }
            }
            told.tell(&run)?;
            if !run.run.status.is_open() {
                return Ok(if run.run.status == RunStatus::Completed {
                    Ended::Well
                } else {
                    Ended::Badly
                });
            }
            if let Some(run) = parked(&run) {
                return Err(NeedsPerson(format!(
                    "{0} is parked; `flywheel runs show {0}` says why, and how to decide",
                    run.id
                ))
                .into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What was said already.
#[derive(Default)]
struct Told {
    json: bool,
    doing: BTreeMap<String, String>,
    attempts: BTreeSet<(String, String)>,
}

impl Told {
    fn tell(&mut self, details: &Details) -> anyhow::Result<()> {
        for attempt in details
            .attempts
            .iter()
            .filter(|attempt| attempt.ending.is_some())
        {
            if self
                .attempts
                .insert((attempt.run_id.clone(), step_name(attempt)))
            {
                self.attempt(attempt)?;
            }
        }
        let (run, now) = (&details.run, doing(&details.run));
        if self.doing.get(&run.id) != Some(&now) {
            if self.json {
                output::json(&json!({ "run": run }))?;
            } else {
                output::data(format!("{}  {}  {now}", run.id, run.workflow));
            }
            self.doing.insert(run.id.clone(), now);
        }
        Ok(())
    }

    fn attempt(&self, attempt: &step_attempts::Model) -> anyhow::Result<()> {
        if self.json {
            return Ok(output::json(&json!({ "attempt": attempt }))?);
        }
        let took = took_ms(attempt).unwrap_or_default();
        let ending = attempt.ending.as_deref().unwrap_or_default();
        output::data(
            format!(
                "{}  {}  {ending} after {took} ms  {}",
                attempt.run_id,
                step_name(attempt),
                error(attempt)
            )
            .trim_end(),
        );
        Ok(())
    }
}
