//! The calls of `platforms::youtube`.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use platforms::youtube::{CODES, Clip, NewVideo, Privacy, SessionUri, YouTube, YouTubeConfig};
use url::Url;

use super::{ANSWER_BYTES, CLIP_BYTES, Call, NO_ENUM, NO_JSON, Outcome, Platform};
use crate::answer::{Answer, Change};

const TOKEN: &str = "ya29.canary-token";
const KEY: &str = "AIza-canary-key";
const VIDEO: &str = "jNQXAC9IVRw";
/// A page of the channel's uploads.
const UPLOADS: &str = "GET /youtube/v3/playlistItems?";
/// The video that a finished upload has become.
const UPLOADED: &str = "youtube/upload_done";
const NUMBER_FOR_AN_ID: Option<Change> = Some((r#""id": "jNQXAC9IVRw""#, r#""id": 7"#));
const ANOTHER_STATUS: Option<Change> = Some((
    r#""uploadStatus": "uploaded""#,
    r#""uploadStatus": "ofNextYear""#,
));

/// A channel, and two sessions of it: one that is asked, and one that bytes are sent to.
#[derive(Clone)]
pub(crate) struct Channel {
    youtube: YouTube,
    asked: SessionUri,
    sent: SessionUri,
}

impl Platform for Channel {
    const CODES: &'static [&'static str] = CODES;
    const CALLS: &'static [Call<Self>] = &[
        Call {
            name: "youtube::find_upload",
            answers: |_base| {
                let channels = "GET /youtube/v3/channels?";
                Ok(vec![
                    Answer::fixture(channels, 200, "youtube/channels_mine")?,
                    Answer::fixture(UPLOADS, 200, "youtube/playlist_items")?,
                    Answer::fixture(UPLOADS, 200, "youtube/playlist_items_last_page")?,
                ])
            },
            // What the marker is looked for in.
            wrong_type: Some((
                r#""The first clip.\n\nref fw-01JD0000000000""#,
                r#"["The first clip."]"#,
            )),
            unknown_word: NO_ENUM,
            make: |channel| Box::pin(find_upload(channel)),
        },
        Call {
            name: "youtube::open_session",
            answers: |base| {
                let opened = Answer::bare("POST /upload/youtube/v3/videos?", 200);
                Ok(vec![opened.header("location", session(base, "opened"))])
            },
            wrong_type: NO_JSON,
            unknown_word: NO_ENUM,
            make: |channel| Box::pin(open_session(channel)),
        },
        Call {
            name: "youtube::send_chunk",
            answers: |_base| Ok(vec![Answer::fixture("PUT /session/sent?", 200, UPLOADED)?]),
            wrong_type: NUMBER_FOR_AN_ID,
            unknown_word: ANOTHER_STATUS,
            make: |channel| Box::pin(send_chunk(channel)),
        },
        Call {
            name: "youtube::session_state",
            answers: |_base| Ok(vec![Answer::fixture("PUT /session/asked?", 200, UPLOADED)?]),
            wrong_type: NUMBER_FOR_AN_ID,
            unknown_word: ANOTHER_STATUS,
            make: |channel| Box::pin(session_state(channel)),
        },
        Call {
            name: "youtube::video",
            answers: |_base| {
                let to = "GET /youtube/v3/videos?";
                Ok(vec![Answer::fixture(to, 200, "youtube/videos_list")?])
            },
            wrong_type: Some((r#""viewCount": "1042""#, r#""viewCount": 1042"#)),
            unknown_word: Some((
                r#""uploadStatus": "processed""#,
                r#""uploadStatus": "ofNextYear""#,
            )),
            make: |channel| Box::pin(video(channel)),
        },
    ];

    fn at(base: &Url, patience: Duration) -> Result<Self, Box<dyn Error>> {
        let config = YouTubeConfig {
            api_key: Some(KEY.into()),
            request_timeout: patience,
            max_response_bytes: ANSWER_BYTES,
            ..YouTubeConfig::new(base.clone(), TOKEN.into())
        };
        Ok(Self {
            youtube: YouTube::new(config)?,
            asked: SessionUri::from_stored(session(base, "asked")),
            sent: SessionUri::from_stored(session(base, "sent")),
        })
    }
}

fn session(base: &Url, name: &str) -> String {
    format!("{base}session/{name}?upload_id=canary-session")
}

async fn find_upload(channel: Channel) -> Outcome {
    let since = Timestamp::UNIX_EPOCH;
    let found = channel.youtube.find_upload("fw-01JD0000000000", since);
    found.await.map(drop)
}

async fn open_session(channel: Channel) -> Outcome {
    let video = NewVideo {
        title: "Save money on groceries".to_owned(),
        description: "Three ways.\n\nref fw-01JD3V7Q9XK2M4".to_owned(),
        tags: vec!["money".to_owned()],
        category_id: "24".to_owned(),
        privacy: Privacy::Unlisted,
    };
    let clip = Clip {
        bytes: CLIP_BYTES,
        duration: Duration::from_secs(9),
    };
    let opened = channel.youtube.open_session(&video, &clip);
    opened.await.map(drop)
}

/// The last chunk, with which the video exists.
async fn send_chunk(channel: Channel) -> Outcome {
    let chunk = vec![0; CLIP_BYTES as usize];
    let sent = channel
        .youtube
        .send_chunk(&channel.sent, 0, CLIP_BYTES, chunk);
    sent.await.map(drop)
}

async fn session_state(channel: Channel) -> Outcome {
    let asked = channel.youtube.session_state(&channel.asked, CLIP_BYTES);
    asked.await.map(drop)
}

async fn video(channel: Channel) -> Outcome {
    channel.youtube.video(VIDEO).await.map(drop)
}
