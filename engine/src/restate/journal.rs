//! The journal on Restate's context.

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use restate_sdk::context::{
    CallFuture as _, Context, ContextAwakeables as _, ContextClient as _, ContextSideEffects as _,
    ContextTimers as _, DurableFuturesUnordered, RequestTarget, RunFuture as _,
};
use restate_sdk::errors::{HandlerError, TerminalError};

use super::binding::HANDLER;
use crate::ending::{Failure, FailureKind, codes};
use crate::journal::{Awakeable, Call, CallResult, Clock, Closure, Journal, StepCall};

/// Restate's code for a cancelled invocation.
const CANCELLED: u16 = 409;

pub(crate) struct RestateJournal<'ctx>(pub(crate) Context<'ctx>);

impl Journal for RestateJournal<'_> {
    fn run(&self, name: String, closure: Closure) -> BoxFuture<'_, Result<Bytes, Failure>> {
        // An error of the machinery goes back as retryable: Restate executes the closure again.
        let closure = move || async move { closure.await.map_err(HandlerError::from) };
        let run = self.0.run(closure).name(name);
        async move { run.await.map_err(|error| failure(&error)) }.boxed()
    }

    fn sleep(&self, until: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        // Restate keeps the instant of the first time and ignores this duration at replay.
        let wait = until.duration_since(Timestamp::now());
        let sleep = self.0.sleep(wait.try_into().unwrap_or_default());
        async move { sleep.await.map_err(|error| failure(&error)) }.boxed()
    }

    fn call(
        &self,
        calls: Vec<Call>,
        at_most: usize,
    ) -> BoxFuture<'_, Result<Vec<CallResult>, Failure>> {
        async move {
            let mut results: Vec<Option<CallResult>> = calls.iter().map(|_| None).collect();
            let run_ids: Vec<String> = calls.iter().map(|call| call.run_id.clone()).collect();
            let mut waiting = calls.into_iter();
            let mut running = DurableFuturesUnordered::new();
            loop {
                while running.len() < at_most
                    && let Some(call) = waiting.next()
                {
                    running.push(self.start(call));
                }
                let Some((index, result)) =
                    running.next().await.map_err(|error| failure(&error))?
                else {
                    break;
                };
                if let (Some(slot), Some(run_id)) = (results.get_mut(index), run_ids.get(index)) {
                    *slot = Some(result.map_err(|error| child_failure(run_id, &error)));
                }
            }
            Ok(results.into_iter().flatten().collect())
        }
        .boxed()
    }

    fn call_step(&self, call: StepCall) -> BoxFuture<'_, Result<Option<CallResult>, Failure>> {
        let answered = async move {
            let name = call.key.clone();
            let target = RequestTarget::service(call.service, HANDLER);
            let answer = self
                .0
                .request::<Bytes, Bytes>(target, call.body)
                .idempotency_key(call.key)
                .call();
            let handle = answer.invocation_handle().await?;
            let wait = call.until.duration_since(Timestamp::now());
            let over = self.0.sleep(wait.try_into().unwrap_or_default());
            let answer = restate_sdk::select! {
                answer = answer => Some(answer),
                over = over => {
                    over?;
                    None
                },
            };
            if answer.is_none() {
                handle.cancel();
            }
            Ok(answer.map(|answer| answer.map_err(|error| child_failure(&name, &error))))
        };
        async move {
            answered
                .await
                .map_err(|error: TerminalError| failure(&error))
        }
        .boxed()
    }

    fn awakeable(&self) -> Awakeable<'_> {
        let (id, answer) = self.0.awakeable::<Bytes>();
        let answered = move |until: Option<Timestamp>| {
            let answered = async move {
                let Some(until) = until else {
                    return answer.await.map(Some);
                };
                // As in `sleep`: Restate keeps the instant of the first time.
                let wait = until.duration_since(Timestamp::now());
                let over = self.0.sleep(wait.try_into().unwrap_or_default());
                restate_sdk::select! {
                    answer = answer => answer.map(Some),
                    over = over => over.map(|()| None),
                }
            };
            async move { answered.await.map_err(|error| failure(&error)) }.boxed()
        };
        Awakeable {
            id,
            answered: Box::new(answered),
        }
    }

    fn random_seed(&self) -> u64 {
        self.0.random_seed()
    }

    fn clock(&self) -> Clock {
        Clock::System
    }
}

impl<'ctx> RestateJournal<'ctx> {
    fn start(
        &self,
        call: Call,
    ) -> impl restate_sdk::context::CallFuture<Response = Bytes> + Send + 'ctx {
        let target = RequestTarget::service(call.workflow, HANDLER);
        self.0
            .request::<Bytes, Bytes>(target, call.body)
            .idempotency_key(call.run_id)
            .call()
    }
}

/// What the end of a child run is to its parent. A child that was killed or cancelled by itself is
/// one that failed: only the parent's own cancellation, which comes another way, is one of the parent.
fn child_failure(run_id: &str, error: &TerminalError) -> Failure {
    let words = match serde_json::from_str::<Failure>(error.message()) {
        Ok(failure) if failure.kind != FailureKind::Cancelled => return failure,
        Ok(failure) => failure.error,
        Err(_) => format!("{} ({})", error.message(), error.code()),
    };
    Failure::terminal(codes::CHILD_FAILED, format!("child run {run_id}: {words}"))
}

/// The failure that a terminal error of this run carries: ours as JSON, or Restate's own.
fn failure(error: &TerminalError) -> Failure {
    if let Ok(failure) = serde_json::from_str(error.message()) {
        return failure;
    }
    match error.code() {
        CANCELLED => Failure::cancelled(),
        code => Failure::terminal(codes::CHILD_FAILED, format!("{} ({code})", error.message())),
    }
}

/// A failure as the terminal error that ends an invocation.
pub(crate) fn terminal(failure: &Failure) -> TerminalError {
    let code = if failure.kind == FailureKind::Cancelled {
        CANCELLED
    } else {
        500
    };
    let text = serde_json::to_string(failure).unwrap_or_else(|_| failure.to_string());
    TerminalError::new_with_code(code, text)
}
