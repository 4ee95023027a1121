//! HTTP, one request at a time.

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// What comes of a request: status line, headers and body, as one text.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) body: String,
}

/// Sends what is made with a client.
pub(crate) fn send(request: impl FnOnce(&Client) -> RequestBuilder) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = Client::builder().no_proxy().build().unwrap();
        let answer = request(&client).send().await.unwrap();
        let (status, head) = (answer.status().as_u16(), format!("{answer:?}"));
        let body = answer.text().await.unwrap();
        Answer {
            status,
            text: format!("{head}\n{body}"),
            body,
        }
    })
}

/// The body of what is there.
pub(crate) fn get(url: &str) -> String {
    well(send(|client| client.get(url)))
}

/// The body of what is answered to JSON, in JSON.
pub(crate) fn post(url: &str, body: &Value) -> String {
    well(send(|client| {
        let request = client.post(url).header("accept", "application/json");
        request.json(body)
    }))
}

fn well(answer: Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}
