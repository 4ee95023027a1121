//! Compares open rows with what Restate says is running, every few seconds, and writes what a dead
//! run could not write itself: that it was killed, that it is stuck, or that it was never sent.
//!
//! It never ends a run that Restate still has.

mod groups;
mod rows;
mod verdict;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Url;
use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;

use self::groups::every_group;
use self::rows::{PAGE, get_on, open_rows, reconciled, with_permits, write};
use self::verdict::{Judgement, verdict};
use crate::client::Client;
use crate::error::EngineError;
use crate::metrics;
use crate::restate::admin::{Admin, Invocation};
use crate::runs as queries;
use crate::tables::runs::codes::RUN_GONE;
use crate::tables::{RunStatus, runs};
use crate::{events, limits, operations, waits};

pub(crate) use self::rows::close;

/// The time between two counts, in times that one takes.
const COUNT_SHARE: u32 = 20;
/// Restate answers before its store is read again after a crash, so one answer without a run is not
/// believed.
const PATIENCE: Duration = Duration::from_secs(60);

/// The reconciler of one Restate server and one database. Several may run at once.
pub struct Reconciler {
    db: DatabaseConnection,
    admin: Admin,
    client: Client,
    patience: Duration,
    seen: Mutex<Seen>,
}

/// What earlier passes saw.
#[derive(Default)]
struct Seen {
    /// Since when each run was missing in every answer of Restate.
    missing_since: HashMap<String, Instant>,
    /// The workflows whose runs were counted.
    workflows: BTreeSet<String>,
    /// Counting a million runs takes a second: after each count nothing is counted for so long that
    /// it stays a small part of the work.
    count_again_at: Option<Instant>,
}

/// What one pass found.
struct Judged {
    pass: Pass,
    open: Vec<runs::Model>,
    /// With these Restate gets on.
    going: Vec<String>,
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Queued runs that were sent to Restate again.
    pub sent: usize,
    /// Runs that are over in Restate and had not said so.
    pub closed: usize,
    /// Open runs that Restate cannot go on with, or does not take.
    pub stuck: usize,
}

impl Reconciler {
    /// `admin` is the base URL of Restate's admin API.
    ///
    /// # Errors
    /// [`EngineError`] if no HTTP client can be set up.
    pub fn new(db: DatabaseConnection, admin: Url, client: Client) -> Result<Self, EngineError> {
        Ok(Self {
            db,
            admin: Admin::new(admin)?,
            client,
            patience: PATIENCE,
            seen: Mutex::default(),
        })
    }

