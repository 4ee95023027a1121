//! That a redirect is a URL like any other.

use super::host::{Host, clip, content, redirect, status};
use super::{Inbox, quick};
use crate::vendor::Checked;

#[tokio::test]
async fn three_redirects_are_followed_and_a_fourth_is_not() -> Checked {
    let host = Host::start(|path| match path {
        "/4" => redirect(302, "/3"),
        "/3" => redirect(307, "2"),
        "/2" => redirect(301, "?1"),
        "/2?1" => redirect(308, "/0"),
        _ => content(clip(1000)),
    })
    .await?;
    let inbox = Inbox::reaching(&[&host], quick())?;
    assert_eq!(inbox.fetch(&host.url("/3")).await?.bytes, 1000);
    assert_eq!(host.asked(), ["/3", "/2", "/2?1", "/0"]);
    std::fs::remove_file(inbox.path())?;
    let error = inbox.failure(&host.url("/4")).await?;
    assert_eq!(error.code(), "fetch_too_many_redirects");
    assert_eq!(host.asked()[4..], ["/4", "/3", "/2", "/2?1"]);
    Ok(())
}

#[tokio::test]
async fn a_redirect_to_another_host_that_is_allowed_is_followed() -> Checked {
    let there = Host::start(|_| content(clip(1000))).await?;
    let to = there.url("/there.mp4");
    let here = Host::start(move |_| redirect(303, &to)).await?;
    let inbox = Inbox::reaching(&[&here, &there], quick())?;
    inbox.fetch(&here.url("/here.mp4")).await?;
    assert_eq!(there.asked(), ["/there.mp4"]);
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_checked_as_the_first_url_was() -> Checked {
    let secret = Host::start(|_| content(clip(1000))).await?;
    let port = secret.socket.port();
    for (location, code) in [
        (secret.url("/a.mp4"), "fetch_url_invalid"),
        (
            format!("https://{}/a.mp4", secret.socket),
            "fetch_address_refused",
        ),
        (format!("//{}/a.mp4", secret.socket), "fetch_url_invalid"),
        (
            format!("https://localhost:{port}/a.mp4"),
            "fetch_address_refused",
        ),
        (
            format!("https://2130706433:{port}/a.mp4"),
            "fetch_address_refused",
        ),
        (
            "https://169.254.169.254/".to_owned(),
            "fetch_address_refused",
        ),
        ("http://media.example/a.mp4".to_owned(), "fetch_url_invalid"),
        (
            "https://media.example@8.8.8.8/".to_owned(),
            "fetch_url_invalid",
        ),
        ("file:///etc/passwd".to_owned(), "fetch_url_invalid"),
        ("https://".to_owned(), "fetch_url_invalid"),
    ] {
        let to = location.clone();
        let host = Host::start(move |_| redirect(302, &to)).await?;
        let inbox = Inbox::reaching(&[&host], quick())?;
        let error = inbox.failure(&host.url("/a.mp4")).await?;
        assert_eq!(error.code(), code, "{location}: {error}");
        assert_eq!(host.asked().len(), 1, "{location}");
    }
    assert_eq!(secret.asked(), Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_is_no_source() -> Checked {
    for (answer, code) in [(302, "fetch_url_invalid"), (304, "fetch_unexpected_status")] {
        let host = Host::start(move |_| status(answer)).await?;
        let inbox = Inbox::reaching(&[&host], quick())?;
        let error = inbox.failure(&host.url("/a.mp4")).await?;
        assert_eq!(error.code(), code, "{error}");
    }
    Ok(())
}
