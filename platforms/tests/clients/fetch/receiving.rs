//! What is taken of what a host sends.

use std::io;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use futures::{StreamExt as _, stream};
use platforms::fetch::{FetchConfig, Fetched, Fetcher, VideoKind};
use platforms::{LaterWhen, Meaning};
use sha2::{Digest as _, Sha256};

use super::host::{Host, clip, content, pieces, status};
use super::{Inbox, quick};
use crate::vendor::Checked;

/// Content in one piece, without a declared length.
fn undeclared(bytes: Vec<u8>) -> axum::response::Response {
    pieces(stream::iter([Ok(Bytes::from(bytes))]))
}

#[tokio::test]
async fn a_video_is_stored_as_it_is_sent_and_described() -> Checked {
    let sent = clip(70_000);
    let body = sent.clone();
    let host = Host::start(move |path| match path {
        "/declared" => {
            let mut response = content(body.clone());
            let html = HeaderValue::from_static("text/html");
            response.headers_mut().insert(header::CONTENT_TYPE, html);
            response
        }
        _ => undeclared(body.clone()),
    })
    .await?;
    for path in ["/declared", "/undeclared"] {
        let inbox = Inbox::reaching(&[&host], quick())?;
        std::fs::write(inbox.path(), "an older file")?;
        let expected = Fetched {
            path: inbox.path(),
            bytes: 70_000,
            sha256: hex::encode(Sha256::digest(&sent)),
            kind: VideoKind::Mp4,
        };
        assert_eq!(inbox.fetch(&host.url(path)).await?, expected);
        assert_eq!(std::fs::read(inbox.path())?, sent);
        assert_eq!(inbox.names()?, ["clip.txt"]);
    }
    Ok(())
}

