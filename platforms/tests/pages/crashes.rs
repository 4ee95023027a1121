//! Chromium comes and goes: what is under way costs another try, and nothing is left behind.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use platforms::browser::{Browser, BrowserConfig};
use platforms::{Meaning, PlatformError};
use tokio::time::sleep;
use url::Url;

use crate::processes::{chromiums, crash, descendants, until};
use crate::site::{Reply, Site};
use crate::{Checked, browser, config};

/// Loads a page as often as it takes, and says how often Chromium crashed under it.
async fn load(browser: Browser, url: Url) -> Result<usize, PlatformError> {
    let mut crashes = 0;
    loop {
        match browser.open(&url, |_| true).await {
            Ok(_) => return Ok(crashes),
            Err(error) if error.code() == "browser_crashed" => {
                assert_eq!(error.meaning(), Meaning::Retry);
                crashes += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_chromium_is_killed_twice() -> Checked {
    let site = Site::start().await?;
    let slow = Reply::html("<p>Text</p>").after(Duration::from_secs(2));
    let browser = browser()?;
    let mut loads = Vec::new();
    for number in 0..12 {
        let path = format!("/page/{number}");
        site.put(&path, slow.clone());
        loads.push(load(browser.clone(), site.url(&path)?));
    }
    let all = tokio::spawn(try_join_all(loads));
    let mut killed = Vec::new();
    for pages in [1, 5] {
        let is_under_way = || {
            let fresh = chromiums().into_iter().any(|pid| !killed.contains(&pid));
            fresh && site.asked_paths().len() >= pages
        };
        until("pages are under way", is_under_way).await?;
        for pid in chromiums() {
            crash(pid)?;
            killed.push(pid);
        }
    }
    let crashes = all.await??;
    assert_eq!(crashes.len(), 12);
    assert!(crashes.iter().all(|crashes| *crashes <= 2), "{crashes:?}");
    assert!(crashes.iter().sum::<usize>() >= 2, "{crashes:?}");
    let mut asked = BTreeMap::<String, usize>::new();
    for path in site.asked_paths() {
        *asked.entry(path).or_default() += 1;
    }
    assert_eq!(asked.len(), 12, "{asked:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_is_replaced_after_its_pages() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    let browser = Browser::new(BrowserConfig {
        pages_per_browser: 2,
        ..config()?
    })?;
    let url = site.url("/page")?;
    browser.open(&url, |_| true).await?;
    let first = chromiums();
    assert_eq!(first.len(), 1);
    browser.open(&url, |_| true).await?;
    assert_eq!(chromiums(), first);
    browser.open(&url, |_| true).await?;
    let is_replaced = || {
        let now = chromiums();
        now.len() == 1 && now != first
    };
    until("there is one Chromium, and it is another", is_replaced).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_outlives_the_browser() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    let browser = browser()?;
    browser.open(&site.url("/page")?, |_| true).await?;
    let all = descendants();
    assert!(all.len() > 2, "{all:?}");
    drop(browser);
    // Those whose parent ended are not below this process any more, so they are asked for by name.
    let is_gone = |pid: &i32| !std::fs::exists(format!("/proc/{pid}/cwd")).unwrap_or(false);
    until("all processes are gone", || all.iter().all(is_gone)).await?;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(chromiums(), Vec::<i32>::new());
    Ok(())
}
