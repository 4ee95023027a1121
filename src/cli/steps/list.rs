//! `flywheel steps list`: every step as it is executed, one line each; or one step in full.

use clap::Args;
use comfy_table::{Table, presets};
use engine::policy::{Effective, Source};
use engine::registry::{Registry, StepInfo};
use serde::Serialize;

use super::outcomes::Outcomes;
use super::{in_words, one, yes_or_no};
use crate::cli::{Ended, NeedsPerson};
use crate::config::suggestion;
use crate::output;
use crate::setup::Setup;

/// How many attempts of each step are looked at for how it ended lately.
const LAST: u64 = 20;

/// Arguments of `steps list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only this step, with every setting and both schemas
    name: Option<String>,
}

/// A step, and how it ended lately.
#[derive(Debug, Serialize)]
pub(super) struct Listed<'r> {
    #[serde(flatten)]
    pub(super) step: &'r StepInfo,
    pub(super) outcomes: Outcomes,
}

impl List {
    pub(super) async fn run(self, setup: &Setup, json: bool) -> anyhow::Result<Ended> {
        let registry = Registry::new()
            .steps(::steps::catalogue())
            .configured(setup.config.overrides(), setup.config.limits().clone())?;
        let db = match setup.has_no_database_yet() {
            // A folder that was never used has no tables, and no attempts.
            true => None,
            false => Some(setup.database().await?),
        };
        let mut listed = Vec::new();
        for step in self.chosen(&registry)? {
            let attempts = match &db {
                Some(db) => engine::outcomes::last(db, step.name, LAST).await?,
                None => Vec::new(),
            };
            let outcomes = Outcomes::of(&attempts);
            listed.push(Listed { step, outcomes });
        }
        if json {
            output::json(&listed)?;
        } else if self.name.is_some() {
            listed.iter().try_for_each(one::show)?;
        } else {
            output::data(table(&listed).trim_fmt());
        }
        Ok(Ended::Well)
    }

    /// The step that was named, or all.
    fn chosen<'r>(&self, registry: &'r Registry) -> anyhow::Result<Vec<&'r StepInfo>> {
        let all: Vec<&StepInfo> = registry.catalogue().collect();
        let Some(name) = self.name.as_deref() else {
            return Ok(all);
        };
        match all.iter().find(|step| step.name == name) {
            Some(step) => Ok(vec![*step]),
            None => {
                let known: Vec<&str> = all.iter().map(|step| step.name).collect();
                let suggestion = suggestion(name, &known, "");
                Err(NeedsPerson(format!("there is no step `{name}`{suggestion}")).into())
            }
        }
    }
}

fn table(listed: &[Listed<'_>]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header([
        "STEP",
        "REPEATABLE",
        "PLACEMENT",
        "ATTEMPTS",
        "TIME LIMIT",
        "IN ALL",
        "THEN",
        "LIMITS",
        "CONFIGURED",
        "LAST ENDINGS",
        "LAST ERROR",
    ]);
    for Listed { step, outcomes } in listed {
        let Effective {
            policy,
            placement,
            sources,
        } = &step.effective;
        let configured = sources
            .iter()
            .filter(|(_, source)| **source == Source::Configuration)
            .map(|(key, _)| *key);
        table.add_row([
            step.name.to_owned(),
            yes_or_no(step.repeatable).to_owned(),
            placement.as_str().to_owned(),
            policy.max_attempts.to_string(),
            in_words(policy.time_limit),
            in_words(policy.max_total),
            policy.on_exhausted.as_str().to_owned(),
            policy.limits.join(", "),
            configured.collect::<Vec<_>>().join(", "),
            outcomes.endings(),
            outcomes.last_error(),
        ]);
    }
    table
}
