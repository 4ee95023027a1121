//! A page as the browser has it.

use serde::Deserialize;

/// Where Chromium shows its own error pages.
const OWN_PAGE: &str = "chrome-error:";

/// A loaded page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its address after all redirects.
    pub url: String,
    /// The status that it was served with, where Chromium knows it.
    pub status: Option<u16>,
    /// The document as it stands now, scripts included.
    pub html: String,
}

/// What the script in the tab says of the page.
#[derive(Debug, Deserialize)]
pub(super) struct Snapshot {
    url: String,
    status: u16,
    /// Nothing when the document is too long to be handed over.
    html: Option<String>,
}

/// A look into the tab.
#[derive(Debug)]
pub(super) enum Look {
    /// There is no page yet.
    Nothing,
    TooLong,
    Page(Page),
}

impl Snapshot {
    /// The page, if it has come to be one. `asked` is the address that was asked for.
    pub(super) fn look(self, asked: &str) -> Look {
        let status = Some(self.status).filter(|status| *status != 0);
        if self.url.starts_with(OWN_PAGE) {
            return match status {
                None => Look::Nothing,
                Some(_) => Look::Page(Page {
                    url: asked.to_owned(),
                    status,
                    html: String::new(),
                }),
            };
        }
        if self.url.starts_with("about:") {
            return Look::Nothing;
        }
        self.html.map_or(Look::TooLong, |html| {
            Look::Page(Page {
                url: self.url,
                status,
                html,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(url: &str, status: u16, html: Option<&str>) -> Look {
        let html = html.map(str::to_owned);
        let url = url.to_owned();
        Snapshot { url, status, html }.look("https://asked.example/")
    }

    #[test]
    fn an_error_page_of_chromium_is_a_status_without_html() {
        let shown = look(
            "chrome-error://chromewebdata/",
            429,
            Some("<html>Aw</html>"),
        );
        let Look::Page(page) = shown else {
            panic!("{shown:?}");
        };
        assert_eq!((page.status, page.html.as_str()), (Some(429), ""));
        assert_eq!(page.url, "https://asked.example/");
        assert!(matches!(
            look("chrome-error://chromewebdata/", 0, Some("")),
            Look::Nothing
        ));
    }

    #[test]
    fn an_empty_tab_is_no_page_and_a_huge_one_is_too_long() {
        assert!(matches!(look("about:blank", 0, Some("")), Look::Nothing));
        assert!(matches!(
            look("https://a.example/", 200, None),
            Look::TooLong
        ));
    }
}