#[tokio::test]
async fn a_short_video_is_told_by_what_there_is_of_it() -> Checked {
    let cases: [(&'static [u8], VideoKind); 3] = [
        (b"\0\0\0\x14ftypqt  \0\0\0\0", VideoKind::Mov),
        (b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm", VideoKind::Webm),
        (
            b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska",
            VideoKind::Matroska,
        ),
    ];
    for (head, kind) in cases {
        let host = Host::start(move |_| content(head)).await?;
        let inbox = Inbox::reaching(&[&host], quick())?;
        assert_eq!(inbox.fetch(&host.url("/a.mp4")).await?.kind, kind);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_video_is_refused_whatever_its_name() -> Checked {
    let contents: [&'static [u8]; 4] = [
        b"",
        b"#EXTM3U\nhttps://media.example/a.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
    ];
    for sent in contents {
        let host = Host::start(move |_| content(sent)).await?;
        let inbox = Inbox::reaching(&[&host], quick())?;
        let error = inbox.failure(&host.url("/a.mp4")).await?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("fetch_not_a_video", Meaning::Terminal),
            "{error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_page_without_an_end_is_refused_by_its_beginning() -> Checked {
    let host = Host::start(|_| {
        let line = Bytes::from_static(b"<p>There is no video here.</p>\n");
        pieces(stream::repeat(line).map(Ok))
    })
    .await?;
    let config = FetchConfig {
        max_bytes: u64::MAX,
        ..quick()
    };
    let inbox = Inbox::reaching(&[&host], config)?;
    let error = inbox.failure(&host.url("/a.mp4")).await?;
    assert_eq!(error.code(), "fetch_not_a_video");
    Ok(())
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_refused_by_what_is_declared_and_by_what_is_sent() -> Checked {
    let host = Host::start(|path| match path {
        "/declared" => content(clip(100_001)),
        "/endless" => {
            let more = stream::repeat(Bytes::from(clip(5000))).map(Ok);
            pieces(more)
        }
        _ => undeclared(clip(100_000)),
    })
    .await?;
    let inbox = Inbox::reaching(&[&host], quick())?;
    for path in ["/declared", "/endless"] {
        let error = inbox.failure(&host.url(path)).await?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("fetch_too_large", Meaning::Terminal),
            "{path}: {error}"
        );
    }
    assert_eq!(inbox.fetch(&host.url("/fits")).await?.bytes, 100_000);
    Ok(())
}

#[tokio::test]
async fn a_host_that_stops_drips_or_breaks_is_worth_another_try() -> Checked {
    let host = Host::start(|path| {
        let start = stream::iter([Ok(Bytes::from(clip(1000)))]);
        match path {
            "/stops" => pieces(start.chain(stream::pending())),
            "/drips" => pieces(start.chain(stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Ok(Bytes::from_static(b"\0")), ()))
            }))),
            _ => {
                let end = Err(io::Error::other("the line went dead"));
                pieces(start.chain(stream::iter([end])))
            }
        }
    })
    .await?;
    let config = FetchConfig {
        stall_timeout: Duration::from_millis(300),
        total_timeout: Duration::from_secs(2),
        ..quick()
    };
    let inbox = Inbox::reaching(&[&host], config)?;
    for (path, code) in [
        ("/stops", "fetch_timeout"),
        ("/drips", "fetch_timeout"),
        ("/breaks", "fetch_unreachable"),
    ] {
        let start = Instant::now();
        let error = inbox.failure(&host.url(path)).await?;
        assert_eq!(
            (error.code(), error.meaning()),
            (code, Meaning::Retry),
            "{path}: {error}"
        );
        assert!(start.elapsed() < Duration::from_secs(10), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_host_that_says_nothing_or_is_gone_is_worth_another_try() -> Checked {
    // Connections are made, and nobody takes them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let gone = std::net::TcpListener::bind("127.0.0.1:0")?;
    let sockets = [silent.local_addr()?, gone.local_addr()?];
    drop(gone);
    let config = FetchConfig {
        stall_timeout: Duration::from_millis(300),
        ..quick()
    };
    let fetcher = Fetcher::reaching_loopback_which_only_tests_may(config, &sockets)?;
    let folder = tempfile::tempdir()?;
    for (socket, code) in sockets
        .into_iter()
        .zip(["fetch_timeout", "fetch_unreachable"])
    {
        let url = format!("http://{socket}/a.mp4");
        let fetched = fetcher.fetch(&url, &folder.path().join("a.mp4")).await;
        let found = fetched.map_err(|error| (error.code(), error.meaning()));
        assert_eq!(found.err(), Some((code, Meaning::Retry)));
    }
    assert_eq!(folder.path().read_dir()?.count(), 0);
    Ok(())
}

#[tokio::test]
async fn every_status_has_one_code_and_one_meaning() -> Checked {
    use Meaning::{Retry, Terminal};
    let later = |seconds| Meaning::Later(LaterWhen::After(Duration::from_secs(seconds)));
    let host = Host::start(|path| {
        let (answer, asked) = path[1..].split_once('?').unwrap_or((&path[1..], ""));
        let mut response = status(answer.parse().unwrap_or(418));
        if let Ok(asked) = HeaderValue::from_str(asked)
            && !asked.is_empty()
        {
            response.headers_mut().insert(header::RETRY_AFTER, asked);
        }
        response
    })
    .await?;
    let inbox = Inbox::reaching(&[&host], quick())?;
    for (path, code, meaning) in [
        ("/400", "fetch_rejected", Terminal),
        ("/401", "fetch_forbidden", Terminal),
        ("/403", "fetch_forbidden", Terminal),
        ("/404", "fetch_not_found", Terminal),
        ("/410", "fetch_not_found", Terminal),
        ("/416", "fetch_rejected", Terminal),
        ("/429", "fetch_rate_limited", later(60)),
        ("/429?7", "fetch_rate_limited", later(7)),
        ("/408", "fetch_unavailable", Retry),
        ("/500", "fetch_unavailable", Retry),
        ("/503", "fetch_unavailable", Retry),
        ("/503?7", "fetch_unavailable", later(7)),
        ("/204", "fetch_unexpected_status", Retry),
        ("/206", "fetch_unexpected_status", Retry),
        ("/300", "fetch_unexpected_status", Retry),
    ] {
        let error = inbox.failure(&host.url(path)).await?;
        assert_eq!((error.code(), error.meaning()), (code, meaning), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_folder_that_is_missing_is_our_failure() -> Checked {
    let host = Host::start(|_| content(clip(1000))).await?;
    let inbox = Inbox::reaching(&[&host], quick())?;
    let place = inbox.path().with_file_name("nowhere").join("a.mp4");
    let fetched = inbox.fetcher.fetch(&host.url("/a.mp4"), &place).await;
    let found = fetched.map_err(|error| (error.code(), error.meaning()));
    assert_eq!(found.err(), Some(("fetch_file_unwritable", Meaning::Retry)));
    Ok(())
}

#[tokio::test]
async fn a_fetch_that_is_given_up_leaves_nothing() -> Checked {
    let host = Host::start(|_| {
        let start = stream::iter([Ok(Bytes::from(clip(1000)))]);
        pieces(start.chain(stream::pending()))
    })
    .await?;
    let inbox = Inbox::reaching(&[&host], quick())?;
    let url = host.url("/a.mp4");
    let given_up = tokio::time::timeout(Duration::from_millis(500), inbox.fetch(&url)).await;
    assert!(given_up.is_err());
    assert_eq!(host.asked(), ["/a.mp4"]);
    assert_eq!(inbox.names()?, Vec::<String>::new());
    Ok(())
}
