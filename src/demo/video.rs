//! The demo's videos: what each is, handing it over, and waiting until its run ends or is parked.

use std::path::PathBuf;
use std::time::Duration;

use engine::runs;
use reqwest::{Client, Url};
use schema::DatabaseConnection;
use secrecy::SecretString;
use serde_json::json;

use super::clips;
use crate::data_dir::{Ports, webhook_secrets};
use crate::parked::parked;
use crate::setup::Setup;
use crate::video_ready::{Announcement, local_http};

/// Few, so that each soon has a history.
const CATEGORIES: [&str; 2] = ["finance", "fitness"];
/// Each video goes to one, in turns.
pub(super) const PLATFORMS: [&str; 3] = ["tiktok", "youtube", "instagram"];
/// The API may be restarting, or Restate.
const ANNOUNCE_TRIES: u32 = 20;
const ANNOUNCE_PAUSE: Duration = Duration::from_millis(500);

/// Where the picture comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// Made by the helper.
    Made(Box<media::ClipSpec>),
    /// A file of the user's.
    File(PathBuf),
}

/// One video of the demo.
#[derive(Debug, Clone)]
pub(super) struct DemoVideo {
    /// Its id.
    pub(super) id: String,
    /// What it looks like, or the file's name.
    pub(super) look: String,
    /// Where it comes from.
    pub(super) source: Source,
    /// Where it is posted.
    pub(super) platform: &'static str,
    /// Its category.
    pub(super) category: &'static str,
    /// Its place, for features that differ.
    pub(super) number: usize,
    /// Its run, once that is started.
    pub(super) run_id: Option<String>,
    /// What went wrong before there was a run.
    pub(super) error: Option<String>,
}

impl DemoVideo {
    /// Whether the helper makes it.
    pub(super) fn is_made(&self) -> bool {
        matches!(self.source, Source::Made(_))
    }

    /// What the report calls its source.
    pub(super) fn source_name(&self) -> String {
        match &self.source {
            Source::Made(_) => self.look.clone(),
            Source::File(path) => path.display().to_string(),
        }
    }

    /// Its name in the inbox.
    pub(super) fn file_name(&self) -> String {
        let extension = match &self.source {
            Source::File(path) => path
                .extension()
                .and_then(|extension| extension.to_str())
                .unwrap_or("mp4"),
            Source::Made(_) => "mp4",
        };
        format!("{}.{extension}", self.id)
    }
}

/// Those that were named, or all.
pub(super) fn platforms(named: &[String]) -> Vec<&'static str> {
    let is_named = |known: &&str| named.is_empty() || named.iter().any(|name| name == known);
    PLATFORMS.into_iter().filter(is_named).collect()
}

/// The files first, then as many made clips as are missing.
pub(super) fn cast(
    files: &[PathBuf],
    count: usize,
    seed: u64,
    platforms: &[&'static str],
) -> Vec<DemoVideo> {
    let given = files.iter().take(count).map(|path| {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or("video");
        (name.to_owned(), Source::File(path.clone()))
    });
    let missing = count.saturating_sub(files.len());
    let made = clips::looks(missing, seed)
        .into_iter()
        .map(|(name, clip)| (name, Source::Made(Box::new(clip))));
    let numbered = given.chain(made).enumerate();
    let video = |(at, (look, source))| DemoVideo {
        id: format!("demo_{:02}", at + 1),
        look,
        source,
        platform: platforms[at % platforms.len()],
        // Each platform has videos of each.
        category: CATEGORIES[at / platforms.len() % CATEGORIES.len()],
        number: at,
        run_id: None,
        error: None,
    };
    numbered.map(video).collect()
}

/// Hands videos over, by signed webhooks.
pub(super) struct Announcer {
    http: Client,
    api: Url,
    secret: SecretString,
}

impl Announcer {
    pub(super) fn new(setup: &Setup, ports: &Ports) -> anyhow::Result<Self> {
        let secrets = webhook_secrets(&setup.data, &setup.environment)?;
        let secret = secrets
            .into_iter()
            .next()
            .ok_or_else(|| anyhow::anyhow!("there is no webhook secret"))?;
        Ok(Self {
            http: local_http()?,
            api: Ports::url(ports.api, "")?,
            secret,
        })
    }

    /// Announces the video until the API has taken it and its run is confirmed. Each try is a
    /// message of its own; the target still has one run.
    pub(super) async fn announce(&self, video: &mut DemoVideo) {
        let announcement = announcement(video);
        for tries in 1..=ANNOUNCE_TRIES {
            match announcement.send(&self.http, &self.api, &self.secret).await {
                Ok(accepted) => {
                    if let Some(run) = accepted.runs.into_iter().next() {
                        video.run_id = Some(run.run_id);
                        return;
                    }
                }
                Err(error) if tries == ANNOUNCE_TRIES => video.error = Some(format!("{error:#}")),
                Err(error) => {
                    tracing::debug!(error = format!("{error:#}"), "A video is announced again.")
                }
            }
            tokio::time::sleep(ANNOUNCE_PAUSE).await;
        }
        video
            .error
            .get_or_insert_with(|| "its run was never confirmed".to_owned());
    }
}

fn announcement(video: &DemoVideo) -> Announcement {
    // Made up, and spread, so that there is something to weigh.
    let spread = |step: usize, span: usize| (video.number * step) % span;
    Announcement {
        video_id: video.id.clone(),
        category: video.category.to_owned(),
        caption: format!("{} {}", video.look.replace('_', " "), video.id),
        path: video.file_name(),
        platform: video.platform.to_owned(),
        account: "main".to_owned(),
        features: Some(json!({
            "trendVelocity": 30 + spread(13, 70),
            "categoryPerformance": 5.0,
            "hashtagScore": 20 + spread(17, 60),
            "audioTrendScore": 40 + spread(7, 50),
            "competitorAvg": 5.0,
        })),
    }
}

/// Comes back when each run has ended, or waits for a person: nobody decides here.
pub(super) async fn all_ended(db: &DatabaseConnection, videos: &[DemoVideo]) {
    for run_id in videos.iter().filter_map(|video| video.run_id.as_ref()) {
        loop {
            match runs::show(db, run_id).await {
                Ok(Some(details))
                    if !details.run.status.is_open() || parked(&details).is_some() =>
                {
                    break;
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "A run could not be read."
                ),
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}
