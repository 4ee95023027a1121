//! What is made once stays made.

use schema::made_once::{self, is_made, made};
use sea_orm::EntityTrait;

use crate::database::{TestResult, on_every_database};
use crate::rows::minute;

#[tokio::test]
async fn what_was_made_is_known_by_its_name_and_keeps_its_first_time() -> TestResult {
    on_every_database(|db| async move {
        assert!(!is_made(&db, "schedule/a").await?);
        made(&db, "schedule/a", minute(1)).await?;
        made(&db, "schedule/a", minute(2)).await?;
        assert!(is_made(&db, "schedule/a").await?);
        assert!(!is_made(&db, "schedule/b").await?);
        let kept = made_once::Entity::find().all(&db).await?;
        let times: Vec<i64> = kept.iter().map(|row| row.made_at_ms).collect();
        assert_eq!(times, [minute(1).as_millisecond()]);
        Ok(())
    })
    .await
}
