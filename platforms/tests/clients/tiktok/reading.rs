//! What has become of a post, and its counts.

use platforms::Meaning;
use platforms::tiktok::{Counts, MOST_QUERIED, PublishStatus};

use super::{TOKEN, failure, fixture, publish_id, start, token};
use crate::vendor::{Checked, Reply};

const POST: &str = "7412345678901234567";

/// A recorded status, and how it is read.
async fn check(name: &str, expected: PublishStatus) -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([fixture(200, name)?]);
    assert_eq!(tiktok.status(&token(), &publish_id()).await?, expected);
    let asked = vendor.asked().remove(0);
    assert_eq!(
        asked.line, "POST /vendor/v2/post/publish/status/fetch/",
        "{name}"
    );
    assert_eq!(asked.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(
        asked.body,
        r#"{"publish_id":"v_pub_file~v2-1.123456789"}"#.as_bytes()
    );
    Ok(())
}

#[tokio::test]
async fn every_state_of_a_post_is_told_apart() -> Checked {
    check(
        "status_processing_upload",
        PublishStatus::ProcessingUpload {
            uploaded_bytes: Some(10_000_000),
        },
    )
    .await?;
    check(
        "status_processing_download",
        PublishStatus::ProcessingDownload {
            downloaded_bytes: Some(4096),
        },
    )
    .await?;
    check("status_inbox", PublishStatus::InInbox).await?;
    check(
        "status_complete",
        PublishStatus::Complete {
            post_ids: vec![POST.to_owned()],
        },
    )
    .await?;
    check(
        "status_complete_unmoderated",
        PublishStatus::Complete {
            post_ids: Vec::new(),
        },
    )
    .await
}

#[tokio::test]
async fn a_post_that_failed_says_why() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([fixture(200, "status_failed")?]);
    let PublishStatus::Failed { reason } = tiktok.status(&token(), &publish_id()).await? else {
        return Err("not failed".into());
    };
    assert_eq!(reason.word(), "picture_size_check_failed");
    assert_eq!(reason.error_code(), "tiktok_media_refused");
    assert!(!reason.is_temporary());
    Ok(())
}

#[tokio::test]
async fn a_state_that_we_do_not_know_is_handed_on_as_it_is() -> Checked {
    let (vendor, tiktok) = start().await?;
    let ok = r#""error":{"code":"ok","message":"","log_id":"1"}"#;
    for (data, expected) in [
        (
            r#"{"status":"IN_REVIEW"}"#,
            PublishStatus::Other("IN_REVIEW".to_owned()),
        ),
        (
            r#"{"status":"PROCESSING_UPLOAD"}"#,
            PublishStatus::ProcessingUpload {
                uploaded_bytes: None,
            },
        ),
    ] {
        vendor.will_say([Reply::text(200, &format!(r#"{{"data":{data},{ok}}}"#))]);
        assert_eq!(tiktok.status(&token(), &publish_id()).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_status_of_another_type_is_an_error_and_no_state() -> Checked {
    let (vendor, tiktok) = start().await?;
    for data in [
        r#"{"status":5}"#,
        r#"{"status":null}"#,
        r#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[7412345678901234567.0]}"#,
        r#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":"7412345678901234567"}"#,
        r#"{"status":"PROCESSING_UPLOAD","uploaded_bytes":-1}"#,
        "null",
    ] {
        let body = format!(r#"{{"data":{data},"error":{{"code":"ok"}}}}"#);
        vendor.will_say([Reply::text(200, &body)]);
        let error = failure(tiktok.status(&token(), &publish_id()).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_unreadable_answer", Meaning::Retry),
            "{data}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn posts_are_read_with_the_counts_that_are_shown() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([
        fixture(200, "video_query")?,
        fixture(200, "video_query_empty")?,
    ]);

    let videos = tiktok.video_query(&token(), &[POST]).await?;
    insta::assert_json_snapshot!(videos, @r##"
    [
      {
        "id": "7412345678901234567",
        "published_at": "2025-11-20T10:00:00Z",
        "share_url": "https://www.tiktok.com/@oddloop/video/7412345678901234567",
        "title": "",
        "description": "Save money on groceries #money",
        "duration_s": 31,
        "width": 576,
        "height": 1024,
        "counts": {
          "views": 1042,
          "likes": 87,
          "comments": 12,
          "shares": 5
        }
      }
    ]
    "##);
    assert_eq!(tiktok.video_query(&token(), &[POST]).await?, []);

    let asked = vendor.asked().remove(0);
    insta::assert_snapshot!(asked.line, @"POST /vendor/v2/video/query/?fields=id%2Ccreate_time%2Cshare_url%2Cvideo_description%2Cduration%2Cheight%2Cwidth%2Ctitle%2Clike_count%2Ccomment_count%2Cshare_count%2Cview_count");
    assert_eq!(
        asked.body,
        r#"{"filters":{"video_ids":["7412345678901234567"]}}"#.as_bytes()
    );
    Ok(())
}

#[tokio::test]
async fn a_count_that_is_missing_stays_missing_and_one_of_another_type_is_an_error() -> Checked {
    let (vendor, tiktok) = start().await?;
    let body = |count: &str| {
        format!(r#"{{"data":{{"videos":[{{"id":"{POST}"{count}}}]}},"error":{{"code":"ok"}}}}"#)
    };
    for missing in ["", r#","view_count":null"#] {
        vendor.will_say([Reply::text(200, &body(missing))]);
        let videos = tiktok.video_query(&token(), &[POST]).await?;
        assert_eq!(videos[0].counts, Counts::default());
        assert_eq!(videos[0].published_at, None);
    }
    for wrong in ["\"many\"", "\"10\"", "-1", "1.5", "true"] {
        let count = format!(r#","view_count":{wrong}"#);
        vendor.will_say([Reply::text(200, &body(&count))]);
        let error = failure(tiktok.video_query(&token(), &[POST]).await)?;
        assert_eq!(error.code(), "tiktok_unreadable_answer", "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn the_answer_about_another_post_is_not_taken_for_ours() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([fixture(200, "video_query")?]);
    assert_eq!(tiktok.video_query(&token(), &["7"]).await?, []);
    Ok(())
}

#[tokio::test]
async fn no_posts_or_too_many_are_not_asked_about() -> Checked {
    let (vendor, tiktok) = start().await?;
    for ids in [vec![], vec![POST; MOST_QUERIED + 1]] {
        let error = failure(tiktok.video_query(&token(), &ids).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_bad_query", Meaning::Terminal)
        );
    }
    assert!(vendor.asked().is_empty());
    Ok(())
}
