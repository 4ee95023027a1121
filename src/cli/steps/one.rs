//! `flywheel steps list NAME`: one step in full, as text.

use comfy_table::{Table, presets};
use engine::policy::Effective;

use super::list::Listed;
use super::{in_words, yes_or_no};
use crate::output;

/// Writes all there is to say about the step.
pub(super) fn show(listed: &Listed<'_>) -> anyhow::Result<()> {
    let Listed { step, outcomes } = listed;
    output::data(format!("step          {}", step.name));
    output::data(format!("repeatable    {}", yes_or_no(step.repeatable)));
    output::data(format!("last endings  {}", outcomes.endings()).trim_end());
    output::data(format!("last error    {}", outcomes.last_error()).trim_end());
    output::data(settings(&step.effective).trim_fmt());
    for (what, schema) in [("input", &step.input), ("output", &step.output)] {
        output::data(format!("{what} {}", serde_json::to_string_pretty(schema)?));
    }
    Ok(())
}

fn settings(effective: &Effective) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["SETTING", "VALUE", "FROM"]);
    for (key, value) in values(effective) {
        let from = effective.sources.get(key).map(|source| source.as_str());
        table.add_row([key.to_owned(), value, from.unwrap_or_default().to_owned()]);
    }
    table
}

/// Every setting by its key, in the order of `flywheel.toml`.
fn values(effective: &Effective) -> [(&'static str, String); 11] {
    let policy = &effective.policy;
    [
        ("first_delay", in_words(policy.first_delay)),
        ("factor", policy.factor.to_string()),
        ("max_delay", in_words(policy.max_delay)),
        ("jitter", policy.jitter.to_string()),
        ("max_attempts", policy.max_attempts.to_string()),
        ("max_total", in_words(policy.max_total)),
        ("time_limit", in_words(policy.time_limit)),
        ("max_interrupted", policy.max_interrupted.to_string()),
        ("limits", policy.limits.join(", ")),
        ("on_exhausted", policy.on_exhausted.as_str().to_owned()),
        ("placement", effective.placement.as_str().to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use engine::Policy;
    use engine::policy::PolicyOverride;

    use super::*;

    #[test]
    fn every_setting_is_shown_as_it_is_written() {
        let effective = PolicyOverride::default().apply(Policy::default());
        let values = values(&effective);
        let mut keys = values.clone().map(|(key, _)| key);
        keys.sort_unstable();
        assert_eq!(keys, PolicyOverride::KEYS);
        assert_eq!(
            values.map(|(_, value)| value),
            [
                "1s", "2", "5m", "0.3", "300", "24h", "2m", "10", "", "fail", "inline"
            ]
        );
    }
}
