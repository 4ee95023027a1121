//! A host on loopback that answers as a test says, and keeps what it was asked.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::response::Response;
use futures::stream;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// From path and query to the answer.
type Answers = Box<dyn Fn(&str) -> Response + Send + Sync>;

struct Shared {
    answers: Answers,
    asked: Mutex<Vec<String>>,
}

/// The server; it ends with the test.
pub(super) struct Host {
    pub(super) socket: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
}

impl Host {
    pub(super) async fn start(
        answers: impl Fn(&str) -> Response + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let socket = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answers: Box::new(answers),
            asked: Mutex::default(),
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            socket,
            shared,
            server,
        })
    }

    /// The URL of a path and query on this host.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.socket)
    }

    /// Path and query of what was asked so far.
    pub(super) fn asked(&self) -> Vec<String> {
        let asked = self.shared.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let asked = request.uri().to_string();
    let answer = (shared.answers)(&asked);
    let mut all = shared.asked.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(asked);
    answer
}

/// The beginning of an MP4 file, and more up to this many bytes.
pub(super) fn clip(bytes: usize) -> Vec<u8> {
    let mut clip = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    clip.resize(bytes, 7);
    clip
}

/// 200, and content of a declared length.
pub(super) fn content(bytes: impl Into<Bytes>) -> Response {
    Response::new(Body::from(bytes.into()))
}

/// 200, and content of no declared length, as it comes.
pub(super) fn pieces<S>(pieces: S) -> Response
where
    S: stream::Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    Response::new(Body::from_stream(pieces))
}

/// A status without content.
pub(super) fn status(status: u16) -> Response {
    let response = Response::builder().status(status);
    response.body(Body::empty()).unwrap_or_default()
}

/// A status with a place to go to.
pub(super) fn redirect(status: u16, location: &str) -> Response {
    let response = Response::builder()
        .status(status)
        .header(LOCATION, location);
    response.body(Body::empty()).unwrap_or_default()
}
