//! Finding an upload again by its marker.

use jiff::Timestamp;
use platforms::Meaning;

use super::{failure, lines, start};
use crate::vendor::{Checked, Reply};

#[tokio::test]
async fn an_upload_is_found_again_by_its_marker() -> Checked {
    let (vendor, youtube) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "youtube/channels_mine")?,
        Reply::fixture(200, "youtube/playlist_items")?,
    ]);
    let since: Timestamp = "2026-11-20T09:00:00Z".parse()?;
    let found = youtube.find_upload("fw-01JD3V7Q9XK2M4", since).await?;
    assert_eq!(found.as_deref(), Some("jNQXAC9IVRw"));
    insta::assert_snapshot!(lines(&vendor), @r"
    GET /vendor/youtube/v3/channels?part=contentDetails&mine=true
    GET /vendor/youtube/v3/playlistItems?part=snippet%2CcontentDetails&playlistId=UU4QobU6STFB0P71PMvOGN5A&maxResults=50
    ");
    Ok(())
}

#[tokio::test]
async fn the_search_goes_on_to_the_next_page_and_ends_with_the_window() -> Checked {
    let (vendor, youtube) = start().await?;
    let channel = Reply::fixture(200, "youtube/channels_mine")?;
    let first = Reply::fixture(200, "youtube/playlist_items")?;
    let last = Reply::fixture(200, "youtube/playlist_items_last_page")?;

    vendor.will_say([channel.clone(), first.clone(), last.clone()]);
    let long_ago: Timestamp = "2026-11-01T00:00:00Z".parse()?;
    let found = youtube.find_upload("fw-01JD0000000000", long_ago).await?;
    assert_eq!(found.as_deref(), Some("dQw4w9WgXcQ"));
    assert!(
        vendor.asked()[2]
            .line
            .ends_with("&pageToken=EAAaBlBUOkNBSQ")
    );

    // an older upload with the same marker is not ours, and no third page is asked for
    vendor.will_say([channel.clone(), first.clone(), last]);
    let yesterday: Timestamp = "2026-11-19T00:00:00Z".parse()?;
    assert_eq!(
        youtube.find_upload("fw-01JD0000000000", yesterday).await?,
        None
    );

    // everything on the first page is too old
    vendor.will_say([channel, first]);
    let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
    assert_eq!(youtube.find_upload("fw-01JD3V7Q9XK2M4", now).await?, None);
    assert_eq!(vendor.asked().len(), 3 + 3 + 2);
    Ok(())
}

#[tokio::test]
async fn a_channel_without_uploads_has_no_match() -> Checked {
    let (vendor, youtube) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "youtube/channels_mine")?,
        Reply::fixture(404, "youtube/error_playlist_not_found")?,
    ]);
    assert_eq!(
        youtube.find_upload("fw-1", Timestamp::UNIX_EPOCH).await?,
        None
    );
    Ok(())
}

#[tokio::test]
async fn a_search_that_does_not_end_is_unknown_and_not_nothing() -> Checked {
    let (vendor, youtube) = start().await?;
    vendor.will_say([Reply::fixture(200, "youtube/channels_mine")?]);
    let page = Reply::fixture(200, "youtube/playlist_items")?;
    vendor.will_say(std::iter::repeat_n(page, 10));
    let error = failure(youtube.find_upload("fw-none", Timestamp::UNIX_EPOCH).await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("youtube_search_incomplete", Meaning::Unknown)
    );
    assert_eq!(vendor.asked().len(), 11);
    Ok(())
}

#[tokio::test]
async fn a_search_needs_a_channel_and_a_marker() -> Checked {
    let (vendor, youtube) = start().await?;
    vendor.will_say([Reply::text(
        200,
        r#"{"kind":"youtube#channelListResponse"}"#,
    )]);
    let error = failure(youtube.find_upload("fw-1", Timestamp::UNIX_EPOCH).await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("youtube_no_channel", Meaning::Terminal)
    );
    let error = failure(youtube.find_upload(" ", Timestamp::UNIX_EPOCH).await)?;
    assert_eq!(error.meaning(), Meaning::Terminal);
    assert_eq!(vendor.asked().len(), 1);
    Ok(())
}
