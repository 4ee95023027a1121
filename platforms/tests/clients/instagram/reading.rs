//! A post as it is read: where it is, what was counted, what is missing.

use platforms::instagram::{Insights, MediaId};

use super::{failure, post, start};
use crate::vendor::{Checked, Reply};

#[tokio::test]
async fn a_post_is_read_with_the_counts_that_are_shown() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "instagram/media")?,
        Reply::fixture(200, "instagram/media_hidden_likes")?,
    ]);
    let media = instagram.media(&post()).await?;
    insta::assert_json_snapshot!(media, @r##"
    {
      "id": "17918195224117851",
      "permalink": "https://www.instagram.com/reel/DIhoUGE00uH/",
      "shortcode": "DIhoUGE00uH",
      "product_type": "REELS",
      "published_at": "2026-11-22T10:00:00Z",
      "caption": "Three ways to save on groceries.\n\n#money #groceries",
      "likes": 1234,
      "comments": 56
    }
    "##);
    let hidden = instagram.media(&post()).await?.ok_or("no post")?;
    assert_eq!((hidden.likes, hidden.comments), (None, Some(56)));
    insta::assert_snapshot!(vendor.asked()[0].line, @"GET /vendor/17918195224117851?fields=id%2Cpermalink%2Cshortcode%2Cmedia_type%2Cmedia_product_type%2Ctimestamp%2Clike_count%2Ccomments_count%2Ccaption");
    Ok(())
}

#[tokio::test]
async fn a_post_that_is_deleted_or_hidden_is_none() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([
        Reply::fixture(400, "instagram/error_missing_object")?,
        Reply::fixture(400, "instagram/error_media_not_found")?,
    ]);
    assert_eq!(instagram.media(&post()).await?, None);
    assert_eq!(instagram.media(&post()).await?, None);
    Ok(())
}

#[tokio::test]
async fn the_answer_about_another_post_is_not_taken_for_ours() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([Reply::fixture(200, "instagram/media")?]);
    let ours = MediaId::from_stored("17918195224117852".to_owned());
    let error = failure(instagram.media(&ours).await)?;
    assert_eq!(error.code(), "instagram_unreadable_answer");
    Ok(())
}

#[tokio::test]
async fn insights_are_read_and_what_is_not_there_is_missing() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "instagram/insights")?,
        Reply::fixture(200, "instagram/insights_empty")?,
    ]);
    let insights = instagram.insights(&post()).await?;
    insta::assert_json_snapshot!(insights, @r#"
    {
      "views": 9000,
      "reach": 7210,
      "likes": 1234,
      "comments": 56,
      "shares": 41,
      "saves": 88,
      "reposts": 7,
      "interactions": 1419,
      "average_watch_ms": 8450,
      "total_watch_ms": 76050000
    }
    "#);
    assert_eq!(instagram.insights(&post()).await?, Insights::default());
    insta::assert_snapshot!(vendor.asked()[0].line, @"GET /vendor/17918195224117851/insights?metric=views%2Creach%2Clikes%2Ccomments%2Cshares%2Csaved%2Creposts%2Ctotal_interactions%2Cig_reels_avg_watch_time%2Cig_reels_video_view_total_time");
    Ok(())
}

#[tokio::test]
async fn a_count_that_is_no_number_is_an_error_and_not_zero() -> Checked {
    let (vendor, instagram) = start().await?;
    for count in ["\"many\"", "-1", "1.5", "{}"] {
        let media = format!(r#"{{"id":"17918195224117851","like_count":{count}}}"#);
        let metrics = format!(r#"{{"data":[{{"name":"views","values":[{{"value":{count}}}]}}]}}"#);
        vendor.will_say([Reply::text(200, &media), Reply::text(200, &metrics)]);
        let reading = failure(instagram.media(&post()).await)?;
        let counting = failure(instagram.insights(&post()).await)?;
        for error in [reading, counting] {
            assert_eq!(error.code(), "instagram_unreadable_answer", "{count}");
        }
    }
    Ok(())
}
