//! Everything that a chaos run leaves behind: the engine's rows by run, and the ledger's counts.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use engine::tables::{RunStatus, WaitKind, operations, run_tags, runs, step_attempts, waits};
use sea_orm::{DatabaseConnection, EntityTrait as _, QueryOrder as _};
use serde::Serialize;
use serde_json::Value;

use crate::ledger::Ledger;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) runs: BTreeMap<String, runs::Model>,
    /// In order of their numbers.
    attempts: HashMap<String, Vec<step_attempts::Model>>,
    waits: HashMap<String, Vec<waits::Model>>,
    tags: HashMap<(String, String), String>,
    effects: HashMap<String, u64>,
    /// What people did to runs, and was not refused.
    done: HashMap<String, u64>,
}

/// What happened besides steps.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Happened {
    /// Child runs.
    children: u64,
    /// Events that runs waited for, and got.
    events: u64,
    /// Decisions about parked steps.
    decisions: u64,
    holds: u64,
    releases: u64,
    /// Runs that ended so.
    cancelled: u64,
}

impl Happened {
    /// Whether each of these came about.
    pub(crate) fn proves_something(self) -> bool {
        let Self {
            children,
            events,
            decisions,
            holds,
            releases,
            cancelled,
        } = self;
        ![children, events, decisions, holds, releases, cancelled].contains(&0)
    }
}

impl Found {
    pub(crate) async fn read(db: &DatabaseConnection, ledger: &Ledger) -> Result<Self> {
        let mut found = Self {
            effects: ledger.counts().await?,
            ..Self::default()
        };
        for run in runs::Entity::find().all(db).await? {
            found.runs.insert(run.id.clone(), run);
        }
        let attempts = step_attempts::Entity::find().order_by_asc(step_attempts::Column::Attempt);
        for attempt in attempts.all(db).await? {
            let of_run = found.attempts.entry(attempt.run_id.clone());
            of_run.or_default().push(attempt);
        }
        for wait in waits::Entity::find().all(db).await? {
            let of_run = found.waits.entry(wait.run_id.clone());
            of_run.or_default().push(wait);
        }
        for tag in run_tags::Entity::find().all(db).await? {
            found.tags.insert((tag.run_id, tag.key), tag.value);
        }
        for operation in operations::Entity::find().all(db).await? {
            let result: Value = serde_json::from_str(&operation.result)?;
            if result.get("error").is_none() {
                *found.done.entry(operation.verb).or_default() += 1;
            }
        }
        Ok(found)
    }

    /// What happened besides steps.
    pub(crate) fn happened(&self) -> Happened {
        let runs = || self.runs.values();
        let waits = || self.waits.values().flatten();
        let answered = |kinds: &[WaitKind]| {
            let is_it =
                |wait: &&waits::Model| kinds.contains(&wait.kind) && wait.answered_at_ms.is_some();
            waits().filter(is_it).count() as u64
        };
        let done = |verb| self.done.get(verb).copied().unwrap_or(0);
        let is_cancelled = |run: &&runs::Model| run.status == RunStatus::Cancelled;
        Happened {
            children: runs().filter(|run| run.parent_id.is_some()).count() as u64,
            events: answered(&[WaitKind::Event]),
            decisions: answered(&[WaitKind::Park, WaitKind::Unknown]),
            holds: done("hold"),
            releases: done("release"),
            cancelled: runs().filter(is_cancelled).count() as u64,
        }
    }

    /// All attempts of a run.
    pub(crate) fn attempts_of(&self, run_id: &str) -> &[step_attempts::Model] {
        self.attempts
            .get(run_id)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The attempts of one step.
    pub(crate) fn attempts(
        &self,
        run_id: &str,
        step: &str,
        occurrence: i32,
    ) -> Vec<&step_attempts::Model> {
        let of_run = self.attempts_of(run_id).iter();
        of_run
            .filter(|attempt| attempt.step == step && attempt.occurrence == occurrence)
            .collect()
    }

    /// The attempts of all steps of this name.
    pub(crate) fn attempts_at(&self, step: &str) -> impl Iterator<Item = &step_attempts::Model> {
        let all = self.attempts.values().flatten();
        all.filter(move |attempt| attempt.step == step)
    }

    /// The waits of a run.
    pub(crate) fn waits_of(&self, run_id: &str) -> &[waits::Model] {
        self.waits
            .get(run_id)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// How often a person decided about a step; `key` as waits name it.
    pub(crate) fn decisions(&self, run_id: &str, key: &str) -> usize {
        let decided = self.waits_of(run_id).iter().filter(|wait| {
            matches!(wait.kind, WaitKind::Park | WaitKind::Unknown)
                && wait.key == key
                && wait.answered_at_ms.is_some()
        });
        decided.count()
    }

    pub(crate) fn tag(&self, run_id: &str, key: &str) -> Option<&str> {
        let key = (run_id.to_owned(), key.to_owned());
        self.tags.get(&key).map(String::as_str)
    }

    /// How often it was really done.
    pub(crate) fn effects(&self, act: &str) -> u64 {
        self.effects.get(act).copied().unwrap_or(0)
    }

    pub(crate) fn all_attempts(&self) -> usize {
        self.attempts.values().map(Vec::len).sum()
    }

    pub(crate) fn all_effects(&self) -> u64 {
        self.effects.values().sum()
    }
}
