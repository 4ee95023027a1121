//! Chunks: what is sent where, and what the answers to it mean.

use platforms::Meaning;
use platforms::tiktok::{ChunkPlan, Container, LEAST_CHUNK, UploadState};

use super::{TOTAL, failure, plan, start, upload_url};
use crate::vendor::{Checked, Reply};

/// The whole of a small file, which is one chunk.
fn small() -> Result<(ChunkPlan, Vec<u8>), &'static str> {
    let plan = ChunkPlan::new(9, LEAST_CHUNK).ok_or("no plan")?;
    Ok((plan, vec![7; 9]))
}

#[tokio::test]
async fn bytes_go_out_in_chunks_until_tiktok_has_them_all() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (url, plan) = (upload_url(&vendor), plan()?);
    vendor.will_say([
        Reply::text(206, "").header("content-range", "bytes 0-5242879/15000000"),
        Reply::text(201, "").header("content-range", "bytes 0-14999999/15000000"),
    ]);

    let chunk = vec![7; LEAST_CHUNK as usize];
    let half = tiktok
        .send_chunk(&url, &plan, 0, Container::Mp4, chunk)
        .await?;
    assert_eq!(half, UploadState::Incomplete { next_chunk: 1 });
    let rest = vec![7; (TOTAL - LEAST_CHUNK) as usize];
    let done = tiktok
        .send_chunk(&url, &plan, 1, Container::Mp4, rest)
        .await?;
    assert_eq!(done, UploadState::Complete);

    let asked = vendor.asked();
    let ranges: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("content-range"))
        .collect();
    assert_eq!(
        ranges,
        [
            "bytes 0-5242879/15000000",
            "bytes 5242880-14999999/15000000"
        ]
    );
    assert_eq!(
        asked[0].line,
        "PUT /vendor/upload?upload_token=canary-upload"
    );
    assert_eq!(asked[0].header("content-type"), "video/mp4");
    assert_eq!(asked[0].header("content-length"), "5242880");
    assert_eq!(asked[1].body.len(), 9_757_120);
    // The address is the credential.
    assert_eq!(asked[0].header("authorization"), "");
    Ok(())
}

#[tokio::test]
async fn every_container_has_its_content_type() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (plan, bytes) = small()?;
    for (container, name) in [
        (Container::Mp4, "video/mp4"),
        (Container::Mov, "video/quicktime"),
        (Container::Webm, "video/webm"),
    ] {
        vendor.will_say([Reply::text(201, "")]);
        tiktok
            .send_chunk(&upload_url(&vendor), &plan, 0, container, bytes.clone())
            .await?;
        let asked = vendor.asked().pop().ok_or("nothing was asked")?;
        assert_eq!(asked.header("content-type"), name);
    }
    Ok(())
}

#[tokio::test]
async fn the_answer_says_which_chunk_is_next_however_it_counts() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (url, plan) = (upload_url(&vendor), plan()?);
    for (status, range, next_chunk) in [
        // The last byte's place, and the number of bytes.
        (206, Some("bytes 0-5242879/15000000"), 1),
        (206, Some("bytes 0-5242880/15000000"), 1),
        (206, None, 1),
        (416, Some("bytes 0-0/15000000"), 0),
        (416, Some("bytes 0-5242879/15000000"), 1),
        (416, Some("bytes 0-14999999/15000000"), 2),
        (416, Some("bytes 0-15000000/15000000"), 2),
    ] {
        let reply = Reply::text(status, "");
        vendor.will_say([match range {
            Some(range) => reply.header("content-range", range),
            None => reply,
        }]);
        let chunk = vec![7; LEAST_CHUNK as usize];
        let state = tiktok
            .send_chunk(&url, &plan, 0, Container::Mp4, chunk)
            .await?;
        assert_eq!(
            state,
            UploadState::Incomplete { next_chunk },
            "{status} {range:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_an_error_and_no_progress() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (plan, bytes) = small()?;
    for range in [
        "bytes 5-8/9",
        "bytes 0-5/9",
        "bytes 0-8/10",
        "bytes 0-9",
        "bytes 0-/9",
        "0-8/9",
        "",
    ] {
        vendor.will_say([Reply::text(416, "").header("content-range", range)]);
        let url = upload_url(&vendor);
        let sent = tiktok.send_chunk(&url, &plan, 0, Container::Mp4, bytes.clone());
        let error = failure(sent.await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_unreadable_answer", Meaning::Retry),
            "{range}"
        );
    }
    vendor.will_say([Reply::text(416, "")]);
    let url = upload_url(&vendor);
    let sent = tiktok.send_chunk(&url, &plan, 0, Container::Mp4, bytes);
    assert_eq!(failure(sent.await)?.code(), "tiktok_unreadable_answer");
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_too_old_or_unknown_is_gone() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (plan, bytes) = small()?;
    for status in [403, 404] {
        vendor.will_say([Reply::text(status, "")]);
        let state = tiktok
            .send_chunk(
                &upload_url(&vendor),
                &plan,
                0,
                Container::Mp4,
                bytes.clone(),
            )
            .await?;
        assert_eq!(state, UploadState::Gone, "{status}");
    }
    Ok(())
}

#[tokio::test]
async fn any_other_answer_to_bytes_has_a_meaning_and_may_be_in_doubt() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (plan, bytes) = small()?;
    for (status, code, meaning) in [
        (400, "tiktok_rejected", Meaning::Terminal),
        (500, "tiktok_unavailable", Meaning::Retry),
        (503, "tiktok_unavailable", Meaning::Retry),
        (200, "tiktok_unexpected_status", Meaning::Unknown),
        (302, "tiktok_unexpected_status", Meaning::Unknown),
    ] {
        vendor.will_say([Reply::text(status, "<html>")]);
        let url = upload_url(&vendor);
        let sent = tiktok.send_chunk(&url, &plan, 0, Container::Mp4, bytes.clone());
        let error = failure(sent.await)?;
        assert_eq!((error.code(), error.meaning()), (code, meaning), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_sent_elsewhere() -> Checked {
    let (_vendor, tiktok) = start().await?;
    let (other, _) = start().await?;
    let (plan, bytes) = small()?;
    let url = upload_url(&other);
    let sent = tiktok.send_chunk(&url, &plan, 0, Container::Mp4, bytes);
    let error = failure(sent.await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("tiktok_foreign_upload", Meaning::Terminal)
    );
    assert!(other.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_redirect_of_bytes_is_not_followed() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (other, _) = start().await?;
    let (plan, bytes) = small()?;
    vendor.will_say([Reply::text(307, "").header("location", other.base.as_str())]);
    let url = upload_url(&vendor);
    let sent = tiktok.send_chunk(&url, &plan, 0, Container::Mp4, bytes);
    assert_eq!(failure(sent.await)?.code(), "tiktok_unexpected_status");
    assert!(other.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_chunk_that_is_not_the_plan_s_is_never_sent() -> Checked {
    let (vendor, tiktok) = start().await?;
    let (plan, _) = small()?;
    for (index, length) in [(0, 0), (0, 8), (0, 10), (1, 9), (u64::MAX, 9)] {
        let chunk = vec![0; length];
        let url = upload_url(&vendor);
        let sent = tiktok.send_chunk(&url, &plan, index, Container::Mp4, chunk);
        let error = failure(sent.await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_bad_chunk", Meaning::Terminal),
            "{length} bytes for {index}"
        );
    }
    assert!(vendor.asked().is_empty());
    Ok(())
}
