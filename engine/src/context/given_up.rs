//! Where a given-up execution leaves its reason for whoever drives it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::error::EngineError;

#[derive(Clone, Default)]
pub(crate) struct GivenUp(Arc<(Mutex<Option<EngineError>>, Notify)>);

impl GivenUp {
    /// Leaves the reason; never returns.
    pub(super) async fn give_up<T>(&self, error: EngineError) -> T {
        self.set(error);
        match std::future::pending::<Infallible>().await {}
    }

    pub(super) fn set(&self, error: EngineError) {
        // The first reason counts: a workflow may make something of the failure and come to another.
        self.0
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
        self.0.1.notify_one();
    }

    /// The reason, if the execution was given up.
    pub(crate) fn take(&self) -> Option<EngineError> {
        self.0
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    pub(crate) async fn wait(&self) -> EngineError {
        loop {
            if let Some(error) = self.take() {
                return error;
            }
            self.0.1.notified().await;
        }
    }
}
