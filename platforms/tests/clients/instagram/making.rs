//! Containers and their bytes: what is sent where, and what is made of the answer.

use std::io;

use futures::stream;
use platforms::Meaning;
use platforms::instagram::{ContainerFailure, ContainerId, ContainerState, NewReel, VideoSource};
use reqwest::Body;
use url::Url;

use super::{TOKEN, container, failure, reel, start};
use crate::vendor::{Checked, Reply};

#[tokio::test]
async fn a_container_for_an_upload_is_made_and_its_address_is_not_used() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "instagram/container_created")?,
        Reply::fixture(200, "instagram/upload_done")?,
    ]);

    let made = instagram
        .create_container(&reel(), &VideoSource::Upload)
        .await?;
    assert_eq!(made, container());
    instagram.send_bytes(&made, 9, vec![7_u8; 9]).await?;

    let asked = vendor.asked();
    assert_eq!(asked[0].line, "POST /vendor/17841405822304914/media");
    assert_eq!(asked[0].header("authorization"), format!("Bearer {TOKEN}"));
    let body: serde_json::Value = serde_json::from_slice(&asked[0].body)?;
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!(body, @r##"
        {
          "caption": "Three ways to save on groceries.\n\n#money #groceries",
          "media_type": "REELS",
          "share_to_feed": true,
          "upload_type": "resumable"
        }
        "##);
    });
    // the recorded answer names rupload.facebook.com; only what is configured gets the token
    assert_eq!(asked[1].line, "POST /vendor/upload/17889455560051444");
    assert_eq!(asked[1].header("authorization"), format!("OAuth {TOKEN}"));
    assert_eq!(asked[1].header("offset"), "0");
    assert_eq!(asked[1].header("file_size"), "9");
    assert_eq!(asked[1].body.to_vec(), vec![7_u8; 9]);
    Ok(())
}

#[tokio::test]
async fn a_container_by_address_names_the_video_and_no_upload() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([Reply::fixture(200, "instagram/container_created_by_url")?]);
    let source = VideoSource::Url(Url::parse("https://media.example/v_1.mp4?sig=1")?);
    let made = instagram.create_container(&reel(), &source).await?;
    assert_eq!(made, container());
    let body: serde_json::Value = serde_json::from_slice(&vendor.asked()[0].body)?;
    assert_eq!(body["video_url"], "https://media.example/v_1.mp4?sig=1");
    assert_eq!(body.get("upload_type"), None);
    Ok(())
}

#[tokio::test]
async fn a_reel_that_instagram_would_refuse_is_never_sent() -> Checked {
    let (vendor, instagram) = start().await?;
    let reel = NewReel {
        caption: "#".repeat(2201),
        duration_ms: 0,
        bytes: 0,
        ..reel()
    };
    let error = failure(
        instagram
            .create_container(&reel, &VideoSource::Upload)
            .await,
    )?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("instagram_invalid_reel", Meaning::Terminal)
    );
    insta::assert_snapshot!(error, @"instagram create_container failed: caption has 2201 characters, 2200 are allowed; duration_ms is 0, 3000 to 900000 are allowed; bytes is 0: the file is empty");
    assert!(vendor.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_file_is_sent_while_it_is_read_with_its_length() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([Reply::fixture(200, "instagram/upload_done")?]);
    let parts = ["abc", "def"].map(Ok::<_, io::Error>);
    let body = Body::wrap_stream(stream::iter(parts));
    instagram.send_bytes(&container(), 6, body).await?;
    let asked = vendor.asked().remove(0);
    assert_eq!(asked.header("content-length"), "6");
    assert_eq!(asked.header("transfer-encoding"), "");
    assert_eq!(asked.body.to_vec(), b"abcdef");
    Ok(())
}

#[tokio::test]
async fn a_file_that_ends_early_while_it_is_sent_is_no_success() -> Checked {
    let (vendor, instagram) = start().await?;
    let done = Reply::fixture(200, "instagram/upload_done")?;
    vendor.will_say([done.clone(), done]);
    let shorter = vec![Ok("abc")];
    let unreadable = vec![Ok("abc"), Err(io::Error::other("the disk is gone"))];
    for parts in [shorter, unreadable] {
        let body = Body::wrap_stream(stream::iter(parts));
        let error = failure(instagram.send_bytes(&container(), 6, body).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("instagram_unreachable", Meaning::Retry)
        );
    }
    Ok(())
}

