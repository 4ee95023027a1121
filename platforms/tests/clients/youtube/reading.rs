//! A video as it is read: status, counts, what is missing.

use platforms::youtube::{Counts, UploadStatus, YouTube, YouTubeConfig};

use super::{config, failure, start};
use crate::vendor::{Checked, Reply, Vendor};

#[tokio::test]
async fn a_video_is_read_with_the_counts_that_are_shown() -> Checked {
    let (vendor, youtube) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "youtube/videos_list")?,
        Reply::fixture(200, "youtube/videos_list_hidden_likes")?,
        Reply::fixture(200, "youtube/videos_list_empty")?,
    ]);

    let video = youtube.video("jNQXAC9IVRw").await?;
    insta::assert_json_snapshot!(video, @r#"
    {
      "id": "jNQXAC9IVRw",
      "published_at": "2026-11-20T10:00:00Z",
      "upload_status": "processed",
      "privacy": "public",
      "title": "Save money on groceries",
      "description": "Three ways to save on groceries.\n\nref fw-01JD3V7Q9XK2M4",
      "counts": {
        "views": 1042,
        "likes": 87,
        "comments": 12
      },
      "duration": "PT31S"
    }
    "#);
    let hidden = youtube.video("jNQXAC9IVRw").await?.ok_or("no video")?;
    assert_eq!(
        hidden.counts,
        Counts {
            views: Some(1042),
            likes: None,
            comments: None
        }
    );
    assert_eq!(youtube.video("jNQXAC9IVRw").await?, None);
    insta::assert_snapshot!(vendor.asked()[0].line, @"GET /vendor/youtube/v3/videos?part=snippet%2Cstatistics%2CcontentDetails%2Cstatus%2CprocessingDetails&id=jNQXAC9IVRw");
    Ok(())
}

#[tokio::test]
async fn a_video_that_is_not_processed_says_why() -> Checked {
    let (vendor, youtube) = start().await?;
    for (fixture, status) in [
        ("uploaded", UploadStatus::Uploaded),
        (
            "failed",
            UploadStatus::Failed {
                reason: "codec".to_owned(),
            },
        ),
        (
            "rejected",
            UploadStatus::Rejected {
                reason: "duplicate".to_owned(),
            },
        ),
    ] {
        vendor.will_say([Reply::fixture(
            200,
            &format!("youtube/videos_list_{fixture}"),
        )?]);
        let video = youtube.video("jNQXAC9IVRw").await?.ok_or("no video")?;
        assert_eq!(video.upload_status, status);
    }
    Ok(())
}

#[tokio::test]
async fn the_answer_about_another_video_is_not_taken_for_ours() -> Checked {
    let (vendor, youtube) = start().await?;
    vendor.will_say([Reply::fixture(200, "youtube/videos_list")?]);
    assert_eq!(youtube.video("dQw4w9WgXcQ").await?, None);
    Ok(())
}

#[tokio::test]
async fn a_count_that_is_no_number_is_an_error_and_not_zero() -> Checked {
    let (vendor, youtube) = start().await?;
    for count in ["\"many\"", "\"-1\"", "\"\"", "1.5"] {
        let body = format!(r#"{{"items":[{{"id":"a","statistics":{{"viewCount":{count}}}}}]}}"#);
        vendor.will_say([Reply::text(200, &body)]);
        let error = failure(youtube.video("a").await)?;
        assert_eq!(error.code(), "youtube_unreadable_answer", "{count}");
    }
    Ok(())
}

#[tokio::test]
async fn an_api_key_is_a_header_on_reads_and_never_in_the_address() -> Checked {
    let vendor = Vendor::start().await?;
    let api_key = Some("canary-key".into());
    let youtube = YouTube::new(YouTubeConfig {
        api_key,
        ..config(&vendor.base)
    })?;
    vendor.will_say([Reply::fixture(200, "youtube/videos_list_empty")?]);
    youtube.video("a").await?;
    let asked = vendor.asked().remove(0);
    assert_eq!(asked.header("x-goog-api-key"), "canary-key");
    assert!(!asked.line.contains("canary"));
    Ok(())
}
