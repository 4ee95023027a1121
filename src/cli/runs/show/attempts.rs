//! The attempts of a run, one line each.

use comfy_table::{ContentArrangement, Table, presets};
use engine::tables::step_attempts;

use crate::cli::runs::instant;

pub(super) fn table(attempts: &[step_attempts::Model]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header([
            "STEP",
            "STARTED",
            "MS",
            "ENDING",
            "EXECUTIONS",
            "USD",
            "ERROR",
        ]);
    for attempt in attempts {
        let ending = attempt
            .ending
            .clone()
            .unwrap_or_else(|| "under way".to_owned());
        table.add_row([
            step_name(attempt),
            instant(attempt.started_at_ms),
            took_ms(attempt).map_or_else(String::new, |ms| ms.to_string()),
            ending,
            attempt.executions.to_string(),
            usd(attempt.cost_micro_usd),
            error(attempt),
        ]);
    }
    table
}

/// `scrape#2`, or `scrape@3#2` when the run came to the step for the third time.
pub(in crate::cli::runs) fn step_name(attempt: &step_attempts::Model) -> String {
    match attempt.occurrence {
        1 => format!("{}#{}", attempt.step, attempt.attempt),
        again => format!("{}@{again}#{}", attempt.step, attempt.attempt),
    }
}

/// How long its last execution took.
pub(in crate::cli::runs) fn took_ms(attempt: &step_attempts::Model) -> Option<i64> {
    Some(attempt.ended_at_ms? - attempt.started_at_ms?)
}

/// The code, and the causes outermost first.
pub(in crate::cli::runs) fn error(attempt: &step_attempts::Model) -> String {
    let chain: Vec<String> = attempt
        .error_chain
        .as_deref()
        .and_then(|chain| serde_json::from_str(chain).ok())
        .unwrap_or_default();
    match &attempt.error_code {
        Some(code) => format!("{code}: {}", chain.join(": ")),
        None => chain.join(": "),
    }
}

fn usd(micro: i64) -> String {
    if micro == 0 {
        String::new()
    } else {
        format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
    }
}
