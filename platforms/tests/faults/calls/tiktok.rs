//! The calls of `platforms::tiktok`.

use std::error::Error;
use std::time::Duration;

use platforms::tiktok::{
    AccessToken, CODES, ChunkPlan, Clip, Container, CreatorInfo, LEAST_CHUNK, NewPost,
    PrivacyLevel, PublishId, RefreshToken, TikTok, TikTokConfig, UploadUrl,
};
use url::Url;

use super::{ANSWER_BYTES, CLIP_BYTES, Call, NO_ENUM, NO_JSON, Outcome, Platform};
use crate::answer::{Answer, Change};

/// The recorded address for the bytes of a post.
const RECORDED: &str =
    "https://open-upload.tiktokapis.com/video/?upload_id=67890&upload_token=Xza123";
const POST_ID: &str = "7412345678901234567";
/// Every answer but the token's and the bytes' says of itself by a word whether it is a success.
const ANOTHER_CODE: Option<Change> = Some((r#""code": "ok""#, r#""code": "of_next_year""#));

/// An app that posts in the name of an account.
#[derive(Clone)]
pub(crate) struct App {
    tiktok: TikTok,
    plan: ChunkPlan,
    upload_url: UploadUrl,
    video_url: Url,
}

impl Platform for App {
    const CODES: &'static [&'static str] = CODES;
    const CALLS: &'static [Call<Self>] = &[
        Call {
            name: "tiktok::creator_info",
            answers: |_base| {
                let to = "POST /v2/post/publish/creator_info/query/";
                Ok(vec![Answer::fixture(to, 200, "tiktok/creator_info")?])
            },
            wrong_type: Some((
                r#""max_video_post_duration_sec": 300"#,
                r#""max_video_post_duration_sec": "300""#,
            )),
            unknown_word: Some((r#""MUTUAL_FOLLOW_FRIENDS""#, r#""OF_NEXT_YEAR""#)),
            make: |app| Box::pin(creator_info(app)),
        },
        Call {
            name: "tiktok::init_file_upload",
            answers: |base| {
                // Both kinds of `init` go to one address; the token tells them apart.
                let begun = Answer::fixture("act.canary-file", 200, "tiktok/init_file_upload")?;
                Ok(vec![begun.with(RECORDED, &upload_url(base))?])
            },
            wrong_type: Some((r#""v_pub_file~v2-1.123456789""#, "123456789")),
            unknown_word: ANOTHER_CODE,
            make: |app| Box::pin(init_file_upload(app)),
        },
        Call {
            name: "tiktok::init_pull_from_url",
            answers: |_base| {
                let name = "tiktok/init_pull_from_url";
                Ok(vec![Answer::fixture("act.canary-pull", 200, name)?])
            },
            wrong_type: Some((r#""v_pub_url~v2-1.123456789""#, "123456789")),
            unknown_word: ANOTHER_CODE,
            make: |app| Box::pin(init_pull_from_url(app)),
        },
        Call {
            name: "tiktok::refresh",
            answers: |_base| {
                let to = "POST /v2/oauth/token/";
                Ok(vec![Answer::fixture(to, 200, "tiktok/token")?])
            },
            // What a parser would quote here could be a token.
            wrong_type: Some((
                r#""expires_in": 86400"#,
                r#""expires_in": "rft.canary-next""#,
            )),
            unknown_word: Some(("user.info.basic", "of.next.year")),
            make: |app| Box::pin(refresh(app)),
        },
        Call {
            name: "tiktok::send_chunk",
            answers: |_base| Ok(vec![Answer::bare("PUT /upload?", 201)]),
            wrong_type: NO_JSON,
            unknown_word: NO_ENUM,
            make: |app| Box::pin(send_chunk(app)),
        },
        Call {
            name: "tiktok::status",
            answers: |_base| {
                let to = "POST /v2/post/publish/status/fetch/";
                Ok(vec![Answer::fixture(to, 200, "tiktok/status_complete")?])
            },
            wrong_type: Some((r#""PUBLISH_COMPLETE""#, "7")),
            unknown_word: Some((r#""PUBLISH_COMPLETE""#, r#""OF_NEXT_YEAR""#)),
            make: |app| Box::pin(status(app)),
        },
        Call {
            name: "tiktok::video_query",
            answers: |_base| {
                let to = "POST /v2/video/query/";
                Ok(vec![Answer::fixture(to, 200, "tiktok/video_query")?])
            },
            wrong_type: Some((r#""view_count": 1042"#, r#""view_count": "1042""#)),
            unknown_word: ANOTHER_CODE,
            make: |app| Box::pin(video_query(app)),
        },
    ];

    fn at(base: &Url, patience: Duration) -> Result<Self, Box<dyn Error>> {
        let config = TikTokConfig {
            request_timeout: patience,
            max_response_bytes: ANSWER_BYTES,
            ..TikTokConfig::new(base.clone(), "aw-key".to_owned(), "canary-secret".into())
        };
        let video_url = "https://media.oddloop.example/v_1.mp4?signature=canary-signature";
        Ok(Self {
            tiktok: TikTok::new(config)?,
            plan: ChunkPlan::new(CLIP_BYTES, LEAST_CHUNK).ok_or("no plan")?,
            upload_url: UploadUrl::from_stored(upload_url(base)),
            video_url: Url::parse(video_url)?,
        })
    }
}

fn upload_url(base: &Url) -> String {
    format!("{base}upload?upload_token=canary-upload")
}

/// A token of its own for whoever has to be told apart.
fn token(of: &str) -> AccessToken {
    AccessToken::from_stored(format!("act.canary-{of}").into())
}

fn creator() -> CreatorInfo {
    CreatorInfo {
        username: "oddloop".to_owned(),
        nickname: "Odd Loop".to_owned(),
        privacy_levels: vec![PrivacyLevel::SelfOnly],
        comments_disabled: false,
        duets_disabled: false,
        stitches_disabled: true,
        longest_video_s: 300,
    }
}

fn post() -> NewPost {
    NewPost {
        caption: "Save money on groceries".to_owned(),
        hashtags: vec!["#money".to_owned()],
        privacy: PrivacyLevel::SelfOnly,
        allow_comments: true,
        allow_duets: false,
        allow_stitches: true,
        cover_ms: Some(1000),
        made_by_ai: true,
        paid_partnership: false,
        own_business: false,
    }
}

fn clip() -> Clip {
    Clip {
        bytes: CLIP_BYTES,
        duration: Duration::from_secs(31),
        width: 1080,
        height: 1920,
        frame_rate: Some(30.0),
    }
}

async fn creator_info(app: App) -> Outcome {
    app.tiktok.creator_info(&token("creator")).await.map(drop)
}

async fn init_file_upload(app: App) -> Outcome {
    let (token, post, clip, creator) = (token("file"), post(), clip(), creator());
    let begun = app.tiktok.init_file_upload(&token, &post, &clip, &creator);
    begun.await.map(drop)
}

async fn init_pull_from_url(app: App) -> Outcome {
    let (token, post, clip, creator) = (token("pull"), post(), clip(), creator());
    let tiktok = &app.tiktok;
    let begun = tiktok.init_pull_from_url(&token, &post, &clip, &creator, &app.video_url);
    begun.await.map(drop)
}

async fn refresh(app: App) -> Outcome {
    let old = RefreshToken::from_stored("rft.canary-old".into());
    app.tiktok.refresh(&old).await.map(drop)
}

/// The last chunk, with which TikTok begins to publish.
async fn send_chunk(app: App) -> Outcome {
    let chunk = vec![0; CLIP_BYTES as usize];
    let (url, plan) = (&app.upload_url, &app.plan);
    let sent = app.tiktok.send_chunk(url, plan, 0, Container::Mp4, chunk);
    sent.await.map(drop)
}

async fn status(app: App) -> Outcome {
    let id = PublishId::from_stored("v_pub_file~v2-1.123456789".to_owned());
    app.tiktok.status(&token("status"), &id).await.map(drop)
}

async fn video_query(app: App) -> Outcome {
    let asked = token("query");
    app.tiktok.video_query(&asked, &[POST_ID]).await.map(drop)
}
