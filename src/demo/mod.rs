//! `flywheel demo`: the whole loop in a minute, on the sandbox, in a folder of its own.
//!
//! `clips` makes the videos, `video` hands them over and knows what became of each, `progress`
//! shows the stages, `killer` kills the worker if asked to, `report` and `table` say what came out.

mod clips;
mod killer;
mod progress;
mod report;
mod table;
mod video;
mod weights;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use clap::Args;
use engine::worker::stop_signal;
use jiff::SignedDuration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::cli::{Ended, NeedsPerson, Shared};
use crate::data_dir::{DataDir, Ports, UpLock, found_in};
use crate::output::{self, note};
use crate::restate;
use crate::setup::Setup;
use crate::supervise::{Stack, Stopping};
use killer::Killer;
use report::Report;
use video::DemoVideo;

/// What the loops may take beside their wait, for this many videos at a time.
const PATIENCE: Duration = Duration::from_secs(300);
const VIDEOS_PER_PATIENCE: usize = 12;
/// So many times as long where the worker is killed again and again.
const KILLED_PATIENCE: u32 = 2;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many videos; what --video does not give is made [default: 6, or the number of --video]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=200))]
    videos: Option<u16>,
    /// A video of yours; may be given several times
    #[arg(long = "video", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the videos are posted, in turns; may be given several times
    /// [default: tiktok, youtube, instagram]
    #[arg(long = "platform", value_name = "NAME", value_parser = video::PLATFORMS)]
    platforms: Vec<String>,
    /// Chooses the simulated audience, and what the made videos look like
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write what came out as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Keep the folder, and say where it is
    #[arg(long)]
    keep: bool,
    /// Kill the worker this long after each time it got ready, such as 2s
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    kill_worker_every: Option<Duration>,
    /// Seconds of audience per second: 720 makes the 6 hours 30 seconds
    #[arg(long, default_value_t = 720.0, value_parser = scale)]
    time_scale: f64,
}

/// Where it happens; a temporary folder is removed with it.
struct Stage {
    setup: Setup,
    ports: Ports,
    folder: Option<TempDir>,
}