    /// How long Restate has to answer without a run before its row is closed; a minute by default.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Passes every `interval` until `stop`. A pass is cut off then: each of its writes is one
    /// statement, and the next pass looks at everything again.
    pub async fn run(&self, interval: Duration, stop: CancellationToken) {
        loop {
            let round = async {
                tokio::time::sleep(interval).await;
                self.pass().await
            };
            match stop.run_until_cancelled(round).await {
                None => return,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Runs could not be compared with Restate."
                    );
                }
            }
        }
    }

    /// One comparison.
    ///
    /// # Errors
    /// [`EngineError`] when our tables or Restate cannot be reached; what was done stays done.
    pub async fn pass(&self) -> Result<Pass, EngineError> {
        let result = self.compare().await;
        if result.is_err() {
            // Restate may have been away since it last answered without these runs.
            self.seen().missing_since.clear();
        }
        result
    }

    async fn compare(&self) -> Result<Pass, EngineError> {
        let now = Timestamp::now();
        let judged = self.judge_all(now).await;
        // Whatever became of that: whose turn it is does not wait for what is wrong with other rows.
        let delivered = self.deliver().await;
        let Judged { pass, open, going } = judged?;
        let written = self.write_going(&going, now).await;
        delivered.and(written)?;
        self.forget_others(&open);
        self.measure(now).await?;
        Ok(pass)
    }

    /// Compares a page of open runs, and writes which are over or stuck.
    async fn judge_all(&self, now: Timestamp) -> Result<Judged, EngineError> {
        let open = self.open_runs(now).await?;
        let known = self.known(&open).await?;
        let mut pass = Pass::default();
        let mut going = Vec::new();
        for run in &open {
            match self.judge(run, &known).await? {
                Judgement::Sent => {
                    pass.sent += 1;
                    going.push(run.id.clone());
                }
                Judgement::Going => going.push(run.id.clone()),
                Judgement::Stuck(reason) => {
                    pass.stuck += usize::from(self.mark(run, now, reason).await?);
                }
                Judgement::Over(status, code, reason) => {
                    let end = (status, code, reason);
                    pass.closed += usize::from(self.close(run, now, end).await?);
                }
            }
        }
        Ok(Judged { pass, open, going })
    }

    /// Answers, events and turns that nobody has been able to deliver, and permits of runs that are
    /// over.
    async fn deliver(&self) -> Result<(), EngineError> {
        let ingress = self.client.ingress();
        waits::redeliver(&self.db, ingress).await?;
        events::redispatch(&self.client).await?;
        limits::free_of_ended_runs(&self.db).await?;
        operations::forget_holds_of_ended_runs(&self.db).await?;
        for key in limits::waiting_keys(&self.db).await? {
            waits::resolve_turns(&self.db, ingress, &key).await?;
        }
        Ok(())
    }

    /// The page of open runs for one pass, and those that may act under a limit: others wait for them.
    async fn open_runs(&self, now: Timestamp) -> Result<Vec<runs::Model>, EngineError> {
        let failed = || EngineError::database("read open runs");
        let mut open = open_rows(now).all(&self.db).await.map_err(failed())?;
        let known: BTreeSet<&str> = open.iter().map(|run| run.id.as_str()).collect();
        let mut owners = with_permits().all(&self.db).await.map_err(failed())?;
        owners.retain(|run| !known.contains(run.id.as_str()));
        open.append(&mut owners);
        Ok(open)
    }

    /// What Restate has of these runs, by its own ids.
    async fn known(
        &self,
        open: &[runs::Model],
    ) -> Result<HashMap<String, Invocation>, EngineError> {
        let ids: Vec<String> = open
            .iter()
            .filter_map(|run| run.invocation_id.clone())
            .collect();
        let invocations = self.admin.invocations(&ids).await?;
        Ok(invocations
            .into_iter()
            .map(|invocation| (invocation.id.clone(), invocation))
            .collect())
    }

    async fn judge(
        &self,
        run: &runs::Model,
        known: &HashMap<String, Invocation>,
    ) -> Result<Judgement, EngineError> {
        let Some(id) = &run.invocation_id else {
            return self.send(run).await;
        };
        let Some(invocation) = known.get(id) else {
            return Ok(self.miss(run));
        };
        self.seen().missing_since.remove(&run.id);
        Ok(match verdict(invocation) {
            // Nobody wants it to get on.
            Judgement::Stuck(_) if run.status == RunStatus::Held => Judgement::Going,
            judgement => judgement,
        })
    }

    /// Sends what Restate has not confirmed. A child is sent by its parent's journal, and a run that
    /// a worker has had was sent: those will say their id themselves.
    async fn send(&self, run: &runs::Model) -> Result<Judgement, EngineError> {
        if run.status != RunStatus::Queued || run.parent_id.is_some() {
            return Ok(Judgement::Going);
        }
        match self.client.send(run).await {
            Ok(_) => Ok(Judgement::Sent),
            Err(error @ (EngineError::Http { .. } | EngineError::Database { .. })) => Err(error),
            // Of this run alone: the others are not to wait for it.
            Err(error) => Ok(Judgement::Stuck(format!(
                "cannot be sent to `{}`: {error}",
                run.workflow
            ))),
        }
    }

    /// Restate's answer is without the run.
    fn miss(&self, run: &runs::Model) -> Judgement {
        let now = Instant::now();
        let since = *self
            .seen()
            .missing_since
            .entry(run.id.clone())
            .or_insert(now);
        if now.duration_since(since) < self.patience {
            return Judgement::Going;
        }
        Judgement::Over(
            RunStatus::Killed,
            RUN_GONE,
            "Restate no longer knows the run".to_owned(),
        )
    }

    /// Whether the run was still open, and is stuck.
    async fn mark(
        &self,
        run: &runs::Model,
        now: Timestamp,
        reason: String,
    ) -> Result<bool, EngineError> {
        let change = reconciled(now, Some(reason.clone()));
        let marked = write(&self.db, &run.id, change).await?;
        if marked && run.stuck_reason.is_none() {
            tracing::error!(run.id = run.id, reason, "Run is stuck.");
        }
        Ok(marked)
    }

    /// Whether the run was still open, and is closed.
    async fn close(
        &self,
        run: &runs::Model,
        now: Timestamp,
        end: (RunStatus, &'static str, String),
    ) -> Result<bool, EngineError> {
        let (_, code, reason) = end.clone();
        let closed = close(&self.db, &run.id, now, end).await?;
        if closed {
            tracing::warn!(
                run.id = run.id,
                code,
                reason,
                "Run is over and had not said so."
            );
        }
        self.seen().missing_since.remove(&run.id);
        Ok(closed)
    }

    /// Writes that Restate gets on with these runs: all at once, for one by one would be most of the
    /// work of a pass.
    async fn write_going(&self, going: &[String], now: Timestamp) -> Result<(), EngineError> {
        if going.is_empty() {
            return Ok(());
        }
        get_on(going, now, self.db.get_database_backend())
            .exec(&self.db)
            .await
            .map_err(EngineError::database("write which runs get on"))?;
        Ok(())
    }

    /// A page that is not full has every open run: whoever is not on it has ended.
    fn forget_others(&self, open: &[runs::Model]) {
        if (open.len() as u64) < PAGE {
            self.seen()
                .missing_since
                .retain(|id, _| open.iter().any(|run| run.id == *id));
        }
    }

    async fn measure(&self, now: Timestamp) -> Result<(), EngineError> {
        let began = Instant::now();
        let is_early = |at: Instant| began < at;
        if self.seen().count_again_at.is_some_and(is_early) {
            return Ok(());
        }
        let counts = queries::counts(&self.db).await?;
        let groups = every_group(&mut self.seen().workflows, counts);
        for group in groups {
            metrics::runs_now(&group.workflow, group.status.as_str(), group.runs);
        }
        let stuck = queries::stuck(&self.db).await?;
        metrics::reconciled(now, stuck);
        self.seen().count_again_at = Some(Instant::now() + began.elapsed() * COUNT_SHARE);
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
