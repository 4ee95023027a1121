//! The log of every request to a platform, kept on disk.
//!
//! A request has a row from the moment it arrives, so a test can wait for one that is stalled and
//! then kill its client. Credentials and upload ids never get in here.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::http::Uri;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::SandboxError;
use crate::journal::Journal;
use crate::platform::Platform;
use crate::state::SharedState;

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// Arrived, not answered yet.
    Started,
    /// A fault makes it wait.
    Stalled,
    /// Answered; `status` is set.
    Answered,
    /// A fault closed the connection without an answer.
    Dropped,
    /// The client went away first, or the sandbox was stopped.
    Abandoned,
}

/// One request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Counted from 0 in this data folder.
    pub(crate) n: usize,
    pub(crate) at: Timestamp,
    pub(crate) platform: Platform,
    pub(crate) endpoint: String,
    pub(crate) method: String,
    /// Path and query, secrets blotted out.
    pub(crate) path: String,
    pub(crate) progress: Progress,
    pub(crate) status: Option<u16>,
    /// The fault that it met.
    pub(crate) fault: Option<String>,
    /// When its progress last changed.
    pub(crate) changed_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct RequestLog {
    journal: Journal,
    rows: Mutex<Vec<Row>>,
}

impl RequestLog {
    pub(crate) fn open(data: &Path) -> Result<Self, SandboxError> {
        let (journal, records) = Journal::open::<Row>(&data.join("requests.jsonl"))?;
        let mut rows: Vec<Row> = Vec::new();
        for record in records {
            // A later line about the same request replaces the earlier one.
            match rows.get_mut(record.n) {
                Some(row) => *row = record,
                None => rows.push(record),
            }
        }
        Ok(Self {
            journal,
            rows: Mutex::new(rows),
        })
    }

    fn begin(
        &self,
        (platform, endpoint): (Platform, &'static str),
        method: &str,
        uri: &Uri,
    ) -> Result<usize, SandboxError> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::now();
        let row = Row {
            n: rows.len(),
            at: now,
            platform,
            endpoint: endpoint.to_owned(),
            method: method.to_owned(),
            path: without_secrets(uri),
            progress: Progress::Started,
            status: None,
            fault: None,
            changed_at: now,
        };
        self.journal.append(&row)?;
        rows.push(row);
        Ok(rows.len() - 1)
    }

    fn change(&self, n: usize, change: impl FnOnce(&mut Row)) -> Result<(), SandboxError> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = rows.get_mut(n) {
            change(row);
            row.changed_at = Timestamp::now();
            self.journal.append(row)?;
        }
        Ok(())
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> Vec<Row> {
        self.rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A request under way. Dropped before it was closed, it is logged as abandoned.
#[derive(Debug)]
pub(crate) struct Ticket {
    state: SharedState,
    n: usize,
    open: bool,
}

impl Ticket {
    pub(crate) fn begin(
        state: &SharedState,
        target: (Platform, &'static str),
        method: &str,
        uri: &Uri,
    ) -> Result<Self, SandboxError> {
        let n = state.requests.begin(target, method, uri)?;
        Ok(Self {
            state: state.clone(),
            n,
            open: true,
        })
    }

    pub(crate) fn meets(&self, fault: &str) -> Result<(), SandboxError> {
        self.state.requests.change(self.n, |row| {
            row.fault = Some(fault.to_owned());
        })
    }

    pub(crate) fn stalls(&self) -> Result<(), SandboxError> {
        self.state.requests.change(self.n, |row| {
            row.progress = Progress::Stalled;
        })
    }

    /// Logs the end. The caller answers, or drops the connection, only after this.
    pub(crate) fn close(
        mut self,
        progress: Progress,
        status: Option<u16>,
    ) -> Result<(), SandboxError> {
        self.open = false;
        self.state.requests.change(self.n, |row| {
            row.progress = progress;
            row.status = status;
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.open {
            let logged = self.state.requests.change(self.n, |row| {
                row.progress = Progress::Abandoned;
            });
            if let Err(error) = logged {
                tracing::warn!(%error, "an abandoned request is not in the log");
            }
        }
    }
}

/// Path and query with the values of secret parameters replaced.
fn without_secrets(uri: &Uri) -> String {
    let Some(query) = uri.query() else {
        return uri.path().to_owned();
    };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name @ ("key" | "access_token" | "upload_id" | "upload_token"), _)) => {
                format!("{name}=…")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{}?{}", uri.path(), pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_upload_ids_stay_out_of_the_log() {
        let uri = Uri::from_static("/youtube/x?part=id&key=abc&upload_id=def");
        assert_eq!(
            without_secrets(&uri),
            "/youtube/x?part=id&key=…&upload_id=…"
        );
    }
}
