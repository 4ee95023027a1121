//! The calls of `platforms::fetch`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use platforms::fetch::{CODES, FetchConfig, Fetcher};
use tempfile::TempDir;
use url::Url;

use super::{ANSWER_BYTES, Call, Outcome, Platform};
use crate::answer::Answer;

/// Bytes of the clip.
const BYTES: usize = 1000;

/// A folder that clips are fetched into.
#[derive(Clone)]
pub(crate) struct Inbox {
    fetcher: Fetcher,
    source: String,
    folder: Arc<TempDir>,
}

impl Platform for Inbox {
    const CODES: &'static [&'static str] = CODES;
    const CALLS: &'static [Call<Self>] = &[Call {
        name: "fetch::fetch",
        answers: |_base| Ok(vec![Answer::text("GET /clip?", 200, clip())]),
        // What is in the same boxes: a still picture, and a brand that nobody has heard of.
        wrong_type: Some(("ftypmp42", "ftypheic")),
        unknown_word: Some(("ftypmp42", "ftypzz99")),
        make: |inbox| Box::pin(fetch(inbox)),
    }];

    fn at(base: &Url, patience: Duration) -> Result<Self, Box<dyn Error>> {
        let config = FetchConfig {
            max_bytes: ANSWER_BYTES,
            stall_timeout: patience,
            ..FetchConfig::default()
        };
        let origin = base.socket_addrs(|| None)?;
        Ok(Self {
            fetcher: Fetcher::reaching_loopback_which_only_tests_may(config, &origin)?,
            source: format!("{base}clip?signature=canary-signature"),
            folder: Arc::new(tempfile::tempdir()?),
        })
    }
}

/// The beginning of an MP4 file, and more.
fn clip() -> String {
    let head = "\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
    [head, &"\x07".repeat(BYTES - head.len())].concat()
}

async fn fetch(inbox: Inbox) -> Outcome {
    let file = inbox.folder.path().join("clip.mp4");
    inbox.fetcher.fetch(&inbox.source, &file).await.map(drop)
}
