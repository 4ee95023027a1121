//! One bounded HTTP exchange: what every client needs from `reqwest`, and no more.
//!
//! A response is read up to a limit, an error never holds an address (an upload session is a
//! bearer secret, and it is an address), and nothing is retried or followed.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::credentials::Credentials;
use crate::{Meaning, PlatformError};

/// A wait that is over at once would have us ask again without a pause.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// A platform may ask for a wait of at most this long; a larger figure is a mistake on its side.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// How much of a platform's own words an error carries, in characters.
const EXCERPT_CHARS: usize = 300;

/// A platform's name, and its codes for what can go wrong before it has said anything readable.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) timeout: &'static str,
    pub(crate) unreachable: &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) misconfigured: &'static str,
}

/// A complete answer, body included.
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Those of the request.
    credentials: Credentials,
}

impl Exchange {
    /// The beginning of a platform's own words, without the credentials that they may repeat.
    pub(crate) fn said(&self, words: &str) -> String {
        excerpt(&self.credentials.taken_out_of(words))
    }
}

impl Service {
    /// A client that follows nothing, and speaks directly (without a proxy from the environment)
    /// to this machine.
    pub(crate) fn client(
        &self,
        base_url: &Url,
        connect: Duration,
        request: Duration,
    ) -> Result<Client, PlatformError> {
        let loopback = is_loopback(base_url);
        if base_url.scheme() != "https" && !(base_url.scheme() == "http" && loopback) {
            return Err(self.misconfigured(
                "the base URL has to be https, or http on this machine's loopback",
            ));
        }
        if base_url.has_authority() && !base_url.username().is_empty() {
            return Err(self.misconfigured("the base URL must not hold a user name"));
        }
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(connect)
            .timeout(request)
            .tcp_nodelay(true)
            .user_agent(concat!("flywheel/", env!("CARGO_PKG_VERSION")));
        if loopback {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            self.misconfigured("no HTTP client could be built")
                .caused_by(error)
        })
    }

    pub(crate) fn misconfigured(&self, message: impl Into<Box<str>>) -> PlatformError {
        PlatformError::new(
            self.name,
            "configure",
            self.misconfigured,
            Meaning::Terminal,
            message,
        )
    }

    /// Sends one request and reads its answer, of at most `max_bytes`.
    pub(crate) async fn exchange(
        &self,
        operation: &'static str,
        request: RequestBuilder,
        max_bytes: u64,
    ) -> Result<Exchange, PlatformError> {
        let failed = |error| self.transport(operation, error);
        let (client, request) = request.build_split();
        let request = request.map_err(failed)?;
        let credentials = Credentials::of(&request);
        let mut response = client.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if (body.len() + chunk.len()) as u64 > max_bytes {
                let message = format!("the answer is longer than {max_bytes} bytes");
                return Err(self.unreadable(operation, message));
            }
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        tracing::debug!(
            platform = self.name,
            operation,
            status = status.as_u16(),
            bytes = body.len(),
            "the platform answered"
        );
        Ok(Exchange {
            status,
            headers,
            body,
            credentials,
        })
    }

    /// The answer's JSON; a success that cannot be read is worth another try.
    pub(crate) fn parse<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        body: &[u8],
    ) -> Result<T, PlatformError> {
        serde_json::from_slice(body).map_err(|error| {
            self.unreadable(operation, "the answer is not the expected JSON")
                .caused_by(error)
        })
    }

    pub(crate) fn unreadable(
        &self,
        operation: &'static str,
        message: impl Into<Box<str>>,
    ) -> PlatformError {
        PlatformError::new(
            self.name,
            operation,
            self.unreadable,
            Meaning::Retry,
            message,
        )
    }

    fn transport(&self, operation: &'static str, error: reqwest::Error) -> PlatformError {
        let (code, meaning, message) = if error.is_timeout() {
            (
                self.timeout,
                Meaning::Retry,
                "no complete answer within the time limit",
            )
        } else if error.is_builder() {
            (
                self.misconfigured,
                Meaning::Terminal,
                "the request could not be built",
            )
        } else if error.is_connect() {
            (self.unreachable, Meaning::Retry, "no connection")
        } else {
            (
                self.unreachable,
                Meaning::Retry,
                "the connection broke before the answer was complete",
            )
        };
        PlatformError::new(self.name, operation, code, meaning, message)
            .caused_by(error.without_url())
    }
}

/// The wait that an answer asks for: `retry-after-ms`, or `retry-after` as seconds (whole or not)
/// or as an HTTP date (RFC 9110, 10.2.3); at least a second and at most a day. Nothing when it is
/// missing or makes no sense.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let millis = text("retry-after-ms")
        .and_then(|ms| ms.parse::<f64>().ok())
        .map(|ms| ms / 1000.0);
    let seconds = millis.or_else(|| {
        let value = text(RETRY_AFTER.as_str())?;
        value.parse::<f64>().ok().or_else(|| {
            let at = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
            Some(at.duration_since(now).as_secs_f64().max(0.0))
        })
    })?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .map(|wait| wait.clamp(SHORTEST_WAIT, LONGEST_WAIT))
}

/// The beginning of a text, on one line and without control characters. What a platform says of a
/// request goes through [`Exchange::said`].
pub(crate) fn excerpt(text: &str) -> String {
    let line = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(EXCERPT_CHARS).map(line).collect();
    if text.chars().nth(EXCERPT_CHARS).is_some() {
        short.push('…');
    }
    short
}

/// `base` with a slash at its end, so that relative paths are joined below it.
pub(crate) fn below(mut base: Url) -> Url {
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    base
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn wait_for(value: &'static str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        // 1994-11-06T08:49:07Z
        retry_after(&headers, Timestamp::constant(784_111_747, 0))
    }

    #[test]
    fn a_wait_is_read_as_seconds_fractions_or_a_date() {
        assert_eq!(wait_for("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait_for("2.25"), Some(Duration::from_millis(2250)));
        assert_eq!(
            wait_for("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(30))
        );
    }

    #[test]
    fn a_wait_that_is_over_already_is_a_second() {
        for over in ["0", "0.25", "Sun, 06 Nov 1994 08:00:00 GMT"] {
            assert_eq!(wait_for(over), Some(SHORTEST_WAIT), "{over}");
        }
    }

    #[test]
    fn a_wait_that_makes_no_sense_is_ignored_and_a_huge_one_is_bounded() {
        for nonsense in ["-1", "soon", "NaN", "inf", ""] {
            assert_eq!(wait_for(nonsense), None, "{nonsense}");
        }
        assert_eq!(wait_for("99999999999"), Some(LONGEST_WAIT));
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        let short = excerpt(&"é\n".repeat(400));
        assert_eq!(short.chars().count(), EXCERPT_CHARS + 1);
        assert!(!short.contains('\n'));
        assert_eq!(excerpt("short"), "short");
    }
}
