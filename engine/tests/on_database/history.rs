//! The engine's tables on every database: what the writer makes of events, whatever comes between,
//! and migrations.

use std::time::Duration;

use crate::database::{connect, on_every_database, on_every_empty_database};
use crate::recorder::Ends;
use engine::ending::{ErrorNote, Failure};
use engine::event::{
    AttemptEnded, AttemptKey, AttemptStarted, Event, RunEnded, RunStarted, RunTagged, RunWaiting,
};
use engine::history::{History as _, HistoryWriter};
use engine::runs::{self, Details};
use engine::tables::RunStatus;
use jiff::{SignedDuration, Timestamp};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use tokio::task::JoinSet;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

pub(crate) fn started(run_id: &str, ms: i64) -> Event {
    Event::from(RunStarted {
        run_id: run_id.to_owned(),
        workflow: "w".to_owned(),
        parent_id: None,
        input: "1".to_owned(),
        invocation_id: "inv_1".to_owned(),
        worker: "worker-1".to_owned(),
        at: at(ms),
    })
}

fn ended(run_id: &str, ms: i64, result: Result<&str, &str>) -> Event {
    Event::from(RunEnded {
        run_id: run_id.to_owned(),
        workflow: "w".to_owned(),
        result: result
            .map(str::to_owned)
            .map_err(|text| Failure::terminal("no", text)),
        at: at(ms),
    })
}

fn tagged(run_id: &str, key: &str, value: &str) -> Event {
    Event::from(RunTagged {
        run_id: run_id.to_owned(),
        key: key.to_owned(),
        value: value.to_owned(),
    })
}

fn key(run_id: &str) -> AttemptKey {
    AttemptKey {
        run_id: run_id.to_owned(),
        step: "s",
        occurrence: 1,
        attempt: 1,
    }
}

pub(crate) fn attempt_started(run_id: &str, ms: i64) -> Event {
    Event::from(AttemptStarted {
        key: key(run_id),
        at: at(ms),
        input: "1".to_owned(),
        seq: 1,
    })
}

pub(crate) fn attempt_ended(run_id: &str, ms: i64, code: Option<&'static str>) -> Event {
    Event::from(AttemptEnded {
        key: key(run_id),
        started_at: at(ms - 1),
        ended_at: at(ms),
        ending: if code.is_some() { "later" } else { "done" },
        error: code.map(|code| ErrorNote {
            code: code.into(),
            chain: vec!["not now".to_owned()],
        }),
        output: code.is_none().then(|| "2".to_owned()),
        until_ms: code.map(|_| ms + 1000),
        cost_micro_usd: 5,
        seq: 1,
        outcome: code.is_none().then_some("done"),
    })
}

/// Keeps each list of events in one batch, and gives the answers.
pub(crate) async fn keep(
    db: &DatabaseConnection,
    batches: Vec<Vec<Event>>,
) -> Vec<Result<u32, String>> {
    let (history, writing) = HistoryWriter::start(db.clone(), "worker-1".to_owned());
    let mut answers = Vec::new();
    for batch in batches {
        // All are in the queue before the writer, on the same thread, can look into it.
        let waits: Vec<_> = batch.into_iter().map(|event| history.keep(event)).collect();
        for wait in waits {
            answers.push(wait.await.map_err(|error| error.to_string()));
        }
    }
    drop(history);
    writing.await.unwrap();
    answers
}

async fn execute(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap();
}

pub(crate) async fn show(db: &DatabaseConnection, run_id: &str) -> Details {
    runs::show(db, run_id).await.unwrap().unwrap()
}

