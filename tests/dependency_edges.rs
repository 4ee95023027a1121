//! The workspace's packages depend on each other only as `ARCHITECTURE.md` has it, and three large
//! dependencies stay behind the one package that is there to hide them.
//!
//! The table below is the rule; dev-dependencies are free. A new package needs a line here.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at once where its ground is missing"
)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// (package, the workspace packages that it may use). The root package may use all but `xtask`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("schema", &[]),
    ("platforms", &[]),
    ("media", &[]),
    ("media-helper", &["media"]),
    ("predictor", &[]),
    ("sandbox", &[]),
    ("engine", &[]),
    (
        "steps",
        &["engine", "schema", "platforms", "media", "predictor"],
    ),
    ("workflows", &["engine", "steps"]),
    (
        "server",
        &[
            "engine",
            "schema",
            "workflows",
            "steps",
            "predictor",
            "platforms",
        ],
    ),
    (
        "flywheel",
        &[
            "schema",
            "platforms",
            "media",
            "predictor",
            "sandbox",
            "engine",
            "steps",
            "workflows",
            "server",
        ],
    ),
    ("xtask", &[]),
];

/// (start of an outside crate's name, the only package that may use it).
const BEHIND: &[(&str, &str)] = &[
    ("restate-", "engine"),
    ("gstreamer", "media-helper"),
    ("thirtyfour", "platforms"),
];

/// What each package uses, dev-dependencies left out.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Says of each edge that is not allowed which it is and what to do.
fn violations(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (package, used) in graph {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == package) else {
            found.push(format!(
                "{package} is not in the table of tests/dependency_edges.rs"
            ));
            continue;
        };
        for other in used {
            if graph.contains_key(other) && !allowed.contains(&other.as_str()) {
                found.push(format!(
                    "{package} -> {other}: the design does not allow this edge"
                ));
            }
            let owner = BEHIND.iter().find(|(start, _)| other.starts_with(start));
            if let Some((_, owner)) = owner.filter(|(_, owner)| owner != package) {
                found.push(format!(
                    "{package} -> {other}: only {owner} may use {other}"
                ));
            }
        }
    }
    found
}

fn graph_of_this_workspace() -> Graph {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .unwrap();
    metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let used = package.dependencies.iter();
            let used = used.filter(|dependency| dependency.kind != DependencyKind::Development);
            (
                package.name.to_string(),
                used.map(|dependency| dependency.name.clone()).collect(),
            )
        })
        .collect()
}

fn made_up(edges: &[(&str, &[&str])]) -> Graph {
    let names = |used: &[&str]| used.iter().map(|&name| name.to_owned()).collect();
    edges
        .iter()
        .map(|(package, used)| ((*package).to_owned(), names(used)))
        .collect()
}

#[test]
fn the_workspace_has_no_edge_that_the_design_does_not_allow() {
    let graph = graph_of_this_workspace();
    assert!(
        graph.contains_key("flywheel") && graph.contains_key("engine"),
        "{graph:?}"
    );
    assert_eq!(violations(&graph), Vec::<String>::new());
}

#[test]
fn the_edges_that_are_really_there_are_seen() {
    let graph = graph_of_this_workspace();
    assert!(graph["engine"].contains("restate-sdk"));
    assert!(graph["workflows"].contains("engine"));
    assert!(graph["media-helper"].contains("gstreamer"));
}

#[test]
fn a_forbidden_edge_is_reported_by_name() {
    let graph = made_up(&[("engine", &["schema", "tokio"]), ("schema", &[])]);
    let report = violations(&graph);
    assert_eq!(
        report,
        ["engine -> schema: the design does not allow this edge"]
    );
}

#[test]
fn a_second_user_of_restate_or_gstreamer_is_reported() {
    let graph = made_up(&[("server", &["restate-sdk"]), ("media", &["gstreamer-app"])]);
    let report = violations(&graph);
    assert_eq!(
        report,
        [
            "media -> gstreamer-app: only media-helper may use gstreamer-app",
            "server -> restate-sdk: only engine may use restate-sdk",
        ]
    );
}

#[test]
fn a_package_without_a_line_in_the_table_is_reported() {
    let report = violations(&made_up(&[("newcomer", &[])]));
    assert_eq!(
        report,
        ["newcomer is not in the table of tests/dependency_edges.rs"]
    );
}
