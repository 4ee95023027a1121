//! TikTok's webhooks. Here are an app at TikTok that signs, and posts of ours for its events to be
//! about.

mod events;
mod moves;
mod refusals;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use schema::posts::{self, NewPost, PostState, SeenAs, Session};
use schema::videos::{self, NewVideo, VideoSource};
use schema::{DatabaseConnection, StringList, accounts};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{ServerConfig, TikTokApp};
use sha2::Sha256;

use crate::harness::{Answer, Place, Running, SECRET, SLOW};

const PATH: &str = "/webhooks/tiktok";
const SIGNATURE: &str = "TikTok-Signature";
const CLIENT_KEY: &str = "bwo2m45353a6k85";
const CLIENT_SECRET: &str = "secret";
/// When happened what TikTok tells of, in seconds since 1970.
const HAPPENED: i64 = 1_760_000_000;
/// Since when those are published that were found so by the poll.
const EARLIER: i64 = HAPPENED - 60;
const SESSION: &str = r#"{"uploadUrl":"https://open-upload.tiktokapis.com/video/?upload_id=1","chunkBytes":10000000,"container":"mp4","username":"oddloop"}"#;

const COMPLETE: &str = "post.publish.complete";
const FAILED: &str = "post.publish.failed";
const PUBLIC: &str = "post.publish.publicly_available";

fn app(client_secret: &str) -> ServerConfig {
    ServerConfig {
        tiktok: Some(TikTokApp {
            client_key: CLIENT_KEY.to_owned(),
            client_secret: SecretString::from(client_secret),
        }),
        ..ServerConfig::new(vec![SecretString::from(SECRET)])
    }
}

/// A server that has the app's secret.
async fn listening() -> Running {
    Running::configured(Place::new().await, SLOW, app(CLIENT_SECRET)).await
}

fn publish_id(video_id: &str) -> String {
    format!("v_pub_file~v2-1.{video_id}")
}

/// The body of an event; its content is text that holds JSON.
fn event(name: &str, content: &Value) -> Value {
    json!({
        "client_key": CLIENT_KEY,
        "event": name,
        "create_time": HAPPENED,
        "user_openid": "act.example12345Example12345Example",
        "content": content.to_string(),
    })
}

fn complete(video_id: &str) -> Value {
    let content = json!({"publish_id": publish_id(video_id), "publish_type": "DIRECT_PUBLISH"});
    event(COMPLETE, &content)
}

fn public(video_id: &str, public_id: &str) -> Value {
    let content = json!({
        "publish_id": publish_id(video_id),
        "post_id": public_id,
        "publish_type": "DIRECT_PUBLISH",
    });
    event(PUBLIC, &content)
}

fn signature(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},s={:x}", mac.finalize().into_bytes())
}

/// Sends the body, properly signed now.
async fn send(server: &Running, body: String) -> Answer {
    let signed = signature(CLIENT_SECRET, Timestamp::now().as_second(), &body);
    server.send_to(PATH, &[(SIGNATURE, signed)], body).await
}

async fn deliver(server: &Running, event: &Value) -> Answer {
    send(server, event.to_string()).await
}

/// The status, the field and the code of a refusal.
fn said(answer: &Answer) -> (u16, &str, &str) {
    let text = |name: &str| answer.body[name].as_str().unwrap_or_default();
    (answer.status, text("field"), text("code"))
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

async fn row(db: &DatabaseConnection, post_id: &str) -> posts::Model {
    posts::get(db, post_id).await.unwrap().unwrap()
}

/// A post to TikTok of a new video, in this state; returns its id.
async fn post_in(db: &DatabaseConnection, video_id: &str, state: PostState) -> String {
    post_on(db, "tiktok", video_id, SESSION, state).await
}

async fn post_on(
    db: &DatabaseConnection,
    platform: &str,
    video_id: &str,
    session: &str,
    state: PostState,
) -> String {
    use PostState::{Posted, Prepared, Processing, Rejected, Sending, Unknown};
    let id = prepared(db, platform, video_id).await;
    let now = second(EARLIER);
    if state == Prepared {
        return id;
    }
    let opened = Session {
        session: session.to_owned(),
        upload_id: Some(publish_id(video_id)),
        total_bytes: 1024,
        content_sha256: "9f86d081".to_owned(),
    };
    posts::open(db, &id, opened, None, now).await.unwrap();
    if matches!(state, Sending | Processing | Posted | Unknown) {
        let made = posts::start_sending(db, &id, session, now).await;
        made.unwrap();
    }
    if matches!(state, Processing | Posted) {
        posts::sent(db, &row(db, &id).await, None, now)
            .await
            .unwrap();
    }
    if state == Posted {
        let made = posts::posted(db, &row(db, &id).await, now, SeenAs::default(), now).await;
        made.unwrap();
    }
    if state == Rejected {
        let made = posts::reject(
            db,
            &row(db, &id).await,
            "tiktok_banned",
            "TikTok says: no",
            now,
        )
        .await;
        made.unwrap();
    }
    if state == Unknown {
        let made = posts::unknown(
            db,
            &row(db, &id).await,
            "publish_unknown",
            "nobody knows",
            now,
        )
        .await;
        made.unwrap();
    }
    assert_eq!(row(db, &id).await.state, state);
    id
}

async fn prepared(db: &DatabaseConnection, platform: &str, video_id: &str) -> String {
    accounts::ensure(db, platform, "main").await.unwrap();
    let video = NewVideo {
        id: video_id.to_owned(),
        concept_id: None,
        category: "finance".to_owned(),
        caption: "Three numbers".to_owned(),
        hashtags: StringList(Vec::new()),
        audio_id: None,
        source: VideoSource::Path("v_1.mp4".to_owned()),
        features: None,
        created_at_ms: EARLIER * 1000,
    };
    videos::insert_if_new(db, video).await.unwrap();
    let post = NewPost {
        video_id: video_id.to_owned(),
        platform: platform.to_owned(),
        account: "main".to_owned(),
    };
    let post = posts::prepare(db, post, second(EARLIER)).await.unwrap();
    post.id
}
