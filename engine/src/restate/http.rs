//! One request to Restate, with what it was for in every error.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use crate::error::EngineError;

/// A client for Restate, which is near: no proxy, and a short time to connect.
pub(super) fn client(time_limit: Duration) -> Result<Client, EngineError> {
    Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(2))
        .timeout(time_limit)
        .build()
        .map_err(EngineError::HttpClient)
}

/// What is asked, for whoever reads that it failed.
pub(super) struct Question<'q> {
    pub(super) operation: &'q str,
    pub(super) address: &'q Url,
    /// What to do if Restate says no.
    pub(super) fix: &'static str,
}

impl Question<'_> {
    /// Sends the request and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, EngineError> {
        let answer = self.send(request).await?;
        answer.json().await.map_err(|source| self.failed(source))
    }

    /// Sends the request, whose answer says nothing.
    pub(super) async fn tell(&self, request: RequestBuilder) -> Result<(), EngineError> {
        self.send(request).await.map(drop)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, EngineError> {
        let answer = request.send().await.map_err(|source| self.failed(source))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.text().await.unwrap_or_default();
        Err(EngineError::Refused {
            operation: self.operation.to_owned(),
            address: self.address.to_string(),
            status: status.as_u16(),
            body: body.chars().take(500).collect(),
            fix: self.fix,
        })
    }

    fn failed(&self, source: reqwest::Error) -> EngineError {
        EngineError::Http {
            operation: self.operation.to_owned(),
            address: self.address.to_string(),
            source,
        }
    }
}
