//! Turns of reading: which published posts a batch has taken, and when.
//!
//! The next turn of a post that was not read after its turn comes later each time, so that posts that
//! cannot be read do not stand before all others for ever.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use serde::Serialize;

use crate::error::failed;
use crate::{SchemaError, instant};

/// A post's last turn.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "reading_turns")]
pub struct Model {
    /// The post; its row must exist.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub post_id: String,
    /// Who took the turn: the same for every execution that does.
    #[sea_orm(column_type = "Text")]
    pub taken_by: String,
    /// When it was taken.
    pub taken_at_ms: i64,
    /// Since when it had been due.
    pub due_at_ms: i64,
    /// Whether the post had a reading before.
    pub was_read: bool,
    /// After how many intervals the next turn comes if no reading follows this one: 1, 2, 4, … 32.
    pub patience: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// When posts are due, in milliseconds of wall time, and how many of them are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The most that are taken.
    pub most: u32,
    /// From the publication to the first turn.
    pub first_after_ms: i64,
    /// From a reading to the next turn; more than nothing.
    pub interval_ms: i64,
}

/// A turn that was taken.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Turn {
    /// The post's video.
    pub video_id: String,
    /// The platform's name.
    pub platform: String,
    /// The account's name on that platform.
    pub account: String,
    /// Since when it had been due.
    pub due_at_ms: i64,
    /// Whether the post had a reading before.
    pub was_read: bool,
}

impl Turn {
    /// Since when it had been due.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        instant::from_millis(self.due_at_ms)
    }
}

/// Who takes is `$1`, the time `$2`, the rule's first wait `$3`, its interval `$4`, how many `$5`.
///
/// One statement that both databases understand. Of two that take at once only one gets a post: the
/// other meets a turn that is younger than what it saw as due. A post's last reading is found in
/// `analytics_snapshots_post`, the index of its readings by time.
const TAKE: &str = "
INSERT INTO reading_turns (post_id, taken_by, taken_at_ms, due_at_ms, was_read, patience)
SELECT post_id, $1, $2, due_at_ms, read_at_ms IS NOT NULL, next_patience
FROM (
    SELECT post_id, read_at_ms, gone_at_ms,
        CASE
            WHEN taken_at_ms > COALESCE(read_at_ms, 0) THEN taken_at_ms + $4 * patience
            WHEN read_at_ms IS NOT NULL THEN read_at_ms + $4
            ELSE published_at_ms + $3
        END AS due_at_ms,
        CASE
            WHEN taken_at_ms > COALESCE(read_at_ms, 0) AND patience < 32 THEN patience * 2
            WHEN taken_at_ms > COALESCE(read_at_ms, 0) THEN patience
            ELSE 1
        END AS next_patience
    FROM (
        SELECT posts.id AS post_id, posts.published_at_ms, posts.gone_at_ms,
            turns.taken_at_ms, turns.patience,
            (SELECT MAX(readings.read_at_ms) FROM analytics_snapshots AS readings
                WHERE readings.post_id = posts.id) AS read_at_ms
        FROM posts LEFT JOIN reading_turns AS turns ON turns.post_id = posts.id
        WHERE posts.state = 'posted'
    ) AS published
) AS next_turns
WHERE due_at_ms <= $2 AND (gone_at_ms IS NULL OR read_at_ms > gone_at_ms)
ORDER BY due_at_ms, post_id
LIMIT $5
ON CONFLICT (post_id) DO UPDATE SET
    taken_by = excluded.taken_by, taken_at_ms = excluded.taken_at_ms,
    due_at_ms = excluded.due_at_ms, was_read = excluded.was_read, patience = excluded.patience
WHERE reading_turns.taken_at_ms < excluded.due_at_ms";

/// The turns that `$1` has.
const TAKEN: &str = "
SELECT posts.video_id, posts.platform, accounts.name AS account, turns.due_at_ms, turns.was_read
FROM reading_turns AS turns
    JOIN posts ON posts.id = turns.post_id
    JOIN accounts ON accounts.id = posts.account_id
WHERE turns.taken_by = $1
ORDER BY turns.due_at_ms, turns.post_id";

/// Takes the turns that are most overdue, the longest overdue first. Who took some gets the same ones
/// again, as far as nobody has taken their next turns since.
///
/// A post is due `first_after_ms` after its publication if it was never read, and `interval_ms` after
/// its last reading; after a turn that brought no reading it waits that long from the turn on, then
/// twice as long, up to 32 times. Only published posts that are not gone have turns.
pub async fn take(
    db: &impl ConnectionTrait,
    by: &str,
    rule: Rule,
    now: Timestamp,
) -> Result<Vec<Turn>, SchemaError> {
    let taken = taken_by(db, by).await?;
    if !taken.is_empty() {
        return Ok(taken);
    }
    let take = Statement::from_sql_and_values(
        db.get_database_backend(),
        TAKE,
        [
            by.into(),
            now.as_millisecond().into(),
            rule.first_after_ms.into(),
            rule.interval_ms.into(),
            i64::from(rule.most).into(),
        ],
    );
    db.execute_raw(take)
        .await
        .map_err(failed("take turns of reading"))?;
    taken_by(db, by).await
}

async fn taken_by(db: &impl ConnectionTrait, by: &str) -> Result<Vec<Turn>, SchemaError> {
    let taken = Statement::from_sql_and_values(db.get_database_backend(), TAKEN, [by.into()]);
    Turn::find_by_statement(taken)
        .all(db)
        .await
        .map_err(failed("list the turns that were taken"))
}
