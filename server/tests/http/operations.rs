//! What monitoring sees, and how the server stops.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{PATH, Running, SLOW, message};

#[tokio::test]
async fn healthz_is_ok_with_a_database_and_503_without() {
    let server = Running::start(SLOW).await;
    let well = server.get("/healthz").await;
    assert_eq!(well.status, 200);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        well.body,
        json!({"status": "ok", "version": version, "database": "ok"})
    );
    server.db.clone().close().await.unwrap();
    let ill = server.get("/healthz").await;
    assert_eq!(
        (ill.status, &ill.body["status"]),
        (503, &json!("unavailable"))
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_stored_is_not_promised() {
    let server = Running::start(SLOW).await;
    server.db.clone().close().await.unwrap();
    let answer = server.post("msg_1", &message()).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("database_unavailable"))
    );
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(server.loops.asked(), 0);
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_as_problems() {
    let server = Running::start(SLOW).await;
    let unknown = server.get("/nowhere").await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (404, &json!("route_unknown"))
    );
    let method = server.get(PATH).await;
    assert_eq!(
        (method.status, &method.body["code"]),
        (405, &json!("method_not_allowed"))
    );
    assert_eq!(method.headers["allow"], "POST");
}

#[tokio::test]
async fn every_sample_of_the_metrics_has_its_help_and_type() {
    let server = Running::start(SLOW).await;
    server.post("msg_1", &message()).await;
    server.send(&[], "").await;
    let page = server.get("/metrics").await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = page.body.as_str().unwrap();
    let (helps, types, samples) = read(text);
    assert!(!samples.is_empty());
    for sample in samples.keys() {
        let name = sample.split('{').next().unwrap();
        let of_summary = ["_sum", "_count", "_bucket"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let family = of_summary
            .filter(|family| types.contains_key(*family))
            .unwrap_or(name);
        assert!(types.contains_key(family), "{sample} has no TYPE");
        assert!(helps.contains(family), "{sample} has no HELP");
    }
    assert_eq!(types["flywheel_webhooks_total"], "counter");
    assert!(samples[r#"flywheel_webhooks_total{outcome="started"}"#] >= 1.0);
    assert!(samples[r#"flywheel_webhooks_total{outcome="webhook_header_missing"}"#] >= 1.0);
    assert!(samples["flywheel_webhook_seconds_count"] >= 2.0);
    assert!(samples.contains_key("flywheel_events_unstarted"));
    assert!(samples.contains_key("flywheel_events_redelivered_total"));
    assert!(samples.contains_key("flywheel_events_rejected_total"));
    assert!(samples.contains_key(r#"flywheel_webhooks_total{outcome="video_id_taken"}"#));
}

/// Names with a help, names with a type, and samples by name and labels.
fn read(text: &str) -> (HashSet<&str>, HashMap<&str, &str>, HashMap<&str, f64>) {
    let (mut helps, mut types, mut samples) = (HashSet::new(), HashMap::new(), HashMap::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(!words.is_empty());
            assert!(helps.insert(name), "{name} has two HELP lines");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(types.insert(name, kind), None, "{name} has two TYPE lines");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(
                samples.insert(sample, value.parse().unwrap()),
                None,
                "{sample} twice"
            );
        }
    }
    (helps, types, samples)
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_stops() {
    let server = Running::start(SLOW).await;
    server.loops.set_delay(Duration::from_millis(300));
    let body = message();
    let stop = async {
        while server.loops.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.stop.cancel();
    };
    let (answer, ()) = tokio::join!(server.post("msg_1", &body), stop);
    assert_eq!(answer.status, 202);
    let stopped = Instant::now();
    server.task.await.unwrap().unwrap();
    assert!(
        stopped.elapsed() < Duration::from_secs(5),
        "an idle connection held the server up"
    );
}
