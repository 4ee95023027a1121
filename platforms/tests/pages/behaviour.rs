//! How the browser behaves towards a host.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use platforms::browser::{Browser, BrowserConfig};

use crate::site::{Reply, Site};
use crate::{Checked, config};

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_host_begin_apart_when_that_is_configured() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    let browser = Browser::new(BrowserConfig {
        host_delay: Duration::from_secs(4),
        host_jitter: Duration::from_secs(1),
        ..config()?
    })?;
    let url = site.url("/page")?;
    let started = Instant::now();
    let loads = (0..3).map(|_| browser.open(&url, |_| true));
    try_join_all(loads).await?;
    assert!(started.elapsed() >= Duration::from_secs(8));
    Ok(())
}
