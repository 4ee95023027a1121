//! A vendor on loopback that answers from a list, and keeps what it was asked. It knows nothing
//! of any platform: each test says which recorded payload comes next.

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::stream;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// What a test returns.
pub(crate) type Checked = Result<(), Box<dyn Error>>;

/// One answer.
#[derive(Clone, Default)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    stall: Duration,
    broken: bool,
}

impl Reply {
    /// A status and a recorded payload, `<platform>/<name>.json`.
    pub(crate) fn fixture(status: u16, name: &str) -> io::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.json"));
        Ok(Self {
            status,
            body: std::fs::read(path)?,
            ..Self::default()
        })
    }

    /// A status and a body.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            body: body.as_bytes().to_vec(),
            ..Self::default()
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer comes only after this long.
    pub(crate) fn stalled(mut self, stall: Duration) -> Self {
        self.stall = stall;
        self
    }

    /// The connection breaks within the body.
    pub(crate) fn broken(mut self) -> Self {
        self.broken = true;
        self
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method, path and query.
    pub(crate) line: String,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    /// A header's value, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
}

/// The server; it ends with the test.
pub(crate) struct Vendor {
    script: Arc<Mutex<Script>>,
    server: JoinHandle<io::Result<()>>,
    /// Where it listens, with a path that is to be kept.
    pub(crate) base: Url,
}

impl Vendor {
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = Url::parse(&format!("http://{}/vendor", listener.local_addr()?))?;
        let script = Arc::<Mutex<Script>>::default();
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&script));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            script,
            server,
            base,
        })
    }

    /// The next answers, in order.
    pub(crate) fn will_say(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replies
            .extend(replies);
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .asked
            .clone()
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20)
        .await
        .unwrap_or_default();
    let asked = Asked {
        line: format!("{} {}", parts.method, parts.uri),
        headers: parts.headers,
        body,
    };
    let reply = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script.asked.push(asked);
        script.replies.pop_front()
    };
    // 418 maps to nothing, so a test that asks too much fails.
    let reply = reply.unwrap_or_else(|| Reply::text(418, "nothing more to say"));
    tokio::time::sleep(reply.stall).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let body = if reply.broken {
        let half = Ok(Bytes::from(reply.body));
        Body::from_stream(stream::iter([
            half,
            Err(io::Error::other("the line went dead")),
        ]))
    } else {
        Body::from(reply.body)
    };
    response.body(body).unwrap_or_default()
}
