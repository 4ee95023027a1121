//! What a request to the Graph API says: its parameters, wherever they stand, and who asks.
//!
//! Parameters come in the query, as a form, or as JSON; the vendor's Python client sends the token
//! in the query and the rest as a form, with lists as JSON. Multipart forms and batches are not
//! served.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

use super::account::Account;
use super::error::ApiError;
use super::route;

/// Most bytes of a body with parameters.
const BODY_LIMIT: usize = 1024 * 1024;

/// One call. Without `Debug`: the token may be among its parameters.
pub(crate) struct Call {
    pub(crate) account: Account,
    /// Scheme and host, as the client knows us.
    pub(crate) root: String,
    /// As the path says, `v26.0`.
    pub(crate) version: String,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Vec<(String, String)>,
}

impl Call {
    pub(crate) async fn of(request: Request) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default();
        let query = pairs(query.as_bytes());
        let body = parameters(&parts.headers, body).await?;
        let stated = |pairs: &[(String, String)]| {
            let token = pairs.iter().find(|(name, _)| name == "access_token");
            token.map(|(_, token)| token.trim().to_owned())
        };
        let token = token_of(&parts.headers)
            .or_else(|| stated(&query))
            .or_else(|| stated(&body))
            .filter(|token| !token.is_empty())
            .ok_or_else(ApiError::no_token)?;
        let host = parts.headers.get(header::HOST);
        let host = host
            .and_then(|host| host.to_str().ok())
            .ok_or_else(|| ApiError::invalid("The Host header is missing."))?;
        Ok(Self {
            account: Account::of_token(&token),
            root: format!("http://{host}"),
            version: route::version_of(parts.uri.path()).to_owned(),
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query,
            body,
        })
    }

    /// The first value that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.body.iter().chain(&self.query);
        let found = all.find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// A list: JSON, or joined by commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let Some(text) = self.get(name) else {
            return Vec::new();
        };
        if let Ok(list) = serde_json::from_str(text) {
            return list;
        }
        let parts = text.split(',').map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A truth value; nothing when it is neither.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// Refuses a path about somebody else's account.
    pub(crate) fn owns(&self, user: &str) -> Result<(), ApiError> {
        if self.account.is(user) {
            Ok(())
        } else {
            Err(self.no_object(user))
        }
    }

    /// The vendor's words for an object that is not there, or not for this account.
    pub(crate) fn no_object(&self, id: &str) -> ApiError {
        ApiError::no_object(&self.method.as_str().to_ascii_lowercase(), id)
    }

    /// An object with the fields asked for; `id` always. `field` answers nothing for a name that
    /// does not exist, and null for one that is left out.
    pub(crate) fn node(
        &self,
        kind: &str,
        id: &str,
        field: impl Fn(&str) -> Option<Value>,
    ) -> Result<Value, ApiError> {
        let mut node = Map::new();
        node.insert("id".to_owned(), id.into());
        for name in self.list("fields") {
            if name == "id" {
                continue;
            }
            let value = field(&name).ok_or_else(|| ApiError::no_field(&name, kind))?;
            if !value.is_null() {
                node.insert(name, value);
            }
        }
        Ok(Value::Object(node))
    }

    /// This request with another value of one parameter. As with the vendor, a token that came in
    /// the query is in it.
    pub(crate) fn again_with(&self, name: &str, value: &str) -> String {
        let kept = self.query.iter().filter(|(key, _)| key != name);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, old) in kept {
            query.append_pair(key, old);
        }
        query.append_pair(name, value);
        let (root, prefix, path) = (&self.root, super::GRAPH, &self.path);
        format!("{root}{prefix}{path}?{}", query.finish())
    }
}

/// The token in the `Authorization` header, under either of the vendor's two words for it.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value
        .strip_prefix("Bearer ")
        .or_else(|| value.strip_prefix("OAuth "))?;
    Some(token.trim().to_owned())
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

async fn parameters(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, ApiError> {
    let unreadable = || ApiError::invalid("The request body could not be read.");
    let body = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| unreadable())?;
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if body.is_empty() || kind.starts_with("multipart/") {
        return Ok(Vec::new());
    }
    if !kind.starts_with("application/json") {
        return Ok(pairs(&body));
    }
    let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| unreadable())?;
    let as_text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name, as_text(value)))
        .collect())
}
