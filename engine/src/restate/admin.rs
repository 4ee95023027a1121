//! Restate's admin API: registering the worker, and asking what is running.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::http::{Question, client};
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
        let http = client(Duration::from_secs(30))?;
        Ok(Self { http, base })
    }

    /// Tells Restate where the worker's services are. `force`: the same address may serve newer code.
    pub(crate) async fn register(&self, worker: &str) -> Result<(), EngineError> {
        let _: Value = self
            .post(
                &format!("register the worker at {worker}"),
                "deployments",
                &json!({ "uri": worker, "force": true }),
            )
            .await?;
        Ok(())
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
        let rows: Rows = self
            .post("list the invocations", "query", &json!({ "query": query }))
            .await?;
        Ok(rows.rows)
    }

    /// The address that serves a service now, if one does.
    pub(crate) async fn served_by(&self, service: &str) -> Result<Option<String>, EngineError> {
        #[derive(Deserialize)]
        struct Served {
            deployment_id: String,
        }
        #[derive(Deserialize)]
        struct Deployment {
            uri: Option<String>,
        }
        let served: Served = match self.get(&format!("services/{service}")).await {
            Ok(served) => served,
            Err(EngineError::Refused { status: 404, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let path = format!("deployments/{}", served.deployment_id);
        let deployment: Deployment = self.get(&path).await?;
        Ok(deployment.uri)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, EngineError> {
        let url = self.base.join(path).unwrap_or_else(|_| self.base.clone());
        let operation = format!("look at {path}");
        let question = Question {
            operation: &operation,
            address: &self.base,
            fix: "see that this is the address of Restate's admin API",
        };
        question.ask(self.http.get(url)).await
    }

    /// Ends an invocation in good order: it is told at its next operation, and so are those that it
    /// called.
    pub(crate) async fn cancel(&self, invocation: &str) -> Result<(), EngineError> {
        self.end(invocation, "cancel").await
    }

    /// Drops an invocation, and those that it called.
    pub(crate) async fn kill(&self, invocation: &str) -> Result<(), EngineError> {
        self.end(invocation, "kill").await
    }

    async fn end(&self, invocation: &str, how: &str) -> Result<(), EngineError> {
        let path = format!("invocations/{invocation}/{how}");
        let url = self.base.join(&path).unwrap_or_else(|_| self.base.clone());
        let operation = format!("{how} {invocation}");
        let question = Question {
            operation: &operation,
            address: &self.base,
            fix: "see whether the run has just ended",
        };
        question.tell(self.http.patch(url)).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        operation: &str,
        path: &str,
        body: &Value,
    ) -> Result<T, EngineError> {
        let url = self.base.join(path).unwrap_or_else(|_| self.base.clone());
        let question = Question {
            operation,
            address: &self.base,
            fix: "see that this is the address of Restate's admin API",
        };
        let request = self
            .http
            .post(url)
            .header("accept", "application/json")
            .json(body);
        question.ask(request).await
    }
}
