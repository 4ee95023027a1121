//! Instagram's pages, read in Chromium.

use std::time::Duration;

use platforms::Meaning;
use platforms::counts::CountSource;
use platforms::instagram_page::{CODES, Counts, InstagramPage, InstagramPageConfig};

use crate::site::{Reply, Site};
use crate::{Checked, browser, failure};

const SHORTCODE: &str = "DIhoUGE00uH";
const PATH: &str = "/instagram/reel/DIhoUGE00uH/";

fn reader(site: &Site) -> Result<InstagramPage, Box<dyn std::error::Error>> {
    let config = InstagramPageConfig {
        first_block_wait: Duration::ZERO,
        ..InstagramPageConfig::new(site.url("/instagram/")?)
    };
    Ok(InstagramPage::new(config, browser()?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_come_from_the_data_and_else_from_the_description() -> Checked {
    let site = Site::start().await?;
    let instagram = reader(&site)?;
    let described = Counts {
        views: None,
        likes: Some(1_234),
        comments: Some(56),
    };
    let known = Counts {
        views: Some(9_000),
        ..described
    };
    for (name, counts, source) in [
        ("reel", known, CountSource::PageData),
        ("reel_described", described, CountSource::Visible),
    ] {
        site.put(PATH, Reply::fixture(&format!("instagram_page/{name}"))?);
        let reel = instagram.post(SHORTCODE).await?;
        assert_eq!((reel.counts, reel.source), (counts, source), "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_of_a_page_has_its_own_code() -> Checked {
    let site = Site::start().await?;
    let instagram = reader(&site)?;
    let fixture = |name: &str| Reply::fixture(&format!("instagram_page/{name}"));
    let sent = |to: &str| Reply::html("").status(302).header("location", to);
    site.put("/instagram/accounts/login/", fixture("login")?);
    site.put("/instagram/challenge/", fixture("challenge")?);
    for (reply, code) in [
        (
            sent("/instagram/challenge/?next=%2F"),
            "instagram_page_verify",
        ),
        (
            sent("/instagram/accounts/login/?next=%2F"),
            "instagram_page_login_wall",
        ),
        (fixture("empty")?, "instagram_page_empty"),
        (fixture("deleted")?.status(404), "instagram_page_deleted"),
        (fixture("deleted")?, "instagram_page_deleted"),
        (fixture("private")?, "instagram_page_private"),
        (fixture("gated")?, "instagram_page_login_only"),
        (fixture("region_locked")?, "instagram_page_region_locked"),
        (fixture("changed_layout")?, "instagram_page_changed_layout"),
        (
            fixture("please_wait")?.status(429),
            "instagram_page_blocked",
        ),
        (
            Reply::html("<p>Sorry</p>").status(500),
            "instagram_page_unavailable",
        ),
    ] {
        site.put(PATH, reply);
        let error = failure(instagram.post(SHORTCODE).await)?;
        let found = (error.platform(), error.code());
        assert_eq!(found, ("instagram_page", code), "{error}");
        assert!(CODES.contains(&code));
    }
    Ok(())
}

#[test]
fn what_cannot_be_part_of_an_address_is_refused() -> Checked {
    let config = InstagramPageConfig::new("https://www.instagram.com".parse()?);
    let instagram = InstagramPage::new(config, browser()?)?;
    let url = instagram.post_url(SHORTCODE)?;
    assert_eq!(url.as_str(), "https://www.instagram.com/reel/DIhoUGE00uH/");
    let long = "a".repeat(65);
    for code in ["", "a/b", "a?b", "ü", long.as_str()] {
        let error = failure(instagram.post_url(code))?;
        assert_eq!(error.code(), "instagram_page_misconfigured", "{code}");
        assert_eq!(error.meaning(), Meaning::Terminal);
    }
    Ok(())
}
