//! Cancellations at the moments that are hard, on a real Restate server: while a step is being executed,
//! while its workflow is failing, while it undoes already, and with those below it.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::operations::{Applied, Resolution, Verb, history};
use engine::tables::{RunStatus, runs as run_rows};
use engine::{runs, waits};

use crate::shop::{Broken, BuyAll, Order, Ship, Shop};

fn order(what: &str) -> Order {
    Order {
        what: what.to_owned(),
    }
}

/// Looks again and again, for half a minute at most.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: it never is so");
}

impl Shop {
    /// Until the first attempt of the step is being executed.
    async fn begins(&self, run_id: &str, step: &str) {
        let has_begun = async || {
            let details = runs::show(&self.real.db, run_id).await.unwrap().unwrap();
            details.attempts.iter().any(|attempt| attempt.step == step)
        };
        until(step, has_begun).await;
    }

    async fn parks_at(&self, run_id: &str, step: &str) {
        let reason = format!("{step}: broken: it is broken");
        let is_wanted = |run: &run_rows::Model| {
            run.status == RunStatus::Parked && run.waiting_reason.as_ref() == Some(&reason)
        };
        self.real.until(run_id, is_wanted).await;
    }

    /// Until it was asked so often what is to become of the step.
    async fn asks(&self, run_id: &str, step: &str, times: usize) {
        let has_asked = async || {
            let all = waits::of_run(&self.real.db, run_id).await.unwrap();
            all.iter().filter(|wait| wait.name == step).count() == times
        };
        until("it asks", has_asked).await;
    }

    async fn cancel(&self, run_id: &str) {
        let applied = self.apply(run_id, Verb::Cancel).await.unwrap();
        assert_eq!(applied, Applied::Cancelling);
    }

    /// It was cancelled, and nothing is left undone.
    async fn is_undone(&self, run_id: &str) {
        let run = self.real.ended(run_id).await.run;
        let message = run.error_message.unwrap();
        assert_eq!(
            (run.status, message.as_str()),
            (RunStatus::Cancelled, "the run was cancelled")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_is_being_executed_when_its_run_is_cancelled_is_undone() {
    let shop = Shop::open().await;
    shop.world.set("charge a", Some(Broken::Lasts));
    let run = shop.buy("a").await;
    shop.begins(&run, "charge").await;
    shop.cancel(&run).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(shop.world.log(), ["prepare a"], "it is not undone yet");
    shop.world.set("charge a", None);
    shop.is_undone(&run).await;
    assert_eq!(shop.world.log(), ["prepare a", "charge a", "refund a"]);
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cancelled_while_it_fails_is_undone_and_cancelled() {
    let shop = Shop::open().await;
    for what in ["charge a", "ship a"] {
        shop.world.set(what, Some(Broken::Fails));
    }
    let client = &shop.real.client;
    let run = client.start::<Ship>("a", &order("a")).await.unwrap().run_id;
    shop.parks_at(&run, "charge").await;
    let reason = "no card".to_owned();
    shop.resolve(&run, Resolution::Fail { reason })
        .await
        .unwrap();
    shop.parks_at(&run, "ship").await;
    shop.cancel(&run).await;
    let ended = shop.is(&run, RunStatus::Cancelled).await;
    assert_eq!(ended.error_code.as_deref(), Some("run_cancelled"));
    let message = ended.error_message.unwrap();
    assert!(message.contains("given up: no card"), "{message}");
    assert_eq!(shop.world.log(), ["refund a"]);
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_cancellation_drops_nothing_that_is_to_be_undone() {
    let shop = Shop::open().await;
    for what in ["ship a", "refund a", "ship b"] {
        shop.world.set(what, Some(Broken::Fails));
    }
    shop.world.set("refund b", Some(Broken::Lasts));
    let [asking, acting] = [shop.buy("a").await, shop.buy("b").await];
    for run in [&asking, &acting] {
        shop.parks_at(run, "ship").await;
        shop.cancel(run).await;
    }

    // While it waits: it goes on waiting, and asks again.
    shop.parks_at(&asking, "refund").await;
    shop.cancel(&asking).await;
    shop.asks(&asking, "refund", 2).await;
    shop.world.set("refund a", None);
    shop.resolve(&asking, Resolution::Retry).await.unwrap();
    shop.is_undone(&asking).await;

    // While it acts: what came of that is lost, so it acts again.
    shop.begins(&acting, "refund").await;
    shop.cancel(&acting).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    shop.world.set("refund b", None);
    shop.is_undone(&acting).await;

    let log = shop.world.log();
    for what in ["refund a", "refund b"] {
        assert!(log.iter().any(|done| done == what), "{log:?}");
    }
    shop.real.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_are_cancelled_with_the_one_above_them_are_told_once() {
    let shop = Shop::open().await;
    for what in ["ship a", "ship b"] {
        shop.world.set(what, Some(Broken::Fails));
    }
    let orders = ["a", "b"].map(order).to_vec();
    let client = &shop.real.client;
    let parent = client.start::<BuyAll>("all", &orders).await.unwrap().run_id;
    let children = [1, 2].map(|number| format!("{parent}.{number}"));
    for child in &children {
        shop.parks_at(child, "ship").await;
    }

    let [first, second] = children.clone();
    let all = [first.clone(), parent.clone(), second.clone()];
    let results = shop.apply_to_all(&all, Verb::Cancel).await;
    let above = Applied::WithAbove {
        run_id: parent.clone(),
    };
    let expected = [
        (parent.clone(), Applied::Cancelling),
        (first, above.clone()),
        (second, above),
    ];
    assert_eq!(results, BTreeMap::from(expected));
    for run in [&parent, &children[0], &children[1]] {
        shop.is_undone(run).await;
        let audit = history(&shop.real.db, Some(run), 10).await.unwrap();
        assert_eq!(audit.len(), 1, "{audit:?}");
    }
    let mut log = shop.world.log();
    log.retain(|done| done.starts_with("refund"));
    log.sort();
    assert_eq!(log, ["refund a", "refund b"]);
    shop.real.stop().await;
}
