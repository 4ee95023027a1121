//! The Chromium of a server: it outlives whoever reads pages in it.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use platforms::browser::{Browser, BrowserConfig, BrowserServer};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::processes::{chromiums, crash, until};
use crate::site::{Reply, Site};
use crate::{Checked, config};

/// A running server with its file.
struct Running {
    folder: TempDir,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    async fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let server = BrowserServer::new(config()?, folder.path().join("browser.json"))?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        until("there is a Chromium", || !chromiums().is_empty()).await?;
        Ok(Self { folder, stop, task })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("browser.json")
    }

    /// A browser as another worker would have it.
    fn browser(&self) -> Result<Browser, Box<dyn std::error::Error>> {
        Ok(Browser::new(BrowserConfig {
            server: Some(self.file()),
            pages_per_browser: 2,
            ..config()?
        })?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reads_in_the_chromium_of_the_one_before_it() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    site.put(
        "/slow",
        Reply::html("<p>Text</p>").after(Duration::from_secs(30)),
    );
    let server = Running::start().await?;
    let first = chromiums();
    assert_eq!(first.len(), 1);

    let killed = server.browser()?;
    killed.open(&site.url("/page")?, |_| true).await?;
    let slow = site.url("/slow")?;
    let under_way = tokio::spawn(async move { killed.open(&slow, |_| true).await });
    let is_asked = || site.asked_paths().iter().any(|path| path == "/slow");
    until("a page is under way", is_asked).await?;
    under_way.abort();

    let page = server
        .browser()?
        .open(&site.url("/page")?, |_| true)
        .await?;
    assert!(page.html.contains("Text"));
    assert_eq!(chromiums(), first);
    let _ = server.stop.send(());
    server.task.await?;
    until("Chromium is gone", || chromiums().is_empty()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chromium_that_is_done_with_or_killed_is_replaced_by_its_server() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    let server = Running::start().await?;
    let browser = server.browser()?;
    let url = site.url("/page")?;
    let first = chromiums();
    for _ in 0..3 {
        browser.open(&url, |_| true).await?;
    }
    let second = chromiums();
    assert_ne!(second, first);

    for pid in &second {
        // The first one may be among them, and on its way out.
        let _ = crash(*pid);
    }
    let are_gone = || chromiums().iter().all(|pid| !second.contains(pid));
    until("they are gone", are_gone).await?;
    let read = async {
        while let Err(error) = browser.open(&url, |_| true).await {
            assert_eq!(error.code(), "browser_crashed");
        }
    };
    timeout(Duration::from_secs(60), read).await?;
    let _ = server.stop.send(());
    server.task.await?;
    assert!(!server.folder.path().join("browser.json").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chromium_that_does_not_answer_is_replaced_for_whoever_comes_to_it() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    let server = Running::start().await?;
    until("the server says where", || server.file().exists()).await?;
    let first = chromiums();
    for pid in &first {
        kill(Pid::from_raw(*pid), Signal::SIGSTOP)?;
    }
    let url = site.url("/page")?;
    let browser = server.browser()?;
    let error = browser.open(&url, |_| true).await.err();
    assert_eq!(error.map(|error| error.code()), Some("browser_not_started"));
    let page = browser.open(&url, |_| true).await?;
    assert!(page.html.contains("Text"));
    let _ = server.stop.send(());
    server.task.await?;
    Ok(())
}
