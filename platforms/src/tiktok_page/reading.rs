//! From a page to a video with its counts, or to what the page is instead. Nothing else is needed
//! for it than the page.

use super::data::Detail;
use super::post::{Counts, Post};
use super::{meaning, signs, visible};
use crate::browser::{Ending, Markup, Page, path_of};
use crate::counts::CountSource;

/// Reads the page of the video with this id: its data first, then what people see.
pub(super) fn read(page: &Page, id: &str) -> Result<Post, Ending> {
    if path_of(&page.url).ends_with("/login") {
        return Err(Ending::LoginWall);
    }
    if let Some(ending) = page.status.and_then(meaning::of_http_status) {
        return Err(ending);
    }
    let markup = Markup::read(&page.html);
    if let Some(detail) = Detail::of(&markup, id) {
        return detail.post(id);
    }
    // Without data nothing on the page says whose counts they are, except its address.
    let is_its_page = path_of(&page.url).ends_with(&format!("/video/{id}"));
    let counts = visible::counts(&markup);
    if counts == Counts::default() || !is_its_page {
        return Err(signs::ending(&page.html));
    }
    Ok(Post {
        id: id.to_owned(),
        username: None,
        published_at: None,
        counts,
        source: CountSource::Visible,
    })
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::path::Path;

    use super::*;

    type Checked = Result<(), Box<dyn Error>>;

    const ID: &str = "7412345678901234567";

    fn fixture(name: &str) -> Result<Page, Box<dyn Error>> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/tiktok_page/{name}.html"));
        Ok(Page {
            url: format!("https://www.tiktok.com/@oddloop/video/{ID}"),
            status: Some(200),
            html: std::fs::read_to_string(path)?,
        })
    }

    fn counts([views, likes, comments, shares, saves]: [Option<u64>; 5]) -> Counts {
        Counts {
            views,
            likes,
            comments,
            shares,
            saves,
        }
    }

    #[test]
    fn a_video_is_read_from_the_pages_data() -> Checked {
        let video = read(&fixture("video")?, ID).map_err(|ending| format!("{ending:?}"))?;
        insta::assert_json_snapshot!(video, @r#"
        {
          "id": "7412345678901234567",
          "username": "oddloop",
          "published_at": "2025-10-09T08:53:20Z",
          "counts": {
            "views": 1200000,
            "likes": 48900,
            "comments": 345,
            "shares": 1200,
            "saves": 777
          },
          "source": "page_data"
        }
        "#);
        Ok(())
    }

    #[test]
    fn counts_are_read_from_every_form_of_the_page() -> Checked {
        let all = counts([
            Some(1_200_000),
            Some(48_900),
            Some(345),
            Some(1_200),
            Some(777),
        ]);
        let rounded = counts([None, Some(48_900), Some(345), Some(1_200), Some(777)]);
        let hidden = counts([Some(1_200_000), None, Some(345), Some(1_200), Some(777)]);
        for (name, expected, source) in [
            ("video", all, CountSource::PageData),
            ("video_without_stats_v2", all, CountSource::PageData),
            ("video_hidden_likes", hidden, CountSource::PageData),
            ("video_mobile", all, CountSource::PageData),
            ("video_api_data", all, CountSource::PageData),
            ("video_sigi_state", all, CountSource::PageData),
            ("video_visible", rounded, CountSource::Visible),
            ("video_visible_german", rounded, CountSource::Visible),
        ] {
            let video =
                read(&fixture(name)?, ID).map_err(|ending| format!("{name}: {ending:?}"))?;
            assert_eq!((video.counts, video.source), (expected, source), "{name}");
        }
        Ok(())
    }

    #[test]
    fn a_page_without_counts_says_what_it_is() -> Checked {
        let unexplained = Ending::Unexplained("10204 something_new".to_owned());
        for (name, expected) in [
            ("deleted", Ending::Deleted),
            ("private_item", Ending::Private),
            ("private_account", Ending::Private),
            ("under_review", Ending::UnderReview),
            ("rejected", Ending::Rejected),
            ("region_locked", Ending::RegionLocked),
            ("login_only", Ending::LoginOnly),
            ("unexplained", unexplained),
            ("verify", Ending::Verify),
            ("challenge", Ending::Challenge),
            ("login", Ending::LoginWall),
            ("empty", Ending::Empty),
            ("sentence_private", Ending::Private),
            ("sentence_deleted", Ending::Deleted),
        ] {
            assert_eq!(read(&fixture(name)?, ID), Err(expected), "{name}");
        }
        Ok(())
    }

    #[test]
    fn a_page_that_is_not_understood_is_a_changed_layout_and_never_zero() -> Checked {
        for name in [
            "changed_layout",
            "changed_count",
            "changed_status",
            "broken_data",
        ] {
            let ending = read(&fixture(name)?, ID);
            assert!(
                matches!(ending, Err(Ending::Changed(_))),
                "{name}: {ending:?}"
            );
        }
        for name in ["video", "video_visible"] {
            let other = read(&fixture(name)?, "7400000000000000000");
            assert!(
                matches!(other, Err(Ending::Changed(_))),
                "{name}: {other:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn where_and_how_it_was_served_goes_before_what_is_on_it() -> Checked {
        let page = fixture("video")?;
        for (status, expected) in [
            (403, Ending::Refused(403)),
            (429, Ending::Refused(429)),
            (404, Ending::Deleted),
            (503, Ending::Unavailable(503)),
        ] {
            let status = Some(status);
            let page = Page {
                status,
                ..page.clone()
            };
            assert_eq!(read(&page, ID), Err(expected));
        }
        let url = "https://www.tiktok.com/login?redirect_url=x".to_owned();
        assert_eq!(read(&Page { url, ..page }, ID), Err(Ending::LoginWall));
        Ok(())
    }
}
