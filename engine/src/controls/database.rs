//! The controls in our database.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use sea_orm::DatabaseConnection;

use super::holds::HoldReader;
use super::{Answer, Ask, Controls, NewWait};
use crate::ending::Halt;
use crate::error::EngineError;
use crate::limits;
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
        let (run_id, holder) = (&ask.run_id, &ask.holder);
        if self.holds.is_held(run_id).await? {
            if ask.halted || !ask.limits.is_empty() {
                limits::leave(&self.db, &self.ingress, run_id, Some(holder)).await?;
            }
            return Ok(Some(Halt::Held));
        }
        for (key, rule) in &ask.limits {
            let Some(at_once) = rule.at_once else {
                continue;
            };
            let place = limits::line_up(&self.db, key, run_id, holder, at_once).await?;
            if place > 0 {
                let key = key.clone();
                return Ok(Some(Halt::Queued { key, place }));
            }
        }
        self.slots(ask, Timestamp::now()).await
    }

    /// Until when the rates keep this attempt from beginning, if they do. The slots of all of them are
    /// reserved together, each once: it waits for the last one, and then it has them all.
    async fn slots(&self, ask: &Ask, now: Timestamp) -> Result<Option<Halt>, EngineError> {
        let last = ask.slots.values().max();
        let are_good = last.is_some_and(|last| now.as_millisecond() - last <= SLOT_LASTS_MS);
        let mut reserved = Vec::new();
        for (key, rule) in &ask.limits {
            let Some(rate) = &rule.rate else {
                continue;
            };
            if are_good && ask.slots.contains_key(key) {
                continue;
            }
            let at = limits::reserve_slot(&self.db, key, rate, now).await?;
            reserved.push((at, key.clone()));
        }
        reserved.sort();
        let Some((at, key)) = reserved.pop() else {
            return Ok(None);
        };
        Ok((at > now).then(|| Halt::Slot {
            key,
            // Upwards: a slot is not used before its time.
            at_ms: at.as_millisecond().saturating_add(1),
            others: reserved.into_iter().map(|(_, key)| key).collect(),
        }))
    }
}

impl Controls for DatabaseControls {
    fn admit(&self, ask: Ask) -> BoxFuture<'static, Result<Option<Halt>, EngineError>> {
        let controls = self.clone();
        async move { controls.halt(&ask).await }.boxed()
    }

    fn leave(&self, run_id: String, holder: String) -> BoxFuture<'static, ()> {
        let Self { db, ingress, .. } = self.clone();
        async move {
            let left = limits::leave(&db, &ingress, &run_id, Some(&holder)).await;
            if let Err(error) = left {
                tracing::warn!(
                    run.id = run_id,
                    error = &error as &dyn std::error::Error,
                    "Permits were not given back; they are when the run ends."
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;
    use sea_orm::Database;

    use super::*;
    use crate::limits::LimitRule;

    fn ask(slots: BTreeMap<String, i64>) -> Ask {
        let limit = |key: &str, rate: &str| {
            let rule = LimitRule {
                pattern: key.to_owned(),
                at_once: None,
                rate: Some(rate.parse().unwrap()),
            };
            (key.to_owned(), rule)
        };
        Ask {
            run_id: "run_1".to_owned(),
            holder: "act#1".to_owned(),
            limits: vec![limit("a", "1/30s"), limit("b", "1/45s")],
            halted: !slots.is_empty(),
            slots,
        }
    }

    #[tokio::test]
    async fn two_rates_are_waited_for_once() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        crate::migrate(&db).await.unwrap();
        let ingress = Ingress::new("http://127.0.0.1:1/".parse().unwrap()).unwrap();
        let controls = DatabaseControls::new(db, ingress);
        let now = Timestamp::now();
        // Somebody was before it.
        let first = controls.slots(&ask(BTreeMap::new()), now).await.unwrap();
        assert_eq!(first, None);

        let second = controls.slots(&ask(BTreeMap::new()), now).await.unwrap();
        let Some(Halt::Slot { key, at_ms, others }) = second else {
            panic!("{second:?}");
        };
        assert_eq!((key.as_str(), others), ("b", vec!["a".to_owned()]));
        assert_eq!(at_ms, now.as_millisecond() + 45_000 + 1);

        // The slot of `a` is fifteen seconds old by then.
        let has_both = ask(["a", "b"].map(|key| (key.to_owned(), at_ms)).into());
        let then = Timestamp::from_millisecond(at_ms).unwrap();
        assert_eq!(controls.slots(&has_both, then).await.unwrap(), None);
        // An outage, and everybody lines up again: for both.
        let late = then + SignedDuration::from_secs(60);
        assert_eq!(controls.slots(&has_both, late).await.unwrap(), None);
        let again = controls.slots(&has_both, late).await.unwrap();
        let is_again = |halt: Halt| matches!(halt, Halt::Slot { others, .. } if others == ["a"]);
        assert!(again.is_some_and(is_again));
    }
}
