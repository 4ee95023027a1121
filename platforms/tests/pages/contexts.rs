//! What a page gets of the world, and what it leaves behind: nothing.

use std::time::Duration;

use platforms::browser::{Browser, BrowserConfig};

use crate::site::{Reply, Site};
use crate::{Checked, browser, config};

const KEEPS: &str = "<html><body><p id='before'></p><script>
    document.getElementById('before').textContent =
        'cookie=' + document.cookie + ' stored=' + (localStorage.visits || 0);
    document.cookie = 'own=1; max-age=3600';
    localStorage.visits = 1 + Number(localStorage.visits || 0);
    </script></body></html>";

const ASKS_FOR_MORE: &str = "<html><head><style>
    @font-face { font-family: F; src: url(/font.woff2) }
    body { font-family: F; background: url(/background) }
    </style><link rel='stylesheet' href='/style.css'></head><body>
    <img src='/image.png'><img src='/image-without-a-name'>
    <video src='/clip.mp4' autoplay muted></video>
    <video src='/clip?mime_type=video_mp4' preload='auto'></video>
    <p>Text</p></body></html>";

#[tokio::test(flavor = "multi_thread")]
async fn no_page_sees_what_another_has_left() -> Checked {
    let site = Site::start().await?;
    site.put(
        "/keeps",
        Reply::html(KEEPS).header("set-cookie", "served=1; Path=/"),
    );
    let browser = browser()?;
    for _ in 0..2 {
        let page = browser.open(&site.url("/keeps")?, |_| true).await?;
        assert!(page.html.contains("cookie=served=1 stored=0"), "{page:?}");
    }
    assert!(site.asked().iter().all(|asked| asked.cookie.is_none()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn images_media_and_fonts_are_not_loaded() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html(ASKS_FOR_MORE));
    site.put(
        "/style.css",
        Reply::html("p {}").header("content-type", "text/css"),
    );
    let browser = Browser::new(BrowserConfig {
        settle_limit: Duration::from_secs(3),
        ..config()?
    })?;
    // Never settled: so it has all its time to load what it wants.
    let page = browser.open(&site.url("/page")?, |_| false).await?;
    assert!(page.html.contains("Text"));
    assert_eq!(site.asked_paths(), ["/page", "/style.css"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_introduces_itself_as_configured() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    let agents = ["Canary/1.0 (a)".to_owned(), "Canary/1.0 (b)".to_owned()];
    let browser = Browser::new(BrowserConfig {
        user_agents: agents.to_vec(),
        ..config()?
    })?;
    browser.open(&site.url("/page")?, |_| true).await?;
    let asked = site.asked();
    assert!(!asked.is_empty() && asked.iter().all(|asked| agents.contains(&asked.user_agent)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_for_the_public_web_does_not_find_this_machine() -> Checked {
    let site = Site::start().await?;
    site.put("/page", Reply::html("<p>Text</p>"));
    let here = site.url("/page")?;
    let browser = Browser::new(BrowserConfig {
        this_machine: false,
        ..config()?
    })?;
    for name in [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "localhost",
        "a.localhost",
    ] {
        let mut url = here.clone();
        url.set_host(Some(name))?;
        let found = browser.open(&url, |_| true).await;
        let code = found.err().map(|error| error.code());
        assert_eq!(code, Some("browser_unreachable"), "{name}");
    }
    assert!(site.asked_paths().is_empty());
    Ok(())
}
