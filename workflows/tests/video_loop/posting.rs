//! One post, whatever happens: for each platform the worker is stopped at every journal boundary and
//! inside every request of posting, and requests and answers are lost.

use std::collections::BTreeMap;

use engine::testing::{CrashPoint, Side};
use serde_json::{Value, json};
use workflows::VideoLoop;

use crate::world::World;
use crate::{check, input, lab};

/// Questions that are asked until the answer is another one: how often depends on the machine.
const POLLED: [&str; 3] = ["container_status", "status_fetch", "videos_list"];
/// Requests that carry the file, and which of them has to come in several pieces.
const CARRIERS: [(&str, &str, u64); 3] = [
    ("instagram", "upload", 1),
    ("tiktok", "upload_put", 2),
    ("youtube", "upload_put", 2),
];

/// Stops the worker at every closure that a loop executes, one loop for each.
async fn crash_everywhere(platform: &'static str, side: Side) {
    for boundary in 0.. {
        let world = World::on(platform).await.seen().await;
        let lab = lab(&world);
        let point = CrashPoint { boundary, side };
        let (output, reached) = lab
            .run_with_crash::<VideoLoop>("run_1", &input(&world), point)
            .await
            .unwrap();
        check(&world, &output).await;
        if !reached {
            assert!(
                boundary >= 9,
                "nine steps have more boundaries than {boundary}"
            );
            return;
        }
    }
}

/// The requests that posting makes, each as its endpoint and how many of the kind come before it.
/// Of those that are asked again and again only the first is on the list.
async fn requests_of_posting(platform: &'static str) -> Vec<(String, u64)> {
    let world = World::on(platform).await.send().await;
    world
        .done(&world.steps.post_confirm, json!(world.target()))
        .await;
    let mut seen = BTreeMap::<String, u64>::new();
    for row in world.listed(&format!("requests?platform={platform}")).await {
        let endpoint = row["endpoint"].as_str().unwrap().to_owned();
        *seen.entry(endpoint).or_default() += 1;
    }
    for (of, carrier, pieces) in CARRIERS {
        assert!(of != platform || seen[carrier] >= pieces, "{seen:?}");
    }
    seen.into_iter()
        .flat_map(|(endpoint, times)| {
            let times = if POLLED.contains(&endpoint.as_str()) {
                1
            } else {
                times
            };
            (0..times).map(move |earlier| (endpoint.clone(), earlier))
        })
        .collect()
}

/// Cuts the worker off while a request of this kind is held back, then runs to the end.
async fn cut_off_in(platform: &'static str, endpoint: &str, after: u64, stall: Value) {
    let world = World::on(platform).await.seen().await;
    let lab = lab(&world);
    world.fault(platform, endpoint, after, 1, stall).await;
    let input = input(&world);
    tokio::select! {
        result = lab.run::<VideoLoop>("run_1", &input) => panic!("{endpoint} was not held back: {result:?}"),
        () = world.until_stalled() => {}
    }
    let output = lab.run::<VideoLoop>("run_1", &input).await.unwrap();
    check(&world, &output).await;
}

/// Cuts the worker off inside each request of posting, one loop for each.
async fn cut_off_everywhere(platform: &'static str, when: &str) {
    for (endpoint, earlier) in requests_of_posting(platform).await {
        let stall = json!({ "kind": "stall", "ms": 1000, "when": when });
        cut_off_in(platform, &endpoint, earlier, stall).await;
    }
}

/// Loses the answer to each request of posting, one loop for each. Not the answer that has the next
/// tokens: the old ones are spent with it, which only a person can mend.
async fn lose_everywhere(platform: &'static str, kind: &str) {
    let requests = requests_of_posting(platform).await;
    let is_mended_by_a_person = |endpoint: &str| endpoint == "oauth_token" && kind != "drop_before";
    for (endpoint, earlier) in requests {
        if is_mended_by_a_person(&endpoint) {
            continue;
        }
        let world = World::on(platform).await.seen().await;
        let fault = json!({ "kind": kind });
        world.fault(platform, &endpoint, earlier, 1, fault).await;
        let ran = lab(&world).run::<VideoLoop>("run_1", &input(&world)).await;
        let output = ran.unwrap_or_else(|error| panic!("{endpoint} {earlier}: {error:?}"));
        check(&world, &output).await;
    }
}

macro_rules! posts_once {
    ($platform:ident) => {
        mod $platform {
            use engine::testing::Side;

            use super::{crash_everywhere, cut_off_everywhere, lose_everywhere};

            const PLATFORM: &str = stringify!($platform);

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_crash_before_any_journal_entry_does_not_post_twice() {
                crash_everywhere(PLATFORM, Side::Before).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_crash_after_any_journal_entry_does_not_post_twice() {
                crash_everywhere(PLATFORM, Side::After).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_worker_cut_off_before_the_platform_acts_does_not_post_twice() {
                cut_off_everywhere(PLATFORM, "before").await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_worker_cut_off_after_the_platform_acted_does_not_post_twice() {
                cut_off_everywhere(PLATFORM, "after").await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn an_answer_lost_after_the_platform_acted_is_found_again_and_posts_once() {
                lose_everywhere(PLATFORM, "act_then_drop").await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_request_lost_on_its_way_is_sent_again_and_posts_once() {
                lose_everywhere(PLATFORM, "drop_before").await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn an_answer_cut_short_is_asked_for_again_and_posts_once() {
                lose_everywhere(PLATFORM, "truncate").await;
            }
        }
    };
}

posts_once!(instagram);
posts_once!(tiktok);
posts_once!(youtube);
