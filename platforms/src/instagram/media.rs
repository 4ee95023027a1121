//! A published reel as Instagram describes it, and the account's newest ones.
//!
//! A count that Instagram does not show is missing here, never 0.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Instagram, MediaId, SERVICE, meaning};
use crate::{Meaning, PlatformError};

const FIELDS: &str = "id,permalink,shortcode,media_type,media_product_type,timestamp,like_count,comments_count,caption";
/// Newest first, 50 a page: an account may publish 100 a day through the API.
const MOST_PAGES: usize = 10;
const PAGE: &str = "50";

/// A post of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Media {
    /// Its id in the Graph API.
    pub id: MediaId,
    /// Where it can be seen: `https://www.instagram.com/reel/DIhoUGE00uH/`.
    pub permalink: Option<String>,
    /// The code in that address.
    pub shortcode: Option<String>,
    /// `REELS`, `FEED`, `STORY` or `AD`.
    pub product_type: Option<String>,
    /// When it was published, to the second.
    pub published_at: Option<Timestamp>,
    /// Its caption, with the hashtags.
    pub caption: Option<String>,
    /// How many liked it; nothing when its owner hides that.
    pub likes: Option<u64>,
    /// How many comments stand below it.
    pub comments: Option<u64>,
}

impl Instagram {
    /// The post as it is now, or nothing: deleted, or hidden from this token.
    ///
    /// # Errors
    /// As in the table of this module's meanings; reading may always be repeated.
    pub async fn media(&self, id: &MediaId) -> Result<Option<Media>, PlatformError> {
        const OPERATION: &str = "media";
        let asked = id.checked(OPERATION)?;
        let query = [("fields", FIELDS)];
        let read: Result<Resource, _> = self.read(OPERATION, asked, &query).await;
        match read {
            Ok(resource) if resource.id == asked => resource.media(OPERATION).map(Some),
            Ok(_) => Err(SERVICE.unreadable(OPERATION, "the answer is about another post")),
            Err(error) if error.code() == meaning::MISSING => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The account's posts that were published at `since` or later, newest first: what a container
    /// became is among them, by its caption. One request for 50 posts, 10 at most.
    ///
    /// Not in it is no proof just after publishing: the list may lag behind. Ask again after a
    /// while before you conclude that there is no post.
    ///
    /// # Errors
    /// `instagram_search_incomplete` (unknown) when the list did not reach back to `since` within
    /// 10 pages. Else as in the table of this module's meanings; reading may always be repeated.
    pub async fn recent_media(&self, since: Timestamp) -> Result<Vec<Media>, PlatformError> {
        const OPERATION: &str = "recent_media";
        // Instagram leaves the fraction of a second out.
        let recent = |media: &Media| {
            let at = media.published_at.map(Timestamp::as_second);
            at.is_none_or(|at| at >= since.as_second())
        };
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self.media_page(OPERATION, cursor.as_deref()).await?;
            let next = page.next();
            let before = found.len();
            let on_the_page = page.data.len();
            for resource in page.data {
                found.push(resource.media(OPERATION)?);
            }
            found.retain(recent);
            let past_the_window = on_the_page > 0 && found.len() == before;
            match next {
                Some(next) if !past_the_window => cursor = Some(next),
                _ => return Ok(found),
            }
        }
        Err(PlatformError::new(
            SERVICE.name,
            OPERATION,
            "instagram_search_incomplete",
            Meaning::Unknown,
            format!("more than {MOST_PAGES} pages of posts since then"),
        ))
    }

    async fn media_page(
        &self,
        operation: &'static str,
        cursor: Option<&str>,
    ) -> Result<Page, PlatformError> {
        let mut query = vec![("fields", FIELDS), ("limit", PAGE)];
        query.extend(cursor.map(|cursor| ("after", cursor)));
        self.read(operation, &self.of_the_account("media"), &query)
            .await
    }
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Resource>,
    #[serde(default)]
    paging: Paging,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Paging {
    cursors: Cursors,
    /// Whether there is a next page. Its address holds the token, so it is not kept.
    next: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cursors {
    after: Option<String>,
}

impl Page {
    /// The last page has a cursor too, and no address.
    fn next(&self) -> Option<String> {
        self.paging.next?;
        self.paging.cursors.after.clone()
    }
}

#[derive(Deserialize)]
struct Resource {
    id: String,
    permalink: Option<String>,
    shortcode: Option<String>,
    media_product_type: Option<String>,
    timestamp: Option<Timestamp>,
    caption: Option<String>,
    like_count: Option<u64>,
    comments_count: Option<u64>,
}

impl Resource {
    fn media(self, operation: &'static str) -> Result<Media, PlatformError> {
        Ok(Media {
            id: MediaId::from_answer(operation, self.id)?,
            permalink: self.permalink,
            shortcode: self.shortcode,
            product_type: self.media_product_type,
            published_at: self.timestamp,
            caption: self.caption,
            likes: self.like_count,
            comments: self.comments_count,
        })
    }
}
