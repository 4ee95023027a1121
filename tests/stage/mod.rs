//! The program on a data folder of a test's own: started, asked, killed; nothing is left behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const FLYWHEEL: &str = env!("CARGO_BIN_EXE_flywheel");
const PATIENCE: Duration = Duration::from_secs(120);

/// A data folder, and the `up` on it if there is one.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    /// For every process, beside what the test's own has.
    environment: Vec<(&'static str, String)>,
    up: Option<Child>,
    /// Every process that was ever seen, by id.
    seen: Vec<u32>,
}

impl Stage {
    /// A folder with these settings, and nothing that runs.
    pub(crate) fn new(settings: &str) -> Self {
        Self::with(settings, Vec::new())
    }

    /// The same, where every process finds these variables.
    pub(crate) fn with(settings: &str, environment: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("flywheel.toml"), settings).unwrap();
        Self {
            folder,
            environment,
            up: None,
            seen: Vec::new(),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The program with the folder and the settings, and with no credentials but the stage's own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = flywheel(self.folder.path());
        command
            .envs(self.environment.iter().cloned())
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .arg("--config")
            .arg(self.folder.path().join("flywheel.toml"));
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs it to a good end, and reads its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let output = self.run(&arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts `up` and waits until it says that it is up.
    pub(crate) fn up(&mut self) {
        self.up_with(&[]);
    }

    /// The same, with more words.
    pub(crate) fn up_with(&mut self, words: &[&str]) {
        need_programs();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("up.log"))
            .unwrap();
        let mut up = self.command(&[&["up", "--json"][..], words].concat());
        let mut up = up
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = up.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        self.up = Some(up);
        assert!(
            line.contains("\"ready\":\"up\""),
            "`up` did not get there: {}",
            self.up_log()
        );
        self.processes();
    }

    pub(crate) fn up_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("up.log")).unwrap_or_default()
    }

    /// The supervisor's list, by name.
    pub(crate) fn processes(&mut self) -> BTreeMap<String, u32> {
        let list = std::fs::read(self.data().join("processes.json")).unwrap();
        let list: BTreeMap<String, u32> = serde_json::from_slice(&list).unwrap();
        for pid in list.values() {
            if !self.seen.contains(pid) {
                self.seen.push(*pid);
            }
        }
        list
    }

    /// SIGKILL for the process of this name.
    pub(crate) fn kill(&mut self, name: &str) -> u32 {
        let pid = self.processes()[name];
        signal(pid, Signal::SIGKILL);
        pid
    }

    /// Waits until another process has the name of `dead`.
    pub(crate) fn replaced(&mut self, name: &str, dead: u32) {
        until("the supervisor starts it again", || {
            self.processes().get(name).is_some_and(|pid| *pid != dead)
        });
    }

    /// SIGKILL for `up` and everything it started.
    pub(crate) fn kill_everything(&mut self) {
        for pid in self.processes().into_values() {
            signal(pid, Signal::SIGKILL);
        }
        self.up.take().unwrap().wait().unwrap();
        self.nothing_is_left();
    }

    /// SIGTERM for `up`; it ends well and takes everything along.
    pub(crate) fn end(mut self) {
        self.stop();
    }

    /// The same, and what it leaves is still there.
    pub(crate) fn stop(&mut self) {
        self.processes();
        let mut up = self.up.take().unwrap();
        signal(up.id(), Signal::SIGTERM);
        let status = up.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.up_log());
        self.nothing_is_left();
    }

    /// Every process that was seen is gone.
    pub(crate) fn nothing_is_left(&self) {
        until("every process is gone", || {
            self.seen.iter().all(|pid| !is_alive(*pid))
        });
    }

    /// After `up` alone was killed: the kernel killed the others with it.
    pub(crate) fn children_died_with_it(&mut self) {
        self.up.take().unwrap().wait().unwrap();
        self.nothing_is_left();
    }

    /// Posts `count` clips, and gives the ids of their runs.
    pub(crate) fn post_clips(&self, count: usize) -> Vec<String> {
        let clip = self.folder.path().join("clip.mp4");
        make_clip(&clip);
        let post = |at: usize| {
            let id = format!("v_{at}");
            let answer = self.json(&[
                "post",
                clip.to_str().unwrap(),
                "--video-id",
                &id,
                "--category",
                "tests",
            ]);
            answer["runs"][0]["runId"].as_str().unwrap().to_owned()
        };
        (0..count).map(post).collect()
    }

    pub(crate) fn show(&self, run_id: &str) -> Value {
        self.json(&["runs", "show", run_id])
    }

    /// Waits until every run has this status.
    pub(crate) fn all(&self, run_ids: &[String], status: &str) {
        for run_id in run_ids {
            let started = Instant::now();
            loop {
                let last = self.show(run_id)["run"].take();
                if last["status"] == status {
                    break;
                }
                let open = ["queued", "running", "waiting"]
                    .iter()
                    .any(|open| last["status"] == *open);
                assert!(
                    open && started.elapsed() < PATIENCE,
                    "{run_id} does not become {status}: {last:#}"
                );
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    }

    /// Waits until every run waits for this.
    pub(crate) fn all_wait_for(&self, run_ids: &[String], reason: &str) {
        let waits = |run_id: &String| self.show(run_id)["run"]["waitingReason"] == reason;
        until(reason, || run_ids.iter().all(waits));
    }

    /// The folder's ports, by name.
    pub(crate) fn ports(&self) -> BTreeMap<String, u16> {
        let ports = std::fs::read(self.data().join("ports.json")).unwrap();
        serde_json::from_slice(&ports).unwrap()
    }

    /// The worker's page of metrics.
    pub(crate) fn worker_metrics(&self) -> String {
        get(&format!(
            "http://127.0.0.1:{}/metrics",
            self.ports()["worker_metrics"]
        ))
    }

    /// What the sandbox received: descriptions of posts.
    pub(crate) fn posts_seen(&self) -> Vec<String> {
        let url = format!(
            "http://127.0.0.1:{}/_sandbox/posts",
            self.ports()["sandbox"]
        );
        let posts: Vec<Value> = serde_json::from_str(&get(&url)).unwrap();
        posts
            .iter()
            .map(|post| post["description"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A test that failed on its way: the children die with `up`.
        if let Some(mut up) = self.up.take() {
            let _ = up.kill();
            let _ = up.wait();
        }
    }
}

/// The program, in `folder`, without anybody's credentials.
pub(crate) fn flywheel(folder: &Path) -> Command {
    let mut command = Command::new(FLYWHEEL);
    command.current_dir(folder);
    for variable in [
        "ANTHROPIC_API_KEY",
        "BRIGHT_DATA_PASSWORD",
        "BRIGHT_DATA_USERNAME",
        "INSTAGRAM_ACCESS_TOKEN",
        "INSTAGRAM_USER_ID",
        "TIKTOK_CLIENT_KEY",
        "TIKTOK_CLIENT_SECRET",
        "TIKTOK_REFRESH_TOKEN",
        "YOUTUBE_ACCESS_TOKEN",
        "YOUTUBE_API_KEY",
        "FLYWHEEL_DATABASE_URL",
        "FLYWHEEL_WEBHOOK_SECRET",
        "RUST_LOG",
    ] {
        command.env_remove(variable);
    }
    command
}

/// What is there, as text.
fn get(url: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let answer = reqwest::get(url).await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    })
}

/// Fails with what to do if a program is missing that `up` starts.
pub(crate) fn need_programs() {
    let folder = tempfile::tempdir().unwrap();
    let output = flywheel(folder.path())
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for check in report["checks"].as_array().unwrap() {
        assert!(
            check["ok"] == true,
            "{}: {}; {}",
            check["what"],
            check["found"],
            check["fix"]
        );
    }
}

/// Waits until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(
            started.elapsed() < PATIENCE,
            "not after {PATIENCE:?}: {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a verb that is expected to end by itself, although it would go on for ever if all were well.
pub(crate) fn ends(command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Does nothing to one that has ended.
    let _ = child.kill();
    child.wait_with_output().unwrap()
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    // A child may have died with its parent a moment before.
    let _ = kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal);
}

fn is_alive(pid: u32) -> bool {
    // One that is dead and that nobody has asked about yet still has its id.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_zombie = stat
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.trim_start().starts_with('Z'));
    !is_zombie && kill(Pid::from_raw(i32::try_from(pid).unwrap()), None).is_ok()
}

pub(crate) fn make_clip(path: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(media().synthesize(&media::looks::bright_hook(), path))
        .unwrap();
}

/// The media helper beside the program, or the named one.
pub(crate) fn media() -> media::Media {
    let beside = || Path::new(FLYWHEEL).with_file_name("flywheel-media");
    let helper = std::env::var_os("FLYWHEEL_MEDIA_BIN").map_or_else(beside, PathBuf::from);
    media::Media::new(helper, media::Limits::default())
}

/// Whether the demo's report says of a video that its reading came too late to be scored, as it may
/// on a busy machine.
pub(crate) fn was_read_late(video: &Value) -> bool {
    let reason = video["metrics"]["unscored_reason"].as_str();
    reason.is_some_and(|reason| reason.starts_with("read at an age of "))
}
