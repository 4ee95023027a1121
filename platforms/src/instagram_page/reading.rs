//! From a page to a reel with its counts, or to what the page is instead. Nothing else is needed
//! for it than the page.

use super::post::{Counts, Post};
use super::{data, description, meaning, signs};
use crate::browser::{Ending, Markup, Page, path_of};
use crate::counts::CountSource;

/// Reads the page of the reel with this short code: its data first, then its description. `home`
/// is the path of the site's root.
pub(super) fn read(page: &Page, shortcode: &str, home: &str) -> Result<Post, Ending> {
    let home = home.trim_end_matches('/');
    let ending = meaning::of_path(&path_of(&page.url), home)
        .or_else(|| page.status.and_then(meaning::of_http_status));
    if let Some(ending) = ending {
        return Err(ending);
    }
    let markup = Markup::read(&page.html);
    if let Some(media) = data::find(&markup) {
        return media.post(shortcode, &page.html);
    }
    let counts = markup
        .property("og:description")
        .map(description::counts)
        .unwrap_or_default();
    // Without data nothing on the page says whose counts they are, except its address.
    let path = path_of(&page.url);
    let is_its_page = ["reel", "reels", "p"]
        .iter()
        .any(|kind| path.ends_with(&format!("/{kind}/{shortcode}")));
    if counts == Counts::default() || !is_its_page {
        return Err(signs::ending(&page.html));
    }
    Ok(Post {
        shortcode: shortcode.to_owned(),
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

    const CODE: &str = "DIhoUGE00uH";

    fn fixture(name: &str) -> Result<Page, Box<dyn Error>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("fixtures/instagram_page/{name}.html"));
        Ok(Page {
            url: format!("https://www.instagram.com/reel/{CODE}/"),
            status: Some(200),
            html: std::fs::read_to_string(path)?,
        })
    }

    fn counts([views, likes, comments]: [Option<u64>; 3]) -> Counts {
        Counts {
            views,
            likes,
            comments,
        }
    }

    #[test]
    fn a_reel_is_read_from_the_pages_data() -> Checked {
        let reel = read(&fixture("reel")?, CODE, "/").map_err(|ending| format!("{ending:?}"))?;
        insta::assert_json_snapshot!(reel, @r#"
        {
          "shortcode": "DIhoUGE00uH",
          "username": "oddloop",
          "published_at": "2025-10-09T08:53:20Z",
          "counts": {
            "views": 9000,
            "likes": 1234,
            "comments": 56
          },
          "source": "page_data"
        }
        "#);
        Ok(())
    }

    #[test]
    fn counts_are_read_from_every_form_of_the_page() -> Checked {
        let all = counts([Some(9_000), Some(1_234), Some(56)]);
        let described = counts([None, Some(1_234), Some(56)]);
        let rounded = counts([None, Some(1_200_000), Some(1)]);
        let hidden = counts([None, None, Some(56)]);
        let no_comments = counts([Some(9_000), Some(1_234), None]);
        for (name, expected, source) in [
            ("reel", all, CountSource::PageData),
            ("reel_web_info", all, CountSource::PageData),
            ("reel_graphql", all, CountSource::PageData),
            ("reel_hidden_likes", hidden, CountSource::PageData),
            ("reel_without_comments", no_comments, CountSource::PageData),
            ("reel_described", described, CountSource::Visible),
            ("reel_described_abbreviated", rounded, CountSource::Visible),
        ] {
            let reel =
                read(&fixture(name)?, CODE, "/").map_err(|ending| format!("{name}: {ending:?}"))?;
            assert_eq!((reel.counts, reel.source), (expected, source), "{name}");
        }
        Ok(())
    }

    #[test]
    fn a_page_without_counts_says_what_it_is() -> Checked {
        for (name, expected) in [
            ("deleted", Ending::Deleted),
            ("private", Ending::Private),
            ("region_locked", Ending::RegionLocked),
            ("gated", Ending::LoginOnly),
            ("login", Ending::LoginWall),
            ("challenge", Ending::Verify),
            ("please_wait", Ending::AskedToWait),
            ("require_login", Ending::LoginWall),
            ("empty", Ending::Empty),
        ] {
            assert_eq!(read(&fixture(name)?, CODE, "/"), Err(expected), "{name}");
        }
        Ok(())
    }

    #[test]
    fn a_page_that_is_not_understood_is_a_changed_layout_and_never_zero() -> Checked {
        for name in ["changed_layout", "changed_count", "broken_data"] {
            let ending = read(&fixture(name)?, CODE, "/");
            assert!(
                matches!(ending, Err(Ending::Changed(_))),
                "{name}: {ending:?}"
            );
        }
        for name in ["reel", "reel_described"] {
            let other = read(&fixture(name)?, "C0therReel_", "/");
            assert!(
                matches!(other, Err(Ending::Changed(_))),
                "{name}: {other:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn where_and_how_it_was_served_goes_before_what_is_on_it() -> Checked {
        let page = fixture("reel")?;
        for (status, expected) in [
            (401, Ending::LoginWall),
            (403, Ending::Refused(403)),
            (429, Ending::Refused(429)),
            (404, Ending::Deleted),
            (500, Ending::Unavailable(500)),
        ] {
            let status = Some(status);
            let page = Page {
                status,
                ..page.clone()
            };
            assert_eq!(read(&page, CODE, "/"), Err(expected));
        }
        for (path, expected) in [
            ("accounts/login/?next=%2Freel%2F", Ending::LoginWall),
            ("", Ending::LoginWall),
            ("challenge/?next=%2F", Ending::Verify),
        ] {
            let url = format!("https://www.instagram.com/{path}");
            let page = Page {
                url,
                ..page.clone()
            };
            assert_eq!(read(&page, CODE, "/"), Err(expected), "{path}");
        }
        Ok(())
    }
}
