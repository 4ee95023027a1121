//! A server on a free port, and a sender who signs.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use platforms::webhook;
use reqwest::header::HeaderMap;
use schema::DatabaseConnection;
use schema::events::{self, EventStatus};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{Pace, Server, ServerConfig, ServerError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::loops::Loops;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const OTHER_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub(crate) const PATH: &str = "/webhooks/video/ready";
/// Redelivery that a test can wait for.
pub(crate) const QUICK: Pace = Pace {
    start_within: Duration::from_millis(200),
    redeliver_every: Duration::from_millis(50),
};
/// No redelivery as long as a test takes.
pub(crate) const SLOW: Pace = Pace {
    start_within: Duration::from_secs(5),
    redeliver_every: Duration::from_secs(600),
};

/// A database in a temporary folder, before any server.
pub(crate) struct Place {
    pub(crate) db: DatabaseConnection,
    folder: TempDir,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = schema::sqlite_url(&folder.path().join("flywheel.db")).unwrap();
        let db = schema::connect(&url).await.unwrap();
        schema::migrate(&db).await.unwrap();
        Self { db, folder }
    }
}

/// A server that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) db: DatabaseConnection,
    pub(crate) loops: Arc<Loops>,
    pub(crate) http: reqwest::Client,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), ServerError>>,
    _stop_at_end: DropGuard,
    _folder: TempDir,
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Running {
    pub(crate) async fn start(pace: Pace) -> Self {
        Self::at(Place::new().await, pace, &[SECRET]).await
    }

    pub(crate) async fn at(place: Place, pace: Pace, secrets: &[&str]) -> Self {
        let secrets = secrets
            .iter()
            .map(|&secret| SecretString::from(secret))
            .collect();
        Self::configured(place, pace, ServerConfig::new(secrets)).await
    }

    pub(crate) async fn configured(place: Place, pace: Pace, config: ServerConfig) -> Self {
        let loops = Arc::new(Loops::default());
        let starts = Arc::clone(&loops);
        let server = Server::new(place.db.clone(), starts, prometheus(), config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(server.with_pace(pace).serve(listener, stop.clone()));
        Self {
            url,
            db: place.db,
            loops,
            http: http_client(),
            _stop_at_end: stop.clone().drop_guard(),
            stop,
            task,
            _folder: place.folder,
        }
    }

    /// Sends the message, properly signed now.
    pub(crate) async fn post(&self, id: &str, message: &Value) -> Answer {
        let body = message.to_string();
        let headers = signed(SECRET, id, Timestamp::now(), body.as_bytes());
        self.send(&headers, body).await
    }

    pub(crate) async fn send(
        &self,
        headers: &[(&str, String)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        self.send_to(PATH, headers, body).await
    }

    pub(crate) async fn send_to(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.post(format!("{}{path}", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.http.get(format!("{}{path}", self.url))).await
    }

    pub(crate) async fn event(&self, id: &str) -> Option<events::Model> {
        events::get(&self.db, id).await.unwrap()
    }

    /// Waits until the event has this status; a few seconds are more than enough.
    pub(crate) async fn event_becomes(&self, id: &str, status: EventStatus) -> events::Model {
        let started = Instant::now();
        loop {
            let event = self.event(id).await.unwrap();
            if event.status == status {
                return event;
            }
            assert!(
                started.elapsed() < Duration::from_secs(15),
                "{event:?} is not {status:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The three headers.
pub(crate) fn signed(
    secret: &str,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> [(&'static str, String); 3] {
    let signature = webhook::sign(&secret.into(), id, at, body).unwrap();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.as_second().to_string()),
        ("webhook-signature", signature),
    ]
}

/// A message with every field, about video `v_1` on one account.
pub(crate) fn message() -> Value {
    json!({
        "type": "video/ready",
        "timestamp": "2026-11-22T10:00:00Z",
        "data": {
            "videoId": "v_1",
            "conceptId": "c_1",
            "category": "finance",
            "caption": "Three numbers",
            "hashtags": ["#money", "saving"],
            "audioId": "a_1",
            "source": {"path": "inbox/v_1.mp4"},
            "targets": [{"platform": "youtube", "account": "main"}],
            "features": {"trendVelocity": 82, "categoryPerformance": 6.5}
        }
    })
}

/// The message with one value replaced, or added, at a JSON pointer.
pub(crate) fn with(mut message: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    message.pointer_mut(parent).unwrap()[name] = value;
    message
}

/// One recorder per process is all that there can be.
fn prometheus() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap())
        .clone()
}

/// Without the system's root certificates: reading them takes longer than most tests do.
fn http_client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap()
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        headers,
        body,
    }
}
