//! Old history is removed, whole, and nothing that anybody may still come back to: on every database.

use crate::database::on_every_database;
use engine::prune::{self, Pruned};
use engine::tables::{
    EntryKind, RunStatus, WaitKind, engine_events, holds, operations, permits, run_entries,
    run_tags, runs, step_attempts, waits,
};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DatabaseConnection, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
};

/// Removed is what ended before.
const BEFORE: i64 = 20;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// A run that ended then, or is open, with one row of each kind that is about it.
async fn run(db: &DatabaseConnection, id: &str, ended_at_ms: Option<i64>) {
    let run_id = || Set(id.to_owned());
    let word = |word: &str| Set(word.to_owned());
    let row = runs::ActiveModel {
        id: run_id(),
        workflow: word("w"),
        key: Set(Some(id.to_owned())),
        parent_id: Set(id.rsplit_once('.').map(|(parent, _)| parent.to_owned())),
        status: Set(match ended_at_ms {
            Some(_) => RunStatus::Completed,
            None => RunStatus::Waiting,
        }),
        input: word("1"),
        created_at_ms: Set(1),
        ended_at_ms: Set(ended_at_ms),
        ..Default::default()
    };
    row.insert(db).await.unwrap();
    let attempt = step_attempts::ActiveModel {
        run_id: run_id(),
        step: word("s"),
        occurrence: Set(1),
        attempt: Set(1),
        cost_micro_usd: Set(0),
        executions: Set(1),
        ..Default::default()
    };
    attempt.insert(db).await.unwrap();
    let entry = run_entries::ActiveModel {
        run_id: run_id(),
        seq: Set(1),
        kind: Set(EntryKind::Sleep),
        name: word("the audience"),
        at_ms: Set(1),
        ..Default::default()
    };
    entry.insert(db).await.unwrap();
    let tag = run_tags::ActiveModel {
        run_id: run_id(),
        key: word("platform"),
        value: word("tiktok"),
    };
    tag.insert(db).await.unwrap();
    let wait = waits::ActiveModel {
        id: Set(format!("sign_{id}")),
        run_id: run_id(),
        kind: Set(WaitKind::Event),
        name: word("video/approved"),
        key: word("v_1"),
        since_ms: Set(1),
        ..Default::default()
    };
    wait.insert(db).await.unwrap();
    let hold = holds::ActiveModel {
        run_id: run_id(),
        since_ms: Set(1),
        who: word("ann"),
        why: Set(None),
    };
    hold.insert(db).await.unwrap();
    let permit = permits::ActiveModel {
        key: word("account:1"),
        run_id: run_id(),
        ticket: Set(1),
        at_once: Set(1),
        since_ms: Set(1),
        holder: Set(None),
    };
    permit.insert(db).await.unwrap();
}

/// The runs that are there, and that every table is about these and no others.
async fn left(db: &DatabaseConnection) -> Vec<String> {
    macro_rules! ids {
        ($table:ident, $column:ident) => {{
            let ids: Vec<String> = $table::Entity::find()
                .select_only()
                .column($table::Column::$column)
                .order_by_asc($table::Column::$column)
                .into_tuple()
                .all(db)
                .await
                .unwrap();
            ids
        }};
    }
    let left = ids!(runs, Id);
    assert_eq!(ids!(step_attempts, RunId), left);
    assert_eq!(ids!(run_entries, RunId), left);
    assert_eq!(ids!(run_tags, RunId), left);
    assert_eq!(ids!(waits, RunId), left);
    assert_eq!(ids!(holds, RunId), left);
    assert_eq!(ids!(permits, RunId), left);
    left
}

/// What is removed when so many runs go, and nothing else.
fn pruned(runs: u64, kept: u64) -> Pruned {
    Pruned {
        before_ms: BEFORE,
        runs,
        attempts: runs,
        entries: runs,
        tags: runs,
        waits: runs,
        holds: runs,
        permits: runs,
        events: 0,
        kept,
    }
}