#[tokio::test]
async fn events_make_the_same_rows_in_one_batch_and_one_by_one() {
    let stories: [fn(&str) -> Vec<Event>; 6] = [
        |id| vec![started(id, 10), ended(id, 20, Ok("2")), started(id, 30)],
        |id| vec![ended(id, 20, Err("x")), ended(id, 30, Ok("2"))],
        |id| {
            vec![
                started(id, 1),
                attempt_started(id, 10),
                attempt_ended(id, 20, Some("quota")),
                attempt_started(id, 30),
            ]
        },
        |id| {
            vec![
                started(id, 1),
                attempt_ended(id, 20, Some("quota")),
                attempt_started(id, 30),
                attempt_ended(id, 40, None),
            ]
        },
        |id| {
            vec![
                started(id, 1),
                attempt_started(id, 19),
                attempt_ended(id, 20, None),
                attempt_ended(id, 20, None),
            ]
        },
        |id| vec![started(id, 10), tagged(id, "k", "1"), tagged(id, "k", "2")],
    ];
    on_every_database(move |db| async move {
        for (number, story) in stories.iter().enumerate() {
            let (batch, single) = (format!("run_a{number}"), format!("run_b{number}"));
            keep(&db, vec![story(&batch)]).await;
            let one_by_one = story(&single).into_iter().map(|event| vec![event]);
            keep(&db, one_by_one.collect()).await;
            let of_batch = serde_json::to_string(&show(&db, &batch).await).unwrap();
            let of_single = serde_json::to_string(&show(&db, &single).await).unwrap();
            assert_eq!(
                of_batch.replace(&batch, "run"),
                of_single.replace(&single, "run")
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_attempt_shows_its_last_execution_and_the_cost_of_all() {
    on_every_database(|db| async move {
        let answers = keep(
            &db,
            vec![
                vec![started("run_1", 1)],
                vec![attempt_started("run_1", 10)],
                vec![attempt_ended("run_1", 20, Some("quota"))],
                vec![attempt_started("run_1", 30)],
            ],
        )
        .await;
        assert_eq!(answers, [Ok(0), Ok(1), Ok(0), Ok(2)]);
        let attempt = show(&db, "run_1").await.attempts.remove(0);
        assert_eq!(
            (attempt.started_at_ms, attempt.ended_at_ms),
            (Some(30), None)
        );
        assert_eq!((attempt.ending, attempt.error_code), (None, None));
        assert_eq!((attempt.error_chain, attempt.later_until_ms), (None, None));

        keep(&db, vec![vec![attempt_ended("run_1", 40, None)]]).await;
        let attempt = show(&db, "run_1").await.attempts.remove(0);
        assert_eq!(attempt.ending.as_deref(), Some("done"));
        assert_eq!((attempt.error_code, attempt.error_chain), (None, None));
        assert_eq!((attempt.cost_micro_usd, attempt.executions), (10, 2));
    })
    .await;
}

#[tokio::test]
async fn an_end_that_is_kept_again_costs_nothing_more() {
    on_every_database(|db| async move {
        // Its worker was killed before the journal had it, so the next one writes the same end; in
        // one statement with the attempts of others, some of which were executed twice.
        let end = || attempt_ended("run_1", 20, None);
        let other = || {
            vec![
                attempt_started("run_2", 30),
                attempt_ended("run_2", 31, None),
            ]
        };
        keep(
            &db,
            vec![
                vec![attempt_started("run_1", 19)],
                vec![end()],
                vec![
                    attempt_started("run_2", 9),
                    attempt_ended("run_2", 10, None),
                ],
                [vec![end()], other()].concat(),
                vec![end()],
                // Rows of runs that nobody began have no place in what is read.
                vec![started("run_1", 1), started("run_2", 1)],
            ],
        )
        .await;
        for (run_id, cost, executions) in [("run_1", 5, 1), ("run_2", 10, 2)] {
            let attempt = show(&db, run_id).await.attempts.remove(0);
            let found = (attempt.cost_micro_usd, attempt.executions);
            assert_eq!(found, (cost, executions), "{run_id}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_closed_as_gone_goes_on_when_it_speaks_again() {
    const CLOSE: &str = "UPDATE runs SET status = 'killed', error_code = 'run_gone', \
                         error_message = 'gone', ended_at_ms = 50";
    on_every_database(|db| async move {
        keep(&db, vec![vec![started("run_1", 10)]]).await;
        execute(&db, CLOSE).await;
        keep(&db, vec![vec![started("run_1", 60)]]).await;
        let run = show(&db, "run_1").await.run;
        assert_eq!((run.status, run.ended_at_ms), (RunStatus::Running, None));
        assert_eq!((run.error_code, run.error_message), (None, None));

        execute(&db, CLOSE).await;
        keep(&db, vec![vec![ended("run_1", 70, Ok("2"))]]).await;
        let run = show(&db, "run_1").await.run;
        assert_eq!(
            (run.status, run.ended_at_ms),
            (RunStatus::Completed, Some(70))
        );
        assert_eq!((run.error_code, run.output.as_deref()), (None, Some("2")));
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_killed_stays_killed() {
    on_every_database(|db| async move {
        keep(&db, vec![vec![started("run_1", 10)]]).await;
        let close =
            "UPDATE runs SET status = 'killed', error_code = 'run_killed', ended_at_ms = 50";
        execute(&db, close).await;
        let late = vec![started("run_1", 60), ended("run_1", 70, Ok("2"))];
        keep(&db, late.into_iter().map(|event| vec![event]).collect()).await;
        let run = show(&db, "run_1").await.run;
        assert_eq!((run.status, run.ended_at_ms), (RunStatus::Killed, Some(50)));
        assert_eq!(run.error_code.as_deref(), Some("run_killed"));
        assert_eq!(run.output, None);
    })
    .await;
}

#[tokio::test]
async fn a_stuck_run_stays_so_when_it_is_begun_again_and_not_when_it_ends() {
    on_every_database(|db| async move {
        keep(&db, vec![vec![started("run_1", 10)]]).await;
        execute(&db, "UPDATE runs SET stuck_reason = 'tried 20 times'").await;
        keep(&db, vec![vec![started("run_1", 20)]]).await;
        let stuck = show(&db, "run_1").await.run.stuck_reason;
        assert_eq!(stuck.as_deref(), Some("tried 20 times"));
        keep(&db, vec![vec![ended("run_1", 30, Ok("2"))]]).await;
        assert_eq!(show(&db, "run_1").await.run.stuck_reason, None);
    })
    .await;
}

#[tokio::test]
async fn texts_with_nul_are_kept_without_it() {
    on_every_database(|db| async move {
        let answers = keep(
            &db,
            vec![vec![
                tagged("run_1", "k\0", "a\0b"),
                ended("run_1", 20, Err("x\0y")),
                attempt_ended("run_1", 15, Some("quo\0ta")),
            ]],
        )
        .await;
        assert_eq!(answers, [Ok(0), Ok(0), Ok(0)]);
        let details = show(&db, "run_1").await;
        let tag = &details.tags[0];
        assert_eq!((tag.key.as_str(), tag.value.as_str()), ("k", "ab"));
        assert_eq!(details.run.error_message.as_deref(), Some("xy"));
        assert_eq!(details.attempts[0].error_code.as_deref(), Some("quota"));
    })
    .await;
}

#[tokio::test]
async fn a_run_whose_first_row_is_a_wait_was_not_created_at_its_end() {
    on_every_database(|db| async move {
        let waiting = RunWaiting {
            run_id: "run_1".to_owned(),
            status: RunStatus::Waiting,
            reason: "the audience".to_owned(),
            until: Some(Timestamp::now() + SignedDuration::from_hours(6)),
            code: None,
            again: false,
        };
        keep(&db, vec![vec![waiting.into()]]).await;
        let run = show(&db, "run_1").await.run;
        assert!(run.created_at_ms <= Timestamp::now().as_millisecond());
        assert_eq!(run.status, RunStatus::Waiting);
    })
    .await;
}

#[tokio::test]
async fn one_refused_row_does_not_take_the_batch_along() {
    on_every_database(|db| async move {
        execute(&db, "CREATE UNIQUE INDEX one_value ON run_tags (value)").await;
        let answers = keep(
            &db,
            vec![
                vec![tagged("run_1", "k", "taken")],
                vec![
                    tagged("run_2", "k", "taken"),
                    attempt_started("run_2", 10),
                    ended("run_2", 20, Ok("2")),
                ],
            ],
        )
        .await;
        assert!(answers[1].is_err(), "{answers:?}");
        assert_eq!(answers[2..], [Ok(1), Ok(0)]);
        let details = show(&db, "run_2").await;
        assert_eq!(details.run.status, RunStatus::Completed);
        assert_eq!((details.tags.len(), details.attempts[0].executions), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn whoever_keeps_an_event_waits_until_the_database_is_back() {
    on_every_database(|db| async move {
        let (history, writing) = HistoryWriter::start(db.clone(), "worker-1".to_owned());
        execute(&db, "ALTER TABLE runs RENAME TO runs_away").await;
        let mut wait = history.keep(ended("run_1", 20, Ok("2")));
        let early = tokio::time::timeout(Duration::from_millis(2500), &mut wait).await;
        assert!(early.is_err(), "{early:?}");
        execute(&db, "ALTER TABLE runs_away RENAME TO runs").await;
        assert_eq!(wait.await.unwrap(), 0);
        assert_eq!(show(&db, "run_1").await.run.status, RunStatus::Completed);
        drop(history);
        writing.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_writer_that_nobody_needs_any_more_ends_although_the_database_is_away() {
    on_every_database(|db| async move {
        let (history, writing) = HistoryWriter::start(db.clone(), "worker-1".to_owned());
        execute(&db, "ALTER TABLE runs RENAME TO runs_away").await;
        history.note(started("run_1", 10));
        drop(history);
        let ended = tokio::time::timeout(Duration::from_secs(20), writing).await;
        ended.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_run_is_counted_once_it_is_committed() {
    let ends = Ends::default();
    // For this thread, which is also the writer's.
    let _recorder = metrics::set_default_local_recorder(&ends);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let db = connect(&format!("sqlite://{}?mode=rwc", file.display())).await;
    engine::migrate(&db).await.unwrap();
    execute(&db, "ALTER TABLE runs RENAME TO runs_away").await;
    let (history, writing) = HistoryWriter::start(db.clone(), "worker-1".to_owned());
    let mut wait = history.keep(ended("run_1", 20, Ok("2")));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut wait).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(ends.counted(), 0);
    execute(&db, "ALTER TABLE runs_away RENAME TO runs").await;
    wait.await.unwrap();
    assert_eq!(ends.counted(), 1);
    drop(history);
    writing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_that_migrate_a_new_database_at_once_all_succeed() {
    on_every_empty_database(|url| async move {
        let mut processes = JoinSet::new();
        for _ in 0..8 {
            let url = url.clone();
            processes.spawn(async move {
                let db = connect(&url).await;
                let migrated = engine::migrate(&db).await;
                let pending = engine::pending_migrations(&db).await.unwrap();
                db.close().await.unwrap();
                migrated.unwrap();
                pending
            });
        }
        for pending in processes.join_all().await {
            assert_eq!(pending, 0);
        }
    })
    .await;
}

#[tokio::test]
async fn asking_what_is_pending_changes_nothing() {
    on_every_empty_database(|url| async move {
        let db = connect(&url).await;
        assert!(engine::pending_migrations(&db).await.unwrap() > 0);
        let applied = "SELECT version FROM engine_migrations";
        assert!(db.execute_unprepared(applied).await.is_err());
        engine::migrate(&db).await.unwrap();
        assert_eq!(engine::pending_migrations(&db).await.unwrap(), 0);
        db.execute_unprepared(applied).await.unwrap();
        db.close().await.unwrap();
    })
    .await;
}
