//! Takes up accepted events whose runs are not confirmed: Restate was away, the database was busy,
//! or whoever accepted them died. The same delivery with the same keys, until it is through.
//!
//! Several processes may do this at once. It gives up no event that can be read: one that cannot be
//! delivered is logged at every attempt, and counted in `flywheel_events_unstarted`. One that this
//! build cannot read never will be, and is rejected, so that it takes nobody's turn.

use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use schema::{SchemaError, events};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::delivery::{self, Delivered, DeliveryError};
use crate::metrics;
use crate::problem::Problem;
use crate::webhooks::video_ready::message::VideoReady;

/// Events under way at once. When none of so many gets through, the rest of a pass is spared.
const AT_ONCE: usize = 16;

pub(crate) struct Redelivery<'a> {
    app: &'a App,
    /// Where the next pass begins, so that events that cannot be delivered do not keep others
    /// from their turn.
    first: usize,
}

impl<'a> Redelivery<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app, first: 0 }
    }

    /// Passes until `stop`. A pass that is cut short is as good as a crash: harmless.
    pub(crate) async fn run(mut self, stop: &CancellationToken) {
        let every = self.app.pace.redeliver_every;
        while stop
            .run_until_cancelled(tokio::time::sleep(every))
            .await
            .is_some()
        {
            match stop.run_until_cancelled(self.pass(every)).await {
                Some(Err(error)) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "Accepted events could not be looked through."
                ),
                Some(Ok(())) => {}
                None => return,
            }
        }
    }

    /// Events younger than `settled` are still with those who accepted them.
    async fn pass(&mut self, settled: Duration) -> Result<(), SchemaError> {
        let settled = SignedDuration::try_from(settled).unwrap_or(SignedDuration::MAX);
        let older_than = Timestamp::now()
            .saturating_sub(settled)
            .unwrap_or(Timestamp::MIN);
        let mut waiting = events::stuck(&self.app.db, older_than).await?;
        metrics::unstarted(waiting.len());
        if waiting.is_empty() {
            self.first = 0;
            return Ok(());
        }
        let first = self.first % waiting.len();
        waiting.rotate_left(first);
        let mut done = 0;
        for some in waiting.chunks(AT_ONCE) {
            let under_way = join_all(some.iter().map(|event| self.deliver(event)));
            let through = under_way
                .await
                .into_iter()
                .filter(|through| *through)
                .count();
            done += through;
            if through == 0 {
                self.first = first + some.len();
                break;
            }
        }
        metrics::unstarted(waiting.len() - done);
        Ok(())
    }

    /// Whether the event came to its end.
    async fn deliver(&self, event: &events::Model) -> bool {
        match self.deliver_once_more(event).await {
            Ok(Delivered::Started(_)) => {
                metrics::redelivered();
                tracing::info!(event.id = event.id, "Event redelivered.");
                true
            }
            Ok(Delivered::Rejected(problem)) => {
                metrics::rejected();
                // Its sender was told that it was taken, so somebody has to know.
                tracing::error!(
                    event.id = event.id,
                    code = problem.code.name(),
                    field = problem.field,
                    detail = problem.detail,
                    "An accepted event can never be started."
                );
                true
            }
            Err(error) => {
                tracing::warn!(
                    event.id = event.id,
                    error = &error as &dyn std::error::Error,
                    "Runs are still not confirmed."
                );
                false
            }
        }
    }

    async fn deliver_once_more(&self, event: &events::Model) -> Result<Delivered, DeliveryError> {
        match VideoReady::read(&event.payload) {
            Ok(message) => delivery::deliver(self.app, &event.id, &message).await,
            Err(problems) => {
                let problem = Problem::of_fields(problems);
                delivery::reject(self.app, &event.id, problem).await
            }
        }
    }
}
