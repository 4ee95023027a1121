//! The end of an attempt, as its row has it and as the journal does.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::instant;
use crate::context::encode;
use crate::ending::Ending;
use crate::error::EngineError;
use crate::event::{AttemptEnded, AttemptKey};

/// What an attempt took: what its row has beside the ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Took {
    pub(super) started_at_ms: i64,
    pub(super) ended_at_ms: i64,
    pub(super) cost_micro_usd: i64,
}

/// What is beside the ending in a journaled value, if it began and was journaled by this version or a
/// later one.
#[derive(Debug, Deserialize)]
struct Beside {
    took: Option<Took>,
}

/// The bytes for the journal: the ending's own JSON with `took` beside it, enough to write the row again.
/// Older versions read it as the ending alone.
pub(super) fn journaled(ending: &[u8], took: Took) -> Result<Bytes, EngineError> {
    let what = "the end of an attempt";
    let failed = |source| EngineError::Encode {
        what: what.to_owned(),
        source,
    };
    let mut all: BTreeMap<&str, &RawValue> = serde_json::from_slice(ending).map_err(failed)?;
    let took = serde_json::value::to_raw_value(&took).map_err(failed)?;
    all.insert("took", &took);
    encode(what, &all)
}

/// What the attempt took. One that did not begin took nothing, and of one that an older version journaled
/// it is not known: its row was committed before.
pub(super) fn of_journal(bytes: &[u8]) -> Option<Took> {
    serde_json::from_slice::<Beside>(bytes).ok()?.took
}

/// What happened, for the row.
pub(super) fn ended_as<T: Serialize>(
    key: AttemptKey,
    seq: u32,
    ending: &Ending<T>,
    took: Took,
) -> Result<AttemptEnded, EngineError> {
    let output = match ending {
        Ending::Done { output } => Some(output_json(output)?),
        _ => None,
    };
    let until_ms = match ending {
        Ending::Later { until_ms, .. } => Some(*until_ms),
        _ => None,
    };
    let at = |ms: i64| -> Timestamp { instant(ms) };
    Ok(AttemptEnded {
        key,
        started_at: at(took.started_at_ms),
        ended_at: at(took.ended_at_ms),
        ending: ending.word(),
        error: ending.error().cloned(),
        output,
        until_ms,
        cost_micro_usd: took.cost_micro_usd,
        seq,
        outcome: ending.outcome(),
    })
}

fn output_json<T: Serialize>(output: &T) -> Result<String, EngineError> {
    serde_json::to_string(output).map_err(|source| EngineError::Encode {
        what: "a step's output".to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Took = Took {
        started_at_ms: 1,
        ended_at_ms: 2,
        cost_micro_usd: 3,
    };

    #[test]
    fn what_was_journaled_comes_back() {
        let ending = br#"{"ending":"done","output":{"ending":1,"took":null}}"#;
        let bytes = journaled(ending, TOOK).unwrap();
        assert_eq!(of_journal(&bytes), Some(TOOK));
        // As an older version reads it.
        let read = serde_json::from_slice::<Ending<serde_json::Value>>(&bytes).unwrap();
        let output = serde_json::json!({"ending": 1, "took": null});
        assert_eq!(read, Ending::Done { output });
    }

    #[test]
    fn an_ending_alone_took_nothing() {
        let ending = br#"{"ending":"halted","why":{"halt":"held"}}"#;
        assert_eq!(of_journal(ending), None);
    }
}
