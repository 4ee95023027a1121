//! Everything that the program keeps, shows and tells.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use sea_orm::{DbBackend, Statement};
use serde_json::{Value, json};

use crate::HEADER;
use crate::stage::Stage;
use crate::web::{self, send};

/// The tables that hold secrets on purpose (see ARCHITECTURE.md): TikTok's tokens, and the addresses of
/// uploads.
const KEPT: [&str; 2] = ["account_tokens", "posts"];
const DATABASE: &str = "flywheel.db";
const FORMATS: [&[&str]; 2] = [&[], &["--json"]];
/// What is in them. An upload's address is a secret by one parameter.
const SECRETS: &str = "select access_token as text from account_tokens \
    union all select refresh_token from account_tokens \
    union all select session from posts where session is not null";

/// A place, and what is there.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Whether it has the tables that hold secrets on purpose.
    pub(crate) has_kept: bool,
}

impl Place {
    fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            has_kept: false,
        }
    }
}

/// All but files.
pub(crate) fn while_it_runs(stage: &Stage) -> Vec<Place> {
    let mut places = restate(stage);
    places.extend(tables(stage));
    places.extend(metrics(stage));
    places.extend(refusals(stage));
    places.extend(commands(stage));
    places
}

/// Every table that Restate lets one ask for, by SQL: its files are compressed.
fn restate(stage: &Stage) -> Vec<Place> {
    let url = format!("http://127.0.0.1:{}/query", stage.ports()["restate_admin"]);
    let ask = |query: String| web::post(&url, &json!({ "query": query }));
    let all = "select table_name from information_schema.tables where table_schema = 'public'";
    let all: Value = serde_json::from_str(&ask(all.to_owned())).unwrap();
    let names = all["rows"].as_array().unwrap().iter();
    let names = names.map(|row| row["table_name"].as_str().unwrap());
    names
        .map(|name| {
            Place::new(
                format!("Restate's {name}"),
                ask(format!("select * from {name}")),
            )
        })
        .collect()
}

/// Every table of ours, row by row, but those that hold secrets on purpose.
fn tables(stage: &Stage) -> Vec<Place> {
    let all = "select name as text from sqlite_master where type = 'table'";
    let (kept, searched): (Vec<_>, Vec<_>) = rows(stage, all)
        .into_iter()
        .partition(|table| KEPT.contains(&table.as_str()));
    assert_eq!(kept.len(), KEPT.len(), "{kept:?}");
    let place = |table: String| {
        let columns = format!("select name as text from pragma_table_info('{table}')");
        let columns: Vec<String> = rows(stage, &columns)
            .into_iter()
            .map(|column| format!("quote(\"{column}\")"))
            .collect();
        let all = columns.join(" || ' ' || ");
        let text = rows(stage, &format!("select {all} as text from \"{table}\""));
        Place::new(format!("table {table}"), text.join("\n"))
    };
    searched.into_iter().map(place).collect()
}

/// The secrets in the tables that hold them on purpose.
pub(crate) fn kept_on_purpose(stage: &Stage) -> Vec<String> {
    let secret = |text: String| {
        let parameters = ["upload_token=", "upload_id="];
        let value = parameters
            .iter()
            .find_map(|parameter| Some(text.split_once(*parameter)?.1.to_owned()));
        match value {
            Some(value) => value
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect(),
            None => text,
        }
    };
    rows(stage, SECRETS).into_iter().map(secret).collect()
}

/// The column `text` of what the database answers.
fn rows(stage: &Stage, query: &str) -> Vec<String> {
    let url = schema::sqlite_url(&stage.data().join(DATABASE)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        use schema::ConnectionTrait as _;
        let db = schema::connect(&url).await.unwrap();
        let query = Statement::from_string(DbBackend::Sqlite, query);
        let rows = db.query_all_raw(query).await.unwrap();
        db.close().await.unwrap();
        rows.iter()
            .map(|row| row.try_get("", "text").unwrap())
            .collect()
    })
}

fn metrics(stage: &Stage) -> Vec<Place> {
    let ports = stage.ports();
    ["api", "worker_metrics"]
        .map(|process| {
            let page = web::get(&format!("http://127.0.0.1:{}/metrics", ports[process]));
            assert!(page.contains("flywheel_"), "{page}");
            Place::new(format!("metrics of {process}"), page)
        })
        .into()
}

/// What the API says to those who have no business there, and show a credential.
fn refusals(stage: &Stage) -> Vec<Place> {
    let port = stage.ports()["api"];
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let video_ready = send(|client| {
        let request = client.post(at("webhooks/video/ready")).body("{}");
        let request = request.header("webhook-id", HEADER);
        let request = request.header("webhook-timestamp", HEADER);
        request.header("webhook-signature", format!("v1,{HEADER}"))
    });
    let tiktok = send(|client| {
        let request = client.post(at("webhooks/tiktok")).body("{}");
        let now = jiff::Timestamp::now().as_second();
        request.header("TikTok-Signature", format!("t={now},s={HEADER}"))
    });
    let nowhere = send(|client| client.get(at("nowhere")).bearer_auth(HEADER));
    let method = send(|client| client.delete(at("healthz")).bearer_auth(HEADER));
    let statuses = [&video_ready, &tiktok, &nowhere, &method].map(|answer| answer.status);
    assert_eq!(statuses, [401, 401, 404, 405]);
    let mut places: Vec<Place> = [video_ready, tiktok, nowhere, method]
        .into_iter()
        .map(|answer| Place::new(format!("an answer {}", answer.status), answer.text))
        .collect();
    places.push(Place::new("an answer 400", no_http(port)));
    places
}

/// The answer to what is no HTTP: a header's name has no space in it.
fn no_http(port: u16) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nno header: {HEADER}\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    answer
}

/// What commands say, for people and for programs.
fn commands(stage: &Stage) -> Vec<Place> {
    let runs = stage.json(&["runs", "list"]);
    let ids = runs.as_array().unwrap().iter();
    let ids = ids.map(|run| run["id"].as_str().unwrap());
    let shown = ids.flat_map(|id| [vec!["runs", "show", id], vec!["runs", "story", id]]);
    let others = [
        vec!["doctor"],
        vec!["events", "list"],
        vec!["limits", "list"],
        vec!["runs", "audit"],
        vec!["runs", "list"],
        vec!["schedules", "list"],
        vec!["steps", "list"],
    ];
    let mut places = Vec::new();
    for command in shown.chain(others) {
        for format in FORMATS {
            let words = [&command[..], format].concat();
            let output = stage.run(&words);
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(output.status.success(), "{words:?}: {text}");
            places.push(Place::new(words.join(" "), text));
        }
    }
    places
}

/// Every file: Restate's store, the database and its log, the logs of all processes, whatever else is
/// there.
pub(crate) fn files(folder: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            places.extend(files(&path));
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy();
        let bytes = std::fs::read(&path).unwrap();
        places.push(Place {
            has_kept: name.starts_with(DATABASE),
            ..Place::new(
                format!("file {}", path.display()),
                String::from_utf8_lossy(&bytes),
            )
        });
    }
    places
}
