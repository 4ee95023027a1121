//! How far the videos are: a bar per stage at a terminal, plain lines elsewhere.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::rc::Rc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use schema::DatabaseConnection;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{EntityTrait as _, FromQueryResult, QuerySelect as _};

use crate::output::note;

/// The stages, each with the step that ends it.
const STAGES: [(&str, Passed); 8] = [
    ("predict", Passed::Done("predict")),
    ("post", Passed::Done("post_confirm")),
    ("wait", Passed::Begun("scrape")),
    ("scrape", Passed::Done("scrape")),
    ("analyze", Passed::Done("analyze")),
    ("feedback", Passed::Done("feedback")),
    ("critique", Passed::Done("critique")),
    ("reweight", Passed::Done("reweight")),
];
const EVERY: Duration = Duration::from_millis(400);

/// How a stage is seen to be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// The step is done.
    Done(&'static str),
    /// The step was begun.
    Begun(&'static str),
}

#[derive(Debug, FromQueryResult)]
struct Row {
    step: String,
    ending: Option<String>,
    runs: i64,
}

/// What is shown.
pub(super) struct Progress {
    videos: u64,
    bars: Option<Vec<ProgressBar>>,
    said: RefCell<Vec<u64>>,
}

impl Progress {
    /// Bars, all empty.
    pub(super) fn new(videos: usize) -> Self {
        let videos = videos as u64;
        let bars = std::io::stderr().is_terminal().then(|| {
            let all = MultiProgress::new();
            STAGES
                .iter()
                .map(|(stage, _)| all.add(bar(stage, videos)))
                .collect()
        });
        Self {
            videos,
            bars,
            said: RefCell::new(vec![0; STAGES.len()]),
        }
    }

    /// Shows what the tables say, for ever.
    pub(super) async fn watch(self: Rc<Self>, db: DatabaseConnection) {
        loop {
            self.refresh(&db).await;
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Shows what the tables say now.
    pub(super) async fn refresh(&self, db: &DatabaseConnection) {
        match counts(db).await {
            Ok(counts) => self.show(&counts),
            Err(error) => tracing::debug!(
                error = &error as &dyn std::error::Error,
                "The progress could not be read."
            ),
        }
    }

    fn show(&self, counts: &[u64]) {
        let mut said = self.said.borrow_mut();
        if *said == counts {
            return;
        }
        match &self.bars {
            Some(bars) => bars
                .iter()
                .zip(counts)
                .for_each(|(bar, count)| bar.set_position(*count)),
            None => {
                let parts: Vec<String> = STAGES
                    .iter()
                    .zip(counts)
                    .map(|((stage, _), count)| format!("{stage} {count}/{}", self.videos))
                    .collect();
                note(parts.join("  "));
            }
        }
        counts.clone_into(&mut said);
    }

    /// Leaves the bars as they are.
    pub(super) fn finish(&self) {
        for bar in self.bars.iter().flatten() {
            bar.abandon();
        }
    }
}

fn bar(stage: &'static str, videos: u64) -> ProgressBar {
    let bar = ProgressBar::new(videos).with_prefix(stage);
    // A template that does not parse would be seen at once; the default bar shows the same numbers.
    if let Ok(style) = ProgressStyle::with_template("{prefix:>9} {bar:30} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.tick();
    bar
}

/// Runs that passed each stage.
async fn counts(db: &DatabaseConnection) -> Result<Vec<u64>, sea_orm::DbErr> {
    use engine::tables::step_attempts::{Column, Entity};
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .column(Column::Step)
        .column(Column::Ending)
        .column_as(Expr::col(Column::RunId).count_distinct(), "runs")
        .group_by(Column::Step)
        .group_by(Column::Ending)
        .into_model()
        .all(db)
        .await?;
    let passed = |passed: Passed| match passed {
        Passed::Done(step) => rows
            .iter()
            .find(|row| row.step == step && row.ending.as_deref() == Some("done")),
        Passed::Begun(step) => rows
            .iter()
            .filter(|row| row.step == step)
            .max_by_key(|row| row.runs),
    };
    let count =
        |row: Option<&Row>| row.map_or(0, |row| u64::try_from(row.runs).unwrap_or_default());
    Ok(STAGES
        .iter()
        .map(|(_, stage)| count(passed(*stage)))
        .collect())
}
