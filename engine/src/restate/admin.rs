//! Restate's admin API: registering the worker, and asking what is running.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::EngineError;

#[derive(Clone)]
pub(crate) struct Admin {
    http: Client,
    base: Url,
}

/// An invocation as `sys_invocation` has it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Invocation {
    pub(crate) id: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) completion_result: Option<String>,
    #[serde(default)]
    pub(crate) completion_failure: Option<String>,
    #[serde(default)]
    pub(crate) retry_count: Option<u64>,
    #[serde(default)]
    pub(crate) last_failure: Option<String>,
}

impl Admin {
    pub(crate) fn new(base: Url) -> Result<Self, EngineError> {
        let http = Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(EngineError::http(
                "set up the client of Restate's admin API",
            ))?;
        Ok(Self { http, base })
    }

    /// Tells Restate where the worker's services are. `force`: the same address may serve newer code.
    pub(crate) async fn register(&self, worker: &Url) -> Result<(), EngineError> {
        self.post(
            "register the worker",
            "deployments",
            &json!({ "uri": worker.as_str(), "force": true }),
        )
        .await
        .map(drop)
    }

    /// The invocations of these ids that Restate knows.
    pub(crate) async fn invocations(&self, ids: &[String]) -> Result<Vec<Invocation>, EngineError> {
        #[derive(Deserialize)]
        struct Rows {
            rows: Vec<Invocation>,
        }
        // Ids are Restate's own words; anything else is not let into the query.
        let quoted: Vec<String> = ids
            .iter()
            .filter(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            .map(|id| format!("'{id}'"))
            .collect();
        if quoted.is_empty() {
            return Ok(Vec::new());
        }
        let query = format!(
            "select id, status, completion_result, completion_failure, retry_count, last_failure from sys_invocation where id in ({})",
            quoted.join(", ")
        );
        let answer = self
            .post(
                "ask Restate for its invocations",
                "query",
                &json!({ "query": query }),
            )
            .await?;
        let rows: Rows = serde_json::from_value(answer).map_err(|source| EngineError::Decode {
            what: "Restate's invocations".to_owned(),
            as_type: "Invocation",
            source,
        })?;
        Ok(rows.rows)
    }

    async fn post(
        &self,
        operation: &'static str,
        path: &str,
        body: &Value,
    ) -> Result<Value, EngineError> {
        let url = self.base.join(path).unwrap_or_else(|_| self.base.clone());
        let request = self
            .http
            .post(url)
            .header("accept", "application/json")
            .json(body);
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
        answer.json().await.map_err(EngineError::http(operation))
    }
}
