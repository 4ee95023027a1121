//! Which runs are held: asked before every attempt, so an answer is good for a moment, and questions
//! that come together are answered by one query.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::error::EngineError;
use crate::tables::holds;

/// How old an answer may be. Whoever holds a run waits so long before it says that the run is held, and
/// then no attempt of it begins any more.
pub(crate) const SEEN_FOR: Duration = Duration::from_millis(25);
/// Most questions in one query.
const BATCH: usize = 128;
/// More holds than these are not all read at once.
const MOST_SEEN: u64 = 1_000;

struct Question {
    /// The run and those above it.
    lineage: Vec<String>,
    answer: oneshot::Sender<Result<bool, DbErr>>,
}

/// All runs that were held at an instant.
#[derive(Debug)]
struct Seen {
    at: Instant,
    held: HashSet<String>,
}

type LastSeen = Arc<RwLock<Option<Seen>>>;

/// The task that answers; it ends with the last handle.
#[derive(Clone)]
pub(super) struct HoldReader {
    questions: mpsc::UnboundedSender<Question>,
    seen: LastSeen,
}

impl HoldReader {
    pub(super) fn start(db: DatabaseConnection) -> Self {
        let (questions, incoming) = mpsc::unbounded_channel();
        let seen = LastSeen::default();
        tokio::spawn(answer_all(db, incoming, seen.clone()));
        Self { questions, seen }
    }

    /// Whether the run, or one above it, is held.
    pub(super) async fn is_held(&self, run_id: &str) -> Result<bool, EngineError> {
        if let Some(held) = self.seen_lately(run_id) {
            return Ok(held);
        }
        let (answer, held) = oneshot::channel();
        let lineage = lineage(run_id).map(str::to_owned).collect();
        self.questions
            .send(Question { lineage, answer })
            .map_err(|_| EngineError::Stopping)?;
        held.await
            .map_err(|_| EngineError::Stopping)?
            .map_err(EngineError::database("read which runs are held"))
    }

    fn seen_lately(&self, run_id: &str) -> Option<bool> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.as_ref().filter(|seen| seen.at.elapsed() < SEEN_FOR)?;
        Some(lineage(run_id).any(|id| seen.held.contains(id)))
    }
}

/// A run and the runs above it: a child's id is its parent's with a number behind it.
pub(crate) fn lineage(run_id: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(run_id), |id| {
        id.rsplit_once('.').map(|(parent, _)| parent)
    })
}

async fn answer_all(
    db: DatabaseConnection,
    mut incoming: mpsc::UnboundedReceiver<Question>,
    last_seen: LastSeen,
) {
    let mut questions = Vec::with_capacity(BATCH);
    while incoming.recv_many(&mut questions, BATCH).await > 0 {
        // Before the question goes out: what it finds is at least as new.
        let at = Instant::now();
        let held = held_among(&db, &questions).await;
        if let Ok(Found { held, all: true }) = &held {
            let seen = Seen {
                at,
                held: held.clone(),
            };
            *last_seen.write().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
        for Question { lineage, answer } in questions.drain(..) {
            let held = match &held {
                Ok(Found { held, .. }) => Ok(lineage.iter().any(|id| held.contains(id))),
                Err(error) => Err(DbErr::Custom(error.to_string())),
            };
            // Who asked may have been given up.
            let _ = answer.send(held);
        }
    }
}

/// Runs that are held.
struct Found {
    held: HashSet<String>,
    /// Whether these are all.
    all: bool,
}

/// All that are held, mostly a few; if they are very many, those of the questions.
async fn held_among(db: &DatabaseConnection, questions: &[Question]) -> Result<Found, DbErr> {
    let holds = || {
        holds::Entity::find()
            .select_only()
            .column(holds::Column::RunId)
    };
    let some: Vec<String> = holds().limit(MOST_SEEN + 1).into_tuple().all(db).await?;
    if some.len() as u64 <= MOST_SEEN {
        let held = some.into_iter().collect();
        return Ok(Found { held, all: true });
    }
    let ids: HashSet<&str> = questions
        .iter()
        .flat_map(|question| question.lineage.iter().map(String::as_str))
        .collect();
    let held: Vec<String> = holds()
        .filter(holds::Column::RunId.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(Found {
        held: held.into_iter().collect(),
        all: false,
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::{Database, Set};

    use super::*;

    async fn hold(db: &DatabaseConnection, run_ids: impl IntoIterator<Item = String>) {
        let rows = run_ids.into_iter().map(|run_id| holds::ActiveModel {
            run_id: Set(run_id),
            since_ms: Set(0),
            who: Set("somebody".to_owned()),
            why: Set(None),
        });
        holds::Entity::insert_many(rows).exec(db).await.unwrap();
    }

    #[tokio::test]
    async fn a_hold_is_seen_in_time_however_many_there_are() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        crate::migrate(&db).await.unwrap();
        let reader = HoldReader::start(db.clone());
        assert!(!reader.is_held("run_1.2").await.unwrap());
        hold(&db, ["run_1".to_owned()]).await;
        tokio::time::sleep(SEEN_FOR).await;
        assert!(reader.is_held("run_1.2").await.unwrap());
        assert!(!reader.is_held("run_2").await.unwrap());

        hold(&db, (0..MOST_SEEN).map(|n| format!("run_many_{n}"))).await;
        tokio::time::sleep(SEEN_FOR).await;
        for (run_id, is_held) in [("run_many_7", true), ("run_1", true), ("run_2", false)] {
            assert_eq!(reader.is_held(run_id).await.unwrap(), is_held, "{run_id}");
        }
    }

    #[test]
    fn a_run_is_below_its_parents() {
        let ids: Vec<&str> = lineage("run_1.2.3").collect();
        assert_eq!(ids, ["run_1.2.3", "run_1.2", "run_1"]);
    }
}
