//! A run's story, read back from our rows: every step, wait, time, event and child run in its order,
//! with what it gave.
//!
//! A run that goes on from a point of another one takes over what lies before that point, and at the
//! start of a worker every open run is compared with today's code (`crate::replay`).

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ending::{ErrorNote, Failure, FailureKind, codes};
use crate::error::EngineError;
use crate::operations::RerunPoint;
use crate::tables::{EntryKind, RunStatus, run_entries, runs, step_attempts};

/// One operation of a workflow on its context, as a run did it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// From 1, without gaps.
    pub(crate) seq: u32,
    pub(crate) kind: EntryKind,
    /// Of a step `name`, or `name@occurrence` from the second on.
    pub(crate) name: String,
    pub(crate) gave: Gave,
}

/// What an operation gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Gave {
    /// A value: a step's output, the time in milliseconds, an event or nothing.
    Value(Value),
    /// A step failed for good.
    Failed(Failure),
    /// What the child run of each input gave.
    Children(Vec<ChildResult>),
    /// A wait that is over gives nothing.
    Passed,
    /// It had not come to its end.
    Open,
}

/// What a child run gave; nothing if it has no end, or is to be run again.
pub(crate) type ChildResult = Option<Result<Value, Failure>>;

/// The name of a step in a story.
pub(crate) fn step_name(step: &str, occurrence: u32) -> String {
    match occurrence {
        1 => step.to_owned(),
        _ => format!("{step}@{occurrence}"),
    }
}

/// What the new run takes over.
pub(crate) async fn before(
    db: &DatabaseConnection,
    point: &RerunPoint,
) -> Result<Vec<Recorded>, EngineError> {
    let recorded = read(db, &point.of).await?;
    let kept = match (&point.from, point.failed_children) {
        (_, true) => without_failed_children(recorded),
        (Some(from), false) => {
            let mut kept = recorded;
            kept.retain(|entry| entry.seq < from.seq);
            if let Some(output) = &point.output {
                kept.push(Recorded {
                    seq: from.seq,
                    kind: EntryKind::Step,
                    name: from.step.clone(),
                    gave: Gave::Value(output.clone()),
                });
            }
            kept
        }
        (None, false) => Vec::new(),
    };
    check_whole(point, &kept)?;
    Ok(kept)
}

/// Everything up to the last fan-out with failed children, and of that the children that are well.
fn without_failed_children(mut recorded: Vec<Recorded>) -> Vec<Recorded> {
    let last = recorded.iter().rposition(has_failed_children);
    recorded.truncate(last.map_or(0, |index| index + 1));
    if let Some(Recorded {
        gave: Gave::Children(results),
        ..
    }) = recorded.last_mut()
    {
        for result in results {
            result.take_if(|result| result.is_err());
        }
    }
    recorded
}

pub(crate) fn has_failed_children(entry: &Recorded) -> bool {
    match &entry.gave {
        Gave::Children(results) => results.iter().any(|result| !matches!(result, Some(Ok(_)))),
        _ => false,
    }
}

fn check_whole(point: &RerunPoint, kept: &[Recorded]) -> Result<(), EngineError> {
    let gap = (1_u32..)
        .zip(kept)
        .find(|(seq, entry)| entry.seq != *seq || entry.gave == Gave::Open)
        .map(|(seq, _)| seq);
    let behind_the_end = u32::try_from(kept.len() + 1).unwrap_or(u32::MAX);
    match gap.or_else(|| is_short(point, kept).then_some(behind_the_end)) {
        None => Ok(()),
        Some(seq) => Err(EngineError::Gap {
            run_id: point.of.clone(),
            seq,
        }),
    }
}

/// Whether the record ends before the point. One that somebody removed meanwhile is empty, and has no
/// gap.
fn is_short(point: &RerunPoint, kept: &[Recorded]) -> bool {
    match (&point.from, point.failed_children) {
        (_, true) => kept
            .last()
            .is_none_or(|entry| !matches!(entry.gave, Gave::Children(_))),
        // Up to the step before it, or with its new output up to the step itself.
        (Some(from), false) => kept.len() + usize::from(point.output.is_none()) < from.seq as usize,
        (None, false) => false,
    }
}

/// The story of a run so far, sorted; what was never written is not in it.
pub(crate) async fn read(
    db: &DatabaseConnection,
    run_id: &str,
) -> Result<Vec<Recorded>, EngineError> {
    let mut stories = read_all(db, &[run_id]).await?;
    Ok(stories.remove(run_id).unwrap_or_default())
}

/// The same of many runs, by their ids.
pub(crate) async fn read_all(
    db: &DatabaseConnection,
    run_ids: &[&str],
) -> Result<BTreeMap<String, Vec<Recorded>>, EngineError> {
    let failed = || EngineError::database("read the stories of runs");
    let ids = || run_ids.iter().copied();
    let attempts = step_attempts::Entity::find()
        .filter(step_attempts::Column::RunId.is_in(ids()))
        .order_by_asc(step_attempts::Column::Attempt)
        .all(db)
        .await
        .map_err(failed())?;
    let entries = run_entries::Entity::find()
        .filter(run_entries::Column::RunId.is_in(ids()))
        .all(db)
        .await
        .map_err(failed())?;
    let children: BTreeMap<String, runs::Model> = runs::Entity::find()
        .filter(runs::Column::ParentId.is_in(ids()))
        .all(db)
        .await
        .map_err(failed())?
        .into_iter()
        .map(|child| (child.id.clone(), child))
        .collect();
    let mut stories: BTreeMap<String, BTreeMap<u32, Recorded>> = BTreeMap::new();
    for attempt in attempts {
        // The last attempt speaks for its step.
        if let Some(entry) = of_attempt(&attempt) {
            let story = stories.entry(attempt.run_id).or_default();
            story.insert(entry.seq, entry);
        }
    }
    for entry in entries {
        let run_id = entry.run_id.clone();
        let entry = of_entry(entry, &children)?;
        stories.entry(run_id).or_default().insert(entry.seq, entry);
    }
    Ok(stories
        .into_iter()
        .map(|(run_id, story)| (run_id, story.into_values().collect()))
        .collect())
}

