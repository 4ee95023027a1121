//! Ends that come back out of the journal, where only what is missing is written, and what a worker says
//! that was stopped for a while.

use engine::event::{AttemptEnded, AttemptRecovered, Event};

use crate::database::on_every_database;
use crate::history::{attempt_ended, attempt_started, keep, show, started};

/// What the journal has: the end of `attempt_ended` at 20 ms.
fn recovered(run_id: &str) -> Event {
    let Event::AttemptEnded(ended) = attempt_ended(run_id, 20, None) else {
        panic!("not an end");
    };
    // Another cost than the row's shows which of the two is there.
    let ended = AttemptEnded {
        cost_micro_usd: 7,
        ..ended
    };
    let input = "1".to_owned();
    Event::from(AttemptRecovered { ended, input })
}

#[tokio::test]
async fn an_end_that_comes_back_fills_in_what_is_missing_and_nothing_else() {
    on_every_database(|db| async move {
        let runs = [
            "run_start_there",
            "run_all_there",
            "run_nothing_there",
            "run_tried_twice",
        ];
        let before = vec![
            attempt_started(runs[0], 19),
            attempt_started(runs[1], 19),
            attempt_ended(runs[1], 20, None),
            attempt_started(runs[3], 10),
            attempt_started(runs[3], 19),
        ];
        keep(&db, runs.map(|run| vec![started(run, 1)]).to_vec()).await;
        keep(&db, before.into_iter().map(|event| vec![event]).collect()).await;
        // Together, and again.
        for _ in 0..2 {
            keep(&db, vec![runs.map(recovered).to_vec()]).await;
        }
        for (run, cost, executions) in [
            (runs[0], 7, 1),
            (runs[1], 5, 1),
            (runs[2], 7, 1),
            (runs[3], 7, 2),
        ] {
            let attempt = show(&db, run).await.attempts.remove(0);
            let times = (attempt.started_at_ms, attempt.ended_at_ms);
            assert_eq!(times, (Some(19), Some(20)), "{run}");
            assert_eq!(attempt.ending.as_deref(), Some("done"), "{run}");
            assert_eq!(attempt.outcome.as_deref(), Some("done"), "{run}");
            assert_eq!(attempt.seq, Some(1), "{run}");
            assert!(attempt.input.is_some(), "{run}");
            let found = (attempt.cost_micro_usd, attempt.executions);
            assert_eq!(found, (cost, executions), "{run}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_stopped_worker_says_later_hides_no_newer_end() {
    on_every_database(|db| async move {
        // Each way: one by one, and in one batch.
        for (run, is_one) in [("run_one_by_one", false), ("run_at_once", true)] {
            let events = vec![
                attempt_started(run, 29),
                attempt_ended(run, 30, None),
                // Another execution, begun before.
                attempt_started(run, 9),
                attempt_ended(run, 10, Some("quota")),
            ];
            let batches = match is_one {
                true => vec![events],
                false => events.into_iter().map(|event| vec![event]).collect(),
            };
            keep(&db, vec![vec![started(run, 1)]]).await;
            keep(&db, batches).await;
            let attempt = show(&db, run).await.attempts.remove(0);
            let times = (attempt.started_at_ms, attempt.ended_at_ms);
            assert_eq!(times, (Some(29), Some(30)), "{run}");
            assert_eq!(attempt.ending.as_deref(), Some("done"), "{run}");
            assert_eq!(attempt.error_code, None, "{run}");
            // It was executed, and paid for.
            let found = (attempt.cost_micro_usd, attempt.executions);
            assert_eq!(found, (10, 2), "{run}");
        }
    })
    .await;
}
