//! Starting the loop of one video on one account, as the server sees it. It must not say how:
//! that is `starts`.

use std::error::Error;

use futures::future::BoxFuture;

/// What one run of the loop is about; it has at most one run, ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoopTarget {
    /// The video.
    pub video_id: String,
    /// The platform it goes to.
    pub platform: String,
    /// The account's name there.
    pub account: String,
}

impl LoopTarget {
    /// The key of the run: `video/platform/account`. None of the parts can contain a slash.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.video_id, self.platform, self.account)
    }
}

/// A confirmed run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedLoop {
    /// The run.
    pub run_id: String,
    /// Whether the target had its run already; then nothing was started.
    pub existed: bool,
}

/// Starts loops. Called again with the same target it must give the same run, whatever became of
/// the first call.
pub trait StartLoop: Send + Sync {
    /// Starts the loop of `target` unless it has one. When this comes back well, the run is
    /// confirmed: it will go on without us.
    fn start(&self, target: LoopTarget) -> BoxFuture<'_, Result<StartedLoop, StartError>>;
}

/// A run could not be confirmed; it may have been started nevertheless.
#[derive(Debug, thiserror::Error)]
#[error("could not start the loop {key}")]
pub struct StartError {
    /// The key of the run.
    pub key: String,
    /// Why not.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl StartError {
    /// What kept `target` from being confirmed.
    #[must_use]
    pub fn new(target: &LoopTarget, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            key: target.key(),
            source: source.into(),
        }
    }
}
