//! A proxy that asks for a user and a password.

use std::error::Error;
use std::io;
use std::time::Duration;

use platforms::Meaning;
use platforms::browser::{Browser, BrowserConfig, Proxy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::{Checked, config, failure};

/// `zone:canary`.
const EXPECTED: &str = "Proxy-Authorization: Basic em9uZTpjYW5hcnk=";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 19\r\n\
                    Connection: close\r\n\r\n<p>by way of it</p>";
const UNKNOWN: &str = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                       Proxy-Authenticate: Basic realm=\"zone\"\r\nContent-Length: 0\r\n\r\n";
const NO_TUNNEL: &str = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";

/// A proxy that knows one user and serves one page, whatever it is asked for.
async fn start() -> Result<Url, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    Ok(address)
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let reply = if !head.contains(EXPECTED) {
        UNKNOWN
    } else if head.starts_with("CONNECT ") {
        NO_TUNNEL
    } else {
        PAGE
    };
    stream.write_all(reply.as_bytes()).await
}

fn browser(address: Url, password: &str) -> Result<Browser, Box<dyn Error>> {
    let proxy = Proxy {
        address,
        user: "zone".to_owned(),
        password: password.into(),
    };
    Ok(Browser::new(BrowserConfig {
        proxy: Some(proxy),
        settle_limit: Duration::from_secs(1),
        ..config()?
    })?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_loaded_by_way_of_a_proxy_with_a_password() -> Checked {
    let browser = browser(start().await?, "canary")?;
    let page = browser
        .open(&Url::parse("http://pages.example/a")?, |_| true)
        .await?;
    assert!(page.html.contains("by way of it"), "{page:?}");
    let shown = format!("{browser:?}");
    assert!(!shown.contains("canary") && !shown.contains("em9uZTpjYW5hcnk="));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_know_us_is_no_page_and_never_asks_anybody() -> Checked {
    let browser = browser(start().await?, "wrong")?;
    let url = Url::parse("https://pages.example/a")?;
    let error = failure(browser.open(&url, |_| true).await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("browser_proxy_failed", Meaning::Retry),
        "{error}"
    );
    Ok(())
}
