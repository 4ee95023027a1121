//! `flywheel post FILE`: hands a video to a running `up`, by the same webhook that other systems use.

use std::path::PathBuf;

use clap::Args;

use super::{Ended, NeedsPerson, Shared};
use crate::data_dir::{Ports, webhook_secrets};
use crate::output;
use crate::setup::Setup;
use crate::video_ready::{Accepted, Announcement, content_id, local_http, put_in_inbox};

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
    /// Its id, which it keeps for ever [default: made from the file's content, so that the same file
    /// is the same video]
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
        setup.check_world()?;
        let video_id = match &self.video_id {
            Some(id) => plain(id)?,
            None => content_id(&self.file).await?,
        };
        let accepted = self.hand_over(&setup, &video_id).await?;
        if shared.json {
            output::json(&serde_json::json!({
                "videoId": video_id,
                "runs": accepted.runs,
                "pending": accepted.pending,
            }))?;
            return Ok(Ended::Well);
        }
        if accepted.pending {
            output::note("Accepted; the run starts as soon as Restate can be reached.");
        }
        for run in accepted.runs {
            output::data(run.run_id);
        }
        Ok(Ended::Well)
    }

    async fn hand_over(self, setup: &Setup, video_id: &str) -> anyhow::Result<Accepted> {
        let api = Ports::url(setup.ports()?.api, "")?;
        let secrets = webhook_secrets(&setup.data, &setup.environment)?;
        let Some(secret) = secrets.first() else {
            return Err(NeedsPerson("there is no webhook secret".to_owned()).into());
        };
        let copy = put_in_inbox(&self.file, &setup.inbox()?, video_id).await?;
        let announcement = self.announcement(video_id, copy.name());
        let sent = announcement.send(&local_http()?, &api, secret).await;
        sent.map_err(|error| {
            if error.is::<NeedsPerson>() {
                // Refused: nobody will ask for it. After any other error it may have been taken.
                copy.take_back();
                return error;
            }
            error.context(format!(
                "it is not known whether the video {video_id} was taken; the same command again posts it once"
            ))
        })
    }

    fn announcement(self, video_id: &str, path: &str) -> Announcement {
        let stem = self.file.file_stem().and_then(|stem| stem.to_str());
        let caption = stem.unwrap_or("video").replace(['_', '-'], " ");
        Announcement {
            video_id: video_id.to_owned(),
            category: self.category,
            caption: self.caption.unwrap_or(caption),
            path: path.to_owned(),
            platform: self.platform,
            account: self.account,
            features: None,
        }
    }
}

/// It becomes the name of a file; what else it may be is the API's to say.
fn plain(video_id: &str) -> Result<String, NeedsPerson> {
    let of_an_id = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if video_id.is_empty() || video_id.starts_with('.') || !video_id.chars().all(of_an_id) {
        return Err(NeedsPerson(
            "a video's id is made of A-Z a-z 0-9 . _ - and starts with no dot".to_owned(),
        ));
    }
    Ok(video_id.to_owned())
}
