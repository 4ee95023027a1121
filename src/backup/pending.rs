//! What was only asked for: messages and events whose runs were not started yet. After a restore they
//! are taken up again, and the runs of that are to be held like all others; so their rows are made
//! here, under the keys under which those who take them up look for them.

use engine::Workflow as _;
use engine::tables::{RunStatus, engine_events, runs};
use jiff::Timestamp;
use schema::DatabaseConnection;
use schema::events::{self, EventStatus};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, Insert, QueryFilter as _,
    QueryTrait as _, Set,
};
use server::{LoopTarget, VideoReady};
use uuid::Uuid;
use workflows::{TRIGGERS, VideoLoop, VideoLoopInput};

/// Makes the rows, and says how many there had been none of.
pub(super) async fn queue(db: &DatabaseConnection, now: Timestamp) -> anyhow::Result<u64> {
    let mut queued = 0;
    for asked in asked_for(db).await? {
        let row = runs::ActiveModel {
            id: Set(format!("run_{}", Uuid::now_v7().simple())),
            workflow: Set(asked.workflow.to_owned()),
            key: Set(Some(asked.key)),
            status: Set(RunStatus::Queued),
            input: Set(asked.input),
            created_at_ms: Set(now.as_millisecond()),
            ..Default::default()
        };
        let once = OnConflict::columns([runs::Column::Workflow, runs::Column::Key])
            .do_nothing()
            .to_owned();
        let insert = Insert::one(row).on_conflict(once);
        queued += db.execute(insert.as_query()).await?.rows_affected();
    }
    Ok(queued)
}

/// A run as it would be started.
struct Asked {
    workflow: &'static str,
    key: String,
    /// JSON.
    input: String,
}

async fn asked_for(db: &DatabaseConnection) -> anyhow::Result<Vec<Asked>> {
    let mut asked = Vec::new();
    let messages = events::Entity::find()
        .filter(events::Column::Status.eq(EventStatus::Accepted))
        .all(db)
        .await?;
    for message in messages {
        // One that cannot be read starts nothing: whoever takes it up rejects it.
        if let Ok(video) = VideoReady::read(&message.payload) {
            asked.extend(loops(&video)?);
        }
    }
    let pending = engine_events::Entity::find()
        .filter(engine_events::Column::StartedAtMs.is_null())
        .all(db)
        .await?;
    for event in pending {
        let triggers = TRIGGERS.iter();
        asked.extend(
            triggers
                .filter(|trigger| trigger.event == event.name)
                .map(|trigger| Asked {
                    workflow: trigger.workflow,
                    key: trigger.run_key(&event),
                    input: event.data.clone(),
                }),
        );
    }
    Ok(asked)
}

fn loops(video: &VideoReady) -> anyhow::Result<Vec<Asked>> {
    let video_id = &video.data.video_id;
    let mut loops = Vec::new();
    for target in &video.data.targets {
        let input = VideoLoopInput {
            video_id: video_id.clone(),
            platform: target.platform.clone(),
            account: target.account.clone(),
            wait_ms: None,
        };
        let target = LoopTarget {
            video_id: video_id.clone(),
            platform: target.platform.clone(),
            account: target.account.clone(),
        };
        loops.push(Asked {
            workflow: VideoLoop::NAME,
            key: target.key(),
            input: serde_json::to_string(&input)?,
        });
    }
    Ok(loops)
}
