//! One Chromium that pages are read in: our own, or that of a
//! [`BrowserServer`](super::BrowserServer).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use thirtyfour::bidi::modules::browser::{DownloadBehavior, RemoveUserContext};
use thirtyfour::bidi::{BiDi, UserContextId};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::launch::Launched;
use super::meaning::Trouble;
use super::session::Session;
use super::{BrowserConfig, server};

/// Longest time for taking a context away; a Chromium that needs longer is not well.
const REMOVAL_LIMIT: Duration = Duration::from_secs(15);
/// Longest time until a running Chromium takes commands; one that needs longer is not well.
const ATTACH_LIMIT: Duration = Duration::from_secs(15);
/// Between two looks whether the server has a Chromium.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// The context that cannot be removed. Nothing is loaded in it.
const DEFAULT_CONTEXT: &str = "default";

/// A running Chromium. It is done with when the last page in it is, and nobody holds it any more.
#[derive(Debug)]
pub(super) struct Chromium {
    bidi: BiDi,
    session: Session,
    ended: watch::Receiver<bool>,
    is_retired: AtomicBool,
    pages: AtomicU32,
    life: Life,
}

/// Whose it is.
#[derive(Debug)]
enum Life {
    /// Ours: it ends when this is dropped.
    Own { _launched: Launched },
    /// The server's, which goes on for the next worker.
    Served {
        file: PathBuf,
        _watch: AbortOnDropHandle<()>,
    },
}

impl Chromium {
    /// Starts one, or connects to the server's; not to the one of the session `last`.
    pub(super) async fn start(config: &BrowserConfig, last: Option<&str>) -> Result<Self, Trouble> {
        config.check_programs()?;
        match &config.server {
            None => {
                let launched = Launched::start(config).await?;
                let own = tokio::time::timeout(ATTACH_LIMIT, Self::own(launched));
                own.await.unwrap_or_else(|_| Err(silent()))
            }
            Some(file) => {
                let limit = config.start_limit;
                tokio::time::timeout(limit, Self::served(file, last))
                    .await
                    .unwrap_or_else(|_| {
                        let words = format!("the server had no Chromium for {limit:?}");
                        Err(Trouble::NotStarted(words))
                    })
            }
        }
    }

    async fn own(launched: Launched) -> Result<Self, Trouble> {
        let (session, ended) = (launched.session.clone(), launched.ended.clone());
        let life = Life::Own {
            _launched: launched,
        };
        Self::connected(session, ended, life).await
    }

    async fn served(file: &Path, last: Option<&str>) -> Result<Self, Trouble> {
        let session = loop {
            let is_another = |session: &Session| Some(session.session_id.as_str()) != last;
            match server::session(file).await.filter(is_another) {
                Some(session) if session.is_there() => break session,
                _ => tokio::time::sleep(LOOK_INTERVAL).await,
            }
        };
        let (say_ended, ended) = watch::channel(false);
        let (watched, watched_file) = (session.clone(), file.to_owned());
        let watch = tokio::spawn(async move {
            tokio::select! {
                () = watched.gone() => {}
                () = server::let_go(&watched_file, &watched) => {}
            }
            say_ended.send_replace(true);
        });
        let life = Life::Served {
            file: file.to_owned(),
            _watch: AbortOnDropHandle::new(watch),
        };
        let attached = async {
            let chromium = Self::connected(session.clone(), ended, life).await?;
            chromium.tidy_up().await?;
            Ok(chromium)
        };
        let attached = tokio::time::timeout(ATTACH_LIMIT, attached)
            .await
            .unwrap_or_else(|_| Err(silent()));
        if attached.is_err() {
            // Or everybody would come to it again, for ever.
            server::replace(file, &session);
        }
        attached
    }

    async fn connected(
        session: Session,
        ended: watch::Receiver<bool>,
        life: Life,
    ) -> Result<Self, Trouble> {
        let bidi = session.connect().await?;
        bidi.browser()
            .set_download_behavior(Some(DownloadBehavior::Denied))
            .await?;
        Ok(Self {
            bidi,
            session,
            ended,
            is_retired: AtomicBool::new(false),
            // The page that it is started for.
            pages: AtomicU32::new(1),
            life,
        })
    }

    /// Removes the contexts of a worker that was killed. There is only one worker at a time.
    async fn tidy_up(&self) -> Result<(), Trouble> {
        let left = self.bidi.browser().get_user_contexts().await?;
        for context in left.user_contexts {
            if context.user_context.as_str() != DEFAULT_CONTEXT {
                self.forget(context.user_context).await;
            }
        }
        Ok(())
    }

    /// Where its commands go.
    pub(super) fn bidi(&self) -> &BiDi {
        &self.bidi
    }

    /// A name that no other one has.
    pub(super) fn name(&self) -> &str {
        &self.session.session_id
    }

    /// Returns once Chromium or chromedriver is gone.
    pub(super) async fn ended(&self) {
        let mut ended = self.ended.clone();
        // It also is when nobody is left who would say so.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Whether another page may be loaded in it, of at most `most` in all. Counts it.
    pub(super) fn takes_another_page(&self, most: u32) -> bool {
        let takes = !self.is_retired.load(Ordering::Relaxed)
            && !*self.ended.borrow()
            && self.pages.fetch_add(1, Ordering::Relaxed) < most;
        if !takes {
            self.retire();
        }
        takes
    }

    /// No new page is loaded in it.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// Takes a context away with all that is in it, whatever its pages are doing.
    pub(super) async fn forget(&self, user_context: UserContextId) {
        let removal = self.bidi.send(RemoveUserContext { user_context });
        tokio::select! {
            removed = tokio::time::timeout(REMOVAL_LIMIT, removal) => {
                if !matches!(removed, Ok(Ok(_))) {
                    self.retire();
                }
            }
            () = self.ended() => {}
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let is_done_with = self.is_retired.load(Ordering::Relaxed) && !*self.ended.borrow();
        if let Life::Served { file, .. } = &self.life
            && is_done_with
        {
            server::replace(file, &self.session);
        }
    }
}

fn silent() -> Trouble {
    Trouble::NotStarted(format!("Chromium did not answer within {ATTACH_LIMIT:?}"))
}
