//! The controls in our database.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use sea_orm::DatabaseConnection;

use super::holds::HoldReader;
use super::{Answer, Ask, Controls, NewWait};
use crate::ending::Halt;
use crate::error::EngineError;
use crate::limits::{self, LimitRule};
use crate::operations::RerunPoint;
use crate::restate::ingress::Ingress;
use crate::story::{self, Recorded};
use crate::waits;

/// Beyond its time a slot of a rate is used for so long still: a run that comes back later than that,
/// after an outage for one, gets in line again.
const SLOT_LASTS_MS: i64 = 2_000;

/// The controls of a worker.
#[derive(Clone)]
pub(crate) struct DatabaseControls {
    db: DatabaseConnection,
    ingress: Ingress,
    holds: HoldReader,
}

impl DatabaseControls {
    pub(crate) fn new(db: DatabaseConnection, ingress: Ingress) -> Self {
        let holds = HoldReader::start(db.clone());
        Self { db, ingress, holds }
    }

    /// Held first, then the places in lines, then the slots of rates. A held run keeps no place.
    async fn halt(&self, ask: &Ask) -> Result<Option<Halt>, EngineError> {
        if self.holds.is_held(&ask.run_id).await? {
            if !ask.limits.is_empty() {
                limits::leave(&self.db, &self.ingress, &ask.run_id).await?;
            }
            return Ok(Some(Halt::Held));
        }
        for (key, rule) in &ask.limits {
            let Some(at_once) = rule.at_once else {
                continue;
            };
            let place = limits::line_up(&self.db, key, &ask.run_id, at_once).await?;
            if place > 0 {
                let key = key.clone();
                return Ok(Some(Halt::Queued { key, place }));
            }
        }
        for (key, rule) in &ask.limits {
            if let Some(halt) = self.slot(key, rule, &ask.slots).await? {
                return Ok(Some(halt));
            }
        }
        Ok(None)
    }

    /// When the rate lets this attempt begin, if not now.
    async fn slot(
        &self,
        key: &str,
        rule: &LimitRule,
        slots: &BTreeMap<String, i64>,
    ) -> Result<Option<Halt>, EngineError> {
        let Some(rate) = &rule.rate else {
            return Ok(None);
        };
        let now = Timestamp::now();
        let has_one = slots
            .get(key)
            .is_some_and(|slot| now.as_millisecond() - slot <= SLOT_LASTS_MS);
        if has_one {
            return Ok(None);
        }
        let at = limits::reserve_slot(&self.db, key, rate, now).await?;
        Ok((at > now).then(|| Halt::Slot {
            key: key.to_owned(),
            // Upwards: a slot is not used before its time.
            at_ms: at.as_millisecond().saturating_add(1),
        }))
    }
}

impl Controls for DatabaseControls {
    fn admit(&self, ask: Ask) -> BoxFuture<'static, Result<Option<Halt>, EngineError>> {
        let controls = self.clone();
        async move { controls.halt(&ask).await }.boxed()
    }

    fn leave(&self, run_id: String) -> BoxFuture<'static, ()> {
        let controls = self.clone();
        async move {
            let left = limits::leave(&controls.db, &controls.ingress, &run_id).await;
            if let Err(error) = left {
                tracing::warn!(
                    run.id = run_id,
                    error = &error as &dyn std::error::Error,
                    "Permits were not given back; the reconciler will."
                );
            }
        }
        .boxed()
    }

    fn register(&self, wait: NewWait) -> BoxFuture<'static, Result<Option<Answer>, EngineError>> {
        let db = self.db.clone();
        async move { waits::register(&db, wait).await }.boxed()
    }

    fn recorded(
        &self,
        rerun: RerunPoint,
    ) -> BoxFuture<'static, Result<Vec<Recorded>, EngineError>> {
        let db = self.db.clone();
        async move { story::before(&db, &rerun).await }.boxed()
    }
}
