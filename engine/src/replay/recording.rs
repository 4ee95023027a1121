//! A run's record as a file: what it was given, and what it did in which order.

use sea_orm::{DatabaseConnection, EntityTrait as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ending::Failure;
use crate::error::EngineError;
use crate::story::{self, Gave, Recorded};
use crate::tables::runs;

/// What a run did, kept so that the code of another day can be compared with it.
///
/// As JSON it is the file that `flywheel runs story RUN --json` writes: `runId`, `workflow`, `status`
/// (the run's, when it was recorded), `input`, and the `story`, an operation of the workflow each: `seq`
/// (its place, from 1), `kind` and `name` (see [`run_entries`](crate::tables::run_entries)), and what
/// it `gave`: `{"value": …}`, `{"failed": …}`, `{"children": […]}`, `"passed"`, or `"open"` if it had
/// not come to its end. Of a step with several attempts it is what they came to. The inputs of steps
/// are not compared, and not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    pub(super) run_id: String,
    pub(super) workflow: String,
    status: String,
    pub(super) input: Value,
    pub(super) story: Vec<Recorded>,
}

impl Recording {
    /// The record of a run, as far as it is; nothing if there is no such run.
    ///
    /// # Errors
    /// [`EngineError::Database`], or [`EngineError::Decode`] for a row that is not JSON.
    pub async fn read(db: &DatabaseConnection, run_id: &str) -> Result<Option<Self>, EngineError> {
        let run = runs::Entity::find_by_id(run_id)
            .one(db)
            .await
            .map_err(EngineError::database("read the run"))?;
        let Some(run) = run else {
            return Ok(None);
        };
        let story = story::read(db, run_id).await?;
        Self::of(&run, story).map(Some)
    }

    pub(super) fn of(run: &runs::Model, story: Vec<Recorded>) -> Result<Self, EngineError> {
        let input = serde_json::from_str(&run.input).map_err(|source| EngineError::Decode {
            what: format!("the input of {}", run.id),
            as_type: "JSON",
            source,
        })?;
        Ok(Self {
            run_id: run.id.clone(),
            workflow: run.workflow.clone(),
            status: run.status.as_str().to_owned(),
            input,
            story,
        })
    }

    /// The story for people: of each operation its place, what it was, and what it gave.
    pub fn rows(&self) -> impl Iterator<Item = [String; 3]> {
        self.story.iter().map(|entry| {
            [
                entry.seq.to_string(),
                format!("{} {}", entry.kind.as_str(), entry.name),
                in_words(&entry.gave),
            ]
        })
    }
}

/// Of child runs, a line for each.
fn in_words(gave: &Gave) -> String {
    const OPEN: &str = "open";
    match gave {
        Gave::Value(value) => value.to_string(),
        Gave::Failed(failure) => failed(failure),
        Gave::Children(results) => {
            let results = results.iter().map(|result| match result {
                Some(Ok(output)) => output.to_string(),
                Some(Err(failure)) => failed(failure),
                None => OPEN.to_owned(),
            });
            results.collect::<Vec<_>>().join("\n")
        }
        Gave::Passed => "passed".to_owned(),
        Gave::Open => OPEN.to_owned(),
    }
}

fn failed(failure: &Failure) -> String {
    format!("failed: {failure}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_recording_comes_back_from_its_file_and_reads_as_a_story() {
        let failure = json!({ "kind": "terminal", "code": "gone", "step": "b", "error": "it is" });
        let file = json!({
            "runId": "run_1",
            "workflow": "w",
            "status": "running",
            "input": { "n": 1 },
            "story": [
                { "seq": 1, "kind": "step", "name": "a@2", "gave": { "value": null } },
                { "seq": 2, "kind": "step", "name": "b", "gave": { "failed": failure } },
                { "seq": 3, "kind": "sleep", "name": "a while", "gave": "passed" },
                { "seq": 4, "kind": "children", "name": "w", "gave": {
                    "children": [{ "Ok": 1 }, { "Err": failure }, null],
                } },
                { "seq": 5, "kind": "event", "name": "said v_1", "gave": "open" },
            ],
        });
        let recording: Recording = serde_json::from_value(file.clone()).unwrap();
        assert_eq!(serde_json::to_value(&recording).unwrap(), file);
        let rows: Vec<String> = recording.rows().map(|row| row.join(" | ")).collect();
        assert_eq!(
            rows,
            [
                "1 | step a@2 | null",
                "2 | step b | failed: b: gone: it is",
                "3 | sleep a while | passed",
                "4 | children w | 1\nfailed: b: gone: it is\nopen",
                "5 | event said v_1 | open",
            ]
        );
    }
}
