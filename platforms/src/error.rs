//! The one error type of every platform client, and what it means for the step that got it.
//!
//! A step reads [`PlatformError::meaning`] and nothing else to decide what happens next; the code
//! is for people and dashboards. Messages must never hold a credential or a whole response body.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;

/// What a failed call means for the step that made it: four of the five endings, the fifth is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The same call may succeed if it is made again.
    Retry,
    /// The platform named a time, or its documentation does, or somebody has to mend an account
    /// first; calling earlier is of no use.
    Later(LaterWhen),
    /// Making the same call again cannot help.
    Terminal,
    /// It may have acted, and this call alone cannot tell. Nothing may be sent again on this
    /// answer; whoever can ask the platform asks first.
    Unknown,
}

/// When a call that is to be made later may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaterWhen {
    /// This long after the answer arrived.
    After(Duration),
    /// Not before this instant.
    At(Timestamp),
}

impl LaterWhen {
    /// The instant that is meant, for an answer that arrived at `now`.
    #[must_use]
    pub fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::After(wait) => jiff::SignedDuration::try_from(wait)
                .ok()
                .and_then(|wait| now.checked_add(wait).ok())
                .unwrap_or(Timestamp::MAX),
        }
    }
}

/// A call to a platform that did not give what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{platform} {operation} failed: {message}")]
pub struct PlatformError {
    platform: &'static str,
    operation: &'static str,
    code: &'static str,
    meaning: Meaning,
    message: Box<str>,
    cost_micro_usd: i64,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PlatformError {
    pub(crate) fn new(
        platform: &'static str,
        operation: &'static str,
        code: &'static str,
        meaning: Meaning,
        message: impl Into<Box<str>>,
    ) -> Self {
        Self {
            platform,
            operation,
            code,
            meaning,
            message: message.into(),
            cost_micro_usd: 0,
            source: None,
        }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn costing(mut self, micro_usd: i64) -> Self {
        self.cost_micro_usd = micro_usd;
        self
    }

    pub(crate) fn meaning_instead(mut self, meaning: Meaning) -> Self {
        self.meaning = meaning;
        self
    }

    /// The service that was called: `youtube`, `anthropic`, …
    #[must_use]
    pub fn platform(&self) -> &'static str {
        self.platform
    }

    /// The call that failed, in the client's own words: `send_chunk`, `structured`, …
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// A stable name of the kind of failure, such as `youtube_quota_exceeded`. Each platform
    /// module lists its own in `CODES`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What the failure means for the step.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        self.meaning
    }

    /// What happened, in a sentence without credentials; at most about 300 characters of it are
    /// the platform's own words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the failed call cost all the same, in millionths of a US dollar: an answer that could
    /// not be used is billed like any other. 0 when nothing is known to have been billed.
    #[must_use]
    pub fn cost_micro_usd(&self) -> i64 {
        self.cost_micro_usd
    }
}
