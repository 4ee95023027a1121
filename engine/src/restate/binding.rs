//! Binds registered workflows as Restate services.
//!
//! Uses `restate_sdk::service::macro_support`, which is hidden and may change with any release;
//! hence the exact pin of the SDK. `a_run_retries_waits_calls_children_and_leaves_its_rows` in
//! `engine/tests/on_restate/real_server.rs` fails when an upgrade breaks it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use restate_sdk::context::Context;
use restate_sdk::discovery::ServiceName;
use restate_sdk::endpoint::{ContextInternal, Endpoint, ServiceOptions};
use restate_sdk::errors::{HandlerError, HandlerResult};
use restate_sdk::prelude::Json;
use restate_sdk::service::macro_support::{ServiceBoxFuture, service_definition};
use restate_sdk::service::{Discoverable as _, Service, ServiceDefinition};
use serde_json::Value;

use super::diverging::Diverging;
use super::journal::{RestateJournal, terminal};
use super::serving::StepService;
use crate::attempts::SERVICE;
use crate::context::{Means, RunHead, WorkflowContext};
use crate::error::EngineError;
use crate::event::{RunEnded, RunStarted};
use crate::registry::{ErasedWorkflow, NamedService, NamedWorkflow};

/// Every workflow is a service with this one handler.
pub(crate) const HANDLER: &str = "run";

/// Short: a worker that is being restarted should find its runs at once.
const FIRST_RETRY: Duration = Duration::from_millis(50);
const MAX_RETRY: Duration = Duration::from_secs(1);
/// A waiting run gives its connection and memory back after this time.
pub(crate) const INACTIVITY: Duration = Duration::from_secs(1);
/// Longer than any step may take.
const ABORT: Duration = Duration::from_secs(60 * 60);

/// The endpoint that serves every registered workflow. After `stop` it begins no attempt.
pub(crate) fn endpoint(
    workflows: &[NamedWorkflow],
    services: &[NamedService],
    means: &Means,
    worker: &str,
    diverging: &Diverging,
    inactivity: Duration,
) -> Result<Endpoint, EngineError> {
    let mut builder = Endpoint::builder();
    for (name, workflow) in workflows {
        let dispatch = Dispatch {
            workflow: workflow.clone(),
            means: means.clone(),
            worker: worker.into(),
            diverging: diverging.clone(),
        };
        builder = builder.bind(definition((*name).to_owned(), dispatch, inactivity)?);
    }
    for (name, step) in services {
        let service = StepService {
            step: step.clone(),
            stop: means.stop.clone(),
            under_way: means.under_way.clone(),
        };
        let name = format!("{SERVICE}{name}");
        builder = builder.bind(definition(name, service, inactivity)?);
    }
    Ok(builder.build())
}

fn definition<D>(
    name: String,
    dispatch: D,
    inactivity: Duration,
) -> Result<ServiceDefinition, EngineError>
where
    D: Service<Future = ServiceBoxFuture> + Send + Sync + 'static,
{
    let mut discovery = Prototype::discover();
    discovery.name =
        ServiceName::try_from(name.as_str()).map_err(|error| EngineError::ServiceName {
            name: name.clone(),
            reason: error.to_string(),
        })?;
    let options = ServiceOptions::new()
        .inactivity_timeout(inactivity)
        .abort_timeout(ABORT)
        .retry_policy_initial_interval(FIRST_RETRY)
        .retry_policy_exponentiation_factor(2.0)
        .retry_policy_max_interval(MAX_RETRY);
    Ok(service_definition(dispatch, discovery).options(options))
}

/// Only its discovery record is used: it is taken and renamed.
struct Prototype;

#[restate_sdk::service]
impl Prototype {
    #[handler]
    async fn run(&self, _cx: Context<'_>, input: Json<Value>) -> HandlerResult<Json<Value>> {
        Ok(input)
    }
}

#[derive(Clone)]
struct Dispatch {
    workflow: Arc<dyn ErasedWorkflow>,
    means: Means,
    worker: Arc<str>,
    diverging: Diverging,
}

impl Service for Dispatch {
    type Future = ServiceBoxFuture;

    fn handle(&self, request: ContextInternal) -> Self::Future {
        let dispatch = self.clone();
        Box::pin(async move {
            let (Json(head), metadata) = request.input::<Json<RunHead>>().await;
            let cx: Context<'_> = (&request, metadata).into();
            let result = dispatch.execute(cx, head).await;
            request.handle_handler_result(result);
            request.end();
            Ok(())
        })
    }
}

impl Dispatch {
    /// One execution of a run, from its start or from wherever its journal is.
    async fn execute(&self, cx: Context<'_>, head: RunHead) -> HandlerResult<bytes::Bytes> {
        // Before anything is said of it: a held run stays `held`.
        if let Some(refusal) = self.diverging.refusal(&head.run_id, &self.means).await {
            tracing::debug!(
                run.id = head.run_id,
                error = &refusal as &dyn std::error::Error,
                "Run is not executed."
            );
            return Err(HandlerError::from(refusal));
        }
        let started = RunStarted {
            run_id: head.run_id.clone(),
            workflow: head.workflow.clone(),
            parent_id: head.parent_id.clone(),
            input: head.input.to_string(),
            invocation_id: cx.invocation_id().to_owned(),
            worker: self.worker.to_string(),
            at: Timestamp::now(),
        };
        self.means.history.note(started.into());
        let (run_id, workflow) = (head.run_id.clone(), head.workflow.clone());
        let journal = RestateJournal(cx);
        let context = WorkflowContext::new(head, &journal, self.means.clone());
        let result = tokio::select! {
            result = self.workflow.run(&context) => result,
            error = context.given_up.wait() => {
                tracing::error!(run.id = run_id, error = &error as &dyn std::error::Error, "Run cannot go on; it will be tried again.");
                return Err(HandlerError::from(error));
            }
        };
        context.note_taken_over();
        let kept = result
            .as_ref()
            .map(|output| String::from_utf8_lossy(output).into_owned())
            .map_err(Clone::clone);
        let ended = RunEnded {
            run_id,
            workflow,
            result: kept,
            at: Timestamp::now(),
        };
        self.means
            .history
            .keep(ended.into())
            .await
            .map_err(HandlerError::from)?;
        result.map_err(|failure| terminal(&failure).into())
    }
}
