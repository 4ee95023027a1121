//! A step that cannot go on by itself: a person decides.

use serde_json::json;

use super::Stepping;
use crate::context::Waiting;
use crate::ending::{Failure, FailureKind, SoFar};
use crate::operations::Resolution;
use crate::step::Step;
use crate::story::{Gave, given};
use crate::tables::{EntryKind, WaitKind};

impl Stepping<'_, '_> {
    /// Waits for a decision: `None` is to try again, with the policy from its beginning.
    pub(super) async fn park<S: Step>(
        &mut self,
        failure: Failure,
    ) -> Result<Option<Result<S::Output, Failure>>, Failure> {
        let kind = match failure.kind {
            FailureKind::Unknown => WaitKind::Unknown,
            _ => WaitKind::Park,
        };
        let mut problem = None;
        loop {
            let waiting = Waiting {
                kind,
                name: S::NAME.to_owned(),
                key: self.name.clone(),
                reason: failure.to_string(),
                detail: Some(json!({
                    "code": failure.code,
                    "error": failure.error,
                    "lastAnswer": problem,
                })),
                code: Some(failure.code.clone()),
                at_most: None,
            };
            let Some(decision) = self.cx.wait(waiting).await? else {
                continue;
            };
            let result = match serde_json::from_value(decision.value) {
                Ok(Resolution::Retry) => {
                    self.so_far = SoFar {
                        ask_first: self.so_far.ask_first,
                        approved: true,
                        ..SoFar::default()
                    };
                    return Ok(None);
                }
                Ok(Resolution::Skip { output }) => {
                    match serde_json::from_value::<S::Output>(output.clone()) {
                        Ok(typed) => Ok((Gave::Value(output), Ok(typed))),
                        Err(error) => Err(error),
                    }
                }
                Ok(Resolution::Fail { reason }) => {
                    let failure = Failure {
                        error: format!("{}; given up: {reason}", failure.error),
                        ..failure.clone()
                    };
                    Ok((Gave::Failed(failure.clone()), Err(failure)))
                }
                Err(error) => Err(error),
            };
            match result {
                Ok((gave, result)) => {
                    let value = Some(given(&gave));
                    self.cx.enter(self.seq, EntryKind::Step, &self.name, value);
                    return Ok(Some(result));
                }
                // Whoever answered has other types than this worker: the question stays open.
                Err(error) => problem = Some(error.to_string()),
            }
        }
    }
}
