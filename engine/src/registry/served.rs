//! Steps that are executed for runs of other workers, behind JSON.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::attempts::{Order, Report, Reported};
use crate::ending::{ErrorNote, StepError, StepErrorKind, codes};
use crate::journal::Clock;
use crate::step::{Step, StepContext};

/// A step as a service.
pub(crate) trait ServedStep: Send + Sync {
    /// Does the work of one attempt, and says how it ended.
    fn serve(self: Arc<Self>, order: Order) -> BoxFuture<'static, Report>;
}

/// The step itself; a type of its own, for every type could be a step.
pub(super) struct Served<S>(pub(super) Arc<S>);

impl<S: Step> ServedStep for Served<S> {
    fn serve(self: Arc<Self>, order: Order) -> BoxFuture<'static, Report> {
        async move {
            let cx = context::<S>(&order);
            let ending = match serde_json::from_str(order.input.get()) {
                Ok(input) => act::<S>(&self.0, &cx, input).await,
                Err(error) => Reported::Terminal {
                    error: ErrorNote::new(codes::INPUT_INVALID, &error),
                },
            };
            Report {
                ending,
                cost_micro_usd: cx.cost_micro_usd(),
            }
        }
        .boxed()
    }
}

fn context<S: Step>(order: &Order) -> StepContext {
    let now = Timestamp::now();
    let left = order.deadline_ms.saturating_sub(now.as_millisecond());
    StepContext {
        run_id: order.run_id.clone(),
        step: S::NAME,
        occurrence: order.occurrence,
        attempt: order.attempt,
        // Only the worker of the run knows; a step that must is not served elsewhere.
        executions: 1,
        started_at: now,
        time_limit: Duration::from_millis(u64::try_from(left).unwrap_or(0)),
        clock: Clock::System,
        cost_micro_usd: Mutex::new(0),
    }
}

/// Acts within the time that is left, in which its room has to come free, too.
async fn act<S: Step>(step: &S, cx: &StepContext, input: S::Input) -> Reported {
    let work = async {
        let _room = match step.room() {
            Some(room) => room.acquire().await.ok(),
            None => None,
        };
        step.run(cx, input).await
    };
    let work = AssertUnwindSafe(work).catch_unwind();
    let retry = |code, text: String| Reported::Retry {
        error: ErrorNote::text(code, text),
    };
    match tokio::time::timeout(cx.time_limit, work).await {
        Ok(Ok(Ok(output))) => match serde_json::to_value(&output) {
            Ok(output) => Reported::Done { output },
            Err(error) => Reported::Terminal {
                error: ErrorNote::new(codes::OUTPUT_INVALID, &error),
            },
        },
        Ok(Ok(Err(error))) => reported(error),
        Ok(Err(_panic)) => retry(
            codes::STEP_PANICKED,
            "the step panicked; its log says where".to_owned(),
        ),
        Err(_elapsed) => retry(
            codes::STEP_TIMED_OUT,
            format!("no end within {:?}", cx.time_limit),
        ),
    }
}

fn reported(StepError { kind, note: error }: StepError) -> Reported {
    match kind {
        StepErrorKind::Retry | StepErrorKind::Unmapped => Reported::Retry { error },
        StepErrorKind::Later(when) => Reported::Later {
            error,
            until_ms: when.instant(Timestamp::now()).as_millisecond(),
        },
        StepErrorKind::Terminal => Reported::Terminal { error },
        StepErrorKind::Unknown => Reported::Unknown { error },
    }
}
