//! Starting runs from outside of runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use reqwest::Url;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, EntityTrait as _, Insert,
    QueryFilter as _, QueryTrait as _, Set,
};
use serde::Serialize;
use uuid::Uuid;

use crate::context::RunHead;
use crate::error::EngineError;
use crate::events::Trigger;
use crate::operations::RerunPoint;
use crate::restate::ingress::Ingress;
use crate::tables::{RunStatus, runs};
use crate::workflow::Workflow;

/// Starts runs on Restate, with a row in `runs` before anything is sent.
#[derive(Clone)]
pub struct Client {
    db: DatabaseConnection,
    ingress: Ingress,
    triggers: Arc<[Trigger]>,
    services: BTreeSet<String>,
}

/// A run that was started, now or before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// The run.
    pub run_id: String,
    /// Whether the key had a run already; then nothing new was started.
    pub existed: bool,
}

impl Client {
    /// `ingress` is the base URL of Restate's ingress.
    ///
    /// # Errors
    /// [`EngineError::HttpClient`] if none can be set up.
    pub fn new(db: DatabaseConnection, ingress: Url) -> Result<Self, EngineError> {
        Ok(Self {
            db,
            ingress: Ingress::new(ingress)?,
            triggers: Arc::new([]),
            services: BTreeSet::new(),
        })
    }

    /// The same, and events start what this table says.
    #[must_use]
    pub fn with_triggers(self, triggers: &[Trigger]) -> Self {
        Self {
            triggers: triggers.into(),
            ..self
        }
    }

    /// The same, and the runs that it starts have these steps executed as services.
    #[must_use]
    pub fn with_services(self, services: BTreeSet<String>) -> Self {
        Self { services, ..self }
    }

    pub(crate) fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    pub(crate) fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    pub(crate) fn ingress(&self) -> &Ingress {
        &self.ingress
    }

    /// Starts a run of `W` unless one with this key exists, finished or not. When this comes back,
    /// Restate has confirmed the run. After an error the run is `queued`, and the reconciler, or the
    /// same call again, starts it.
    ///
    /// # Errors
    /// [`EngineError`] when our tables or Restate cannot be reached, or the input is no JSON.
    pub async fn start<W: Workflow>(
        &self,
        key: &str,
        input: &W::Input,
    ) -> Result<Started, EngineError> {
        let input = serde_json::to_value(input).map_err(|source| EngineError::Encode {
            what: format!("the input of {}", W::NAME),
            source,
        })?;
        self.start_named(W::NAME, key, input).await
    }

    /// As [`Client::start`], for who knows the workflow by its name. Nobody checks the input here: see
    /// [`crate::Registry::check_input`].
    ///
    /// # Errors
    /// As [`Client::start`].
    pub async fn start_named(
        &self,
        workflow: &str,
        key: &str,
        input: serde_json::Value,
    ) -> Result<Started, EngineError> {
        let (run, existed) = self.queue(workflow, key, input.to_string()).await?;
        if run.invocation_id.is_none() && run.status == RunStatus::Queued {
            self.send(&run).await?;
        }
        Ok(Started {
            run_id: run.id,
            existed,
        })
    }

    /// Sends a queued run to Restate, again if need be: its id is the idempotency key. Gives Restate's
    /// id of it.
    pub(crate) async fn send(&self, run: &runs::Model) -> Result<String, EngineError> {
        let input = serde_json::from_str(&run.input).map_err(|source| EngineError::Decode {
            what: format!("the input of {}", run.id),
            as_type: "JSON",
            source,
        })?;
        let head = RunHead {
            run_id: run.id.clone(),
            workflow: run.workflow.clone(),
            parent_id: run.parent_id.clone(),
            rerun: rerun_of(run)?,
            services: self.services.clone(),
            input,
        };
        let invocation_id = self.ingress.send(&head).await?;
        let confirmed = runs::ActiveModel {
            invocation_id: Set(Some(invocation_id.clone())),
            ..Default::default()
        };
        runs::Entity::update_many()
            .set(confirmed)
            .filter(runs::Column::Id.eq(&run.id))
            .exec(&self.db)
            .await
            .map_err(EngineError::database("keep Restate's id of the run"))?;
        Ok(invocation_id)
    }

    /// The row of the run, made now or before.
    async fn queue(
        &self,
        workflow: &str,
        key: &str,
        input: String,
    ) -> Result<(runs::Model, bool), EngineError> {
        let row = runs::ActiveModel {
            id: Set(format!("run_{}", Uuid::now_v7().simple())),
            workflow: Set(workflow.to_owned()),
            key: Set(Some(key.to_owned())),
            status: Set(RunStatus::Queued),
            input: Set(input),
            created_at_ms: Set(Timestamp::now().as_millisecond()),
            ..Default::default()
        };
        let once = OnConflict::columns([runs::Column::Workflow, runs::Column::Key])
            .do_nothing()
            .to_owned();
        let insert = Insert::one(row).on_conflict(once);
        let inserted = self
            .db
            .execute(insert.as_query())
            .await
            .map_err(EngineError::database("queue the run"))?;
        let existed = inserted.rows_affected() == 0;
        let run = runs::Entity::find()
            .filter(runs::Column::Workflow.eq(workflow))
            .filter(runs::Column::Key.eq(key))
            .one(&self.db)
            .await
            .map_err(EngineError::database("read the run"))?;
        match run {
            Some(run) => Ok((run, existed)),
            None => Err(EngineError::Database {
                operation: "read the run that was just queued",
                source: sea_orm::DbErr::RecordNotFound(key.to_owned()),
            }),
        }
    }
}

/// From where the run goes on, if it goes on from another one.
fn rerun_of(run: &runs::Model) -> Result<Option<RerunPoint>, EngineError> {
    let Some(point) = &run.rerun else {
        return Ok(None);
    };
    serde_json::from_str(point)
        .map(Some)
        .map_err(|source| EngineError::Decode {
            what: format!("from where {} goes on", run.id),
            as_type: "RerunPoint",
            source,
        })
}
