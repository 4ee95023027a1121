//! Where no URL leads, in whatever spelling.

use std::net::SocketAddr;

use platforms::Meaning;
use platforms::fetch::{FetchConfig, Fetcher};

use super::host::{Host, clip, content};
use super::{Inbox, quick};
use crate::vendor::Checked;

/// Each of these is refused before anything is looked up or connected.
const REFUSED: &[(&str, &str)] = &[
    ("https://127.0.0.1/a.mp4", "fetch_address_refused"),
    ("https://127.0.0.1:8443/a.mp4", "fetch_address_refused"),
    ("https://127.0.0.1./a.mp4", "fetch_address_refused"),
    ("https://127.1/a.mp4", "fetch_address_refused"),
    ("https://2130706433/a.mp4", "fetch_address_refused"),
    ("https://017700000001/a.mp4", "fetch_address_refused"),
    ("https://0177.0.0.1/a.mp4", "fetch_address_refused"),
    ("https://0x7f000001/a.mp4", "fetch_address_refused"),
    ("https://0x7f.0x0.0x0.0x1/a.mp4", "fetch_address_refused"),
    ("https://%31%32%37.0.0.1/a.mp4", "fetch_address_refused"),
    ("https://127。0。0。1/a.mp4", "fetch_address_refused"),
    ("https://１２７.０.０.１/a.mp4", "fetch_address_refused"),
    ("https:127.0.0.1/a.mp4", "fetch_address_refused"),
    ("https:\\\\127.0.0.1\\a.mp4", "fetch_address_refused"),
    (" https://127.0.0.1/a.mp4 ", "fetch_address_refused"),
    ("HTTPS://127.0.0.1/a.mp4", "fetch_address_refused"),
    (
        "https://127.0.0.1#@media.example/a.mp4",
        "fetch_address_refused",
    ),
    (
        "https://127.0.0.1\\@media.example/a.mp4",
        "fetch_address_refused",
    ),
    ("https://0/a.mp4", "fetch_address_refused"),
    ("https://0.0.0.0/a.mp4", "fetch_address_refused"),
    ("https://10.1.2.3/a.mp4", "fetch_address_refused"),
    ("https://172.16.0.1/a.mp4", "fetch_address_refused"),
    ("https://192.168.1.1/a.mp4", "fetch_address_refused"),
    ("https://100.64.0.1/a.mp4", "fetch_address_refused"),
    (
        "https://169.254.169.254/latest/meta-data/",
        "fetch_address_refused",
    ),
    (
        "https://0xa9fea9fe/latest/meta-data/",
        "fetch_address_refused",
    ),
    (
        "https://100.100.100.200/latest/meta-data/",
        "fetch_address_refused",
    ),
    ("https://168.63.129.16/metadata", "fetch_address_refused"),
    ("https://192.0.2.7/a.mp4", "fetch_address_refused"),
    ("https://224.0.0.1/a.mp4", "fetch_address_refused"),
    ("https://255.255.255.255/a.mp4", "fetch_address_refused"),
    ("https://[::]/a.mp4", "fetch_address_refused"),
    ("https://[::1]/a.mp4", "fetch_address_refused"),
    ("https://[0:0:0:0:0:0:0:1]/a.mp4", "fetch_address_refused"),
    ("https://[::127.0.0.1]/a.mp4", "fetch_address_refused"),
    ("https://[::ffff:127.0.0.1]/a.mp4", "fetch_address_refused"),
    ("https://[::ffff:7f00:1]/a.mp4", "fetch_address_refused"),
    ("https://[::ffff:8.8.8.8]/a.mp4", "fetch_address_refused"),
    ("https://[64:ff9b::7f00:1]/a.mp4", "fetch_address_refused"),
    ("https://[2002:7f00:1::]/a.mp4", "fetch_address_refused"),
    ("https://[2001:db8::1]/a.mp4", "fetch_address_refused"),
    (
        "https://[fd00:ec2::254]/latest/meta-data/",
        "fetch_address_refused",
    ),
    ("https://[fe80::1]/a.mp4", "fetch_address_refused"),
    ("https://[ff02::1]/a.mp4", "fetch_address_refused"),
    ("http://127.0.0.1/a.mp4", "fetch_url_invalid"),
    ("http://media.example/a.mp4", "fetch_url_invalid"),
    ("https://media.example@127.0.0.1/a.mp4", "fetch_url_invalid"),
    (
        "https://media.example:secret@8.8.8.8/a.mp4",
        "fetch_url_invalid",
    ),
    ("https://:secret@8.8.8.8/a.mp4", "fetch_url_invalid"),
    ("file:///etc/passwd", "fetch_url_invalid"),
    ("ftp://8.8.8.8/a.mp4", "fetch_url_invalid"),
    ("gopher://127.0.0.1/", "fetch_url_invalid"),
    ("data:video/mp4;base64,AAAA", "fetch_url_invalid"),
    ("https://", "fetch_url_invalid"),
    ("https://1.2.3.4.5/a.mp4", "fetch_url_invalid"),
    ("https://[fe80::1%25eth0]/a.mp4", "fetch_url_invalid"),
    ("inbox/a.mp4", "fetch_url_invalid"),
    ("", "fetch_url_invalid"),
];

