//! The command line: one file per verb. Data goes to stdout, everything else to stderr.

mod api;
mod backup;
mod browser;
mod command_line;
mod doctor;
mod events;
mod limits;
mod migrate;
mod post;
mod prune;
mod restore;
mod runs;
mod sandbox;
mod schedules;
mod steps;
mod up;
mod value;
mod worker;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::config::ConfigError;
use crate::data_dir::DataDirError;
use crate::demo::Demo;
use crate::logging::{self, Volume};
use crate::output;
use crate::setup::Setup;
use crate::tether::Tether;

/// Where things are kept unless `--data` says otherwise.
const DATA: &str = ".flywheel";

/// The feedback loop of a short-video channel, as durable runs on Restate.
#[derive(Debug, Parser)]
#[command(
    name = "flywheel",
    version,
    after_help = "Exit codes: 0 it is done; 1 it failed; 2 a person must change something first \
(the command line, a setting, what else runs).\nData goes to stdout, everything else to stderr; RUST_LOG says how much is logged."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb takes.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// The folder for all that is kept [default: .flywheel]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Settings [default: ./flywheel.toml if there is one, else the built-in defaults]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Write JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Shared {
    /// Folder, settings, credentials.
    pub(crate) fn setup(&self) -> anyhow::Result<Setup> {
        Setup::new(
            self.data.as_deref().unwrap_or(Path::new(DATA)),
            self.config.as_deref(),
        )
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run everything on this machine until Ctrl-C
    Up(up::Up),
    /// Show the whole loop in a minute, on the sandbox, in a temporary folder
    Demo(Demo),
    /// Execute runs (one of the processes of `up`)
    Worker(worker::Arguments),
    /// Serve webhooks, health and metrics (one of the processes of `up`)
    Api,
    /// Serve the simulated platforms (one of the processes of `up`)
    Sandbox,
    /// Keep a Chromium for the worker (one of the processes of `up`)
    Browser,
    /// Hand a video to a running `up`
    Post(post::Post),
    /// See runs, and hold, release, resolve, rerun, cancel and kill them
    #[command(subcommand)]
    Runs(Box<runs::Runs>),
    /// Tell runs of events, and see what came of them
    #[command(subcommand)]
    Events(events::Events),
    /// See who acts and who waits where only so many may act at once
    #[command(subcommand)]
    Limits(limits::Limits),
    /// Start workflows by the clock
    #[command(subcommand)]
    Schedules(schedules::Schedules),
    /// See steps and their policies
    #[command(subcommand)]
    Steps(steps::Steps),
    /// Bring the tables up to date
    Migrate,
    /// Remove old history
    Prune(prune::Prune),
    /// Write all that is kept into one file
    Backup(backup::Backup),
    /// Put a backup into a new data folder
    Restore(restore::Restore),
    /// Check what Flywheel needs on this machine
    Doctor,
    #[command(hide = true)]
    Tether(Tether),
}

/// Something that only a person can change: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NeedsPerson(pub(crate) String);

impl NeedsPerson {
    /// The exit code.
    pub(crate) const CODE: u8 = 2;
}

/// How a verb ended, if not with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Done.
    Well,
    /// What was to be shown was shown, and it is a failure.
    Badly,
}

impl Cli {
    /// Runs the verb; errors are written here.
    pub(crate) fn run(self) -> ExitCode {
        match self.dispatch() {
            Ok(Ended::Well) => ExitCode::SUCCESS,
            Ok(Ended::Badly) => ExitCode::FAILURE,
            Err(error) => {
                output::note(format!("flywheel: {error:#}"));
                match needs_person(&error) {
                    true => ExitCode::from(NeedsPerson::CODE),
                    false => ExitCode::FAILURE,
                }
            }
        }
    }

    fn dispatch(self) -> anyhow::Result<Ended> {
        let shared = self.shared;
        match self.verb {
            // Before there is a thread: the process becomes another one.
            Verb::Tether(tether) => tether.run().map(|()| Ended::Well),
            Verb::Up(up) => on_main_thread(up.run(&shared)),
            Verb::Demo(demo) => on_main_thread(demo.run(&shared)),
            Verb::Worker(worker) => service(worker.run(&shared)),
            Verb::Api => service(api::run(&shared)),
            Verb::Sandbox => service(sandbox::run(&shared)),
            Verb::Browser => service(browser::run(&shared)),
            Verb::Post(post) => on_main_thread(post.run(&shared)),
            Verb::Runs(runs) => on_main_thread(runs.run(&shared)),
            Verb::Events(events) => on_main_thread(events.run(&shared)),
            Verb::Limits(limits) => on_main_thread(limits.run(&shared)),
            Verb::Schedules(schedules) => on_main_thread(schedules.run(&shared)),
            Verb::Steps(steps) => on_main_thread(steps.run(&shared)),
            Verb::Migrate => on_main_thread(migrate::run(&shared)),
            Verb::Prune(prune) => on_main_thread(prune.run(&shared)),
            Verb::Backup(backup) => on_main_thread(backup.run(&shared)),
            Verb::Restore(restore) => on_main_thread(restore.run(&shared)),
            Verb::Doctor => on_main_thread(doctor::run(&shared)),
        }
    }
}

/// Whether the error is one that trying again cannot help.
fn needs_person(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<NeedsPerson>()
            || cause.is::<ConfigError>()
            || cause
                .downcast_ref::<DataDirError>()
                .is_some_and(DataDirError::needs_person)
            // Whoever listens there goes on doing so until somebody decides.
            || cause
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
    })
}

/// One thread, the first one: children die with the thread that started them.
fn on_main_thread(verb: impl Future<Output = anyhow::Result<Ended>>) -> anyhow::Result<Ended> {
    logging::install(Volume::Command);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(verb)
}

fn service(verb: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Ended> {
    logging::install(Volume::Service);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(verb).map(|()| Ended::Well)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_done_to_runs_is_explained_by_an_example() {
        let cli = Cli::command();
        let of_runs = [
            "show", "story", "hold", "release", "resolve", "rerun", "cancel", "kill", "audit",
        ];
        let explained: [(&str, &[&str]); 3] = [
            ("runs", &of_runs),
            ("events", &["send", "list"]),
            ("limits", &["list"]),
        ];
        for (noun, verbs) in explained {
            let noun = cli.find_subcommand(noun).unwrap();
            for verb in verbs {
                let verb = noun.find_subcommand(verb).unwrap();
                let help = verb.get_after_help().unwrap().to_string();
                let example = format!("flywheel {} {}", noun.get_name(), verb.get_name());
                assert!(help.contains(&example), "{help}");
            }
        }
    }

    #[test]
    fn only_what_a_person_can_change_exits_with_2() {
        let person = anyhow::Error::new(NeedsPerson("choose".to_owned())).context("outer");
        assert!(needs_person(&person));
        let in_use = anyhow::Error::new(io::Error::from(io::ErrorKind::AddrInUse)).context("outer");
        assert!(needs_person(&in_use));
        assert!(!needs_person(&anyhow::anyhow!("the disk is full")));
    }
}
