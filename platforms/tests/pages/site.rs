//! A site on loopback that serves what a test puts on it, and keeps what it was asked.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{COOKIE, HeaderName, USER_AGENT};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// What stands at a path.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    delay: Duration,
}

impl Reply {
    /// A page.
    pub(crate) fn html(body: &str) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", "text/html; charset=utf-8".to_owned())],
            body: body.to_owned(),
            delay: Duration::ZERO,
        }
    }

    /// A recorded page, `<reader>/<name>.html`.
    pub(crate) fn fixture(name: &str) -> io::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.html"));
        Ok(Self::html(&std::fs::read_to_string(path)?))
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The answer comes only after this long.
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) cookie: Option<String>,
    pub(crate) user_agent: String,
}

#[derive(Default)]
struct Content {
    replies: HashMap<String, Reply>,
    asked: Vec<Asked>,
}

/// The server; it ends with the test.
pub(crate) struct Site {
    content: Arc<Mutex<Content>>,
    server: JoinHandle<io::Result<()>>,
    base: Url,
}

impl Site {
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
        let content = Arc::<Mutex<Content>>::default();
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&content));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            content,
            server,
            base,
        })
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> Result<Url, url::ParseError> {
        self.base.join(path)
    }

    /// From now on this stands at a path, which begins with a slash.
    pub(crate) fn put(&self, path: &str, reply: Reply) {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.replies.insert(path.to_owned(), reply);
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.asked.clone()
    }

    /// The paths of it.
    pub(crate) fn asked_paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn noted(request: &Request) -> Asked {
    let header = |name: HeaderName| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    Asked {
        path: request.uri().path().to_owned(),
        cookie: header(COOKIE),
        user_agent: header(USER_AGENT).unwrap_or_default(),
    }
}

async fn answer(State(content): State<Arc<Mutex<Content>>>, request: Request) -> Response {
    let asked = noted(&request);
    let reply = {
        let mut content = content.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = content.replies.get(&asked.path).cloned();
        content.asked.push(asked);
        reply
    };
    let reply = reply.unwrap_or_else(|| Reply::html("<p>There is no such page.</p>").status(404));
    tokio::time::sleep(reply.delay).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(reply.body)).unwrap_or_default()
}
