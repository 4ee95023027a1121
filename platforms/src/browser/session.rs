//! A session of chromedriver's: what is needed to send commands to its Chromium, also from another
//! process than the one that started it.
//!
//! chromedriver takes any number of web sockets for one session, and a session does not end with
//! them. So a worker that comes back reads its pages in the Chromium that was there before.

use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thirtyfour::bidi::BiDi;
use thirtyfour::error::WebDriverResult;
use thirtyfour::session::http::{Body, HttpClient};
use thirtyfour::{DesiredCapabilities, WebDriver};

use super::meaning::Trouble;

/// Between two looks whether Chromium is still there.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// A running Chromium, as chromedriver's answer to `New Session` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    /// No other one has it.
    pub(super) session_id: String,
    /// Where the commands of `WebDriver BiDi` go.
    web_socket_url: String,
    /// Chromium's main process.
    process_id: i32,
}

impl Session {
    /// That of `driver`.
    pub(super) fn of(driver: &WebDriver) -> Result<Self, Trouble> {
        let said = driver.capabilities();
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        let pid = said.get("goog:processID").and_then(Value::as_i64);
        let missing =
            || Trouble::NotStarted("chromedriver does not say where its Chromium is".to_owned());
        Ok(Self {
            session_id: driver.session_id().to_string(),
            web_socket_url: text("webSocketUrl").ok_or_else(missing)?,
            process_id: pid
                .and_then(|pid| i32::try_from(pid).ok())
                .ok_or_else(missing)?,
        })
    }

    /// Where commands go.
    pub(super) async fn connect(&self) -> Result<BiDi, Trouble> {
        tls();
        // thirtyfour only takes a web socket from a session that it has asked for itself.
        let answer = json!({"value": {
            "sessionId": self.session_id,
            "capabilities": {"webSocketUrl": self.web_socket_url},
        }});
        let driver = WebDriver::builder("http://127.0.0.1", DesiredCapabilities::chrome())
            .client(Recorded(answer))
            .await
            .map_err(not_connected)?;
        let _ = driver.clone().leak();
        Box::pin(driver.bidi()).await.map_err(not_connected)
    }

    /// Returns once Chromium is gone. chromedriver waits for its Chromium, so a process that ended
    /// is not there any more.
    pub(super) async fn gone(&self) {
        while self.is_there() {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Whether Chromium is there.
    pub(super) fn is_there(&self) -> bool {
        kill(Pid::from_raw(self.process_id), None::<Signal>) != Err(Errno::ESRCH)
    }
}

/// chromedriver's answer of another time; nothing is sent anywhere.
struct Recorded(Value);

#[async_trait::async_trait]
impl HttpClient for Recorded {
    async fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> WebDriverResult<http::Response<bytes::Bytes>> {
        let answer = match request.uri().path() {
            "/session" => self.0.to_string(),
            _ => json!({"value": null}).to_string(),
        };
        Ok(http::Response::new(answer.into()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self(self.0.clone()))
    }
}

/// Each web socket of thirtyfour's, also one to this machine, begins by asking for the process's
/// TLS provider. Another one that is set already serves as well.
pub(super) fn tls() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn not_connected(error: impl std::fmt::Display) -> Trouble {
    Trouble::NotStarted(error.to_string())
}
