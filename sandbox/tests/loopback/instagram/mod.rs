//! Instagram: a small client of the Graph API, and of the pages.

mod faults;
mod fetched;
mod kept;
mod pages;
mod publish;
mod reading;
mod shapes;
mod upload;

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};

use crate::world::{Outcome, World, file};

/// Where a reel's address begins, below the sandbox's root.
const SITE: &str = "/instagram";

/// Ten hours of audience in a second.
const FAST: f64 = 36_000.0;

/// One account, by its token.
#[derive(Clone, Copy)]
struct Account<'a> {
    world: &'a World,
    token: &'a str,
}

/// The account that most tests use.
fn main_account(world: &World) -> Account<'_> {
    Account {
        world,
        token: "token-main",
    }
}

impl Account<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}/graph/v26.0/{path}", self.world.base)
    }

    async fn get(&self, path: &str) -> Outcome<Response> {
        let request = self.world.client.get(self.url(path));
        Ok(request.bearer_auth(self.token).send().await?)
    }

    async fn read(&self, path: &str) -> Outcome<Value> {
        let answer = self.get(path).await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn post(&self, path: &str, body: &Value) -> Outcome<Response> {
        let request = self.world.client.post(self.url(path));
        Ok(request.bearer_auth(self.token).json(body).send().await?)
    }

    /// Makes a container for bytes, and returns its id.
    async fn container(&self, caption: &str) -> Outcome<String> {
        let body = json!({
            "media_type": "REELS",
            "upload_type": "resumable",
            "caption": caption,
            "share_to_feed": true,
        });
        let answer = self.post("me/media", &body).await?.error_for_status()?;
        let made: Value = answer.json().await?;
        assert_eq!(
            made["uri"],
            format!(
                "{}/graph/ig-api-upload/v26.0/{}",
                self.world.base,
                text(&made["id"])?
            )
        );
        text(&made["id"])
    }

    /// Sends `bytes` as the part of a file of `size` that starts at `offset`.
    async fn send(
        &self,
        container: &str,
        bytes: &[u8],
        offset: usize,
        size: usize,
    ) -> Result<Response, reqwest::Error> {
        let base = &self.world.base;
        let url = format!("{base}/graph/ig-api-upload/v26.0/{container}");
        let request = self.world.client.post(url);
        request
            .header("authorization", format!("OAuth {}", self.token))
            .header("offset", offset)
            .header("file_size", size)
            .body(bytes.to_vec())
            .send()
            .await
    }

    /// A container that has all its bytes.
    async fn filled(&self, caption: &str, clip: &[u8]) -> Outcome<String> {
        let container = self.container(caption).await?;
        let answer = self.send(&container, clip, 0, clip.len()).await?;
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await?;
        assert_eq!(
            body,
            json!({"success": true, "message": "Upload successful."})
        );
        Ok(container)
    }

    async fn status(&self, container: &str) -> Outcome<Value> {
        let fields = "status_code,status,video_status";
        self.read(&format!("{container}?fields={fields}")).await
    }

    /// Waits until a container is no longer in progress, and says what it is.
    async fn settled(&self, container: &str) -> Outcome<Value> {
        for _ in 0..200 {
            let status = self.status(container).await?;
            if status["status_code"] != "IN_PROGRESS" {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the container never settled".into())
    }

    async fn publish(&self, container: &str) -> Outcome<Response> {
        let body = json!({"creation_id": container});
        self.post("me/media_publish", &body).await
    }

    /// Publishes a reel from its first byte on, and returns the id of the post.
    async fn published(&self, caption: &str) -> Outcome<String> {
        let container = self.filled(caption, &clip(31_000, 4000)).await?;
        assert_eq!(self.settled(&container).await?["status_code"], "FINISHED");
        let answer = self.publish(&container).await?.error_for_status()?;
        let post: Value = answer.json().await?;
        text(&post["id"])
    }

    /// The same, five hours later in a world that is [`FAST`].
    async fn seen(&self, caption: &str) -> Outcome<String> {
        let media = self.published(caption).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(media)
    }

    async fn fault(&self, endpoint: &str, action: Value) -> Outcome {
        let fault = json!({"platform": "instagram", "endpoint": endpoint, "action": action});
        self.world.set("faults", &fault).await?;
        Ok(())
    }
}

/// Status, code and subcode of an error answer.
async fn refusal(answer: Response) -> Outcome<(u16, i64, Option<u64>)> {
    let status = answer.status().as_u16();
    let error = answer.json::<Value>().await?["error"].clone();
    assert!(error["message"].is_string() && error["fbtrace_id"].is_string());
    let code = error["code"].as_i64().ok_or("no code")?;
    Ok((status, code, error["error_subcode"].as_u64()))
}

/// The boxes of an MP4 file that plays so long, and nothing in them to play.
fn clip(length_ms: u32, bytes: usize) -> Vec<u8> {
    let mut header = vec![0; 12];
    header.extend(1000_u32.to_be_bytes());
    header.extend(length_ms.to_be_bytes());
    let mut out = boxed(*b"ftyp", b"isom");
    out.extend(boxed(*b"moov", &boxed(*b"mvhd", &header)));
    let rest = bytes - out.len() - 8;
    out.extend(boxed(*b"mdat", &file(rest)));
    out
}

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = ((content.len() + 8) as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(content);
    out
}

fn text(value: &Value) -> Outcome<String> {
    Ok(value.as_str().ok_or("no text")?.to_owned())
}
