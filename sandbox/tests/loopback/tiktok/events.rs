//! Webhooks, as their receiver gets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::{clip, unlimited};
use crate::shapes::assert_like;
use crate::world::{Outcome, World};

const SECRET: &str = "client-secret";

/// A delivery: its signature and its body.
type Delivery = (String, String);

/// Takes deliveries, the first of them only when it is sent again.
struct Receiver {
    url: String,
    taken: UnboundedReceiver<Delivery>,
}

impl Receiver {
    async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let (all, taken) = mpsc::unbounded_channel();
        let refused = Arc::new(AtomicBool::new(false));
        let take = move |headers: HeaderMap, body: String| {
            let (all, first) = (all.clone(), !refused.swap(true, Ordering::SeqCst));
            async move {
                let signature = headers.get("tiktok-signature");
                let signature = signature.and_then(|value| value.to_str().ok());
                match signature {
                    Some(signature) if !first => {
                        let sent = all.send((signature.to_owned(), body));
                        sent.map_or(StatusCode::GONE, |()| StatusCode::OK)
                    }
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                }
            }
        };
        let router = Router::new().route("/hook", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, taken })
    }

    /// Waits for so many deliveries, and returns their bodies once their signatures are right.
    async fn bodies(&mut self, count: usize) -> Outcome<Vec<Value>> {
        let mut bodies = Vec::new();
        while bodies.len() < count {
            let next = tokio::time::timeout(Duration::from_secs(20), self.taken.recv()).await?;
            bodies.push(checked(&next.ok_or("the receiver is gone")?)?);
        }
        Ok(bodies)
    }
}

fn checked((signature, body): &Delivery) -> Outcome<Value> {
    let (at, given) = signature
        .strip_prefix("t=")
        .and_then(|rest| rest.split_once(",s="))
        .ok_or("no signature")?;
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes());
    let mut mac = mac.map_err(|_| "no key")?;
    mac.update(format!("{at}.{body}").as_bytes());
    assert_eq!(given, format!("{:x}", mac.finalize().into_bytes()));
    Ok(serde_json::from_str(body)?)
}

async fn listening(receiver: &Receiver, copies: u32) -> Outcome<World> {
    let world = unlimited(1.0).await?;
    let webhook = json!({
        "url": receiver.url,
        "client_key": "key",
        "client_secret": SECRET,
        "copies": copies,
    });
    let settings = json!({"rate_limits": false, "webhook": webhook});
    world.set("tiktok", &settings).await?;
    Ok(world)
}

#[tokio::test]
async fn a_post_is_announced_when_it_is_there_and_when_it_is_public() -> Outcome {
    let mut receiver = Receiver::start().await?;
    let world = listening(&receiver, 2).await?;
    let creator = world.creator("main");
    let publish_id = creator.upload("Announced", &clip(31, 4000)).await?;
    let bodies = receiver.bodies(4).await?;
    let events: Vec<_> = bodies.iter().map(|body| body["event"].as_str()).collect();
    let (complete, public) = ("post.publish.complete", "post.publish.publicly_available");
    assert_eq!(events, [complete, complete, public, public].map(Some));
    assert_like(&bodies[0], "tiktok/webhook_publish_complete.json")?;
    assert_like(&bodies[2], "tiktok/webhook_publicly_available.json")?;
    let content: Value = serde_json::from_str(bodies[2]["content"].as_str().ok_or("no text")?)?;
    assert_eq!(content["publish_id"], publish_id.as_str());
    assert_eq!(content["post_id"], world.posts().await?[0]["post_id"]);
    Ok(())
}

#[tokio::test]
async fn a_failure_is_announced_with_its_reason() -> Outcome {
    let mut receiver = Receiver::start().await?;
    let world = listening(&receiver, 1).await?;
    world
        .creator("main")
        .upload("Bad", b"no video at all")
        .await?;
    let bodies = receiver.bodies(1).await?;
    assert_like(&bodies[0], "tiktok/webhook_publish_failed.json")?;
    let content: Value = serde_json::from_str(bodies[0]["content"].as_str().ok_or("no text")?)?;
    assert_eq!(content["reason"], "file_format_check_failed");
    Ok(())
}
