//! TikTok: a small client of its API, and of its pages.

mod display;
mod events;
mod pages;
mod publish;
mod pull;
mod refusals;
mod tokens;

use std::ops::Range;
use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::world::{Outcome, World, file};

/// Least bytes of a chunk.
const CHUNK: usize = 5 * 1024 * 1024;

/// One account.
#[derive(Clone, Copy)]
struct Creator<'a> {
    world: &'a World,
    name: &'a str,
}

/// An opened post.
struct Opened {
    publish_id: String,
    upload_url: String,
}

impl World {
    fn creator<'a>(&'a self, name: &'a str) -> Creator<'a> {
        Creator { world: self, name }
    }

    async fn tiktok_fault(&self, endpoint: &str, action: Value) -> Outcome {
        let fault = json!({"platform": "tiktok", "endpoint": endpoint, "action": action});
        self.set("faults", &fault).await?;
        Ok(())
    }

    /// A page as a browser asks for it.
    async fn tiktok_page(&self, path: &str) -> Outcome<Response> {
        let url = format!("{}/tiktok/{path}", self.base);
        Ok(self.client.get(url).send().await?)
    }
}

impl Creator<'_> {
    fn request(&self, path: &str) -> RequestBuilder {
        self.world
            .client
            .post(format!("{}/tiktok-api/v2/{path}", self.world.base))
            .bearer_auth(format!("act.{}", self.name))
    }

    async fn call(&self, path: &str, body: &Value) -> Outcome<Response> {
        Ok(self.request(path).json(body).send().await?)
    }

    /// The data of a call that must succeed.
    async fn data(&self, path: &str, body: &Value) -> Outcome<Value> {
        let answer = self.call(path, body).await?.error_for_status()?;
        let body: Value = answer.json().await?;
        assert_eq!(body["error"]["code"], "ok", "{body}");
        Ok(body["data"].clone())
    }

    async fn username(&self) -> Outcome<String> {
        let path = "post/publish/creator_info/query/";
        let info = self.data(path, &json!({})).await?;
        text(&info["creator_username"])
    }

    async fn open(&self, title: &str, bytes: usize) -> Outcome<Opened> {
        let data = self.data(INIT, &announcement(title, bytes)).await?;
        Ok(Opened {
            publish_id: text(&data["publish_id"])?,
            upload_url: text(&data["upload_url"])?,
        })
    }

    async fn put(
        &self,
        opened: &Opened,
        file: &[u8],
        range: Range<usize>,
    ) -> Result<Response, reqwest::Error> {
        let (first, last, total) = (range.start, range.end - 1, file.len());
        let request = self.world.client.put(&opened.upload_url);
        request
            .header("content-type", "video/mp4")
            .header("content-range", format!("bytes {first}-{last}/{total}"))
            .body(file[range].to_vec())
            .send()
            .await
    }

    /// Uploads a clip in one go and returns its publish id.
    async fn upload(&self, title: &str, clip: &[u8]) -> Outcome<String> {
        let opened = self.open(title, clip.len()).await?;
        let answer = self.put(&opened, clip, 0..clip.len()).await?;
        assert_eq!(answer.status(), 201);
        Ok(opened.publish_id)
    }

    async fn status(&self, publish_id: &str) -> Outcome<Value> {
        let asked = json!({"publish_id": publish_id});
        self.data("post/publish/status/fetch/", &asked).await
    }

    /// Waits until the status is of this kind.
    async fn until(&self, publish_id: &str, is: impl Fn(&Value) -> bool) -> Outcome<Value> {
        for _ in 0..200 {
            let status = self.status(publish_id).await?;
            if is(&status) {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the status never came".into())
    }

    /// Waits until the post is public, and returns its id.
    async fn public_id(&self, publish_id: &str) -> Outcome<String> {
        let status = self
            .until(publish_id, |status| status[IDS][0].is_u64())
            .await?;
        Ok(status[IDS][0].to_string())
    }
}

const INIT: &str = "post/publish/video/init/";
const IDS: &str = "publicaly_available_post_id";

/// A world without the limits per minute, which a test that waits would meet.
async fn unlimited(time_scale: f64) -> Outcome<World> {
    let world = World::start(time_scale).await?;
    world.set("tiktok", &json!({"rate_limits": false})).await?;
    Ok(world)
}

/// What opens a post of so many bytes, cut into the smallest chunks that are allowed.
fn announcement(title: &str, bytes: usize) -> Value {
    let chunk = if bytes < CHUNK { bytes } else { CHUNK };
    json!({
        "post_info": {"title": title, "privacy_level": "PUBLIC_TO_EVERYONE"},
        "source_info": {
            "source": "FILE_UPLOAD",
            "video_size": bytes,
            "chunk_size": chunk,
            "total_chunk_count": bytes / chunk,
        },
    })
}

/// The boxes of an MP4 file that plays so long, and nothing in them to play.
fn clip(seconds: u32, bytes: usize) -> Vec<u8> {
    let mut header = vec![0; 12];
    header.extend(1000_u32.to_be_bytes());
    header.extend((seconds * 1000).to_be_bytes());
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

fn progress(answer: &Response) -> Option<&str> {
    answer.headers().get("content-range")?.to_str().ok()
}
