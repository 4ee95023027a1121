//! The events of a publication, sent to the URL that a control has set.
//!
//! `TikTok-Signature: t=SECONDS,s=HEX`, the HMAC-SHA256 of `SECONDS.BODY` under the client secret.
//! Delivery is at least once: an answer that is not a success is tried again, and a control can
//! ask for copies. The vendor tries for three days; here it is a few seconds. Source: the vendor's
//! pages on webhooks; the word for a direct post in `publish_type` is not documented.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::uploads::{End, Upload};
use super::video::{details, has_public_id, is_waiting_for_moderation};
use crate::posts::{Post, PostState};
use crate::state::{Shared, SharedState};

/// How often a post is looked at for its next event.
const LOOK: Duration = Duration::from_millis(50);
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const PUBLISH_TYPE: &str = "DIRECT_PUBLISH";

/// Where events go, and who signs them.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TikTokWebhook {
    url: String,
    client_key: String,
    client_secret: String,
    /// How many times each event is sent.
    #[serde(default = "once")]
    copies: u32,
}

fn once() -> u32 {
    1
}

impl TikTokWebhook {
    /// Each event once, to `url`, in the name of an app and signed with its secret.
    #[must_use]
    pub fn new(url: String, client_key: String, client_secret: String) -> Self {
        Self {
            url,
            client_key,
            client_secret,
            copies: once(),
        }
    }
}

impl fmt::Debug for TikTokWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({}, {} copies)", self.url, self.copies)
    }
}

#[derive(Serialize)]
struct Delivery<'a> {
    client_key: &'a str,
    event: &'a str,
    create_time: i64,
    user_openid: &'a str,
    /// JSON, as text.
    content: String,
}

/// Tells what becomes of a post from now on, if anybody listens.
pub(crate) fn announce(state: &SharedState, post: &Post) {
    if let Some(hook) = state.tiktok.settings().webhook {
        let sender = Sender::new(state, hook, &post.account);
        let world = Arc::downgrade(state);
        let post_id = post.post_id.clone();
        state.background.start(follow(world, post_id, sender));
    }
}

/// Tells that there will be no post.
pub(crate) fn announce_failure(state: &SharedState, upload: &Upload) {
    if let Some(hook) = state.tiktok.settings().webhook
        && let Some(End::Failed(reason)) = upload.end()
    {
        let sender = Sender::new(state, hook, &upload.opening.open_id);
        let content = failure(&upload.opening.publish_id, reason);
        state.background.start(async move {
            sender.send("post.publish.failed", &content).await;
        });
    }
}

fn failure(publish_id: &str, reason: &str) -> Value {
    json!({"publish_id": publish_id, "reason": reason, "publish_type": PUBLISH_TYPE})
}

/// Sends a post's events as they fall due, until there can be no more.
async fn follow(world: Weak<Shared>, post_id: String, sender: Sender) {
    let mut complete = false;
    loop {
        let Some(post) = world.upgrade().and_then(|state| state.posts.get(&post_id)) else {
            return;
        };
        let now = Timestamp::now();
        let publish_id = details(&post).publish_id;
        if let (PostState::Failed, Some(reason)) = (post.state(now), &post.marks.failed) {
            let content = failure(&publish_id, reason);
            return sender.send("post.publish.failed", &content).await;
        }
        if !complete && now >= post.published_at() {
            complete = true;
            let content = json!({"publish_id": publish_id, "publish_type": PUBLISH_TYPE});
            sender.send("post.publish.complete", &content).await;
        }
        if has_public_id(&post, now) {
            let content = json!({
                "publish_id": publish_id,
                "post_id": post.post_id,
                "publish_type": PUBLISH_TYPE,
            });
            let event = "post.publish.publicly_available";
            return sender.send(event, &content).await;
        }
        if complete && !is_waiting_for_moderation(&post, now) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

struct Sender {
    http: Client,
    hook: TikTokWebhook,
    open_id: String,
}

impl Sender {
    fn new(state: &Shared, hook: TikTokWebhook, open_id: &str) -> Self {
        Self {
            http: state.http.clone(),
            hook,
            open_id: open_id.to_owned(),
        }
    }

    async fn send(&self, event: &str, content: &Value) {
        let delivery = Delivery {
            client_key: &self.hook.client_key,
            event,
            create_time: Timestamp::now().as_second(),
            user_openid: &self.open_id,
            content: content.to_string(),
        };
        let Ok(body) = serde_json::to_string(&delivery) else {
            return;
        };
        for _ in 0..self.hook.copies {
            self.deliver(event, &body).await;
        }
    }

    async fn deliver(&self, event: &str, body: &str) {
        let mut pause = FIRST_PAUSE;
        for _ in 0..TRIES {
            let at = Timestamp::now().as_second();
            let signature = sign(&self.hook.client_secret, at, body);
            let request = self
                .http
                .post(&self.hook.url)
                .header(CONTENT_TYPE, "application/json")
                .header("TikTok-Signature", format!("t={at},s={signature}"))
                .body(body.to_owned());
            if request
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        tracing::warn!(event, "nobody took a webhook");
    }
}

/// Lower-case hexadecimal.
fn sign(secret: &str, at: i64, body: &str) -> String {
    // A key of any length is taken: the error cannot happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at}.{body}").as_bytes());
    format!("{:x}", mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_signature_that_was_worked_out_by_hand() {
        let body = r#"{"client_key":"bwo2m45353a6k85","event":"post.publish.publicly_available","create_time":1760000000,"user_openid":"act.example12345Example12345Example","content":"{\"publish_id\":\"v_pub_file~v2-1.123456789\",\"post_id\":\"7412345678901234567\",\"publish_type\":\"DIRECT_PUBLISH\"}"}"#;
        assert_eq!(
            sign("secret", 1_760_000_000, body),
            "ac2727b0be6dc0d61b438cbf8258ffeee11cc5a9d332efd6c377ebcbd8801ca2"
        );
    }
}
