//! Runs that belong together: one that nobody called, and all below it.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
};

use super::rows::AT_ONCE;
use crate::tables::runs::{Column, Entity};

/// Where a walk is: the end of the last run that was looked at, unix milliseconds, and its id.
pub(super) type Cursor = (i64, String);

/// One that nobody called, and all below it.
#[derive(Debug)]
pub(super) struct Tree {
    ended_at_ms: i64,
    /// The first one first.
    ids: Vec<String>,
    open: bool,
}

impl Tree {
    pub(super) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Whether one of them has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn cursor(&self) -> Cursor {
        let first = self.ids.first().cloned();
        (self.ended_at_ms, first.unwrap_or_default())
    }
}

/// The next ones behind `after` of which the first run ended before `before_ms`, oldest end first: as
/// many as have `batch` runs together, and at least one if there are any.
pub(super) async fn next(
    db: &impl ConnectionTrait,
    before_ms: i64,
    after: Option<&Cursor>,
    batch: u64,
) -> Result<Vec<Tree>, DbErr> {
    let first: Vec<Cursor> = first_runs(before_ms, after, batch.max(1))
        .into_tuple()
        .all(db)
        .await?;
    let mut trees = with_all_below(db, first).await?;
    let mut runs = 0;
    let full = trees.iter().position(|tree| {
        runs += tree.ids.len() as u64;
        runs >= batch
    });
    if let Some(last) = full {
        trees.truncate(last + 1);
    }
    Ok(trees)
}

/// The ids among theirs from which open runs go on, also by way of runs that have ended.
pub(super) async fn gone_on_from(
    db: &impl ConnectionTrait,
    trees: &[Tree],
) -> Result<HashSet<String>, DbErr> {
    let mut needed = HashSet::new();
    // From which of theirs each of these comes.
    let ids = trees.iter().flat_map(|tree| &tree.ids);
    let mut origins: HashMap<String, String> = ids.map(|id| (id.clone(), id.clone())).collect();
    while !origins.is_empty() {
        let before: Vec<String> = origins.keys().cloned().collect();
        let mut reruns: HashMap<String, String> = HashMap::new();
        for (id, rerun_of, ended_at_ms) in linked(db, Column::RerunOf, &before).await? {
            let Some(origin) = origins.get(&rerun_of) else {
                continue;
            };
            if ended_at_ms.is_some() {
                reruns.insert(id, origin.clone());
            } else {
                needed.insert(origin.clone());
            }
        }
        origins.clear();
        // When they ended does not matter here.
        let first = reruns.keys().map(|id| (0, id.clone())).collect();
        for tree in with_all_below(db, first).await? {
            let Some(origin) = tree.ids.first().and_then(|id| reruns.get(id)) else {
                continue;
            };
            if tree.open {
                needed.insert(origin.clone());
            }
            origins.extend(tree.ids.iter().map(|id| (id.clone(), origin.clone())));
        }
    }
    Ok(needed)
}

/// Runs that nobody called, by their end. Told by the id, which only in a child has a dot: it is in
/// the index that is walked, and `parent_id` is not.
fn first_runs(before_ms: i64, after: Option<&Cursor>, limit: u64) -> Select<Entity> {
    let mut query = Entity::find()
        .select_only()
        .columns([Column::EndedAtMs, Column::Id])
        .filter(Column::EndedAtMs.lt(before_ms))
        .filter(Column::Id.not_like("%.%"));
    if let Some((ended_at_ms, id)) = after {
        let same = Condition::all()
            .add(Column::EndedAtMs.eq(*ended_at_ms))
            .add(Column::Id.gt(id.as_str()));
        let later = Condition::any()
            .add(Column::EndedAtMs.gt(*ended_at_ms))
            .add(same);
        // The first of the two says where in the index to begin.
        query = query
            .filter(Column::EndedAtMs.gte(*ended_at_ms))
            .filter(later);
    }
    query
        .order_by_asc(Column::EndedAtMs)
        .order_by_asc(Column::Id)
        .limit(limit)
}

/// With their children, the children of those, and so on.
async fn with_all_below(db: &impl ConnectionTrait, first: Vec<Cursor>) -> Result<Vec<Tree>, DbErr> {
    let mut level: Vec<String> = first.iter().map(|(_, id)| id.clone()).collect();
    let mut tree_of: HashMap<String, usize> = level.iter().cloned().zip(0..).collect();
    let mut trees: Vec<Tree> = first
        .into_iter()
        .map(|(ended_at_ms, id)| Tree {
            ended_at_ms,
            ids: vec![id],
            open: false,
        })
        .collect();
    while !level.is_empty() {
        let mut below = Vec::new();
        for (id, parent_id, ended_at_ms) in linked(db, Column::ParentId, &level).await? {
            let Some(at) = tree_of.get(&parent_id).copied() else {
                continue;
            };
            if let Some(tree) = trees.get_mut(at) {
                tree.open |= ended_at_ms.is_none();
                tree.ids.push(id.clone());
            }
            tree_of.insert(id.clone(), at);
            below.push(id);
        }
        level = below;
    }
    Ok(trees)
}

/// (id, what the link says, end) of the runs whose `link` (parent, or rerun of) is one of these.
async fn linked(
    db: &impl ConnectionTrait,
    link: Column,
    ids: &[String],
) -> Result<Vec<(String, String, Option<i64>)>, DbErr> {
    let mut runs = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let found: Vec<(String, String, Option<i64>)> = Entity::find()
            .select_only()
            .columns([Column::Id, link, Column::EndedAtMs])
            .filter(link.is_in(some.iter().map(String::as_str)))
            .into_tuple()
            .all(db)
            .await?;
        runs.extend(found);
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use sea_orm::{Database, DbBackend, QueryTrait as _};

    use super::*;

    #[tokio::test]
    async fn old_runs_are_found_in_order_without_looking_at_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.db");
        let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
            .await
            .unwrap();
        crate::migrate(&db).await.unwrap();
        let after = (5, "run_1".to_owned());
        for after in [None, Some(&after)] {
            let mut query = first_runs(10, after, 2).build(DbBackend::Sqlite);
            query.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
            let rows = db.query_all_raw(query).await.unwrap();
            let plan: Vec<String> = rows
                .iter()
                .map(|row| row.try_get("", "detail").unwrap())
                .collect();
            assert_eq!(plan.len(), 1, "{plan:?}");
            assert!(plan[0].contains("COVERING INDEX runs_ended"), "{plan:?}");
        }
    }
}
