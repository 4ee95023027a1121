//! Doing something to runs: of many it is first said how many, then each is done and told of.

use engine::Registry;
use engine::operations::{Operations, Rerun, Verb};
use engine::runs::Total;
use schema::DatabaseConnection;
use serde_json::json;

use super::outcome::{self, Outcome};
use super::target::{Chosen, Target};
use crate::cli::{Ended, NeedsPerson, Shared, command_line};
use crate::data_dir::Ports;
use crate::output;
use crate::setup::Setup;

/// Does it to the runs of `target`, and says what came of each: exit code 1 if any was not done.
pub(super) async fn operate(
    (target, verb): (Target, Verb),
    shared: &Shared,
    setup: &Setup,
    db: &DatabaseConnection,
) -> anyhow::Result<Ended> {
    let operations = operations(setup, db, &verb)?;
    let by = target.actor();
    let results = match target.chosen(&verb)? {
        Chosen::Named(runs) => {
            let mut results = Vec::with_capacity(runs.len());
            for run_id in runs {
                // On the heap, as below: all that can be done to a run makes it large.
                let result = Box::pin(operations.apply(&run_id, &verb, &by)).await;
                results.push((run_id, result));
            }
            results
        }
        Chosen::Fitting { filter, yes } => {
            let total = operations.preview(&filter, &verb).await?;
            let (about, word) = (how_many(total), verb.as_str());
            if !yes {
                if shared.json {
                    let preview =
                        json!({ "verb": word, "runs": total.count, "exact": total.exact });
                    output::json(&preview)?;
                }
                let again = command_line::again_with("--yes");
                let refusal = format!("this would {word} {about}; to do it: {again}");
                return Err(NeedsPerson(refusal).into());
            }
            output::note(format!("{word}: {about}"));
            Box::pin(operations.apply_to_all(&filter, &verb, &by)).await?
        }
    };
    let mut outcomes = Vec::with_capacity(results.len());
    for (run_id, result) in results {
        outcomes.push(Outcome::of(db, run_id, result).await?);
    }
    outcome::tell(&outcomes, shared.json)
}

/// `1 run`, `1,234 runs`, `10,000+ runs`.
fn how_many(total: Total) -> String {
    match (total.count, total.exact) {
        (1, true) => "1 run".to_owned(),
        (_, true) => format!("{total} runs"),
        (_, false) => {
            let taken = Total {
                exact: true,
                ..total
            };
            format!("{total} runs, of which the newest {taken} are taken")
        }
    }
}

fn operations(setup: &Setup, db: &DatabaseConnection, verb: &Verb) -> anyhow::Result<Operations> {
    let registry = registry(setup, db, verb)?;
    let client = setup.client(db.clone())?;
    let admin = Ports::url(setup.ports()?.restate_admin, "")?;
    Ok(Operations::new(db.clone(), client, admin, registry)?)
}

/// The catalogue has the schemas of steps, and needs nothing. What a workflow takes only the workflow
/// itself knows, and that is made of steps with their programs and credentials.
fn registry(setup: &Setup, db: &DatabaseConnection, verb: &Verb) -> anyhow::Result<Registry> {
    match verb {
        Verb::Rerun(Rerun {
            from: None,
            input: Some(_),
            ..
        }) => setup.registry(setup.browser(false)?, db.clone()),
        _ => Ok(Registry::new().steps(steps::catalogue())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_says_how_many_and_where_it_ends() {
        let said = |count, exact| how_many(Total { count, exact });
        assert_eq!(said(0, true), "0 runs");
        assert_eq!(said(1, true), "1 run");
        assert_eq!(said(1234, true), "1,234 runs");
        let many = "10,000+ runs, of which the newest 10,000 are taken";
        assert_eq!(said(10_000, false), many);
    }
}