fn of_attempt(attempt: &step_attempts::Model) -> Option<Recorded> {
    let seq = u32::try_from(attempt.seq?).ok()?;
    let occurrence = u32::try_from(attempt.occurrence).ok()?;
    let kind = match attempt.outcome.as_deref() {
        Some("terminal") => Some(FailureKind::Terminal),
        Some("exhausted") => Some(FailureKind::Exhausted),
        // Done, or a person has to decide: what was decided is an entry of its own.
        _ => None,
    };
    let gave = match (kind, attempt.outcome.as_deref()) {
        (Some(kind), _) => Gave::Failed(failure(kind, attempt)),
        (None, Some("done")) => {
            let output = attempt.output.as_deref().unwrap_or("null");
            serde_json::from_str(output).map_or(Gave::Open, Gave::Value)
        }
        (None, _) => Gave::Open,
    };
    Some(Recorded {
        seq,
        kind: EntryKind::Step,
        name: step_name(&attempt.step, occurrence),
        gave,
    })
}

/// The failure that the workflow saw.
fn failure(kind: FailureKind, attempt: &step_attempts::Model) -> Failure {
    let chain = attempt.error_chain.as_deref().unwrap_or("[]");
    let note = ErrorNote {
        code: attempt.error_code.clone().unwrap_or_default().into(),
        chain: serde_json::from_str(chain).unwrap_or_default(),
    };
    Failure::of_step(kind, &attempt.step, &note)
}

fn of_entry(
    entry: run_entries::Model,
    children: &BTreeMap<String, runs::Model>,
) -> Result<Recorded, EngineError> {
    let what = || format!("entry {} of {}", entry.seq, entry.run_id);
    let value: Option<Value> = decode(entry.value.as_deref(), what)?;
    let gave = match (entry.kind, value) {
        (_, Some(value)) if value.get(GAVE).is_some() => {
            let text = value[GAVE].to_string();
            decode(Some(&text), what)?.unwrap_or(Gave::Open)
        }
        (EntryKind::Sleep, _) => Gave::Passed,
        // A step's own entry always says what it gave.
        (EntryKind::Step, Some(_)) => Gave::Open,
        (EntryKind::Children, Some(_)) => {
            let called: Option<Called> = decode(entry.value.as_deref(), what)?;
            called.map_or(Gave::Open, |called| of_children(called, children))
        }
        (EntryKind::Time | EntryKind::Event, Some(value)) => Gave::Value(value),
        (_, None) => Gave::Open,
    };
    Ok(Recorded {
        seq: u32::try_from(entry.seq).unwrap_or_default(),
        kind: entry.kind,
        name: entry.name,
        gave,
    })
}

const GAVE: &str = "gave";

/// The value of an entry that was taken over from another run, or that a person decided.
pub(crate) fn given(gave: &Gave) -> Value {
    json!({ GAVE: gave })
}

/// The value of an entry whose child runs are called: of each input the run's id, or what is known.
pub(crate) fn called(run_ids: &[Option<String>], known: &[ChildResult]) -> Value {
    json!({ "runIds": run_ids, "known": known })
}

/// The same, read back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Called {
    run_ids: Vec<Option<String>>,
    #[serde(default)]
    known: Vec<ChildResult>,
}

fn of_children(called: Called, children: &BTreeMap<String, runs::Model>) -> Gave {
    let mut known = called.known.into_iter();
    let result = |id: Option<String>| {
        let known = known.next().flatten();
        known.or_else(|| child_result(children.get(&id?)?))
    };
    Gave::Children(called.run_ids.into_iter().map(result).collect())
}

/// What a child run gave its parent, if it has ended.
fn child_result(child: &runs::Model) -> ChildResult {
    match child.status {
        RunStatus::Completed => {
            let output = child.output.as_deref()?;
            serde_json::from_str(output).ok().map(Ok)
        }
        status if status.is_open() => None,
        RunStatus::Failed => Some(Err(Failure {
            kind: FailureKind::Terminal,
            code: child.error_code.clone().unwrap_or_default(),
            step: child.error_step.clone(),
            error: child.error_message.clone().unwrap_or_default(),
        })),
        status => Some(Err(Failure::terminal(
            codes::CHILD_FAILED,
            format!("child run {} was {}", child.id, status.as_str()),
        ))),
    }
}

fn decode<T: serde::de::DeserializeOwned>(
    text: Option<&str>,
    what: impl FnOnce() -> String,
) -> Result<Option<T>, EngineError> {
    text.map(serde_json::from_str)
        .transpose()
        .map_err(|source| EngineError::Decode {
            what: what(),
            as_type: std::any::type_name::<T>(),
            source,
        })
}

#[cfg(test)]
mod tests;
