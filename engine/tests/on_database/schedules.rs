//! Schedules: that each tick is started once, on every database, and what people can do.

use std::time::Duration;

use crate::database::on_every_database;
use engine::schedules::{NewSchedule, Pass, Schedules, Ticker};
use engine::tables::{Missed, run_tags, runs};
use engine::{Client, Failure, Registry, Workflow, WorkflowContext};
use jiff::{SignedDuration, Timestamp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde_json::json;

struct Echo;

impl Workflow for Echo {
    const NAME: &'static str = "echo";
    type Input = u32;
    type Output = u32;

    async fn run(&self, _: &WorkflowContext<'_>, input: u32) -> Result<u32, Failure> {
        Ok(input)
    }
}

fn registry() -> Registry {
    Registry::new().workflow(Echo)
}

/// A time of the day on which these tests happen.
fn at(time: &str) -> Timestamp {
    format!("2026-11-23T{time}Z").parse().unwrap()
}

/// Ticks every minute.
fn new(name: &str) -> NewSchedule {
    NewSchedule {
        name: name.to_owned(),
        workflow: "echo".to_owned(),
        input: json!(7),
        cron: "* * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        missed: Missed::Skip,
        catch_up_max: 0,
    }
}

/// Restate is away, so runs are queued and stay so.
fn client(db: &DatabaseConnection) -> Client {
    Client::new(db.clone(), "http://127.0.0.1:1/".parse().unwrap()).unwrap()
}

fn ticker(db: &DatabaseConnection) -> Ticker {
    Ticker::new(db.clone(), client(db))
}

/// Makes a schedule at ten o'clock and half a minute.
async fn make(schedules: &Schedules, schedule: NewSchedule) {
    schedules
        .create(&registry(), schedule, at("10:00:30"))
        .await
        .unwrap();
}

/// The keys of all runs, in the order in which they were queued.
async fn keys(db: &DatabaseConnection) -> Vec<String> {
    let query = runs::Entity::find().order_by_asc(runs::Column::Id);
    let runs = query.all(db).await.unwrap();
    runs.into_iter().map(|run| run.key.unwrap()).collect()
}

/// What happens to a schedule.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Pass(&'static str),
    Hold,
    Release(&'static str),
}

/// Makes a schedule, and looks which ticks it has started in the end.
async fn check(
    missed: Missed,
    catch_up_max: u32,
    story: &'static [Happens],
    expected: &'static [&'static str],
) {
    on_every_database(move |db| async move {
        let schedules = Schedules::new(db.clone());
        let schedule = NewSchedule {
            missed,
            catch_up_max,
            ..new("s")
        };
        make(&schedules, schedule).await;
        for event in story {
            match *event {
                Happens::Pass(now) => {
                    let did = ticker(&db).pass(at(now)).await.unwrap();
                    assert_eq!(did.failed, 0, "{event:?}");
                }
                Happens::Hold => schedules.hold("s").await.unwrap(),
                Happens::Release(now) => schedules.release("s", at(now)).await.unwrap(),
            }
        }
        let expected: Vec<String> = expected
            .iter()
            .map(|tick| format!("schedule/s/2026-11-23T{tick}:00Z"))
            .collect();
        assert_eq!(keys(&db).await, expected, "{missed:?} {story:?}");
    })
    .await;
}

#[tokio::test]
async fn missed_ticks_are_skipped_or_the_newest_of_them_caught_up() {
    use Happens::Pass;
    const AWAY: &[Happens] = &[Pass("10:01:05"), Pass("10:05:20"), Pass("10:05:20")];
    check(Missed::Skip, 0, AWAY, &["10:01", "10:05"]).await;
    check(
        Missed::CatchUp,
        2,
        AWAY,
        &["10:01", "10:03", "10:04", "10:05"],
    )
    .await;
    check(
        Missed::CatchUp,
        1_000,
        AWAY,
        &["10:01", "10:02", "10:03", "10:04", "10:05"],
    )
    .await;
}

