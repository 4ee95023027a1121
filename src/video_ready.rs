//! Sending `video/ready`, as the system that makes the videos does: signed, after Standard Webhooks.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use platforms::webhook::sign;
use reqwest::{Client, StatusCode, Url};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::cli::NeedsPerson;

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
    /// Whether some run is not confirmed yet; the API goes on by itself.
    #[serde(default)]
    pub(crate) pending: bool,
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
    /// When the API cannot be reached; [`NeedsPerson`] when it refuses the video, with its words.
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
            _ if status.is_client_error() => Err(NeedsPerson(format!(
                "the API refused the video {} with {status}: {text}",
                self.video_id
            ))
            .into()),
            _ => bail!("the API answered with {status}: {text}"),
        }
    }
}

/// A video in the inbox.
#[derive(Debug)]
pub(crate) struct InInbox {
    name: String,
    file: PathBuf,
    /// Whether it was not there before.
    is_new: bool,
}

impl InInbox {
    /// The path below the inbox.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Removes it, unless it was there before.
    pub(crate) fn take_back(&self) {
        if self.is_new
            && let Err(error) = std::fs::remove_file(&self.file)
        {
            tracing::warn!(%error, file = %self.file.display(), "A copy that nobody needs stays in the inbox.");
        }
    }
}

/// The id of a video that was given none: the same for the same content, so that a command that is
/// repeated, because its answer was lost, is about the same video.
pub(crate) async fn content_id(file: &Path) -> anyhow::Result<String> {
    let source = file.to_owned();
    let read = spawn_blocking(move || digest(&source)).await;
    let digest = read
        .context("read the video")?
        .with_context(|| format!("read {}", file.display()))?;
    Ok(format!("v_{digest:.24}"))
}

/// Copies a video into the inbox, at once or not at all.
///
/// # Errors
/// [`NeedsPerson`] when another file is there under this name: a run may be about to send it.
pub(crate) async fn put_in_inbox(
    file: &Path,
    inbox: &Path,
    video_id: &str,
) -> anyhow::Result<InInbox> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let name = format!("{video_id}.{}", extension.unwrap_or("mp4"));
    let target = inbox.join(&name);
    let (source, inbox, to) = (file.to_owned(), inbox.to_owned(), target.clone());
    let copied = spawn_blocking(move || copy(&source, &inbox, &to)).await;
    let copied = copied
        .context("copy the video")?
        .with_context(|| format!("copy {} into the inbox", file.display()))?;
    if matches!(copied, Copied::OtherThere) {
        return Err(NeedsPerson(format!(
            "the inbox has another file for {video_id}; choose another --video-id"
        ))
        .into());
    }
    Ok(InInbox {
        name,
        file: target,
        is_new: matches!(copied, Copied::Now),
    })
}

/// How a copy ended.
enum Copied {
    Now,
    /// The same content was there.
    Before,
    /// Other content is there, and stays.
    OtherThere,
}

fn copy(source: &Path, inbox: &Path, target: &Path) -> io::Result<Copied> {
    if !target.exists() {
        let copy = NamedTempFile::new_in(inbox)?;
        std::fs::copy(source, copy.path())?;
        match copy.persist_noclobber(target) {
            Ok(_) => return Ok(Copied::Now),
            // Somebody else was faster.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
    }
    let same_length = source.metadata()?.len() == target.metadata()?.len();
    if same_length && digest(source)? == digest(target)? {
        Ok(Copied::Before)
    } else {
        Ok(Copied::OtherThere)
    }
}

/// SHA-256 of a file, in hexadecimal digits.
fn digest(file: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(file)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_id_is_of_the_content_and_not_of_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("a.mp4"), folder.path().join("b.mp4"));
        std::fs::write(&one, "abc").unwrap();
        std::fs::write(&two, "abc").unwrap();
        let id = content_id(&one).await.unwrap();
        assert_eq!(id, "v_ba7816bf8f01cfea414140de");
        assert_eq!(content_id(&two).await.unwrap(), id);
        std::fs::write(&two, "abd").unwrap();
        assert_ne!(content_id(&two).await.unwrap(), id);
    }

    #[tokio::test]
    async fn a_file_in_the_inbox_is_never_replaced_and_only_our_copy_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (file, inbox) = (folder.path().join("a.mp4"), folder.path().join("inbox"));
        let there = inbox.join("v_1.mp4");
        std::fs::create_dir(&inbox).unwrap();
        std::fs::write(&file, "first").unwrap();
        let new = put_in_inbox(&file, &inbox, "v_1").await.unwrap();
        let again = put_in_inbox(&file, &inbox, "v_1").await.unwrap();
        assert_eq!(
            (new.name(), new.is_new, again.is_new),
            ("v_1.mp4", true, false)
        );

        std::fs::write(&file, "other").unwrap();
        let refused = put_in_inbox(&file, &inbox, "v_1").await.unwrap_err();
        assert!(refused.is::<NeedsPerson>(), "{refused:#}");
        assert_eq!(std::fs::read_to_string(&there).unwrap(), "first");

        again.take_back();
        assert!(there.exists());
        new.take_back();
        assert!(!there.exists());
    }
}
