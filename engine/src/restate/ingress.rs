//! Restate's ingress: starting runs.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;

use super::binding::HANDLER;
use super::http::{Question, client};
use crate::context::RunHead;
use crate::error::EngineError;

#[derive(Clone)]
pub(crate) struct Ingress {
    http: Client,
    base: Url,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    invocation_id: String,
}

impl Ingress {
    pub(crate) fn new(base: Url) -> Result<Self, EngineError> {
        let http = client(Duration::from_secs(10))?;
        Ok(Self { http, base })
    }

    /// Gives an awakeable its answer, JSON; the first one counts.
    pub(crate) async fn resolve(&self, awakeable: &str, answer: String) -> Result<(), EngineError> {
        let url = self
            .base
            .join(&format!("restate/awakeables/{awakeable}/resolve"))
            .unwrap_or_else(|_| self.base.clone());
        let question = Question {
            operation: "give a run its answer",
            address: &self.base,
            fix: "see that this is the address of Restate's ingress",
        };
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .body(answer);
        question.tell(request).await
    }

    /// Starts a run, once: its id is the idempotency key. Gives Restate's id of it.
    pub(crate) async fn send(&self, head: &RunHead) -> Result<String, EngineError> {
        let url = self
            .base
            .join(&format!("{}/{HANDLER}/send", head.workflow))
            .unwrap_or_else(|_| self.base.clone());
        let operation = format!("start run {} of {}", head.run_id, head.workflow);
        let question = Question {
            operation: &operation,
            address: &self.base,
            fix: "see that a worker which has this workflow is registered there",
        };
        let request = self
            .http
            .post(url)
            .header("idempotency-key", &head.run_id)
            .json(head);
        let sent: Sent = question.ask(request).await?;
        Ok(sent.invocation_id)
    }
}
