//! `flywheel post FILE`: hands a video to a running `up`, by the same webhook that other systems use.

use std::path::PathBuf;

use clap::Args;
use uuid::Uuid;

use super::{Ended, NeedsPerson, Shared};
use crate::data_dir::{Ports, webhook_secrets};
use crate::output;
use crate::video_ready::{Announcement, local_http, put_in_inbox};

/// Arguments of `post`.
#[derive(Debug, Args)]
pub(super) struct Post {
    /// The video
    file: PathBuf,
    /// Where it goes
    #[arg(long, default_value = "youtube")]
    platform: String,
    /// The account's name there
    #[arg(long, default_value = "main")]
    account: String,
    /// The category whose history counts
    #[arg(long, default_value = "general")]
    category: String,
    /// The caption [default: the file's name]
    #[arg(long)]
    caption: Option<String>,
    /// Its id, which it keeps for ever [default: a new one]
    #[arg(long)]
    video_id: Option<String>,
}

impl Post {
    /// Copies it into the inbox and sends `video/ready`; the ids of the runs go to stdout.
    pub(super) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        if !self.file.is_file() {
            return Err(NeedsPerson(format!("there is no file {}", self.file.display())).into());
        }
        let setup = shared.setup()?;
        let ports = setup.ports()?;
        let video_id = self
            .video_id
            .unwrap_or_else(|| format!("v_{}", Uuid::now_v7().simple()));
        // It becomes the name of a file; what else it may be is the API's to say.
        if video_id.is_empty()
            || !video_id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            || video_id.starts_with('.')
        {
            return Err(NeedsPerson(
                "a video's id is made of A-Z a-z 0-9 . _ - and starts with no dot".to_owned(),
            )
            .into());
        }
        let stem = self
            .file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("video");
        let announcement = Announcement {
            path: put_in_inbox(&self.file, &setup.inbox()?, &video_id).await?,
            video_id,
            category: self.category,
            caption: self
                .caption
                .unwrap_or_else(|| stem.replace(['_', '-'], " ")),
            platform: self.platform,
            account: self.account,
            features: None,
        };
        let secrets = webhook_secrets(&setup.data, &setup.environment)?;
        let Some(secret) = secrets.first() else {
            return Err(NeedsPerson("there is no webhook secret".to_owned()).into());
        };
        let accepted = announcement
            .send(&local_http()?, &Ports::url(ports.api, "")?, secret)
            .await?;
        if shared.json {
            output::json(
                &serde_json::json!({ "videoId": announcement.video_id, "runs": accepted.runs }),
            )?;
            return Ok(Ended::Well);
        }
        if accepted.runs.is_empty() {
            output::note("Accepted; the run starts as soon as Restate can be reached.");
        }
        for run in accepted.runs {
            output::data(run.run_id);
        }
        Ok(Ended::Well)
    }
}
