//! What runs are found by, and the index behind each: it begins with what is looked for, and goes on
//! with status, creation and id (migration `m20261123_000005_run_search`).

use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement};

use super::Filter;
use crate::tables::RunStatus;

/// The table whose index is walked, and the one in which something is looked up.
pub(super) const WALKED: &str = "walked";
const PROBED: &str = "probed";

/// One thing that a filter asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Term<'f> {
    Tag(&'f str, &'f str),
    ErrorCode(&'f str),
    Workflow(&'f str),
    /// Nothing: every run is one of these.
    Any,
}

/// A table, and the columns with which its indexes go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Index {
    pub(super) table: &'static str,
    pub(super) status: &'static str,
    pub(super) created_at_ms: &'static str,
    pub(super) id: &'static str,
}

pub(super) const RUNS: Index = Index {
    table: "runs",
    status: "status",
    created_at_ms: "created_at_ms",
    id: "id",
};
const TAGS: Index = Index {
    table: "run_tags",
    status: "run_status",
    created_at_ms: "run_created_at_ms",
    id: "run_id",
};

impl<'f> Term<'f> {
    /// All that the filter asks for.
    pub(super) fn all(filter: &'f Filter) -> Vec<Self> {
        let tags = filter.tags.iter();
        let tags = tags.map(|(key, value)| Self::Tag(key, value));
        let code = filter.error_code.as_deref().map(Self::ErrorCode);
        let workflow = filter.workflow.as_deref().map(Self::Workflow);
        tags.chain(code).chain(workflow).collect()
    }

    pub(super) fn index(self) -> Index {
        match self {
            Self::Tag(..) => TAGS,
            Self::ErrorCode(_) | Self::Workflow(_) | Self::Any => RUNS,
        }
    }

    /// What is so in the columns with which the index begins.
    pub(super) fn conditions(self, table: &'static str) -> Vec<Expr> {
        let is = |column: &'static str, value: &str| Expr::col((table, column)).eq(value);
        match self {
            Self::Tag(key, value) => vec![is("key", key), is("value", value)],
            Self::ErrorCode(code) => vec![is("error_code", code)],
            Self::Workflow(name) => vec![is("workflow", name)],
            Self::Any => Vec::new(),
        }
    }

    /// Whether the run that a walk along another index has come to is one of these, too.
    pub(super) fn has(self, status: RunStatus, walk: Index) -> Expr {
        let index = self.index();
        let probed = |column: &'static str| Expr::col((PROBED, column));
        let mut probe = self.probe();
        probe
            .and_where(probed(index.status).eq(status.as_str()))
            .and_where(probed(index.created_at_ms).eq(walked(walk.created_at_ms)))
            // That it is the same run. By equality the primary key would be taken, whose entries for
            // these runs lie far apart; those of this index lie together.
            .and_where(probed(index.id).between(walked(walk.id), walked(walk.id)));
        Expr::exists(probe)
    }

    /// The same for a run that was found by its id.
    pub(super) fn has_run(self) -> Expr {
        let mut probe = self.probe();
        let id = Expr::col((PROBED, self.index().id));
        probe.and_where(id.eq(walked(RUNS.id)));
        Expr::exists(probe)
    }

    fn probe(self) -> SelectStatement {
        let mut probe = one(self.index().table);
        for condition in self.conditions(PROBED) {
            probe.and_where(condition);
        }
        probe
    }
}

/// Whether the run that a walk has come to is nobody's child.
pub(super) fn has_no_parent(walk: Index) -> Expr {
    let mut row = row(walk);
    row.and_where(Expr::col((PROBED, "parent_id")).is_null());
    Expr::exists(row)
}

/// Whether somebody holds the run that a walk has come to.
pub(super) fn is_held(walk: Index) -> Expr {
    let mut hold = one("holds");
    hold.and_where(Expr::col((PROBED, "run_id")).eq(walked(walk.id)));
    Expr::exists(hold)
}

/// Whether the run that was found by its id has one of these statuses.
pub(super) fn has_status(statuses: &[RunStatus]) -> Expr {
    let words = statuses.iter().map(|status| status.as_str());
    let mut row = row(RUNS);
    row.and_where(Expr::col((PROBED, RUNS.status)).is_in(words));
    Expr::exists(row)
}

/// A look at the row of the run that a walk has come to.
fn row(walk: Index) -> SelectStatement {
    let mut row = one(RUNS.table);
    row.and_where(Expr::col((PROBED, RUNS.id)).eq(walked(walk.id)));
    row
}

/// A column of the table that is walked.
pub(super) fn walked(column: &'static str) -> Expr {
    Expr::col((WALKED, column))
}

/// A look for one row. The offset keeps Postgres from making a join of it, for which it would read all
/// of the index instead of the few places where the walk is.
fn one(table: &'static str) -> SelectStatement {
    let mut one = Query::select();
    one.expr(Expr::cust("1"))
        .from_as(table, PROBED)
        .limit(1)
        .offset(0);
    one
}
