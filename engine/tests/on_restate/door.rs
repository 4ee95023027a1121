//! A door, for what is limited: who comes in and goes out, and when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::limits::{LimitRule, Limits, places};
use engine::policy::PolicyOverride;
use engine::registry::StepInfo;
use engine::testing::Alone;
use engine::{Registry, Step, StepContext, StepError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::real::Real;

/// Who came in and went out, in order.
#[derive(Default)]
pub(super) struct Door(Mutex<Vec<(String, bool, Timestamp)>>);

impl Door {
    fn note(&self, who: &str, is_in: bool) {
        let mut log = self.0.lock().unwrap();
        log.push((who.to_owned(), is_in, Timestamp::now()));
    }

    /// Who came in, in order, and when.
    pub(super) fn entered(&self) -> Vec<(String, Timestamp)> {
        let log = self.0.lock().unwrap();
        let entered = log.iter().filter(|(_, is_in, _)| *is_in);
        entered.map(|(who, _, at)| (who.clone(), *at)).collect()
    }

    /// Waits until so many have come in.
    pub(super) async fn until_entered(&self, count: usize) {
        while self.entered().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) fn most_at_once(&self) -> usize {
        let (mut now, mut most) = (0, 0);
        for (_, is_in, _) in self.0.lock().unwrap().iter() {
            now = if *is_in { now + 1 } else { now - 1 };
            most = most.max(now);
        }
        most
    }
}

/// Comes in, stays, and goes out.
pub(super) struct Visit(pub(super) Arc<Door>);

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Visitor {
    who: String,
    house: String,
    ms: u64,
}

impl Visitor {
    pub(super) fn new(who: &str, house: &str, ms: u64) -> Self {
        Self {
            who: who.to_owned(),
            house: house.to_owned(),
            ms,
        }
    }
}

impl Step for Visit {
    const NAME: &'static str = "visit";
    type Input = Visitor;
    type Output = ();

    async fn run(&self, _cx: &StepContext, visitor: Visitor) -> Result<(), StepError> {
        self.0.note(&visitor.who, true);
        tokio::time::sleep(Duration::from_millis(visitor.ms)).await;
        self.0.note(&visitor.who, false);
        Ok(())
    }
}

/// Lets one at once through each door of the pattern.
pub(super) fn one_at_once(pattern: &str) -> LimitRule {
    LimitRule {
        pattern: pattern.to_owned(),
        at_once: Some(1),
        rate: None,
    }
}

/// Visits by themselves, which need this limit.
pub(super) fn registry(door: &Arc<Door>, limit: &'static str, rule: LimitRule) -> Registry {
    let needs = PolicyOverride {
        limits: Some(vec![limit.into()]),
        ..PolicyOverride::default()
    };
    Registry::new()
        .steps([StepInfo::of::<Visit>()])
        .workflow(Alone(Arc::new(Visit(door.clone()))))
        .configured(
            &BTreeMap::from([("visit".to_owned(), needs)]),
            Limits::from_iter([rule]),
        )
        .unwrap()
}

impl Real {
    /// Starts a visit, and gives its run.
    pub(super) async fn visit(&self, who: &str, house: &str, ms: u64) -> String {
        let visitor = Visitor::new(who, house, ms);
        let started = self.client.start::<Alone<Visit>>(who, &visitor).await;
        started.unwrap().run_id
    }

    /// Waits until the run stands in a line, or acts.
    pub(super) async fn until_in_line(&self, key: &str, run_id: &str) {
        while !self.line(key).await.iter().any(|other| other == run_id) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The runs in a line, in order; those that act are the first.
    pub(super) async fn line(&self, key: &str) -> Vec<String> {
        let places = places(&self.db, Some(key)).await.unwrap();
        places.into_iter().map(|place| place.run_id).collect()
    }
}
