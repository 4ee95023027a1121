//! As much of Restate as the reconciler sees, on one port: `POST /query`,
//! `POST /WORKFLOW/run/send` and `POST /restate/awakeables/ID/resolve`. It answers what a test told
//! it to.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use reqwest::Url;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) url: Url,
    state: Arc<Mutex<State>>,
}

/// What the stub says, and what it heard.
#[derive(Default)]
pub(crate) struct State {
    /// Rows of `sys_invocation`.
    pub(crate) invocations: Vec<Value>,
    /// Workflows that no worker has registered.
    pub(crate) unregistered: Vec<&'static str>,
    /// Answers with an error.
    pub(crate) failing: bool,
    /// Does not answer.
    pub(crate) silent: bool,
    /// Happens before the next query is answered.
    pub(crate) meanwhile: Option<(DatabaseConnection, &'static str)>,
    /// How often it was asked anything.
    pub(crate) asked: usize,
    /// The runs that it took.
    pub(crate) sent: Vec<String>,
    /// The waits that it got an answer for, and what those were.
    pub(crate) answered: Vec<(String, Value)>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stub = Self {
            url: format!("http://{address}/").parse().unwrap(),
            state: Arc::default(),
        };
        let serving = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let stub = serving.clone();
                tokio::spawn(async move { stub.answer(stream).await });
            }
        });
        stub
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What Restate knows from now on.
    pub(crate) fn knows(&self, invocations: Vec<Value>) {
        self.state().invocations = invocations;
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (path, body) = read(&mut stream).await?;
        self.state().asked += 1;
        let meanwhile = self.state().meanwhile.take();
        if let Some((db, sql)) = meanwhile {
            db.execute_unprepared(sql).await.unwrap();
        }
        if self.state().silent {
            std::future::pending::<()>().await;
        }
        let (status, answer) = self.say(&path, &body);
        let answer = answer.to_string();
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + &answer).as_bytes()).await?;
        stream.shutdown().await
    }

    fn say(&self, path: &str, body: &Value) -> (&'static str, Value) {
        let mut state = self.state();
        if state.failing {
            return ("503 Service Unavailable", json!({ "message": "not now" }));
        }
        if path == "/query" {
            let query = body["query"].as_str().unwrap_or_default();
            let asked_for = |row: &&Value| query.contains(row["id"].as_str().unwrap());
            let rows: Vec<&Value> = state.invocations.iter().filter(asked_for).collect();
            return ("200 OK", json!({ "rows": rows }));
        }
        if let Some(awakeable) = path.strip_prefix("/restate/awakeables/") {
            let id = awakeable.trim_end_matches("/resolve").to_owned();
            state.answered.push((id, body.clone()));
            return ("202 Accepted", json!({}));
        }
        let workflow = path.split('/').nth(1).unwrap_or_default();
        if state.unregistered.contains(&workflow) {
            return ("404 Not Found", json!({ "message": "service not found" }));
        }
        let run = body["runId"].as_str().unwrap().to_owned();
        let id = format!("inv_{run}");
        state
            .invocations
            .push(json!({ "id": id, "status": "running" }));
        state.sent.push(run);
        (
            "202 Accepted",
            json!({ "invocationId": id, "status": "Accepted" }),
        )
    }
}

/// The path and the JSON of one request.
async fn read(stream: &mut TcpStream) -> std::io::Result<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        if let Ok(body) = serde_json::from_str(body) {
            let path = head.split(' ').nth(1).unwrap_or_default();
            return Ok((path.to_owned(), body));
        }
    }
}