#[tokio::test]
async fn a_clock_that_is_behind_starts_nothing_again() {
    use Happens::Pass;
    const BEHIND: &[Happens] = &[Pass("10:02:00"), Pass("10:01:30"), Pass("10:02:30")];
    check(Missed::Skip, 0, BEHIND, &["10:01", "10:02"]).await;
}

#[tokio::test]
async fn ticks_of_the_time_on_hold_are_passed_over_or_caught_up_on_release() {
    use Happens::{Hold, Pass, Release};
    const HELD: &[Happens] = &[
        Pass("10:01:05"),
        Hold,
        Pass("10:03:05"),
        Hold,
        Release("10:06:30"),
        Pass("10:06:40"),
        Release("10:06:50"),
        Pass("10:07:10"),
    ];
    check(Missed::Skip, 0, HELD, &["10:01", "10:07"]).await;
    check(
        Missed::CatchUp,
        2,
        HELD,
        &["10:01", "10:04", "10:05", "10:06", "10:07"],
    )
    .await;
}

#[tokio::test]
async fn a_trigger_starts_a_run_of_its_own_also_while_held() {
    on_every_database(|db| async move {
        let schedules = Schedules::new(db.clone());
        make(&schedules, new("s")).await;
        schedules.hold("s").await.unwrap();
        let first = schedules.trigger(&client(&db), "s").await.unwrap();
        let second = schedules.trigger(&client(&db), "s").await.unwrap();
        assert_ne!(first.run_id, second.run_id);
        assert!(second.pending.unwrap().contains("127.0.0.1:1"));
        let queued = keys(&db).await;
        assert!(queued[1].starts_with("schedule/s/trigger/"), "{queued:?}");
        let shown = schedules.show("s", at("10:00:40")).await.unwrap().schedule;
        assert_eq!(shown.last_run_id, Some(second.run_id));
        assert_eq!(shown.last_tick_ms, at("10:00:30").as_millisecond());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_what_can() {
    type Change = fn(&mut NewSchedule);
    const REFUSED: [(Change, &str); 8] = [
        (|new| new.name = "A-b".to_owned(), "cannot name a schedule"),
        (
            |new| new.workflow = "ecko".to_owned(),
            "there are echo; did you mean `echo`?",
        ),
        (|new| new.input = json!("x"), "no input of `echo`"),
        (|new| new.cron = "61 * * * *".to_owned(), "found 61"),
        (|new| new.cron = "* * * *".to_owned(), "it has 4 fields"),
        (|new| new.cron = "0 0 31 2 *".to_owned(), "names no time"),
        (
            |new| new.time_zone = "Europe/Berln".to_owned(),
            "did you mean `Europe/Berlin`?",
        ),
        (|new| new.missed = Missed::CatchUp, "1 to 1000 can"),
    ];
    on_every_database(|db| async move {
        let schedules = Schedules::new(db);
        let now = at("10:00:30");
        for (change, reason) in REFUSED {
            let mut schedule = new("daily");
            change(&mut schedule);
            let refused = schedules.create(&registry(), schedule, now).await;
            let said = refused.unwrap_err().to_string();
            assert!(said.contains(reason), "{said}");
        }
        assert!(schedules.list(now).await.unwrap().is_empty());

        make(&schedules, new("daily")).await;
        let again = schedules.create(&registry(), new("daily"), now).await;
        let said = again.unwrap_err().to_string();
        assert!(said.contains("already"), "{said}");
        let said = schedules.hold("dayly").await.unwrap_err().to_string();
        assert!(said.contains("did you mean `daily`?"), "{said}");
        schedules.remove("daily").await.unwrap();
        schedules.remove("daily").await.unwrap_err();
        schedules.release("daily", now).await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn the_next_five_ticks_are_shown_in_the_zone_and_in_utc() {
    on_every_database(|db| async move {
        let schedules = Schedules::new(db);
        let schedule = NewSchedule {
            cron: " 30  2 * * * ".to_owned(),
            time_zone: "europe/berlin".to_owned(),
            ..new("nightly")
        };
        let now = "2026-03-27T12:00:00Z".parse().unwrap();
        let created = schedules.create(&registry(), schedule, now).await.unwrap();
        assert_eq!(created, schedules.show("nightly", now).await.unwrap());
        assert_eq!(created.schedule.cron, "30 2 * * *");
        assert_eq!(created.schedule.time_zone, "Europe/Berlin");
        assert_eq!(created.problem, None);
        let next: Vec<_> = created
            .next
            .iter()
            .map(|next| (next.local.to_string(), next.utc.to_string()))
            .collect();
        let expected = [
            ("2026-03-28T02:30:00+01:00", "2026-03-28T01:30:00Z"),
            ("2026-03-29T03:00:00+02:00", "2026-03-29T01:00:00Z"),
            ("2026-03-30T02:30:00+02:00", "2026-03-30T00:30:00Z"),
            ("2026-03-31T02:30:00+02:00", "2026-03-31T00:30:00Z"),
            ("2026-04-01T02:30:00+02:00", "2026-04-01T00:30:00Z"),
        ]
        .map(|(local, utc)| (format!("{local}[Europe/Berlin]"), utc.to_owned()));
        assert_eq!(next, expected);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_fails_says_why_and_stops_no_other() {
    on_every_database(|db| async move {
        let schedules = Schedules::new(db.clone());
        for name in ["broken", "fine"] {
            make(&schedules, new(name)).await;
        }
        let set_cron = |cron: &str| {
            let update = format!("UPDATE schedules SET cron = '{cron}' WHERE name = 'broken'");
            let db = db.clone();
            async move { db.execute_unprepared(&update).await.unwrap() }
        };
        set_cron("never").await;
        let did = ticker(&db).pass(at("10:01:05")).await.unwrap();
        let one_each = Pass {
            started: 1,
            passed_over: 0,
            failed: 1,
        };
        assert_eq!(did, one_each);
        ticker(&db).pass(at("10:01:06")).await.unwrap();
        let broken = schedules.show("broken", at("10:01:07")).await.unwrap();
        let said = broken.schedule.last_error.unwrap();
        assert!(said.contains("does not say when"), "{said}");
        let since = broken.schedule.last_error_ms;
        assert_eq!(since, Some(at("10:01:05").as_millisecond()));
        assert_eq!(broken.problem, Some(said));

        set_cron("* * * * *").await;
        ticker(&db).pass(at("10:01:10")).await.unwrap();
        let mended = schedules.show("broken", at("10:01:11")).await.unwrap();
        assert_eq!(mended.schedule.last_error, None);
        assert!(mended.schedule.last_run_id.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tickers_and_three_restarts_start_each_of_sixty_ticks_once() {
    on_every_database(|db| async move {
        let schedules = Schedules::new(db.clone());
        make(&schedules, new("s")).await;
        let mut now = at("10:00:30");
        for minute in 1..=60 {
            now += SignedDuration::from_mins(1);
            let (one, other) = (ticker(&db), ticker(&db));
            if [15, 30, 45].contains(&minute) {
                // Both are cut off somewhere in the middle, and begin anew.
                let passes = async { tokio::join!(one.pass(now), other.pass(now)) };
                let _ = tokio::time::timeout(Duration::from_micros(100 * minute), passes).await;
            }
            let (one, other) = tokio::join!(one.pass(now), other.pass(now));
            assert_eq!((one.unwrap().failed, other.unwrap().failed), (0, 0));
        }
        let queued = keys(&db).await;
        assert_eq!(queued.len(), 60);
        assert_eq!(queued[0], "schedule/s/2026-11-23T10:01:00Z");
        assert_eq!(queued[59], "schedule/s/2026-11-23T11:00:00Z");
        let tagged = run_tags::Entity::find()
            .filter(run_tags::Column::Key.eq("schedule"))
            .filter(run_tags::Column::Value.eq("s"))
            .count(&db)
            .await
            .unwrap();
        assert_eq!(tagged, 60);
        let shown = schedules.show("s", now).await.unwrap().schedule;
        assert_eq!(shown.last_tick_ms, at("11:00:00").as_millisecond());
    })
    .await;
}
