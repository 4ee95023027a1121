//! The SQL behind lists and totals, made so that neither database has a plan to choose.
//!
//! A search walks one index from its end, status by status, and stops at as many runs as are wanted;
//! what else must be so is looked up in its own index at the same place. So only a page for each status
//! is ever sorted, however many runs there are.

use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement, UnionType};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use super::terms::{Index, RUNS, Term, WALKED, has_no_parent, has_status, is_held, walked};
use super::{Cursor, Filter};
use crate::error::EngineError;
use crate::tables::RunStatus;

/// How far the runs of each term are counted, to walk where there are fewest.
const RARE_TO: u64 = 10_001;

/// What a search gives, whatever it walks.
const ID: &str = "id";
const CREATED_AT_MS: &str = "created_at_ms";

/// How the runs that fit are found.
#[derive(Debug)]
pub(super) struct Search<'f> {
    filter: &'f Filter,
    /// Whose index is walked.
    lead: Term<'f>,
    others: Vec<Term<'f>>,
}

impl<'f> Search<'f> {
    /// Looks which term of the filter is the rarest, if it has several.
    pub(super) async fn of(
        db: &DatabaseConnection,
        filter: &'f Filter,
    ) -> Result<Self, EngineError> {
        let mut others = Term::all(filter);
        let lead = match others.len() {
            _ if is_of_few(filter) => Term::Any,
            0 => Term::Any,
            1 => others.remove(0),
            _ => {
                let place = rarest(db, filter, &others).await?;
                others.remove(place)
            }
        };
        Ok(Self {
            filter,
            lead,
            others,
        })
    }

    /// The ids of the newest `limit` runs that fit, behind the cursor if there is one.
    pub(super) fn newest(&self, cursor: Option<&Cursor>, limit: u64) -> SelectStatement {
        Query::select()
            .column(ID)
            .from_subquery(self.found(cursor, limit), "found")
            .order_by(CREATED_AT_MS, Order::Desc)
            .order_by(ID, Order::Desc)
            .limit(limit)
            .to_owned()
    }

    /// How many runs fit, counted to `most`.
    pub(super) async fn count(
        &self,
        db: &DatabaseConnection,
        most: u64,
    ) -> Result<u64, EngineError> {
        let failed = || EngineError::database("count runs");
        let row = db.query_one(&self.counted(most)).await.map_err(failed())?;
        let count: i64 = match row {
            Some(row) => row.try_get("", "runs").map_err(failed())?,
            None => 0,
        };
        Ok(count.unsigned_abs())
    }

    fn counted(&self, most: u64) -> SelectStatement {
        let found = Query::select()
            .column(ID)
            .from_subquery(self.found(None, most), "found")
            .limit(most)
            .to_owned();
        Query::select()
            .expr_as(Expr::cust("COUNT(*)"), "runs")
            .from_subquery(found, "counted")
            .to_owned()
    }

    /// The newest `limit` runs of each status that fit, as (id, creation).
    fn found(&self, cursor: Option<&Cursor>, limit: u64) -> SelectStatement {
        let walks: Vec<SelectStatement> = if is_of_few(self.filter) {
            vec![self.few(cursor, limit)]
        } else {
            let walk = |status| self.walk(status, cursor, limit);
            statuses(self.filter).map(walk).collect()
        };
        // SQLite takes no order and no limit between the parts of a union, only within them.
        let part = |walk: SelectStatement| {
            Query::select()
                .columns([ID, CREATED_AT_MS])
                .from_subquery(walk, "walk")
                .to_owned()
        };
        let parts = walks.into_iter().map(part);
        let all = parts.reduce(|mut all, next| {
            all.union(UnionType::All, next);
            all
        });
        all.unwrap_or_default()
    }

    /// The newest `limit` runs of one status, from the end of the lead's index.
    fn walk(&self, status: RunStatus, cursor: Option<&Cursor>, limit: u64) -> SelectStatement {
        let index = self.lead.index();
        let mut walk = self.newest_of(index, cursor, limit);
        walk.and_where(walked(index.status).eq(status.as_str()));
        for condition in self.lead.conditions(WALKED) {
            walk.and_where(condition);
        }
        for other in &self.others {
            walk.and_where(other.has(status, index));
        }
        if self.filter.top_level {
            walk.and_where(has_no_parent(index));
        }
        if self.filter.held {
            walk.and_where(is_held(index));
        }
        walk
    }

    /// Runs by their ids, or the children of one: these are few, and sorted. All else is looked up run by
    /// run, so that no index of all runs is taken for it.
    fn few(&self, cursor: Option<&Cursor>, limit: u64) -> SelectStatement {
        let filter = self.filter;
        let mut few = self.newest_of(RUNS, cursor, limit);
        if !filter.ids.is_empty() {
            let ids = filter.ids.iter().map(String::as_str);
            few.and_where(walked(RUNS.id).is_in(ids));
        }
        if let Some(parent) = &filter.parent_id {
            few.and_where(walked("parent_id").eq(parent.as_str()));
        }
        if filter.top_level {
            few.and_where(has_no_parent(RUNS));
        }
        if filter.held {
            few.and_where(is_held(RUNS));
        }
        if !filter.statuses.is_empty() {
            few.and_where(has_status(&filter.statuses));
        }
        for term in &self.others {
            few.and_where(term.has_run());
        }
        few
    }

    /// What every search begins with: from when, behind what, in which order.
    fn newest_of(&self, index: Index, cursor: Option<&Cursor>, limit: u64) -> SelectStatement {
        let created = || walked(index.created_at_ms);
        let mut select = Query::select();
        select
            .expr_as(walked(index.id), ID)
            .expr_as(created(), CREATED_AT_MS)
            .from_as(index.table, WALKED);
        if let Some(after) = self.filter.created_after {
            select.and_where(created().gte(after.as_millisecond()));
        }
        if let Some(before) = self.filter.created_before {
            select.and_where(created().lt(before.as_millisecond()));
        }
        if let Some(cursor) = cursor {
            let end = [
                Expr::val(cursor.created_at_ms),
                Expr::val(cursor.id.as_str()),
            ];
            let place = Expr::tuple([created(), walked(index.id)]);
            select.and_where(place.lt(Expr::tuple(end)));
        }
        select
            .order_by((WALKED, index.created_at_ms), Order::Desc)
            .order_by((WALKED, index.id), Order::Desc)
            .limit(limit);
        select
    }
}

/// Whether the filter names its runs, or the one run that they are children of.
fn is_of_few(filter: &Filter) -> bool {
    !filter.ids.is_empty() || filter.parent_id.is_some()
}

/// Each once: a walk for each.
fn statuses(filter: &Filter) -> impl Iterator<Item = RunStatus> {
    let asked = &filter.statuses;
    RunStatus::ALL
        .into_iter()
        .filter(move |status| asked.is_empty() || asked.contains(status))
}

/// Which of the terms has the fewest runs.
async fn rarest(
    db: &DatabaseConnection,
    filter: &Filter,
    terms: &[Term<'_>],
) -> Result<usize, EngineError> {
    let alone = Filter {
        statuses: filter.statuses.clone(),
        created_after: filter.created_after,
        created_before: filter.created_before,
        ..Filter::default()
    };
    let (mut rarest, mut fewest) = (0, u64::MAX);
    for (place, term) in terms.iter().enumerate() {
        let search = Search {
            filter: &alone,
            lead: *term,
            others: Vec::new(),
        };
        let runs = search.count(db, RARE_TO).await?;
        if runs < fewest {
            (rarest, fewest) = (place, runs);
        }
    }
    Ok(rarest)
}
