//! Limits across runs and workers, on a real Restate server and every database: how many at once, how
//! many in a time, first come, first served.

use std::sync::Arc;
use std::time::Duration;

use crate::database::on_every_database;
use crate::door::{Door, one_at_once, registry};
use crate::real::{Real, free_address};
use engine::limits::{LimitRule, places};
use engine::tables::{RunStatus, limits};
use jiff::Timestamp;
use sea_orm::{DatabaseConnection, EntityTrait as _};

fn is_completed(run: &engine::tables::runs::Model) -> bool {
    run.status == RunStatus::Completed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_lets_so_many_act_at_once_first_come_first_served() {
    on_every_database(|db| Box::pin(first_come_first_served(db))).await;
}

async fn first_come_first_served(db: DatabaseConnection) {
    let door = Arc::<Door>::default();
    let registry = registry(&door, "house:{house}", one_at_once("house:*"));
    let real = Real::on(db, registry).await;
    let mut runs = Vec::new();
    for who in ["a", "b", "c", "d"] {
        let run = real.visit(who, "red", 300).await;
        real.until_in_line("house:red", &run).await;
        runs.push(run);
    }
    // Another key is another limit.
    runs.push(real.visit("e", "blue", 10).await);
    let waits = real
        .until(&runs[3], |run| run.status == RunStatus::Waiting)
        .await;
    let reason = waits.waiting_reason.unwrap();
    assert_eq!(reason, "visit: in the line for house:red");
    for run in &runs {
        real.until(run, is_completed).await;
    }
    let entered = door.entered();
    let red: Vec<&str> = entered
        .iter()
        .map(|(who, _)| who.as_str())
        .filter(|who| *who != "e")
        .collect();
    assert_eq!(red, ["a", "b", "c", "d"]);
    assert!(door.most_at_once() <= 2, "one for each house");
    assert_eq!(places(&real.db, None).await.unwrap(), []);
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_holds_across_workers_and_their_restarts() {
    on_every_database(|db| Box::pin(two_workers(db))).await;
}

async fn two_workers(db: DatabaseConnection) {
    let door = Arc::<Door>::default();
    let registry = registry(&door, "door", one_at_once("door"));
    let real = Real::on(db, registry.clone()).await;
    let mut runs = Vec::new();
    for who in ["a", "b", "c"] {
        let run = real.visit(who, "", 300).await;
        real.until_in_line("door", &run).await;
        runs.push(run);
    }
    // From now on Restate sends what is new to the other worker.
    let address = free_address();
    let other = real.another_worker(registry.clone(), address).await;
    for who in ["d", "e", "f"] {
        let run = real.visit(who, "", 600).await;
        real.until_in_line("door", &run).await;
        runs.push(run);
    }
    // While one of its runs is inside, and others stand in line.
    door.until_entered(4).await;
    other.stop().await;
    let other = real.another_worker(registry, address).await;
    for run in &runs {
        real.until(run, is_completed).await;
    }
    assert_eq!(door.most_at_once(), 1);
    let entered = door.entered();
    let order: Vec<&str> = entered.iter().map(|(who, _)| who.as_str()).collect();
    assert_eq!(order, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(places(&real.db, None).await.unwrap(), []);
    other.stop().await;
    real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_keeps_beginnings_apart_and_in_order() {
    on_every_database(|db| Box::pin(five_in_a_second(db))).await;
}

/// The slot that was given out last, once there is one behind `before`.
async fn next_slot(db: &DatabaseConnection, before: Option<Timestamp>) -> Timestamp {
    loop {
        let row = limits::Entity::find_by_id("api").one(db).await.unwrap();
        let slot = row.map(|row| {
            let next = Timestamp::from_microsecond(row.next_slot_us).unwrap();
            next - Duration::from_millis(200)
        });
        match slot {
            Some(slot) if before.is_none_or(|before| slot > before) => return slot,
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

async fn five_in_a_second(db: DatabaseConnection) {
    let door = Arc::<Door>::default();
    let rule = LimitRule {
        pattern: "api".to_owned(),
        at_once: None,
        rate: Some("5/s".parse().unwrap()),
    };
    let real = Real::on(db, registry(&door, "api", rule)).await;
    let mut runs = Vec::new();
    let mut slots: Vec<Timestamp> = Vec::new();
    for number in 0..8 {
        runs.push(real.visit(&format!("v{number}"), "", 1).await);
        // It came before the next one does.
        slots.push(next_slot(&real.db, slots.last().copied()).await);
    }
    for run in &runs {
        real.until(run, is_completed).await;
    }
    let apart = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).as_millis() >= 200;
    assert!(slots.windows(2).all(apart), "{slots:?}");
    let entered = door.entered();
    assert_eq!(entered.len(), slots.len());
    for (number, ((who, at), slot)) in entered.iter().zip(&slots).enumerate() {
        assert_eq!(*who, format!("v{number}"), "{entered:?}");
        assert!(at >= slot, "{who} came at {at}, and was to come at {slot}");
    }
    real.stop().await;
}
