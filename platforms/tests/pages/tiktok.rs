//! TikTok's pages, read in Chromium.

use std::time::Duration;

use platforms::Meaning;
use platforms::counts::CountSource;
use platforms::tiktok_page::{CODES, Counts, TikTokPage, TikTokPageConfig};

use crate::site::{Reply, Site};
use crate::{Checked, browser, failure};

const ID: &str = "7412345678901234567";
const PATH: &str = "/tiktok/@oddloop/video/7412345678901234567";

fn reader(site: &Site, block_wait: Duration) -> Result<TikTokPage, Box<dyn std::error::Error>> {
    let config = TikTokPageConfig {
        first_block_wait: block_wait,
        ..TikTokPageConfig::new(site.url("/tiktok")?)
    };
    Ok(TikTokPage::new(config, browser()?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_come_from_the_data_and_else_from_what_people_see() -> Checked {
    let site = Site::start().await?;
    let tiktok = reader(&site, Duration::ZERO)?;
    let seen = Counts {
        views: None,
        likes: Some(48_900),
        comments: Some(345),
        shares: Some(1_200),
        saves: Some(777),
    };
    let known = Counts {
        views: Some(1_200_000),
        ..seen
    };
    for (name, counts, source) in [
        ("video", known, CountSource::PageData),
        ("video_visible", seen, CountSource::Visible),
    ] {
        site.put(PATH, Reply::fixture(&format!("tiktok_page/{name}"))?);
        let video = tiktok.post("oddloop", ID).await?;
        assert_eq!((video.counts, video.source), (counts, source), "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_of_a_page_has_its_own_code() -> Checked {
    let site = Site::start().await?;
    let tiktok = reader(&site, Duration::ZERO)?;
    let fixture = |name: &str| Reply::fixture(&format!("tiktok_page/{name}"));
    site.put("/tiktok/login", fixture("login")?);
    let login = Reply::html("")
        .status(302)
        .header("location", "/tiktok/login");
    for (reply, code) in [
        (fixture("verify")?, "tiktok_page_verify"),
        (login, "tiktok_page_login_wall"),
        (fixture("empty")?, "tiktok_page_empty"),
        (fixture("deleted")?, "tiktok_page_deleted"),
        (fixture("private_item")?, "tiktok_page_private"),
        (fixture("under_review")?, "tiktok_page_under_review"),
        (fixture("region_locked")?, "tiktok_page_region_locked"),
        (fixture("changed_layout")?, "tiktok_page_changed_layout"),
        (
            Reply::html("<h1>Access Denied</h1>").status(403),
            "tiktok_page_blocked",
        ),
        (Reply::html("").status(429), "tiktok_page_blocked"),
        (
            Reply::html("<h1>Error</h1>").status(503),
            "tiktok_page_unavailable",
        ),
    ] {
        site.put(PATH, reply);
        let error = failure(tiktok.post("oddloop", ID).await)?;
        assert_eq!(
            (error.platform(), error.code()),
            ("tiktok_page", code),
            "{error}"
        );
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_turns_us_away_is_left_alone() -> Checked {
    let site = Site::start().await?;
    let tiktok = reader(&site, Duration::from_secs(3600))?;
    site.put(PATH, Reply::fixture("tiktok_page/verify")?);
    for _ in 0..2 {
        let error = failure(tiktok.post("oddloop", ID).await)?;
        assert_eq!(error.code(), "tiktok_page_verify");
        let Meaning::Later(when) = error.meaning() else {
            return Err(format!("{error}: {:?}", error.meaning()).into());
        };
        let now = jiff::Timestamp::now();
        let wait = when.instant(now).duration_since(now);
        assert!((3500..=3600).contains(&wait.as_secs()), "{wait}");
    }
    assert_eq!(site.asked_paths(), [PATH]);
    Ok(())
}

#[test]
fn what_cannot_be_part_of_an_address_is_refused() -> Checked {
    let config = TikTokPageConfig::new("https://www.tiktok.com".parse()?);
    let tiktok = TikTokPage::new(config, browser()?)?;
    let url = tiktok.post_url("odd.loop_1", ID)?;
    assert_eq!(
        url.as_str(),
        format!("https://www.tiktok.com/@odd.loop_1/video/{ID}")
    );
    for (name, id) in [
        ("a/b", ID),
        ("a?b", ID),
        ("ü", ID),
        ("a", ""),
        ("a", "1/2"),
        ("a", "x"),
    ] {
        let error = failure(tiktok.post_url(name, id))?;
        assert_eq!(error.code(), "tiktok_page_misconfigured", "{name} {id}");
    }
    let open = TikTokPageConfig::new("http://www.tiktok.com".parse()?);
    let error = failure(TikTokPage::new(open, browser()?))?;
    assert_eq!(error.meaning(), Meaning::Terminal);
    Ok(())
}
