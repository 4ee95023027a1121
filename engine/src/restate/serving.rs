//! Binds steps as Restate services, for the runs of other workers.

use std::sync::Arc;

use restate_sdk::context::{Context, ContextSideEffects as _, RunFuture as _};
use restate_sdk::endpoint::ContextInternal;
use restate_sdk::errors::{HandlerError, HandlerResult};
use restate_sdk::prelude::Json;
use restate_sdk::service::Service;
use restate_sdk::service::macro_support::ServiceBoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempts::{Order, Report};
use crate::error::EngineError;
use crate::registry::ServedStep;

/// One step as the service `steps.NAME`.
#[derive(Clone)]
pub(super) struct StepService {
    pub(super) step: Arc<dyn ServedStep>,
    pub(super) stop: CancellationToken,
    pub(super) under_way: TaskTracker,
}

impl Service for StepService {
    type Future = ServiceBoxFuture;

    fn handle(&self, request: ContextInternal) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let (Json(order), metadata) = request.input::<Json<Order>>().await;
            let cx: Context<'_> = (&request, metadata).into();
            let result = service.execute(cx, order).await;
            request.handle_handler_result(result);
            request.end();
            Ok(())
        })
    }
}

impl StepService {
    /// One closure, so that an answer that Restate has is not worked for again.
    async fn execute(&self, cx: Context<'_>, order: Order) -> HandlerResult<Json<Report>> {
        let _under_way = self.under_way.token();
        let (step, stop) = (self.step.clone(), self.stop.clone());
        let work = move || async move {
            if stop.is_cancelled() {
                return Err(HandlerError::from(EngineError::Stopping));
            }
            Ok(Json(step.serve(order).await))
        };
        Ok(cx.run(work).name("act").await?)
    }
}
