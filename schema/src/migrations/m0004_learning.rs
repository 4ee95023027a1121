//! What was expected, what came, why, and what changed because of it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, double, double_null, json_binary, text, text_null,
};

use super::{belongs_to, index, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait would take a written lifetime for another one than the trait's"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(predictions()).await?;
        manager
            .create_index(index("predictions_video", "predictions", &["video_id"]))
            .await?;
        manager.create_table(performance_feedback()).await?;
        manager
            .create_index(index(
                "performance_feedback_baseline",
                "performance_feedback",
                &["platform", "category"],
            ))
            .await?;
        manager.create_table(critiques()).await?;
        manager.create_table(scoring_weights()).await
    }
}

/// The id is the post's, but no foreign key: what is expected is stored before the post's row.
fn predictions() -> TableCreateStatement {
    Table::create()
        .table("predictions")
        .col(text("id").primary_key())
        .col(text("video_id"))
        .col(text("platform"))
        .col(text("account_id"))
        .col(text("category"))
        .col(text("model"))
        .col(double_null("predicted_engagement"))
        .col(big_integer("sample_count"))
        .col(json_binary("features"))
        .col(big_integer("created_at_ms"))
        .foreign_key(&mut belongs_to("predictions", "video_id", "videos"))
        .to_owned()
}

fn performance_feedback() -> TableCreateStatement {
    Table::create()
        .table("performance_feedback")
        .col(text("id").primary_key())
        .col(text("post_id"))
        .col(text("prediction_id"))
        .col(text("snapshot_id"))
        .col(text("platform"))
        .col(text("category"))
        .col(double_null("predicted_engagement"))
        .col(double("actual_engagement"))
        .col(double_null("error"))
        .col(big_integer("age_ms"))
        .col(big_integer("created_at_ms"))
        .foreign_key(&mut belongs_to("performance_feedback", "post_id", "posts"))
        .foreign_key(&mut belongs_to(
            "performance_feedback",
            "prediction_id",
            "predictions",
        ))
        .foreign_key(&mut belongs_to(
            "performance_feedback",
            "snapshot_id",
            "analytics_snapshots",
        ))
        .index(&mut unique("performance_feedback_post", &["post_id"]))
        .to_owned()
}

fn critiques() -> TableCreateStatement {
    Table::create()
        .table("critiques")
        .col(text("id").primary_key())
        .col(text("feedback_id"))
        .col(text("evidence"))
        .col(text("hypothesis"))
        .col(text("proposal"))
        .col(text("lesson"))
        .col(text("model"))
        .col(big_integer("cost_micro_usd"))
        .col(big_integer("created_at_ms"))
        .foreign_key(&mut belongs_to(
            "critiques",
            "feedback_id",
            "performance_feedback",
        ))
        .index(&mut unique("critiques_feedback", &["feedback_id"]))
        .to_owned()
}

fn scoring_weights() -> TableCreateStatement {
    Table::create()
        .table("scoring_weights")
        .col(text("id").primary_key())
        .col(text("category"))
        .col(big_integer("version"))
        .col(text_null("feedback_id"))
        .col(json_binary("weights_before"))
        .col(json_binary("weights_after"))
        .col(boolean("changed"))
        .col(text("reason"))
        .col(json_binary("evidence"))
        .col(text_null("reverts"))
        .col(big_integer("created_at_ms"))
        .foreign_key(&mut belongs_to(
            "scoring_weights",
            "feedback_id",
            "performance_feedback",
        ))
        .foreign_key(&mut belongs_to(
            "scoring_weights",
            "reverts",
            "scoring_weights",
        ))
        .index(&mut unique("scoring_weights_feedback", &["feedback_id"]))
        .index(&mut unique(
            "scoring_weights_version",
            &["category", "version"],
        ))
        .to_owned()
}
