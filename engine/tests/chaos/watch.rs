//! Whoever watches: whether anything still moves, and what is left in the end.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use engine::tables::{engine_events, holds, permits, runs, step_attempts, waits};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::world::{PAUSE, World, insist};

/// After so long without a change nobody goes on waiting: longer than a run may be missing in Restate
/// before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long may pass, once all programs have ended, until nothing is left of them.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);

impl World {
    /// Comes back when nothing has changed for a long time.
    pub(crate) async fn stands_still(&self) {
        let mut last = (0, 0, Instant::now());
        while last.2.elapsed() < PATIENCE {
            sleep(Duration::from_secs(1)).await;
            let (ended, attempts) = insist(async || self.progress().await).await;
            if (ended, attempts) != (last.0, last.1) {
                last = (ended, attempts, Instant::now());
            }
        }
    }

    /// How many runs have ended, and how many attempts there are.
    async fn progress(&self) -> Result<(u64, u64)> {
        let ended = runs::Entity::find()
            .filter(runs::Column::EndedAtMs.is_not_null())
            .count(&self.db)
            .await?;
        let attempts = step_attempts::Entity::find().count(&self.db).await?;
        Ok((ended, attempts))
    }

    /// Waits until nothing is left to be done, and says what is left if that does not come about.
    pub(crate) async fn settled(&self) -> Result<Vec<String>> {
        let began = Instant::now();
        loop {
            let is_over = began.elapsed() > SETTLES_WITHIN;
            match self.left().await {
                Ok(left) if left.is_empty() || is_over => return Ok(left),
                Err(error) if is_over => return Err(error),
                Ok(_) | Err(_) => sleep(PAUSE).await,
            }
        }
    }

    async fn left(&self) -> Result<Vec<String>> {
        let db = &self.db;
        let open = runs::Entity::find().filter(runs::Column::EndedAtMs.is_null());
        let kept = waits::Entity::find()
            .filter(waits::Column::AnsweredAtMs.is_not_null())
            .filter(waits::Column::DeliveredAtMs.is_null());
        let pending =
            engine_events::Entity::find().filter(engine_events::Column::StartedAtMs.is_null());
        let counts = [
            ("open runs", open.count(db).await?),
            ("undelivered answers", kept.count(db).await?),
            ("events that are not dispatched", pending.count(db).await?),
            ("holds", holds::Entity::find().count(db).await?),
            ("permits", permits::Entity::find().count(db).await?),
            (
                "open invocations in Restate",
                self.open_invocations().await?,
            ),
        ];
        let left = counts.into_iter().filter(|(_, count)| *count > 0);
        Ok(left
            .map(|(what, count)| format!("{count} {what} are left"))
            .collect())
    }

    async fn open_invocations(&self) -> Result<u64> {
        let query = "select count(*) as n from sys_invocation where status <> 'completed'";
        let answer: Value = reqwest::Client::new()
            .post(self.admin.join("query")?)
            .header("accept", "application/json")
            .json(&json!({ "query": query }))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let count = answer["rows"][0]["n"].as_u64();
        count.with_context(|| format!("Restate counts no invocations: {answer}"))
    }
}
