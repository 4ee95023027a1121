//! Whose turn it is to be read: who is due since when, once, and later each time that it was in vain.

use std::collections::BTreeSet;

use schema::posts::{self, PostState};
use schema::reading_turns::{Rule, Turn, take};
use schema::{ConnectionTrait, DatabaseConnection, SchemaError, analytics_snapshots};

use crate::database::{TestResult, on_every_database};
use crate::posts::post_in;
use crate::rows::{minute, reading};

const MINUTE: i64 = 60_000;
/// Due seven hours after the publication, then five hours after each reading.
const RULE: Rule = Rule {
    most: 10,
    first_after_ms: 420 * MINUTE,
    interval_ms: 300 * MINUTE,
};

const NONE: [(String, i64, bool); 0] = [];

/// A post that was published at minute 0.
async fn published(
    db: &DatabaseConnection,
    video_id: &str,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let id = post_in(db, video_id, PostState::Posted).await?;
    let at = minute(0).as_millisecond();
    let sql = format!("update posts set published_at_ms = {at} where id = '{id}'");
    db.execute_unprepared(&sql).await?;
    Ok(id)
}

async fn read_at(db: &DatabaseConnection, post_id: &str, at: i64) -> Result<(), SchemaError> {
    let mut row = reading(&format!("{post_id}/{at}"), post_id);
    row.read_at_ms = minute(at).as_millisecond();
    analytics_snapshots::record(db, row).await?;
    Ok(())
}

/// The videos whose turns are taken, each with the minute since when it was due, and whether it was
/// read before.
async fn taken(
    db: &DatabaseConnection,
    by: &str,
    at: i64,
) -> Result<Vec<(String, i64, bool)>, SchemaError> {
    let turns = take(db, by, RULE, minute(at)).await?;
    let of = |turn: Turn| {
        let since = turn.due_at().duration_since(minute(0)).as_mins();
        (turn.video_id, since, turn.was_read)
    };
    Ok(turns.into_iter().map(of).collect())
}

/// Name, minutes of its readings, minute at which it was gone, and since when it is due at minute 1000.
type Case = (
    &'static str,
    &'static [i64],
    Option<i64>,
    Option<(i64, bool)>,
);

#[tokio::test]
async fn a_post_is_due_after_its_publication_and_after_each_reading_unless_it_is_gone() -> TestResult
{
    const CASES: [Case; 8] = [
        ("never_read", &[], None, Some((420, false))),
        ("read_once", &[360], None, Some((660, true))),
        ("read_twice", &[360, 500], None, Some((800, true))),
        ("back_again", &[360, 600], Some(500), Some((900, true))),
        ("read_lately", &[360, 701], None, None),
        ("gone", &[360], Some(500), None),
        ("gone_at_its_reading", &[500], Some(500), None),
        ("gone_unread", &[], Some(10), None),
    ];
    on_every_database(|db| async move {
        for (name, readings, gone, _) in CASES {
            let id = published(&db, name).await?;
            for at in readings {
                read_at(&db, &id, *at).await?;
            }
            if let Some(at) = gone {
                posts::gone(&db, &id, minute(at)).await?;
            }
        }
        for state in [
            PostState::Prepared,
            PostState::Processing,
            PostState::Rejected,
            PostState::Unknown,
        ] {
            post_in(&db, &format!("{state:?}"), state).await?;
        }
        let expected: Vec<_> = CASES
            .into_iter()
            .filter_map(|(name, _, _, due)| {
                due.map(|(at, was_read)| (name.to_owned(), at, was_read))
            })
            .collect();
        assert_eq!(taken(&db, "batch", 1000).await?, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_most_overdue_are_taken_and_taken_again_only_by_whoever_has_them() -> TestResult {
    on_every_database(|db| async move {
        for (name, last) in [("a", 300), ("b", 100), ("c", 200)] {
            let id = published(&db, name).await?;
            read_at(&db, &id, last).await?;
        }
        let rule = Rule { most: 2, ..RULE };
        let first = take(&db, "one", rule, minute(1000)).await?;
        let videos: Vec<&str> = first.iter().map(|turn| turn.video_id.as_str()).collect();
        assert_eq!(videos, ["b", "c"]);
        assert_eq!(
            (first[0].platform.as_str(), first[0].account.as_str()),
            ("youtube", "main")
        );
        assert_eq!(take(&db, "one", rule, minute(1001)).await?, first);
        assert_eq!(
            taken(&db, "two", 1000).await?,
            [("a".to_owned(), 600, true)]
        );
        assert_eq!(taken(&db, "three", 1000).await?, NONE);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_post_that_is_not_read_waits_twice_as_long_each_time_until_a_reading_comes() -> TestResult
{
    on_every_database(|db| async move {
        let id = published(&db, "v_1").await?;
        let mut at = 420;
        assert_eq!(taken(&db, "first", at).await?.len(), 1);
        for wait in [300, 600, 1200, 2400, 4800, 9600, 9600] {
            at += wait;
            assert_eq!(taken(&db, &format!("{at}-"), at - 1).await?, NONE, "{wait}");
            let due = [("v_1".to_owned(), at, false)];
            assert_eq!(taken(&db, &at.to_string(), at).await?, due, "{wait}");
        }
        read_at(&db, &id, at + 1).await?;
        for wait in [301, 300] {
            at += wait;
            assert_eq!(taken(&db, &format!("{at}-"), at - 1).await?, NONE, "{wait}");
            let due = [("v_1".to_owned(), at, true)];
            assert_eq!(taken(&db, &at.to_string(), at).await?, due, "{wait}");
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_take_at_once_no_two_get_the_same_post() -> TestResult {
    on_every_database(|db| async move {
        for number in 0..10 {
            published(&db, &format!("v_{number}")).await?;
        }
        let mut batches = tokio::task::JoinSet::new();
        for number in 0..6 {
            let db = db.clone();
            batches.spawn(async move {
                let rule = Rule { most: 4, ..RULE };
                take(&db, &format!("batch_{number}"), rule, minute(1000)).await
            });
        }
        let mut videos = BTreeSet::new();
        while let Some(batch) = batches.join_next().await {
            for turn in batch?? {
                assert!(
                    videos.insert(turn.video_id.clone()),
                    "{} twice",
                    turn.video_id
                );
            }
        }
        assert!(videos.len() >= 4, "{videos:?}");
        Ok(())
    })
    .await
}
