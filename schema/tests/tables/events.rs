//! Events are taken in once, settled once, and not forgotten in between.

use schema::events::{
    Acceptance, EventStatus, NewEvent, accept, get, mark_rejected, mark_started, stuck,
};
use schema::{SchemaError, StringList};
use serde_json::json;

use crate::database::{TestResult, on_every_database};
use crate::rows::minute;

fn ready(id: &str, at: i64) -> NewEvent {
    NewEvent {
        id: id.to_owned(),
        kind: "video/ready".to_owned(),
        payload: json!({ "type": "video/ready", "data": { "videoId": "v_1" } }),
        received_at: minute(at),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_deliveries_of_one_event_one_is_new() -> TestResult {
    on_every_database(|db| async move {
        let mut deliveries = tokio::task::JoinSet::new();
        for at in 0..12 {
            let db = db.clone();
            deliveries.spawn(async move { accept(&db, ready("msg_1", at)).await });
        }
        let mut new = 0;
        let mut seen = Vec::new();
        while let Some(delivery) = deliveries.join_next().await {
            match delivery?? {
                Acceptance::New(row) => {
                    new += 1;
                    seen.push(row);
                }
                Acceptance::Duplicate(row) => seen.push(row),
            }
        }
        assert_eq!(new, 1);
        let stored = get(&db, "msg_1").await?.ok_or("no event")?;
        assert!(seen.iter().all(|row| *row == stored));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_event_is_settled_once_and_keeps_its_first_runs() -> TestResult {
    on_every_database(|db| async move {
        accept(&db, ready("msg_1", 0)).await?;
        let first = StringList::from_iter(["run_1", "run_2"]);
        let started = mark_started(&db, "msg_1", first, minute(1)).await?;
        let again = mark_started(&db, "msg_1", StringList::from_iter(["x"]), minute(2)).await?;
        assert_eq!(again, started);
        assert_eq!(mark_rejected(&db, "msg_1", "too late").await?, started);
        insta::allow_duplicates! {
            insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(started, @r#"
            {
              "id": "msg_1",
              "kind": "video/ready",
              "payload": {
                "data": {
                  "videoId": "v_1"
                },
                "type": "video/ready"
              },
              "status": "started",
              "error": null,
              "received_at_ms": 1795341600000,
              "started_at_ms": 1795341660000,
              "run_ids": [
                "run_1",
                "run_2"
              ]
            }
        "#);
            });
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_rejected_event_is_not_started_later() -> TestResult {
    on_every_database(|db| async move {
        accept(&db, ready("msg_1", 0)).await?;
        mark_rejected(&db, "msg_1", "the file is not there").await?;
        let after = mark_started(&db, "msg_1", StringList::default(), minute(1)).await?;
        assert_eq!(after.status, EventStatus::Rejected);
        assert_eq!(after.error.as_deref(), Some("the file is not there"));
        let missing = mark_rejected(&db, "msg_2", "never came").await;
        assert!(matches!(missing, Err(SchemaError::NotFound { .. })));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn only_accepted_events_that_are_old_enough_are_stuck_oldest_first() -> TestResult {
    on_every_database(|db| async move {
        for (id, at) in [
            ("young", 9),
            ("old", 5),
            ("oldest", 1),
            ("started", 1),
            ("refused", 2),
        ] {
            accept(&db, ready(id, at)).await?;
        }
        mark_started(&db, "started", StringList::default(), minute(2)).await?;
        mark_rejected(&db, "refused", "no").await?;
        let ids: Vec<String> = stuck(&db, minute(5))
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        assert_eq!(ids, ["oldest", "old"]);
        Ok(())
    })
    .await
}
