//! Rows as a worker and an API leave them.

use engine::tables::{Missed, RunStatus, runs, schedules};
use jiff::Timestamp;
use schema::DatabaseConnection;
use schema::events::{self, NewEvent};
use sea_orm::{ActiveModelTrait as _, Set};
use serde_json::json;

use crate::stage::Stage;

/// Migrates the stage's database, wherever that is, and writes into it.
pub(crate) fn write<F>(stage: &Stage, url: Option<&str>, rows: impl FnOnce(DatabaseConnection) -> F)
where
    F: Future<Output = ()>,
{
    stage.json(&["migrate"]);
    let own = schema::sqlite_url(&stage.data().join("flywheel.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = schema::connect(url.unwrap_or(&own)).await.unwrap();
        rows(db.clone()).await;
        db.close().await.unwrap();
    });
}

/// A run that ended at the first instant of 1970, or is open.
pub(crate) async fn run(db: &DatabaseConnection, id: &str, status: RunStatus) {
    let row = runs::ActiveModel {
        id: Set(id.to_owned()),
        workflow: Set("video_loop".to_owned()),
        key: Set(Some(id.to_owned())),
        parent_id: Set(id.rsplit_once('.').map(|(parent, _)| parent.to_owned())),
        status: Set(status),
        input: Set("null".to_owned()),
        invocation_id: Set(Some(format!("inv_{id}"))),
        created_at_ms: Set(0),
        started_at_ms: Set(Some(0)),
        ended_at_ms: Set((!status.is_open()).then_some(0)),
        ..Default::default()
    };
    row.insert(db).await.unwrap();
}

/// A `video/ready` for two platforms, of which nothing was started yet.
pub(crate) async fn message(db: &DatabaseConnection) {
    let payload = json!({
        "type": "video/ready",
        "timestamp": "2026-11-22T10:00:00Z",
        "data": {
            "videoId": "v_9",
            "conceptId": null,
            "category": "tests",
            "caption": "Asked for",
            "hashtags": [],
            "audioId": null,
            "source": { "path": "inbox/v_9.mp4" },
            "targets": [
                { "platform": "tiktok", "account": "main" },
                { "platform": "youtube", "account": "main" },
            ],
        },
    });
    let message = NewEvent {
        id: "msg_9".to_owned(),
        kind: "video/ready".to_owned(),
        payload,
        received_at: Timestamp::now(),
    };
    events::accept(db, message).await.unwrap();
}

/// A schedule whose ticks were dealt with up to 1970.
pub(crate) async fn schedule(db: &DatabaseConnection) {
    let row = schedules::ActiveModel {
        name: Set("nightly".to_owned()),
        workflow: Set("measure_batch".to_owned()),
        input: Set("null".to_owned()),
        cron: Set("0 3 * * *".to_owned()),
        time_zone: Set("UTC".to_owned()),
        missed: Set(Missed::CatchUp),
        catch_up_max: Set(10),
        held: Set(false),
        created_at_ms: Set(0),
        last_tick_ms: Set(0),
        ..Default::default()
    };
    row.insert(db).await.unwrap();
}