/// Counts, which changes nothing, and then removes the same, at every size of a batch.
async fn check(
    all: &'static [(&'static str, Option<i64>)],
    expected: Pruned,
    stay: &'static [&'static str],
) {
    for batch in [1, 2, 100] {
        let expected = expected.clone();
        on_every_database(move |db| {
            let expected = expected.clone();
            async move {
                for (id, ended_at_ms) in all {
                    run(&db, id, *ended_at_ms).await;
                }
                let counted = prune::count_older_than(&db, at(BEFORE), batch).await;
                assert_eq!(counted.unwrap(), expected, "{batch}");
                assert_eq!(left(&db).await.len(), all.len());
                let removed = prune::older_than(&db, at(BEFORE), batch).await;
                assert_eq!(removed.unwrap(), expected, "{batch}");
                assert_eq!(left(&db).await, stay, "{batch}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn what_ended_early_goes_with_every_row_about_it() {
    let all = &[
        ("run_1", Some(19)),
        ("run_2", Some(20)),
        ("run_3", None),
        ("run_4", Some(19)),
        ("run_5", Some(19)),
        ("run_6", Some(3)),
    ];
    check(all, pruned(4, 0), &["run_2", "run_3"]).await;
}

#[tokio::test]
async fn a_run_goes_with_the_one_that_called_it_and_never_before() {
    let all = &[
        ("run_1", Some(10)),
        ("run_1.1", Some(9)),
        ("run_1.1.1", Some(30)),
        ("run_1.2", Some(9)),
        ("run_2", Some(30)),
        ("run_2.1", Some(5)),
        ("run_3", Some(10)),
    ];
    check(all, pruned(5, 0), &["run_2", "run_2.1"]).await;
}

#[tokio::test]
async fn nothing_above_or_beside_an_open_run_goes() {
    let all = &[
        ("run_1", Some(10)),
        ("run_1.1", Some(9)),
        ("run_1.2", Some(9)),
        ("run_1.2.1", None),
        ("run_2", Some(10)),
    ];
    let stay = &["run_1", "run_1.1", "run_1.2", "run_1.2.1"];
    check(all, pruned(1, 1), stay).await;
}

#[tokio::test]
async fn a_run_stays_until_the_one_that_goes_on_from_it_has_ended() {
    on_every_database(|db| async move {
        for (id, ended_at_ms) in [("run_1", Some(1)), ("run_1.1", Some(1)), ("run_2", None)] {
            run(&db, id, ended_at_ms).await;
        }
        let change = |ended_at_ms| runs::ActiveModel {
            id: Set("run_2".to_owned()),
            rerun_of: Set(Some("run_1.1".to_owned())),
            ended_at_ms: Set(ended_at_ms),
            ..Default::default()
        };
        change(None).update(&db).await.unwrap();
        let kept = prune::older_than(&db, at(BEFORE), 10).await.unwrap();
        assert_eq!((kept.runs, kept.kept), (0, 1));
        change(Some(BEFORE)).update(&db).await.unwrap();
        let removed = prune::older_than(&db, at(BEFORE), 10).await.unwrap();
        assert_eq!((removed.runs, removed.kept), (2, 0));
        assert_eq!(left(&db).await, ["run_2"]);
    })
    .await;
}

#[tokio::test]
async fn a_run_stays_while_an_open_one_goes_on_from_it_by_way_of_others() {
    on_every_database(|db| async move {
        let ended = ["run_1", "run_1.1", "run_2", "run_2.1", "run_9"];
        for id in ended {
            run(&db, id, Some(1)).await;
        }
        run(&db, "run_3", None).await;
        for (id, of) in [("run_2", "run_1.1"), ("run_3", "run_2.1")] {
            goes_on_from(&db, id, of).await;
        }
        let kept = prune::older_than(&db, at(BEFORE), 10).await.unwrap();
        assert_eq!((kept.runs, kept.kept), (1, 2));
        let end = runs::ActiveModel {
            id: Set("run_3".to_owned()),
            ended_at_ms: Set(Some(BEFORE)),
            ..Default::default()
        };
        end.update(&db).await.unwrap();
        let removed = prune::older_than(&db, at(BEFORE), 10).await.unwrap();
        assert_eq!((removed.runs, removed.kept), (4, 0));
        assert_eq!(left(&db).await, ["run_3"]);
    })
    .await;
}

async fn goes_on_from(db: &DatabaseConnection, id: &str, of: &str) {
    let change = runs::ActiveModel {
        id: Set(id.to_owned()),
        rerun_of: Set(Some(of.to_owned())),
        ..Default::default()
    };
    change.update(db).await.unwrap();
}

async fn asked_for_at(db: &DatabaseConnection, id: &str, created_at_ms: i64) {
    let change = runs::ActiveModel {
        id: Set(id.to_owned()),
        created_at_ms: Set(created_at_ms),
        ..Default::default()
    };
    change.update(db).await.unwrap();
}

async fn event(db: &DatabaseConnection, id: &str, accepted_at_ms: i64, done: Option<i64>) {
    let row = engine_events::ActiveModel {
        id: Set(id.to_owned()),
        name: Set("video/approved".to_owned()),
        key: Set("v_1".to_owned()),
        data: Set("null".to_owned()),
        accepted_at_ms: Set(accepted_at_ms),
        started_at_ms: Set(done),
        ..Default::default()
    };
    row.insert(db).await.unwrap();
}

#[tokio::test]
async fn nothing_that_ended_since_a_pending_event_came_goes() {
    on_every_database(|db| async move {
        run(&db, "run_1", Some(4)).await;
        run(&db, "run_2", Some(5)).await;
        event(&db, "event_1", 1, Some(2)).await;
        event(&db, "event_2", 5, None).await;
        let removed = prune::older_than(&db, at(BEFORE), 10).await.unwrap();
        assert_eq!((removed.before_ms, removed.runs, removed.events), (5, 1, 1));
        assert_eq!(left(&db).await, ["run_2"]);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_an_open_run_may_look_back_to_stays() {
    on_every_database(|db| async move {
        for (id, accepted_at_ms) in [("event_1", 1), ("event_2", 2), ("event_3", 7)] {
            event(&db, id, accepted_at_ms, Some(accepted_at_ms + 1)).await;
        }
        run(&db, "run_1", None).await;
        asked_for_at(&db, "run_1", 4).await;
        let counted = prune::count_older_than(&db, at(BEFORE), 1).await.unwrap();
        assert_eq!(counted.events, 2);
        let removed = prune::older_than(&db, at(BEFORE), 1).await.unwrap();
        assert_eq!(removed.events, 2);
        let stays = engine_events::Entity::find()
            .filter(engine_events::Column::Id.eq("event_3"))
            .one(&db)
            .await
            .unwrap();
        assert!(stays.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_event_stays_that_came_to_a_run_from_which_an_open_one_goes_on() {
    on_every_database(|db| async move {
        for (id, accepted_at_ms) in [("event_1", 1), ("event_2", 4)] {
            event(&db, id, accepted_at_ms, Some(accepted_at_ms + 1)).await;
        }
        run(&db, "run_1", Some(6)).await;
        run(&db, "run_1.1", Some(6)).await;
        run(&db, "run_2", Some(9)).await;
        run(&db, "run_3", None).await;
        for (id, created_at_ms) in [("run_1", 3), ("run_1.1", 5), ("run_2", 8), ("run_3", 10)] {
            asked_for_at(&db, id, created_at_ms).await;
        }
        for (id, of) in [("run_2", "run_1.1"), ("run_3", "run_2")] {
            goes_on_from(&db, id, of).await;
        }
        let removed = prune::older_than(&db, at(BEFORE), 10).await.unwrap();
        assert_eq!((removed.runs, removed.events), (0, 1));
        let stays = engine_events::Entity::find().all(&db).await.unwrap();
        let stays: Vec<&str> = stays.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(stays, ["event_2"]);
    })
    .await;
}

#[tokio::test]
async fn the_audit_goes_only_when_it_is_asked_for() {
    on_every_database(|db| async move {
        for (id, at_ms) in [("1", 3), ("2", 19), ("3", 20)] {
            let row = operations::ActiveModel {
                id: Set(id.to_owned()),
                at_ms: Set(at_ms),
                who: Set("ann".to_owned()),
                why: Set(None),
                verb: Set("hold".to_owned()),
                target: Set("run_1".to_owned()),
                arguments: Set("{}".to_owned()),
                result: Set("{}".to_owned()),
            };
            row.insert(&db).await.unwrap();
        }
        run(&db, "run_1", Some(1)).await;
        prune::older_than(&db, at(BEFORE), 10).await.unwrap();
        let count = prune::count_audit_older_than(&db, at(BEFORE)).await;
        assert_eq!(count.unwrap(), 2);
        let removed = prune::audit_older_than(&db, at(BEFORE), 1).await;
        assert_eq!(removed.unwrap(), 2);
        let left = operations::Entity::find().all(&db).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].id, "3");
    })
    .await;
}