impl Demo {
    /// Exit code 0 only when every video went all the way, once.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Ended> {
        let stop = stop_signal()?;
        let stage = self.stage(shared)?;
        for line in stage.setup.world.lines() {
            note(format!("  {line}"));
        }
        // On the heap: it is large, as are the two boxed inside it.
        let play = Box::pin(self.play(&stage, &stop));
        let report = Stack::local_set().run_until(play).await;
        self.leave(stage);
        let report = report?;
        if let Some(path) = &self.report {
            let text = serde_json::to_string_pretty(&report).context("write the report")?;
            std::fs::write(path, text + "\n")
                .with_context(|| format!("write the report {}", path.display()))?;
        }
        if shared.json {
            output::json(&report)?;
        } else {
            output::data(table::of(&report));
            output::data(table::summary(&report, self.time_scale));
        }
        Ok(if report.is_good() {
            Ended::Well
        } else {
            Ended::Badly
        })
    }

    /// Folder and settings. A `--data` folder is used and stays; it must be a new one, for the demo's own
    /// settings are written into it.
    fn stage(&self, shared: &Shared) -> anyhow::Result<Stage> {
        let (root, folder) = match &shared.data {
            Some(root) => {
                if let Some(found) = found_in(root, |_| false)? {
                    return Err(NeedsPerson(format!(
                        "{} is not empty, it has {}: the demo begins with a new folder, which --data \
                         names, or with a temporary one without --data",
                        root.display(),
                        found.display()
                    ))
                    .into());
                }
                (root.clone(), None)
            }
            None => {
                let folder = tempfile::Builder::new()
                    .prefix("flywheel-demo-")
                    .tempdir()
                    .context("make a temporary folder")?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        // Before anything is written into it: it is made for its owner alone.
        DataDir::open(&root)?;
        let config = root.join("flywheel.toml");
        let settings = format!(
            "# Written by `flywheel demo`.\n[batch]\nscheduled = false\n[sandbox]\nalways = true\nworld_seed = {}\ntime_scale = {:?}\n",
            self.seed, self.time_scale
        );
        std::fs::write(&config, settings).with_context(|| format!("write {}", config.display()))?;
        let setup = Setup::new(&root, Some(&config))?.with_own_database();
        let ports = setup.ports()?;
        Ok(Stage {
            setup,
            ports,
            folder,
        })
    }

    fn leave(&self, stage: Stage) {
        let root = stage.setup.data.root().to_owned();
        match stage.folder {
            Some(folder) if self.keep => {
                // Forgotten on purpose: the folder outlives us.
                drop(folder.keep());
                note(format!("Kept: {}", root.display()));
            }
            Some(folder) => {
                if let Err(error) = folder.close() {
                    note(format!(
                        "The temporary folder {} could not be removed: {error}",
                        root.display()
                    ));
                }
            }
            None => note(format!("Kept: {}", root.display())),
        }
    }

    async fn play(&self, stage: &Stage, stop: &CancellationToken) -> anyhow::Result<Report> {
        let begun = Instant::now();
        // Missing programs are said before anything is made.
        restate::binary(&stage.setup)?;
        let count = self.videos.map_or_else(
            || {
                if self.files.is_empty() {
                    6
                } else {
                    self.files.len()
                }
            },
            usize::from,
        );
        let platforms = video::platforms(&self.platforms);
        let videos = video::cast(&self.files, count, self.seed, &platforms);
        note(format!(
            "Starting Restate, sandbox, worker and API; making {} clips.",
            videos.iter().filter(|v| v.is_made()).count()
        ));
        // The first clips are made while everything starts.
        let media = stage.setup.media()?;
        let inbox = stage.setup.inbox()?;
        let (made, clips) = tokio::sync::mpsc::unbounded_channel();
        let making = clips::make_all(&media, &videos, &inbox, made);
        let showing = async {
            let stopped = || anyhow!("stopped before the end");
            let lock = UpLock::take(&stage.setup.data)?;
            let start = Box::pin(Stack::start(&stage.setup, &stage.ports, lock, &[]));
            let started = stop.run_until_cancelled(start).await;
            let stack = started.ok_or_else(stopped)??;
            let killer = self
                .kill_worker_every
                .map(|every| Killer::start(&stack, every));
            let show = Box::pin(self.show(stage, videos.clone(), clips));
            let shown = stop.run_until_cancelled(show).await;
            let kills = killer.map_or(0, Killer::stop);
            let shown = match shown.ok_or_else(stopped).flatten() {
                Ok(shown) => {
                    Report::collect(&stage.setup, &stage.ports, &shown, kills, begun).await
                }
                Err(error) => Err(error),
            };
            stack.stop(Stopping::Quick).await;
            shown
        };
        let ((), report) = tokio::join!(making, showing);
        report
    }

    /// Announces each clip once it is there, and waits until every run has ended or time is up.
    async fn show(
        &self,
        stage: &Stage,
        mut videos: Vec<DemoVideo>,
        mut clips: tokio::sync::mpsc::UnboundedReceiver<clips::Made>,
    ) -> anyhow::Result<Vec<DemoVideo>> {
        let db = stage.setup.database().await?;
        let progress = Rc::new(progress::Progress::new(videos.len()));
        let watching = tokio::task::spawn_local(Rc::clone(&progress).watch(db.clone()));
        let announcer = video::Announcer::new(&stage.setup, &stage.ports)?;
        while let Some(made) = clips.recv().await {
            let Some(video) = videos.get_mut(made.index) else {
                continue;
            };
            match made.result {
                Ok(()) => announcer.announce(video).await,
                Err(error) => video.error = Some(format!("{error:#}")),
            }
        }
        let wait = stage.setup.config.wall_wait(self.time_scale);
        let slower = if self.kill_worker_every.is_some() {
            KILLED_PATIENCE
        } else {
            1
        };
        let patience = PATIENCE
            * slower
            * u32::try_from(videos.len().div_ceil(VIDEOS_PER_PATIENCE)).unwrap_or(u32::MAX);
        let all_ended = video::all_ended(&db, &videos);
        if tokio::time::timeout(wait + patience, all_ended)
            .await
            .is_err()
        {
            note(format!(
                "Not every loop ended within {} s; what did not is reported as failed.",
                (wait + patience).as_secs()
            ));
        }
        progress.refresh(&db).await;
        watching.abort();
        progress.finish();
        Ok(videos)
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval: SignedDuration = text
        .parse()
        .map_err(|error| format!("{error}; write it like 2s or 500ms"))?;
    let interval =
        Duration::try_from(interval).map_err(|_| "it must not be negative".to_owned())?;
    if interval < Duration::from_millis(100) {
        return Err("a worker needs 100ms at least to get anything done".to_owned());
    }
    Ok(interval)
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "write a number".to_owned())?;
    if (1.0..=100_000.0).contains(&scale) {
        Ok(scale)
    } else {
        Err("it must lie between 1 and 100000".to_owned())
    }
}
