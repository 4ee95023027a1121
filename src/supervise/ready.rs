//! Waiting until a process does its work.

use std::time::Duration;

use reqwest::{Client, Url};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStdout;

/// How often an address is asked.
const PAUSE: Duration = Duration::from_millis(50);

/// Comes back when all of them have answered well.
pub(super) async fn answering(http: &Client, urls: &[Url]) {
    for url in urls {
        let answers = || async {
            let answer = http
                .get(url.clone())
                .timeout(Duration::from_secs(2))
                .send()
                .await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        while !answers().await {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Comes back with the rest of the output when the ready line was read; never if it does not come.
pub(super) async fn line(stdout: ChildStdout) -> Lines<BufReader<ChildStdout>> {
    let mut lines = BufReader::new(stdout).lines();
    loop {
        match lines.next_line().await {
            Ok(Some(line)) if line.starts_with("{\"ready\":") => return lines,
            Ok(Some(_)) => {}
            // Its end is seen by whoever waits for the process.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}
