//! Sending `video/ready`, as the system that makes the videos does: signed, after Standard Webhooks.

use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use platforms::webhook::sign;
use reqwest::{Client, StatusCode, Url};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// A video to be announced.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    /// The sender's id of it.
    pub(crate) video_id: String,
    /// Its category.
    pub(crate) category: String,
    /// Its caption.
    pub(crate) caption: String,
    /// The path below the inbox.
    pub(crate) path: String,
    /// Where it shall go.
    pub(crate) platform: String,
    /// To whom.
    pub(crate) account: String,
    /// Numbers by name, as far as they are known.
    pub(crate) features: Option<Value>,
}

/// What the API answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    /// The runs that were started, one per target; empty while Restate has not confirmed them.
    #[serde(default)]
    pub(crate) runs: Vec<StartedRun>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartedRun {
    /// Where it goes.
    pub(crate) platform: String,
    /// To whom.
    pub(crate) account: String,
    /// The run.
    pub(crate) run_id: String,
    /// Whether it was there before.
    pub(crate) existed: bool,
}

impl Announcement {
    /// The message's body.
    fn body(&self) -> Value {
        let mut data = json!({
            "videoId": self.video_id,
            "conceptId": null,
            "category": self.category,
            "caption": self.caption,
            "hashtags": [format!("#{}", self.category)],
            "audioId": null,
            "source": { "path": self.path },
            "targets": [{ "platform": self.platform, "account": self.account }],
        });
        if let (Some(features), Some(data)) = (&self.features, data.as_object_mut()) {
            data.insert("features".to_owned(), features.clone());
        }
        json!({ "type": "video/ready", "timestamp": Timestamp::now(), "data": data })
    }

    /// Sends it to the API at `api`.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses it; what it says is in the error.
    pub(crate) async fn send(
        &self,
        http: &Client,
        api: &Url,
        secret: &SecretString,
    ) -> anyhow::Result<Accepted> {
        let body = serde_json::to_vec(&self.body()).context("write the webhook")?;
        let (id, now) = (format!("msg_{}", Uuid::now_v7().simple()), Timestamp::now());
        let signature = sign(secret, &id, now, &body).context("sign the webhook")?;
        let request = http
            .post(api.join("webhooks/video/ready")?)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body);
        let answer = request
            .send()
            .await
            .context("reach the API; is `flywheel up` running on this data folder?")?;
        let status = answer.status();
        let text = answer.text().await.context("read the API's answer")?;
        match status {
            StatusCode::OK | StatusCode::ACCEPTED => {
                serde_json::from_str(&text).context("read the API's answer")
            }
            _ => bail!("the API refused the video with {status}: {text}"),
        }
    }
}

/// Copies a video into the inbox, and gives its path there. A file that is there with this name is
/// replaced, at once or not at all.
pub(crate) async fn put_in_inbox(
    file: &Path,
    inbox: &Path,
    video_id: &str,
) -> anyhow::Result<String> {
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or("mp4");
    let name = format!("{video_id}.{extension}");
    let (source, inbox, target) = (file.to_owned(), inbox.to_owned(), name.clone());
    let copied = tokio::task::spawn_blocking(move || {
        let copy = tempfile::NamedTempFile::new_in(&inbox)?;
        std::fs::copy(&source, copy.path())?;
        copy.persist(inbox.join(target))?;
        std::io::Result::Ok(())
    });
    copied
        .await
        .context("copy the video")?
        .with_context(|| format!("copy {} into the inbox", file.display()))?;
    Ok(name)
}

/// An HTTP client for this machine's own listeners.
pub(crate) fn local_http() -> anyhow::Result<Client> {
    let timeout = std::time::Duration::from_secs(30);
    Client::builder()
        .no_proxy()
        .timeout(timeout)
        .build()
        .context("set up an HTTP client")
}
