//! Posts whose upload is opened anew: what is known of one upload says nothing of another.

use schema::posts::{self, PostState};

use crate::database::{TestResult, on_every_database};
use crate::posts::{post_in, read};
use crate::rows::{minute, prepared_post, session};

#[tokio::test]
async fn what_was_said_of_one_upload_moves_no_row_that_has_another() -> TestResult {
    on_every_database(|db| async move {
        let id = prepared_post(&db, "v_1").await?;
        posts::open(&db, &id, session("s1"), None, minute(2)).await?;
        posts::start_sending(&db, &id, "s1", minute(3)).await?;
        let first = read(&db, &id).await?;
        let second = posts::reopen(&db, &first, session("s2"), minute(4)).await?;
        assert!(second.is_applied());
        assert_eq!(second.into_model().reopened, 1);
        posts::start_sending(&db, &id, "s2", minute(5)).await?;

        let now = minute(6);
        for late in [
            posts::sent(&db, &first, None, now).await?,
            posts::reject(&db, &first, "code", "text", now).await?,
            posts::unknown(&db, &first, "code", "text", now).await?,
            posts::reopen(&db, &first, session("s3"), now).await?,
        ] {
            assert!(!late.is_applied(), "{late:?}");
            let row = late.into_model();
            assert_eq!(
                (row.state, row.session.as_deref()),
                (PostState::Sending, Some("s2"))
            );
        }
        assert!(!posts::publishing(&db, &first, now).await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_row_that_moved_on_or_has_a_post_is_not_opened_anew() -> TestResult {
    on_every_database(|db| async move {
        let id = post_in(&db, "v_1", PostState::Sending).await?;
        let sending = read(&db, &id).await?;
        posts::sent(&db, &sending, None, minute(4)).await?;
        let stale = posts::reopen(&db, &sending, session("s2"), minute(5)).await?;
        assert!(!stale.is_applied(), "it has moved on since");
        let processing = stale.into_model();
        posts::sent(&db, &processing, Some("yt-1"), minute(6)).await?;
        let linked = posts::reopen(&db, &processing, session("s2"), minute(7)).await?;
        assert!(!linked.is_applied(), "it has a post");
        let rejected = posts::reject(&db, &processing, "code", "text", minute(7)).await?;
        assert!(!rejected.is_applied(), "it has a post");

        let id = post_in(&db, "v_2", PostState::Sending).await?;
        posts::sent(&db, &read(&db, &id).await?, None, minute(4)).await?;
        let processing = read(&db, &id).await?;
        assert!(posts::publishing(&db, &processing, minute(5)).await?);
        assert!(posts::publishing(&db, &processing, minute(6)).await?);
        let asked = read(&db, &id).await?;
        assert_eq!(asked.publishing_at(), Some(minute(5)));
        let reopened = posts::reopen(&db, &asked, session("s2"), minute(7)).await?;
        assert!(reopened.is_applied());
        assert_eq!(reopened.into_model().publishing_at(), None);
        Ok(())
    })
    .await
}
