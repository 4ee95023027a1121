//! Sessions and chunks: what is sent where, and what the session answers.

use platforms::Meaning;
use platforms::youtube::{Counts, NewVideo, UploadState, UploadStatus};

use super::{STEP, TOKEN, TOTAL, clip, failure, file, session, start};
use crate::vendor::{Checked, Reply};

#[tokio::test]
async fn opening_a_session_sends_the_text_and_gives_the_session() -> Checked {
    let (vendor, youtube) = start().await?;
    let location = session(&vendor).expose().to_owned();
    vendor.will_say([Reply::text(200, "").header("location", location.clone())]);

    let opened = youtube.open_session(&clip(), &file(TOTAL)).await?;

    assert_eq!(opened.expose(), location);
    let asked = vendor.asked().remove(0);
    insta::assert_snapshot!(asked.line, @"POST /vendor/upload/youtube/v3/videos?part=snippet%2Cstatus&alt=json&uploadType=resumable");
    assert_eq!(asked.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(asked.header("x-upload-content-length"), "600000");
    assert_eq!(asked.header("x-upload-content-type"), "video/*");
    let body: serde_json::Value = serde_json::from_slice(&asked.body)?;
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!(body, @r#"
        {
          "snippet": {
            "categoryId": "24",
            "description": "Three ways.\n\nref fw-01JD3V7Q9XK2M4",
            "tags": [
              "money"
            ],
            "title": "Save money on groceries"
          },
          "status": {
            "privacyStatus": "unlisted"
          }
        }
        "#);
    });
    Ok(())
}

#[tokio::test]
async fn a_session_elsewhere_is_refused_and_nothing_is_sent_to_it() -> Checked {
    let (vendor, youtube) = start().await?;
    let (other, _) = start().await?;
    vendor.will_say([Reply::text(200, "").header("location", session(&other).expose())]);

    let opening = failure(youtube.open_session(&clip(), &file(TOTAL)).await)?;
    let asking = failure(youtube.session_state(&session(&other), TOTAL).await)?;
    let sending = failure(youtube.send_chunk(&session(&other), 0, 9, vec![0; 9]).await)?;

    for error in [opening, asking, sending] {
        assert_eq!(error.code(), "youtube_foreign_session");
        assert_eq!(error.meaning(), Meaning::Terminal);
    }
    assert!(other.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_text_that_youtube_would_refuse_is_never_sent() -> Checked {
    let (vendor, youtube) = start().await?;
    let clip = NewVideo {
        title: "<".repeat(101),
        ..clip()
    };
    let error = failure(youtube.open_session(&clip, &file(0)).await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("youtube_invalid_video", Meaning::Terminal)
    );
    insta::assert_snapshot!(error, @"youtube open_session failed: title has 101 characters, 100 are allowed; title contains < or >; bytes are none: the file is empty");
    assert!(vendor.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn bytes_go_out_in_chunks_until_the_video_is_there() -> Checked {
    let (vendor, youtube) = start().await?;
    let session = session(&vendor);
    vendor.will_say([
        Reply::text(308, "").header("range", "bytes=0-262143"),
        Reply::fixture(200, "youtube/upload_done")?,
    ]);

    let half = youtube
        .send_chunk(&session, 0, TOTAL, vec![7; STEP])
        .await?;
    assert_eq!(half, UploadState::Incomplete { next_byte: 262_144 });
    let rest = vec![7; TOTAL as usize - STEP];
    let done = youtube.send_chunk(&session, 262_144, TOTAL, rest).await?;

    let UploadState::Complete(video) = done else {
        return Err("not complete".into());
    };
    assert_eq!(video.id, "jNQXAC9IVRw");
    assert_eq!(video.upload_status, UploadStatus::Uploaded);
    assert_eq!(video.counts, Counts::default());
    let asked = vendor.asked();
    let ranges: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("content-range"))
        .collect();
    assert_eq!(
        ranges,
        ["bytes 0-262143/600000", "bytes 262144-599999/600000"]
    );
    assert_eq!(asked[1].body.len(), 337_856);
    assert_eq!(
        asked[0].line,
        "PUT /vendor/session?upload_id=canary-session"
    );
    Ok(())
}

#[tokio::test]
async fn a_session_says_how_far_it_is_without_taking_a_byte() -> Checked {
    let (vendor, youtube) = start().await?;
    let session = session(&vendor);
    let done = Reply::fixture(201, "youtube/upload_done")?;
    vendor.will_say([
        Reply::text(308, ""),
        Reply::text(308, "").header("range", "bytes=0-599999"),
        done,
        Reply::text(404, ""),
        Reply::text(410, ""),
    ]);

    let nothing = youtube.session_state(&session, TOTAL).await?;
    assert_eq!(nothing, UploadState::Incomplete { next_byte: 0 });
    let all = youtube.session_state(&session, TOTAL).await?;
    assert_eq!(all, UploadState::Incomplete { next_byte: TOTAL });
    assert!(matches!(
        youtube.session_state(&session, TOTAL).await?,
        UploadState::Complete(_)
    ));
    assert_eq!(
        youtube.session_state(&session, TOTAL).await?,
        UploadState::Gone
    );
    assert_eq!(
        youtube.session_state(&session, TOTAL).await?,
        UploadState::Gone
    );
    for asked in vendor.asked() {
        assert_eq!(asked.header("content-range"), "bytes */600000");
        assert_eq!(asked.header("content-length"), "0");
        assert!(asked.body.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_an_error_and_no_offset() -> Checked {
    let (vendor, youtube) = start().await?;
    for range in [
        "bytes=5-9",
        "bytes=0-600000",
        "0-5",
        "bytes=0-",
        "bytes=0--1",
    ] {
        vendor.will_say([Reply::text(308, "").header("range", range)]);
        let error = failure(youtube.session_state(&session(&vendor), TOTAL).await)?;
        assert_eq!(error.code(), "youtube_unreadable_answer", "{range}");
        assert_eq!(error.meaning(), Meaning::Retry, "{range}");
    }
    Ok(())
}

#[tokio::test]
async fn a_redirect_with_an_address_is_not_followed() -> Checked {
    let (vendor, youtube) = start().await?;
    let (other, _) = start().await?;
    let there = other.base.as_str();
    vendor.will_say([
        Reply::text(308, "")
            .header("location", there)
            .header("range", "bytes=0-8"),
        Reply::text(302, "").header("location", there),
    ]);
    let state = youtube
        .send_chunk(&session(&vendor), 0, 9, vec![0; 9])
        .await?;
    assert_eq!(state, UploadState::Incomplete { next_byte: 9 });
    let error = failure(youtube.video("jNQXAC9IVRw").await)?;
    assert_eq!(error.code(), "youtube_unexpected_status");
    assert!(other.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_chunk_that_youtube_would_refuse_is_never_sent() -> Checked {
    let (vendor, youtube) = start().await?;
    for (offset, total, length) in [
        (0, 9, 0),
        (0, 9, 10),
        (9, 9, 1),
        (u64::MAX, 9, 1),
        (0, 600_000, 5),
    ] {
        let sent = youtube
            .send_chunk(&session(&vendor), offset, total, vec![0; length])
            .await;
        let error = failure(sent)?;
        assert_eq!(
            error.code(),
            "youtube_bad_chunk",
            "{length} bytes at {offset} of {total}"
        );
    }
    assert!(vendor.asked().is_empty());
    Ok(())
}
