//! What can be set for steps and limits, and how everything else is refused.

use std::time::Duration;

use engine::limits::Rate;
use engine::policy::{Placement, Source};

use super::super::file::DEFAULTS;
use super::table::example;
use super::*;

fn refused(text: &str) -> String {
    Config::parse(text, "x.toml").unwrap_err().to_string()
}

/// What is commented out behind a heading of the defaults, up to the first empty line.
fn commented_out(heading: &str) -> String {
    let lines = DEFAULTS.lines().skip_while(|line| *line != heading);
    let lines = lines.skip(1).take_while(|line| !line.is_empty());
    let lines = lines.filter_map(|line| line.strip_prefix("# "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn by_default_nothing_is_changed_and_nothing_is_limited() {
    let config = Config::parse("", "").unwrap();
    assert!(config.overrides().is_empty());
    assert_eq!(*config.limits(), Limits::default());
}

#[test]
fn what_is_set_is_read() {
    let text = r#"
        [steps.scrape]
        max_attempts = 5
        time_limit = "3m"
        placement = "service"
        limits = ["account:{platform}/{account}"]

        [limits."account:*"]
        at_once = 1
        [limits.anthropic]
        rate = "50/min"
        burst = 5
    "#;
    let config = Config::parse(text, "x.toml").unwrap();
    let scrape = &config.overrides()["scrape"];
    assert_eq!(
        *scrape,
        PolicyOverride {
            max_attempts: Some(5),
            time_limit: Some(Duration::from_secs(180)),
            placement: Some(Placement::Service),
            limits: Some(vec!["account:{platform}/{account}".into()]),
            ..PolicyOverride::default()
        }
    );
    let limits = config.limits();
    let account = limits.of("account:tiktok/main").unwrap();
    assert_eq!((account.at_once, account.rate), (Some(1), None));
    let rate = limits.of("anthropic").unwrap().rate.unwrap();
    let expected = Rate {
        count: 50,
        per: Duration::from_secs(60),
        burst: 5,
    };
    assert_eq!(rate, expected);
}

#[test]
fn the_settings_shown_for_a_step_are_all_there_are_and_its_own() {
    let config = Config::parse(&commented_out("[steps]"), "shown").unwrap();
    let catalogue = ::steps::catalogue();
    let scrape = catalogue.iter().find(|step| step.name == "scrape").unwrap();
    let own = &scrape.effective;
    let shown = config.overrides()["scrape"].apply(own.policy.clone());
    assert_eq!(shown.policy, own.policy);
    assert_eq!(shown.placement, own.placement);
    let set = |source: &Source| *source == Source::Configuration;
    assert!(shown.sources.values().all(set), "{shown:?}");
}

#[test]
fn the_limits_shown_are_possible() {
    let config = Config::parse(&commented_out("[limits]"), "shown").unwrap();
    let limits = config.limits();
    assert_eq!(limits.of("account:tiktok/main").unwrap().at_once, Some(1));
    assert_eq!(limits.of("anthropic").unwrap().rate.unwrap().burst, 1);
}

#[test]
fn unknown_names_are_told_with_their_line_and_what_may_have_been_meant() {
    for (text, said) in [
        (
            "[steps.scrap]\nmax_attempts = 5",
            "x.toml:1: there is no setting `steps.scrap`; did you mean `steps.scrape`?",
        ),
        (
            "[loop]\n[steps.scrape]\n\nmax_attemps = 5",
            "x.toml:4: there is no setting `steps.scrape.max_attemps`; did you mean \
             `steps.scrape.max_attempts`?",
        ),
        (
            "[limits.\"account:*\"]\nat_onc = 1",
            "x.toml:2: there is no setting `limits.\"account:*\".at_onc`; did you mean \
             `limits.\"account:*\".at_once`?",
        ),
        (
            "[step.scrape]",
            "x.toml:1: there is no setting `step`; did you mean `steps`?",
        ),
    ] {
        assert_eq!(refused(text), said);
    }
    let catalogue = ::steps::catalogue();
    let known: Vec<&str> = catalogue.iter().map(|step| step.name).collect();
    let said = refused("[steps.zzz]");
    let wanted = format!("; there are {}", known.join(", "));
    assert!(said.ends_with(&wanted), "{said}");
}

#[test]
fn impossible_values_are_told_with_their_line_and_what_to_do() {
    for (text, said) in [
        (
            "[steps.scrape]\nmax_attempts = 0",
            "x.toml:2: `steps.scrape.max_attempts` must be 1 or more; write 1 ",
        ),
        (
            "[steps.scrape]\nmax_attempts = \"many\"",
            "x.toml:2: `steps.scrape.max_attempts` cannot be read: invalid type",
        ),
        (
            "[steps.scrape]\nmax_delay = \"5m\"\nfirst_delay = \"1h\"",
            "x.toml:3: `steps.scrape.first_delay` (1h) is longer than `max_delay` (5m); make",
        ),
        (
            "[steps.analyze]\nlimits = [\"account:{acount}\"]",
            "x.toml:2: `steps.analyze.limits` has `account:{acount}`, and the step's input has \
             no field `acount`; there are account, platform, videoId",
        ),
        ("steps = 3", "x.toml:1: `steps` is not a table; write"),
        (
            "[steps]\nscrape = 3",
            "x.toml:2: `steps.scrape` is not a table; write [steps.NAME]",
        ),
        (
            "[limits.anthropic]\nrate = \"50\"",
            "x.toml:2: `limits.anthropic.rate` (\"50\") has no `/` in it; write",
        ),
        (
            "[limits.anthropic]\nrate = \"1/9000000000000h\"",
            "x.toml:2: `limits.anthropic.rate` reaches over more than 100 years; write a shorter",
        ),
        (
            "[limits.anthropic]\nrate = \"1/h\"\nburst = 4000000000",
            "x.toml:2: `limits.anthropic.rate` reaches over more than 100 years; write a shorter",
        ),
        (
            "[limits.anthropic]\nburst = 5",
            "x.toml:2: `limits.anthropic.burst` is a part of a rate, and there is none; set",
        ),
        (
            "[limits.anthropic]",
            "x.toml:1: `limits.anthropic` limits nothing; set `at_once` or `rate`",
        ),
        (
            "[limits.\"a*c\"]\nat_once = 1",
            "x.toml:1: `limits.\"a*c\"` has a `*` before its end; leave out",
        ),
    ] {
        let error = refused(text);
        assert!(error.starts_with(said), "{error}");
    }
}

#[test]
fn every_kind_of_value_has_an_example() {
    for key in PolicyOverride::KEYS.iter().chain(&RuleSettings::KEYS) {
        let (table, name) = match PolicyOverride::KEYS.contains(key) {
            true => ("steps", "scrape"),
            false => ("limits", "anthropic"),
        };
        let said = refused(&format!("[{table}.{name}]\n{key} = {{}}"));
        let example = example(key);
        assert!(said.ends_with(&format!("; write {example}")), "{said}");
    }
}

#[test]
fn a_limit_without_a_rule_is_told_with_the_rule_that_is_missing() {
    for (limit, fix) in [
        ("anthropic", "[limits.anthropic]"),
        ("account:{platform}/{account}", "[limits.\"account:*\"]"),
    ] {
        let text = format!("[steps.scrape]\nlimits = [\"{limit}\"]");
        assert_eq!(
            refused(&text),
            format!(
                "x.toml:2: `steps.scrape.limits` has `{limit}`, for which there is no rule; \
                 add {fix} with `at_once` or `rate`"
            )
        );
    }
}

#[test]
fn a_step_that_must_not_act_twice_is_not_placed_elsewhere() {
    let catalogue = ::steps::catalogue();
    for step in catalogue.iter().filter(|step| !step.repeatable) {
        let text = format!("[steps.{}]\nplacement = \"service\"", step.name);
        let expected = format!("x.toml:2: `steps.{}.placement` cannot be", step.name);
        let said = refused(&text);
        assert!(said.starts_with(&expected), "{said}");
    }
    assert!(catalogue.iter().any(|step| !step.repeatable));
}
