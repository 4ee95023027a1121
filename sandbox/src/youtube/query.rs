//! Query parameters, which Google's clients may repeat or join with commas.

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::Uri;
use axum::http::request::Parts;
use std::convert::Infallible;

use super::error::ApiError;

/// Decoded parameters, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn of(uri: &Uri) -> Self {
        Query::try_from_uri(uri).map_or_else(|_| Self::default(), |Query(pairs)| Self(pairs))
    }

    /// The first value that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        found
            .find(|(_, value)| !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All values, split at commas.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// The parts asked for; every list call needs some.
    pub(crate) fn parts(&self) -> Result<Vec<&str>, ApiError> {
        let parts = self.list("part");
        if parts.is_empty() {
            return Err(
                ApiError::bad_request("missingRequiredParameter", "No part selected.")
                    .at("part", "parameter"),
            );
        }
        Ok(parts)
    }

    /// `maxResults`: 5 unless given, at most 50.
    pub(crate) fn max_results(&self) -> Result<usize, ApiError> {
        let Some(text) = self.get("maxResults") else {
            return Ok(5);
        };
        match text.parse() {
            Ok(number) if number <= 50 => Ok(number),
            _ => Err(ApiError::bad_request(
                "invalidParameter",
                format!("Invalid value '{text}'. Values must be within the range: [0, 50]"),
            )
            .at("maxResults", "parameter")),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}