#[tokio::test]
async fn bytes_of_another_length_than_announced_are_never_sent() -> Checked {
    let (vendor, instagram) = start().await?;
    for (announced, length) in [(0, 0), (0, 1), (9, 8), (9, 10)] {
        let bytes = vec![0_u8; length];
        let error = failure(instagram.send_bytes(&container(), announced, bytes).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("instagram_bad_size", Meaning::Terminal),
            "{length} bytes of {announced}"
        );
    }
    assert!(vendor.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn bytes_that_were_not_taken_are_an_error_whatever_the_status() -> Checked {
    use Meaning::{Retry, Terminal};
    let (vendor, instagram) = start().await?;
    for (status, fixture, meaning) in [
        (200, "upload_failed", Terminal),
        (400, "upload_failed", Terminal),
        (200, "upload_retriable", Retry),
        (503, "upload_retriable", Retry),
    ] {
        vendor.will_say([Reply::fixture(status, &format!("instagram/{fixture}"))?]);
        let error = failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("instagram_upload_failed", meaning),
            "{status} {fixture}"
        );
    }
    vendor.will_say([Reply::fixture(400, "instagram/upload_unauthorized")?]);
    let error = failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?;
    assert_eq!(error.code(), "instagram_unauthorized");
    for body in [r#"{"success":false}"#, "{}", "null", "<html>", ""] {
        vendor.will_say([Reply::text(200, body)]);
        let error = failure(instagram.send_bytes(&container(), 1, vec![0_u8]).await)?;
        assert_eq!(error.code(), "instagram_unreadable_answer", "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn a_container_says_how_far_it_is() -> Checked {
    let (vendor, instagram) = start().await?;
    for (fixture, state) in [
        ("in_progress", ContainerState::InProgress),
        ("finished", ContainerState::Finished),
        ("published", ContainerState::Published),
        ("expired", ContainerState::Expired),
        (
            "failed",
            ContainerState::Failed(ContainerFailure {
                subcode: Some(2_207_076),
                status: "Error: Media upload has failed with error code 2207076".to_owned(),
            }),
        ),
    ] {
        vendor.will_say([Reply::fixture(
            200,
            &format!("instagram/container_{fixture}"),
        )?]);
        assert_eq!(instagram.container_status(&container()).await?, state);
    }
    vendor.will_say([Reply::text(200, r#"{"status_code":"REVIEWED"}"#)]);
    let other = instagram.container_status(&container()).await?;
    assert_eq!(other, ContainerState::Other("REVIEWED".to_owned()));
    insta::assert_snapshot!(vendor.asked()[0].line, @"GET /vendor/17889455560051444?fields=status_code%2Cstatus");
    Ok(())
}

#[tokio::test]
async fn a_container_that_failed_is_an_error_with_the_meaning_of_its_number() -> Checked {
    let (vendor, instagram) = start().await?;
    for (fixture, code, meaning) in [
        ("failed", "instagram_container_failed", Meaning::Retry),
        (
            "failed_format",
            "instagram_unsupported_video",
            Meaning::Terminal,
        ),
    ] {
        vendor.will_say([Reply::fixture(
            200,
            &format!("instagram/container_{fixture}"),
        )?]);
        let state = instagram.container_status(&container()).await?;
        let ContainerState::Failed(failed) = state else {
            return Err(format!("{state:?}").into());
        };
        let error = failed.error();
        assert_eq!((error.code(), error.meaning()), (code, meaning));
    }
    Ok(())
}

#[tokio::test]
async fn the_answer_about_another_container_is_not_taken_for_ours() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([Reply::fixture(200, "instagram/container_published")?]);
    let ours = ContainerId::from_stored("17889455560051445".to_owned());
    let error = failure(instagram.container_status(&ours).await)?;
    assert_eq!(error.code(), "instagram_unreadable_answer");
    Ok(())
}
