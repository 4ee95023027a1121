//! What people do to runs: hold, release, resolve, cancel, kill, rerun; one file each.
//!
//! The command line and the API call the same functions. Everything that is done leaves a row in
//! `operations`, and so does what was refused; if that row of something done cannot be written, the
//! log has it.

mod audit;
mod bulk;
mod cancel;
mod error;
mod hold;
mod kill;
mod release;
mod rerun;
mod reruns;
mod resolve;

use reqwest::Url;
use sea_orm::{DatabaseConnection, EntityTrait as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use audit::{history, keep_holds};
pub use bulk::Results;
pub use error::OperationError;
pub use hold::held_by;
pub(crate) use hold::{forget_holds_of_ended_runs, hold_all, is_held};
pub(crate) use rerun::RerunPoint;
pub use reruns::reruns_of;

use crate::client::Client;
use crate::controls::SEEN_FOR;
use crate::error::EngineError;
use crate::registry::Registry;
use crate::restate::admin::Admin;
use crate::tables::runs;

/// Who does it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// A person or a program.
    pub who: String,
    /// The reason, for the audit.
    pub why: Option<String>,
}

/// What is done to a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// Nothing more is begun, in this run and its child runs, until it is released.
    Hold,
    /// A held run goes on.
    Release,
    /// Decides about the step at which the run is parked.
    Resolve(Resolution),
    /// Ends the run in good order: its `on_cancel` steps are executed.
    Cancel,
    /// Ends the run at once. Nothing else is executed.
    Kill,
    /// Starts a new run that goes on from a point of this one.
    Rerun(Rerun),
}

impl Verb {
    /// The word in rows, logs and the command line.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Resolve(_) => "resolve",
            Self::Cancel => "cancel",
            Self::Kill => "kill",
            Self::Rerun(_) => "rerun",
        }
    }
}

/// What a person decides about a parked step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Resolution {
    /// It is tried again, with its policy from the beginning.
    Retry,
    /// It counts as done, with this output.
    Skip {
        /// Checked against the step's schema.
        output: Value,
    },
    /// It has failed; the workflow decides what follows.
    Fail {
        /// For the run's error.
        reason: String,
    },
}

/// Where the new run begins, and with what.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rerun {
    /// `scrape`, or `scrape@2` for the second time that the run came to it; nothing: the beginning.
    pub from: Option<String>,
    /// The input of that step, or of the run, in place of the recorded one.
    pub input: Option<Value>,
    /// The output of that step: it is not executed, and the run goes on behind it.
    pub output: Option<Value>,
    /// Begin at the last fan-out with failed child runs, and run only those again.
    pub failed_children: bool,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum Applied {
    /// The run is held, or was already.
    Held,
    /// The run goes on, or was not held.
    Released,
    /// The run has its answer.
    #[serde(rename_all = "camelCase")]
    Resolved {
        /// The step at which it was parked.
        step: String,
    },
    /// Restate has been told; the run ends when its `on_cancel` steps have.
    Cancelling,
    /// The run is over.
    Killed,
    /// It is done to the run with one above it.
    #[serde(rename_all = "camelCase")]
    WithAbove {
        /// The run above.
        run_id: String,
    },
    /// A new run was started.
    #[serde(rename_all = "camelCase")]
    Rerun {
        /// The new run.
        run_id: String,
    },
}

/// The operations on the runs of one database and one Restate server.
#[derive(Clone)]
pub struct Operations {
    db: DatabaseConnection,
    client: Client,
    admin: Admin,
    registry: Registry,
}

impl Operations {
    /// `admin` is the base URL of Restate's admin API; `registry` knows the schemas.
    ///
    /// # Errors
    /// [`EngineError::HttpClient`] if none can be set up.
    pub fn new(
        db: DatabaseConnection,
        client: Client,
        admin: Url,
        registry: Registry,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            db,
            client,
            admin: Admin::new(admin)?,
            registry,
        })
    }

    /// Does it to one run, and keeps who did it. Once it comes back, it holds: no attempt of a run that
    /// is held begins any more.
    ///
    /// # Errors
    /// [`OperationError`], which says what can be done instead.
    pub async fn apply(
        &self,
        run_id: &str,
        verb: &Verb,
        by: &Actor,
    ) -> Result<Applied, OperationError> {
        let result = self.apply_now(run_id, verb, by).await;
        self.seen_by_all(verb).await;
        result
    }

    /// Waits until no worker goes by what was so before.
    async fn seen_by_all(&self, verb: &Verb) {
        if matches!(verb, Verb::Hold) {
            tokio::time::sleep(SEEN_FOR).await;
        }
    }

    async fn apply_now(
        &self,
        run_id: &str,
        verb: &Verb,
        by: &Actor,
    ) -> Result<Applied, OperationError> {
        let result = self.dispatch(run_id, verb, by).await;
        let kept = audit::keep(&self.db, run_id, verb, by, &result).await;
        match (&result, kept) {
            // It is done: to say no now would make people ask for it again.
            (Ok(_), Err(error)) => tracing::error!(
                run.id = run_id,
                who = by.who,
                error = &error as &dyn std::error::Error,
                "A {} of a run is not in the audit.",
                verb.as_str()
            ),
            (Err(_), Err(error)) => return Err(error.into()),
            (_, Ok(())) => {}
        }
        if let Ok(applied) = &result {
            tracing::info!(
                run.id = run_id,
                who = by.who,
                ?applied,
                "{} of a run.",
                verb.as_str()
            );
        }
        result
    }

    async fn dispatch(
        &self,
        run_id: &str,
        verb: &Verb,
        by: &Actor,
    ) -> Result<Applied, OperationError> {
        let run = runs::Entity::find_by_id(run_id)
            .one(&self.db)
            .await
            .map_err(EngineError::database("read the run"))?
            .ok_or_else(|| EngineError::UnknownRun {
                run_id: run_id.to_owned(),
            })?;
        match verb {
            Verb::Hold => self.hold(&run, by).await,
            Verb::Release => self.release(&run).await,
            Verb::Resolve(resolution) => self.resolve(&run, resolution, by).await,
            Verb::Cancel => self.cancel(&run).await,
            Verb::Kill => self.kill(&run).await,
            Verb::Rerun(rerun) => self.rerun(&run, rerun).await,
        }
    }
}
