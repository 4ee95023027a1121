//! Which runs are held: asked before every attempt, so questions that come together are answered by
//! one query.

use std::collections::HashSet;

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use tokio::sync::{mpsc, oneshot};

use crate::error::EngineError;
use crate::tables::holds;

/// Most questions in one query.
const BATCH: usize = 128;

struct Question {
    /// The run and those above it.
    lineage: Vec<String>,
    answer: oneshot::Sender<Result<bool, DbErr>>,
}

/// The task that answers; it ends with the last handle.
#[derive(Clone)]
pub(super) struct HoldReader(mpsc::UnboundedSender<Question>);

impl HoldReader {
    pub(super) fn start(db: DatabaseConnection) -> Self {
        let (questions, incoming) = mpsc::unbounded_channel();
        tokio::spawn(answer_all(db, incoming));
        Self(questions)
    }

    /// Whether the run, or one above it, is held.
    pub(super) async fn is_held(&self, run_id: &str) -> Result<bool, EngineError> {
        let (answer, held) = oneshot::channel();
        let lineage = lineage(run_id).map(str::to_owned).collect();
        self.0
            .send(Question { lineage, answer })
            .map_err(|_| EngineError::Stopping)?;
        held.await
            .map_err(|_| EngineError::Stopping)?
            .map_err(EngineError::database("read which runs are held"))
    }
}

/// A run and the runs above it: a child's id is its parent's with a number behind it.
pub(crate) fn lineage(run_id: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(run_id), |id| {
        id.rsplit_once('.').map(|(parent, _)| parent)
    })
}

async fn answer_all(db: DatabaseConnection, mut incoming: mpsc::UnboundedReceiver<Question>) {
    let mut questions = Vec::with_capacity(BATCH);
    while incoming.recv_many(&mut questions, BATCH).await > 0 {
        let ids: HashSet<&str> = questions
            .iter()
            .flat_map(|question| question.lineage.iter().map(String::as_str))
            .collect();
        let held = held_among(&db, ids).await;
        for Question { lineage, answer } in questions.drain(..) {
            let held = match &held {
                Ok(held) => Ok(lineage.iter().any(|id| held.contains(id))),
                Err(error) => Err(DbErr::Custom(error.to_string())),
            };
            // Who asked may have been given up.
            let _ = answer.send(held);
        }
    }
}

async fn held_among(db: &DatabaseConnection, ids: HashSet<&str>) -> Result<HashSet<String>, DbErr> {
    let held: Vec<String> = holds::Entity::find()
        .select_only()
        .column(holds::Column::RunId)
        .filter(holds::Column::RunId.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(held.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_below_its_parents() {
        let ids: Vec<&str> = lineage("run_1.2.3").collect();
        assert_eq!(ids, ["run_1.2.3", "run_1.2", "run_1"]);
    }
}
