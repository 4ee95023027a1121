//! What people do to runs, on a real Restate server: park and resolve, hold and release, cancel, kill,
//! rerun; and what is left of it in the tables.

use std::time::Duration;

use engine::operations::{Applied, Rerun, Resolution, Verb};
use engine::tables::RunStatus;
use serde_json::json;

use crate::shop::{Broken, BuyAll, Order, Shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_run_goes_on_as_a_person_decides() {
    let shop = Shop::open().await;
    for what in ["a", "b", "c"] {
        shop.world
            .set(&format!("charge {what}"), Some(Broken::Fails));
    }
    let [a, b, c] = [
        shop.buy("a").await,
        shop.buy("b").await,
        shop.buy("c").await,
    ];
    for run in [&a, &b, &c] {
        let parked = shop.is(run, RunStatus::Parked).await;
        assert_eq!(
            parked.waiting_reason.as_deref(),
            Some("charge: broken: it is broken")
        );
    }

    let odd = Resolution::Skip {
        output: json!({ "number": "seven" }),
    };
    let refused = shop.resolve(&b, odd).await.unwrap_err();
    assert!(
        refused.contains("output does not fit charge: /number"),
        "{refused}"
    );
    assert_eq!(shop.is(&b, RunStatus::Parked).await.id, b);

    shop.world.set("charge a", None);
    shop.resolve(&a, Resolution::Retry).await.unwrap();
    shop.resolve(
        &b,
        Resolution::Skip {
            output: json!({ "number": 700 }),
        },
    )
    .await
    .unwrap();
    let reason = "the card is gone".to_owned();
    shop.resolve(&c, Resolution::Fail { reason }).await.unwrap();

    assert_eq!(shop.output(&a).await.as_array().unwrap().len(), 3);
    assert_eq!(shop.output(&b).await[1], 700);
    let failed = shop.is(&c, RunStatus::Failed).await;
    assert_eq!(failed.error_code.as_deref(), Some("broken"));
    let said = failed.error_message.unwrap();
    assert_eq!(said, "it is broken; given up: the card is gone");

    let again = shop.resolve(&a, Resolution::Retry).await.unwrap_err();
    assert!(again.contains("is completed"), "{again}");
    let audit = engine::operations::history(&shop.real.db, Some(&b), 10)
        .await
        .unwrap();
    let rows: Vec<_> = audit
        .iter()
        .map(|row| (row.verb.as_str(), row.who.as_str()))
        .collect();
    assert_eq!(rows, [("resolve", "ada"), ("resolve", "ada")]);
    assert!(audit[1].result.contains("does not fit"), "{:?}", audit[1]);
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_run_begins_nothing_until_it_is_released() {
    let shop = Shop::open().await;
    let run = shop.buy("a").await;
    shop.real
        .until(&run, |run| run.status == RunStatus::Waiting)
        .await;
    shop.apply(&run, Verb::Hold).await.unwrap();
    assert_eq!(shop.is(&run, RunStatus::Held).await.id, run);
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(shop.world.log(), ["prepare a"]);
    let held = shop.is(&run, RunStatus::Held).await;
    assert_eq!(held.waiting_reason.as_deref(), Some("charge: held"));
    shop.apply(&run, Verb::Release).await.unwrap();
    shop.output(&run).await;

    // Released before it noticed: its timer goes on as if nothing had been.
    let brief = shop.buy("b").await;
    shop.real
        .until(&brief, |run| run.status == RunStatus::Waiting)
        .await;
    shop.apply(&brief, Verb::Hold).await.unwrap();
    shop.apply(&brief, Verb::Release).await.unwrap();
    shop.output(&brief).await;

    // A parent holds its children.
    let orders: Vec<Order> = ["c", "d"]
        .map(|what| Order {
            what: what.to_owned(),
        })
        .to_vec();
    let parent = shop
        .real
        .client
        .start::<BuyAll>("all", &orders)
        .await
        .unwrap()
        .run_id;
    let child = format!("{parent}.1");
    shop.real
        .until(&child, |run| run.status == RunStatus::Waiting)
        .await;
    shop.apply(&parent, Verb::Hold).await.unwrap();
    assert_eq!(shop.is(&child, RunStatus::Held).await.id, child);
    shop.apply(&parent, Verb::Release).await.unwrap();
    assert_eq!(shop.output(&parent).await, 2);
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_undoes_what_it_registered_and_a_killed_one_nothing() {
    let shop = Shop::open().await;
    for what in ["a", "b"] {
        shop.world.set(&format!("ship {what}"), Some(Broken::Fails));
    }
    let [cancelled, killed] = [shop.buy("a").await, shop.buy("b").await];
    for run in [&cancelled, &killed] {
        shop.is(run, RunStatus::Parked).await;
    }
    assert_eq!(
        shop.apply(&cancelled, Verb::Cancel).await.unwrap(),
        Applied::Cancelling
    );
    assert_eq!(
        shop.apply(&killed, Verb::Kill).await.unwrap(),
        Applied::Killed
    );
    assert_eq!(shop.is(&killed, RunStatus::Killed).await.id, killed);
    let ended = shop.is(&cancelled, RunStatus::Cancelled).await;
    assert_eq!(ended.error_code.as_deref(), Some("run_cancelled"));
    let log = shop.world.log();
    assert!(log.contains(&"refund a".to_owned()), "{log:?}");
    assert!(!log.contains(&"refund b".to_owned()), "{log:?}");
    let again = shop
        .apply(&killed, Verb::Kill)
        .await
        .unwrap_err()
        .to_string();
    assert!(again.contains("rerun"), "{again}");
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_end_is_parked_and_goes_on_when_a_person_allows_it() {
    let shop = Shop::open().await;
    shop.world.set("charge a", Some(Broken::Vanishes));
    let run = shop.buy("a").await;
    let parked = shop.is(&run, RunStatus::Parked).await;
    let reason = parked.waiting_reason.unwrap();
    assert_eq!(reason, "charge: publish_unknown: vanished: no answer came");
    assert_eq!(parked.error_code.as_deref(), Some("publish_unknown"));
    shop.world.set("charge a", None);
    shop.resolve(&run, Resolution::Retry).await.unwrap();
    assert_eq!(shop.output(&run).await, json!([1, 2, 3]));
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rerun_goes_on_from_a_step_with_what_was_edited() {
    let shop = Shop::open().await;
    let first = shop.buy("a").await;
    assert_eq!(shop.output(&first).await, json!([1, 2, 3]));

    let from_ship = Rerun {
        from: Some("ship".to_owned()),
        input: Some(json!({ "what": "another" })),
        ..Rerun::default()
    };
    let second = shop.rerun(&first, from_ship).await;
    assert_eq!(shop.output(&second).await, json!([1, 2, 4]));
    assert_eq!(shop.world.log().last().unwrap(), "ship another");

    // Of a rerun, and with an output: charge is not executed, ship is.
    let behind_charge = Rerun {
        from: Some("charge".to_owned()),
        output: Some(json!({ "number": 70 })),
        ..Rerun::default()
    };
    let third = shop.rerun(&second, behind_charge).await;
    assert_eq!(shop.output(&third).await, json!([1, 70, 5]));

    let all = shop.rerun(&third, Rerun::default()).await;
    assert_eq!(shop.output(&all).await, json!([6, 7, 8]));
    let row = shop.is(&all, RunStatus::Completed).await;
    assert_eq!(row.rerun_of.as_deref(), Some(third.as_str()));

    let nowhere = Rerun {
        from: Some("wrap".to_owned()),
        ..Rerun::default()
    };
    let refused = shop
        .apply(&first, Verb::Rerun(nowhere))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("it has: prepare, charge, ship"),
        "{refused}"
    );
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_failed_children_of_a_batch_are_run_again() {
    let shop = Shop::open().await;
    shop.world.set("charge b", Some(Broken::Fails));
    let orders: Vec<Order> = ["a", "b", "c"]
        .map(|what| Order {
            what: what.to_owned(),
        })
        .to_vec();
    let batch = shop
        .real
        .client
        .start::<BuyAll>("all", &orders)
        .await
        .unwrap()
        .run_id;
    let child = format!("{batch}.2");
    shop.is(&child, RunStatus::Parked).await;
    let reason = "not today".to_owned();
    shop.resolve(&child, Resolution::Fail { reason })
        .await
        .unwrap();
    assert_eq!(shop.output(&batch).await, 2);

    shop.world.set("charge b", None);
    let before = shop.world.log().len();
    let failed_only = Rerun {
        failed_children: true,
        ..Rerun::default()
    };
    let again = shop.rerun(&batch, failed_only.clone()).await;
    assert_eq!(shop.output(&again).await, 3);
    assert_eq!(
        shop.world.log()[before..],
        ["prepare b", "charge b", "ship b"]
    );
    let nothing = shop
        .apply(&again, Verb::Rerun(failed_only))
        .await
        .unwrap_err()
        .to_string();
    assert!(nothing.contains("no failed child runs"), "{nothing}");
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_a_rerun_brought_to_its_end_is_not_run_again_by_the_next_one() {
    let shop = Shop::open().await;
    for what in ["b", "c"] {
        shop.world
            .set(&format!("charge {what}"), Some(Broken::Fails));
    }
    let orders: Vec<Order> = ["a", "b", "c"]
        .map(|what| Order {
            what: what.to_owned(),
        })
        .to_vec();
    let batch = shop
        .real
        .client
        .start::<BuyAll>("all", &orders)
        .await
        .unwrap()
        .run_id;
    for number in [2, 3] {
        let child = format!("{batch}.{number}");
        shop.is(&child, RunStatus::Parked).await;
        let reason = "not today".to_owned();
        shop.resolve(&child, Resolution::Fail { reason })
            .await
            .unwrap();
    }
    assert_eq!(shop.output(&batch).await, 1);

    shop.world.set("charge b", None);
    let failed_only = Rerun {
        failed_children: true,
        ..Rerun::default()
    };
    let again = shop.rerun(&batch, failed_only.clone()).await;
    shop.output(&format!("{again}.2")).await;
    shop.is(&format!("{again}.3"), RunStatus::Parked).await;
    let beside = shop
        .apply(&batch, Verb::Rerun(failed_only.clone()))
        .await
        .unwrap_err()
        .to_string();
    assert!(beside.contains(&again), "{beside}");
    shop.apply(&again, Verb::Kill).await.unwrap();

    shop.world.set("charge c", None);
    let before = shop.world.log().len();
    let last = shop.rerun(&again, failed_only).await;
    assert_eq!(shop.output(&last).await, 3);
    assert_eq!(
        shop.world.log()[before..],
        ["prepare c", "charge c", "ship c"]
    );
    shop.real.stop().await;
}
