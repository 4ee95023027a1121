//! The account's newest posts, among which a published container is found again.

use jiff::Timestamp;
use platforms::Meaning;

use super::{failure, start};
use crate::vendor::{Checked, Reply};

const FIRST: &str = "GET /vendor/17841405822304914/media?fields=id%2Cpermalink%2Cshortcode%2Cmedia_type%2Cmedia_product_type%2Ctimestamp%2Clike_count%2Ccomments_count%2Ccaption&limit=50";

fn at(text: &str) -> Result<Timestamp, jiff::Error> {
    text.parse()
}

#[tokio::test]
async fn posts_of_the_window_are_listed_and_older_ones_are_not() -> Checked {
    let (vendor, instagram) = start().await?;
    // a time between two seconds does not lose the post of that second
    for (since, expected) in [
        ("2026-11-22T10:00:00.7Z", 1),
        ("2026-11-20T10:00:01Z", 1),
        ("2026-11-20T10:00:00Z", 2),
    ] {
        vendor.will_say([
            Reply::fixture(200, "instagram/media_list")?,
            Reply::fixture(200, "instagram/media_list_last_page")?,
        ]);
        let found = instagram.recent_media(at(since)?).await?;
        assert_eq!(found.len(), expected, "{since}");
        let newest = found.first().ok_or("nothing")?;
        assert_eq!(newest.shortcode.as_deref(), Some("DIhoUGE00uH"));
    }
    assert_eq!(vendor.asked()[0].line, FIRST);
    Ok(())
}

#[tokio::test]
async fn the_list_goes_on_by_cursor_and_ends_with_the_window() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([
        Reply::fixture(200, "instagram/media_list")?,
        Reply::fixture(200, "instagram/media_list_last_page")?,
    ]);
    let all = instagram.recent_media(at("2026-11-01T00:00:00Z")?).await?;
    assert_eq!(all.len(), 3);
    // the address of the next page holds a token, and is not used
    let lines: Vec<_> = vendor.asked().into_iter().map(|asked| asked.line).collect();
    let second = format!("{FIRST}&after=QVFIUmx1WTB");
    assert_eq!(lines, [FIRST, second.as_str()]);

    // everything on the first page is too old, so there is no second
    vendor.will_say([Reply::fixture(200, "instagram/media_list")?]);
    let none = instagram.recent_media(at("2026-11-23T00:00:00Z")?).await?;
    assert_eq!(none, []);
    assert_eq!(vendor.asked().len(), 3);
    Ok(())
}

#[tokio::test]
async fn an_account_without_posts_has_none() -> Checked {
    let (vendor, instagram) = start().await?;
    vendor.will_say([Reply::fixture(200, "instagram/media_list_empty")?]);
    let none = instagram.recent_media(Timestamp::UNIX_EPOCH).await?;
    assert_eq!(none, []);
    Ok(())
}

#[tokio::test]
async fn a_list_that_does_not_end_is_unknown_and_not_nothing() -> Checked {
    let (vendor, instagram) = start().await?;
    let page = Reply::fixture(200, "instagram/media_list")?;
    vendor.will_say(std::iter::repeat_n(page, 10));
    let error = failure(instagram.recent_media(Timestamp::UNIX_EPOCH).await)?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("instagram_search_incomplete", Meaning::Unknown)
    );
    assert_eq!(vendor.asked().len(), 10);
    Ok(())
}
