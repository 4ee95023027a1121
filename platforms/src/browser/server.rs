//! A server of a Chromium that outlives its workers.
//!
//! To start Chromium takes seconds of processor time. A worker that is restarted often would spend
//! its life on that, so a process beside it keeps Chromium, and says in a file where it is. When the
//! file is removed, it lets go of that Chromium and starts another.

use std::future::Future;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::BrowserConfig;
use super::launch::Launched;
use super::meaning::Trouble;
use super::session::Session;
use crate::PlatformError;

/// Between two looks at the file.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Before Chromium is started again after it could not be.
const PAUSE: Duration = Duration::from_secs(5);

/// Keeps one Chromium running, for whoever has its file as [`BrowserConfig::server`].
#[derive(Debug)]
pub struct BrowserServer {
    config: BrowserConfig,
    file: PathBuf,
}

impl BrowserServer {
    /// A server that has not started anything yet, and will write `file`.
    ///
    /// # Errors
    /// As [`Browser::new`](super::Browser::new).
    pub fn new(config: BrowserConfig, file: PathBuf) -> Result<Self, PlatformError> {
        config.check().map_err(Trouble::into_error)?;
        Ok(Self { config, file })
    }

    /// Runs until `stop`, and ends Chromium then.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.serve() => {}
        }
        let _ = tokio::fs::remove_file(&self.file).await;
    }

    async fn serve(&self) {
        loop {
            let life = self.life().await;
            let _ = tokio::fs::remove_file(&self.file).await;
            if let Err(trouble) = life {
                let error = trouble.into_error();
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "The browser does not start."
                );
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// One Chromium, from its start to its end.
    async fn life(&self) -> Result<(), Trouble> {
        let launched = Launched::start(&self.config).await?;
        let written = write(&self.file, &launched.session);
        written.map_err(|error| {
            let file = self.file.display();
            Trouble::NotStarted(format!("{file} cannot be written: {error}"))
        })?;
        let mut ended = launched.ended.clone();
        tokio::select! {
            // It also has ended when nobody is left who would say so.
            _ = ended.wait_for(|ended| *ended) => {}
            () = let_go(&self.file, &launched.session) => {}
        }
        Ok(())
    }
}

/// What the server with `file` has; nothing while it starts.
pub(super) async fn session(file: &Path) -> Option<Session> {
    let text = tokio::fs::read(file).await.ok()?;
    serde_json::from_slice(&text).ok()
}

/// Returns once the file is not that of `session` any more.
pub(super) async fn let_go(file: &Path, session: &Session) {
    while self::session(file).await.as_ref() == Some(session) {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Has the host end the Chromium of `session`, also one that does not answer, and start another.
pub(super) fn replace(file: &Path, session: &Session) {
    let is_its_file = std::fs::read(file)
        .ok()
        .and_then(|text| serde_json::from_slice::<Session>(&text).ok())
        .is_some_and(|kept| kept == *session);
    if is_its_file {
        // Without its file, the host lets go of it. If that fails, Chromium is only used for longer.
        let _ = std::fs::remove_file(file);
    }
}

/// At once or not at all, and for its owner only: who can read it controls Chromium.
fn write(file: &Path, session: &Session) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    let mut draft = NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut draft, session)?;
    writeln!(draft)?;
    draft.persist(file)?;
    Ok(())
}