#[tokio::test]
async fn no_spelling_of_an_address_that_is_not_public_gets_through() -> Checked {
    let inbox = Inbox::reaching(&[], quick())?;
    for (url, code) in REFUSED {
        let error = inbox.failure(url).await?;
        assert_eq!(
            (error.code(), error.meaning()),
            (*code, Meaning::Terminal),
            "{url}: {error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_where_the_address_is_allowed() -> Checked {
    let host = Host::start(|_| content(clip(1000))).await?;
    let inbox = Inbox::reaching(&[&host], quick())?;
    let port = host.socket.port();
    for name in ["localhost", "LocalHost", "%6cocalhost"] {
        let error = inbox
            .failure(&format!("https://{name}:{port}/a.mp4"))
            .await?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("fetch_address_refused", Meaning::Terminal),
            "{name}: {error}"
        );
    }
    assert_eq!(host.asked(), Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn what_a_test_allows_is_one_address_and_port_without_a_user_name() -> Checked {
    let allowed = Host::start(|_| content(clip(1000))).await?;
    let other = Host::start(|_| content(clip(1000))).await?;
    let inbox = Inbox::reaching(&[&allowed], quick())?;
    let port = allowed.socket.port();
    for (url, code) in [
        (other.url("/a.mp4"), "fetch_url_invalid"),
        (
            format!("https://{}/a.mp4", other.socket),
            "fetch_address_refused",
        ),
        (
            format!("https://127.0.0.2:{port}/a.mp4"),
            "fetch_address_refused",
        ),
        (
            format!("https://[::1]:{port}/a.mp4"),
            "fetch_address_refused",
        ),
        (
            format!("http://user@{}/a.mp4", allowed.socket),
            "fetch_url_invalid",
        ),
        (
            format!("ftp://{}/a.mp4", allowed.socket),
            "fetch_url_invalid",
        ),
    ] {
        assert_eq!(inbox.failure(&url).await?.code(), code, "{url}");
    }
    assert_eq!(other.asked(), Vec::<String>::new());
    assert_eq!(allowed.asked(), Vec::<String>::new());
    inbox.fetch(&allowed.url("/a.mp4")).await?;
    assert_eq!(allowed.asked(), ["/a.mp4"]);
    Ok(())
}

#[tokio::test]
async fn a_fetcher_as_it_runs_outside_of_tests_reaches_nothing_here() -> Checked {
    let host = Host::start(|_| content(clip(1000))).await?;
    let folder = tempfile::tempdir()?;
    let fetcher = Fetcher::new(FetchConfig::default())?;
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{}/a.mp4", host.socket);
        let fetched = fetcher.fetch(&url, &folder.path().join("a.mp4")).await;
        assert!(fetched.is_err(), "{url}");
    }
    assert_eq!(host.asked(), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_test_cannot_allow_what_is_not_on_loopback() -> Checked {
    let origins: [SocketAddr; 2] = ["127.0.0.1:80".parse()?, "10.0.0.1:80".parse()?];
    let made = Fetcher::reaching_loopback_which_only_tests_may(quick(), &origins);
    assert_eq!(
        made.err().map(|error| error.code()),
        Some("fetch_misconfigured")
    );
    Ok(())
}

#[tokio::test]
async fn no_error_shows_more_of_a_url_than_its_host() -> Checked {
    let gone = Host::start(|_| content(clip(1000))).await?;
    let inbox = Inbox::reaching(&[&gone], quick())?;
    let (socket, query) = (gone.socket, "a.mp4?signature=canary");
    drop(gone);
    for url in [
        format!("http://{socket}/{query}"),
        format!("https://127.0.0.1/{query}"),
        format!("https://user:canary@8.8.8.8/{query}"),
        format!("https://localhost/{query}"),
        format!("http://8.8.8.8/{query}"),
    ] {
        let error = inbox.failure(&url).await?;
        let mut shown = String::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            shown.push_str(&format!("{error}\n{error:?}\n"));
            cause = error.source();
        }
        assert!(!shown.contains("canary"), "{shown}");
    }
    Ok(())
}
