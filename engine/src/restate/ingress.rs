//! Restate's ingress: starting runs.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;

use super::binding::HANDLER;
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
        let http = Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(EngineError::http("set up the client of Restate's ingress"))?;
        Ok(Self { http, base })
    }

    /// Starts a run, once: its id is the idempotency key. Gives Restate's id of it.
    pub(crate) async fn send(&self, head: &RunHead) -> Result<String, EngineError> {
        let operation = "start the run";
        let url = self
            .base
            .join(&format!("{}/{HANDLER}/send", head.workflow))
            .unwrap_or_else(|_| self.base.clone());
        let request = self
            .http
            .post(url)
            .header("idempotency-key", &head.run_id)
            .json(head);
        let answer = request.send().await.map_err(EngineError::http(operation))?;
        let status = answer.status();
        if !status.is_success() {
            let body = answer
                .text()
                .await
                .unwrap_or_default()
                .chars()
                .take(500)
                .collect();
            return Err(EngineError::Refused {
                operation,
                status: status.as_u16(),
                body,
            });
        }
        let sent: Sent = answer.json().await.map_err(EngineError::http(operation))?;
        Ok(sent.invocation_id)
    }
}
