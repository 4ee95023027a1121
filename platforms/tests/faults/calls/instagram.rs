//! The calls of `platforms::instagram`.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use platforms::instagram::{
    CODES, ContainerId, Instagram, InstagramConfig, MediaId, NewReel, VideoSource,
};
use url::Url;

use super::{ANSWER_BYTES, CLIP_BYTES, Call, NO_ENUM, Outcome, Platform};
use crate::answer::Answer;

const TOKEN: &str = "EAAB-canary-token";
const USER: &str = "17841405822304914";
const CONTAINER: &str = "17889455560051444";
const POST: &str = "17918195224117851";
/// A page of the account's posts.
const POSTS: &str = "GET /17841405822304914/media?";

/// An account that posts reels.
#[derive(Clone)]
pub(crate) struct Account(Instagram);

impl Platform for Account {
    const CODES: &'static [&'static str] = CODES;
    const CALLS: &'static [Call<Self>] = &[
        Call {
            name: "instagram::container_status",
            answers: |_base| {
                let to = "GET /17889455560051444?";
                let name = "instagram/container_finished";
                Ok(vec![Answer::fixture(to, 200, name)?])
            },
            wrong_type: Some((r#""status_code": "FINISHED""#, r#""status_code": 7"#)),
            unknown_word: Some((r#""FINISHED""#, r#""OF_NEXT_YEAR""#)),
            make: |account| Box::pin(container_status(account)),
        },
        Call {
            name: "instagram::create_container",
            answers: |_base| {
                let to = "POST /17841405822304914/media HTTP";
                let name = "instagram/container_created";
                Ok(vec![Answer::fixture(to, 200, name)?])
            },
            wrong_type: Some((r#""id": "17889455560051444""#, r#""id": 17889455560051444"#)),
            unknown_word: NO_ENUM,
            make: |account| Box::pin(create_container(account)),
        },
        Call {
            name: "instagram::insights",
            answers: |_base| {
                let to = "GET /17918195224117851/insights?";
                Ok(vec![Answer::fixture(to, 200, "instagram/insights")?])
            },
            wrong_type: Some((r#""value": 9000"#, r#""value": "9000""#)),
            unknown_word: Some((r#""name": "views""#, r#""name": "of_next_year""#)),
            make: |account| Box::pin(insights(account)),
        },
        Call {
            name: "instagram::media",
            answers: |_base| {
                let to = "GET /17918195224117851?";
                Ok(vec![Answer::fixture(to, 200, "instagram/media")?])
            },
            wrong_type: Some((r#""like_count": 1234"#, r#""like_count": "1234""#)),
            unknown_word: Some((r#""REELS""#, r#""OF_NEXT_YEAR""#)),
            make: |account| Box::pin(media(account)),
        },
        Call {
            name: "instagram::publish",
            answers: |_base| {
                let to = "POST /17841405822304914/media_publish";
                Ok(vec![Answer::fixture(to, 200, "instagram/published")?])
            },
            wrong_type: Some((r#""id": "17918195224117851""#, r#""id": 17918195224117851"#)),
            unknown_word: NO_ENUM,
            make: |account| Box::pin(publish(account)),
        },
        Call {
            name: "instagram::publishing_limit",
            answers: |_base| {
                let to = "GET /17841405822304914/content_publishing_limit?";
                let name = "instagram/publishing_limit";
                Ok(vec![Answer::fixture(to, 200, name)?])
            },
            wrong_type: Some((r#""quota_usage": 2"#, r#""quota_usage": "2""#)),
            unknown_word: NO_ENUM,
            make: |account| Box::pin(publishing_limit(account)),
        },
        Call {
            name: "instagram::recent_media",
            answers: |_base| {
                Ok(vec![
                    Answer::fixture(POSTS, 200, "instagram/media_list")?,
                    Answer::fixture(POSTS, 200, "instagram/media_list_last_page")?,
                ])
            },
            wrong_type: Some((r#""like_count": 15"#, r#""like_count": "15""#)),
            unknown_word: Some((r#""REELS""#, r#""OF_NEXT_YEAR""#)),
            make: |account| Box::pin(recent_media(account)),
        },
        Call {
            name: "instagram::send_bytes",
            answers: |_base| {
                let to = "POST /upload/17889455560051444";
                Ok(vec![Answer::fixture(to, 200, "instagram/upload_done")?])
            },
            wrong_type: Some((r#""success": true"#, r#""success": "true""#)),
            unknown_word: NO_ENUM,
            make: |account| Box::pin(send_bytes(account)),
        },
    ];

    fn at(base: &Url, patience: Duration) -> Result<Self, Box<dyn Error>> {
        let upload = base.join("upload/")?;
        let config = InstagramConfig {
            request_timeout: patience,
            upload_timeout: patience,
            max_response_bytes: ANSWER_BYTES,
            ..InstagramConfig::new(base.clone(), upload, TOKEN.into(), USER.to_owned())
        };
        Ok(Self(Instagram::new(config)?))
    }
}

fn container() -> ContainerId {
    ContainerId::from_stored(CONTAINER.to_owned())
}

fn post() -> MediaId {
    MediaId::from_stored(POST.to_owned())
}

async fn container_status(account: Account) -> Outcome {
    account.0.container_status(&container()).await.map(drop)
}

async fn create_container(account: Account) -> Outcome {
    let reel = NewReel {
        caption: "Three ways to save on groceries.\n\n#money #groceries".to_owned(),
        share_to_feed: true,
        duration_ms: 31_000,
        bytes: CLIP_BYTES,
        frame_rate: Some(30.0),
    };
    let made = account.0.create_container(&reel, &VideoSource::Upload);
    made.await.map(drop)
}

async fn insights(account: Account) -> Outcome {
    account.0.insights(&post()).await.map(drop)
}

async fn media(account: Account) -> Outcome {
    account.0.media(&post()).await.map(drop)
}

async fn publish(account: Account) -> Outcome {
    account.0.publish(&container()).await.map(drop)
}

async fn publishing_limit(account: Account) -> Outcome {
    account.0.publishing_limit().await.map(drop)
}

async fn recent_media(account: Account) -> Outcome {
    let since = Timestamp::UNIX_EPOCH;
    account.0.recent_media(since).await.map(drop)
}

async fn send_bytes(account: Account) -> Outcome {
    let bytes = vec![0_u8; CLIP_BYTES as usize];
    account.0.send_bytes(&container(), CLIP_BYTES, bytes).await
}
