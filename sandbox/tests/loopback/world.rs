//! A sandbox on a free port, and a small client for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use sandbox::{Sandbox, SandboxConfig, SandboxError};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Every chunk but the last is a multiple of this.
pub(crate) const UNIT: usize = 262_144;
pub(crate) const TOKEN: &str = "account-one";

/// A served world. The folder goes when it is dropped.
pub(crate) struct World {
    pub(crate) base: String,
    pub(crate) client: Client,
    folder: Option<TempDir>,
    path: PathBuf,
    time_scale: f64,
    stop: CancellationToken,
    served: Option<JoinHandle<Result<(), SandboxError>>>,
}

pub(crate) fn config(data: &Path, time_scale: f64) -> SandboxConfig {
    SandboxConfig {
        data: data.to_owned(),
        world_seed: 42,
        time_scale,
        processing: Duration::from_millis(1500),
    }
}

impl World {
    pub(crate) async fn start(time_scale: f64) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("data");
        let mut world = Self::serve(path, time_scale).await?;
        world.folder = Some(folder);
        Ok(world)
    }

    async fn serve(path: PathBuf, time_scale: f64) -> Outcome<Self> {
        let sandbox = Sandbox::open(config(&path, time_scale))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let served = tokio::spawn(sandbox.serve(listener, stop.clone()));
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // An answer that is dropped must not be asked for again behind our back.
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self {
            base,
            client,
            folder: None,
            path,
            time_scale,
            stop,
            served: Some(served),
        })
    }

    /// Drops the server in the middle of whatever it does, and opens the folder again.
    pub(crate) async fn kill_and_reopen(mut self) -> Outcome<Self> {
        if let Some(served) = self.served.take() {
            served.abort();
            let _ = served.await;
        }
        // Connections end with the task that held them, a moment later.
        let (path, folder) = (self.path.clone(), self.folder.take());
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        loop {
            match Self::serve(path.clone(), self.time_scale).await {
                Ok(mut world) => {
                    world.folder = folder;
                    return Ok(world);
                }
                Err(error) if std::time::Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    pub(crate) fn data(&self) -> &Path {
        &self.path
    }

    /// A request to YouTube as the first account.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client
            .get(format!("{}/youtube/youtube/v3/{path}", self.base))
            .bearer_auth(TOKEN)
    }

    pub(crate) async fn json(&self, path: &str) -> Outcome<Value> {
        Ok(self
            .get(path)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    pub(crate) async fn control(&self, path: &str) -> Outcome<Value> {
        let url = format!("{}/_sandbox/{path}", self.base);
        let answer = self.client.get(url).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    pub(crate) async fn posts(&self) -> Outcome<Vec<Value>> {
        let posts = self.control("posts").await?;
        Ok(posts.as_array().cloned().unwrap_or_default())
    }

    pub(crate) async fn set(&self, path: &str, body: &Value) -> Outcome<Value> {
        let url = format!("{}/_sandbox/{path}", self.base);
        let answer = self.client.post(url).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    pub(crate) async fn fault(&self, endpoint: &str, action: Value) -> Outcome {
        let platform = match endpoint {
            "messages" => "anthropic",
            _ => "youtube",
        };
        let fault = json!({"platform": platform, "endpoint": endpoint, "action": action});
        self.set("faults", &fault).await?;
        Ok(())
    }

    /// Opens a session for so many bytes and returns its URI.
    pub(crate) async fn open(&self, title: &str, bytes: usize) -> Outcome<String> {
        let answer = self.open_with(&metadata(title), bytes).await?;
        let answer = answer.error_for_status()?;
        let location = answer.headers().get("location").ok_or("no location")?;
        Ok(location.to_str()?.to_owned())
    }

    pub(crate) async fn open_with(&self, metadata: &Value, bytes: usize) -> Outcome<Response> {
        let url = format!(
            "{}/youtube/upload/youtube/v3/videos?part=snippet,status&uploadType=resumable",
            self.base
        );
        let request = self.client.post(url).bearer_auth(TOKEN).json(metadata);
        let request = request
            .header("x-upload-content-type", "video/mp4")
            .header("x-upload-content-length", bytes);
        Ok(request.send().await?)
    }

    pub(crate) async fn put(
        &self,
        session: &str,
        file: &[u8],
        range: std::ops::Range<usize>,
    ) -> Result<Response, reqwest::Error> {
        let (first, last, total) = (range.start, range.end - 1, file.len());
        self.client
            .put(session)
            .header("content-range", format!("bytes {first}-{last}/{total}"))
            .body(file[range].to_vec())
            .send()
            .await
    }

    pub(crate) async fn ask(&self, session: &str, total: usize) -> Outcome<Response> {
        let request = self.client.put(session);
        let request = request.header("content-range", format!("bytes */{total}"));
        Ok(request.send().await?)
    }

    /// Uploads a file in one go and returns the video.
    pub(crate) async fn upload(&self, title: &str, file: &[u8]) -> Outcome<Value> {
        let session = self.open(title, file.len()).await?;
        let answer = self.put(&session, file, 0..file.len()).await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Waits until a video has been processed and returns it.
    pub(crate) async fn processed(&self, id: &str) -> Outcome<Value> {
        let parts = "snippet,contentDetails,status,statistics,processingDetails";
        for _ in 0..100 {
            let list = self.json(&format!("videos?part={parts}&id={id}")).await?;
            if list["items"][0]["status"]["uploadStatus"] == "processed" {
                return Ok(list);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("never processed".into())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn metadata(title: &str) -> Value {
    json!({
        "snippet": {
            "title": title,
            "description": "Three ways.\n\nref fw-1",
            "tags": ["money", "groceries"],
            "categoryId": "24",
            "defaultLanguage": "en",
            "defaultAudioLanguage": "en",
        },
        "status": {"privacyStatus": "public"},
    })
}

/// Bytes that differ everywhere.
pub(crate) fn file(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

pub(crate) fn stored_range(answer: &Response) -> Option<String> {
    let range = answer.headers().get("range")?;
    range.to_str().ok().map(str::to_owned)
}
