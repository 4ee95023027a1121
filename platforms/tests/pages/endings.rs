//! What a page can turn out to be, and that none of it takes longer than it may.

use std::time::{Duration, Instant};

use platforms::browser::{Browser, BrowserConfig, CODES};
use platforms::{LaterWhen, Meaning};
use url::Url;

use crate::site::{Reply, Site};
use crate::{Checked, browser, config, failure};

/// Loads another page after it has been looked at.
const CHALLENGE: &str = "<p>Please wait</p><script>
    setTimeout(() => { location.href = '/arrived' }, 700);
    </script>";
const DIALOG: &str = "<p>before</p><script>alert(1); confirm(2);</script><p>after</p>";
const ENDLESS: &str = "<p>Text</p><script>for (;;) {}</script>";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_with_its_last_address_its_status_and_its_document() -> Checked {
    let site = Site::start().await?;
    site.put("/arrived", Reply::html("<p>arrived</p>"));
    site.put(
        "/sent",
        Reply::html("").status(302).header("location", "/arrived"),
    );
    site.put("/challenge", Reply::html(CHALLENGE));
    site.put("/dialog", Reply::html(DIALOG));
    site.put("/gone", Reply::html("<p>gone</p>").status(404));
    site.put("/nothing", Reply::html(""));
    site.put("/refused", Reply::html("").status(429));
    let browser = browser()?;
    for (path, last, status, text) in [
        ("/arrived", "/arrived", 200, "arrived"),
        ("/sent", "/arrived", 200, "arrived"),
        ("/challenge", "/arrived", 200, "arrived"),
        ("/dialog", "/dialog", 200, "after"),
        ("/gone", "/gone", 404, "gone"),
        ("/nothing", "/nothing", 200, "<body></body>"),
        ("/refused", "/refused", 429, ""),
    ] {
        let is_settled = |page: &platforms::browser::Page| !page.html.contains("Please wait");
        let page = browser.open(&site.url(path)?, is_settled).await?;
        assert_eq!(page.url, site.url(last)?.as_str(), "{path}");
        assert_eq!(page.status, Some(status), "{path}");
        assert!(page.html.contains(text), "{path}: {page:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_page_is_unreachable() -> Checked {
    let site = Site::start().await?;
    let file = Reply::html("bytes").header("content-type", "application/octet-stream");
    site.put("/file", file);
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let nobody = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    drop(listener);
    let browser = Browser::new(BrowserConfig {
        settle_limit: Duration::from_secs(1),
        ..config()?
    })?;
    for url in [nobody, site.url("/file")?] {
        let error = failure(browser.open(&url, |_| true).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("browser_unreachable", Meaning::Retry),
            "{url}: {error}"
        );
    }
    let file = Url::parse("file:///etc/passwd")?;
    let error = failure(browser.open(&file, |_| true).await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("browser_misconfigured", Meaning::Terminal)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_never_ends_costs_its_time_and_nothing_else() -> Checked {
    let limit = Duration::from_secs(15);
    let site = Site::start().await?;
    site.put("/endless", Reply::html(ENDLESS));
    site.put("/silent", Reply::html("").after(Duration::from_secs(600)));
    site.put("/page", Reply::html("<p>Text</p>"));
    let browser = Browser::new(BrowserConfig {
        page_limit: limit,
        ..config()?
    })?;
    browser.open(&site.url("/page")?, |_| true).await?;
    for path in ["/endless", "/silent"] {
        let started = Instant::now();
        let error = failure(browser.open(&site.url(path)?, |_| true).await)?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("browser_page_timeout", Meaning::Retry),
            "{path}"
        );
        assert!(started.elapsed() < limit + Duration::from_secs(5), "{path}");
        assert!(CODES.contains(&error.code()));
    }
    browser.open(&site.url("/page")?, |_| true).await?;
    Ok(())
}

#[tokio::test]
async fn a_program_that_is_missing_is_named() -> Checked {
    let browser = Browser::new(BrowserConfig::new(
        "/nowhere/chromedriver".into(),
        "/nowhere/chromium".into(),
    ))?;
    let url = Url::parse("http://127.0.0.1:1/")?;
    let error = failure(browser.open(&url, |_| true).await)?;
    assert_eq!(error.code(), "browser_not_installed");
    let soon = Meaning::Later(LaterWhen::After(Duration::from_secs(300)));
    assert_eq!(error.meaning(), soon);
    assert!(error.message().contains("/nowhere/chromedriver"), "{error}");
    Ok(())
}
