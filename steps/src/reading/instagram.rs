//! Reading posts on Instagram: by the reel's public page, or by its insights.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{StepContext, StepError};
use platforms::instagram::{Instagram, MediaId};
use platforms::instagram_page::InstagramPage;
use schema::analytics_snapshots::SnapshotSource;
use schema::posts;

use super::{Reader, Shares, Shown, deleted, of_page};
use crate::endings::{self, missing};
use crate::services::{InstagramAccount, ReadBy, Services};

pub(super) const NAME: &str = "instagram";

struct ByPage(InstagramPage);

struct ByApi(Arc<Instagram>);

/// One for each account.
pub(super) fn readers(services: &Services) -> BTreeMap<String, Arc<dyn Reader>> {
    let reader = |account: &InstagramAccount| -> Arc<dyn Reader> {
        match &account.read {
            ReadBy::Api => Arc::new(ByApi(account.client.clone())),
            ReadBy::Page(page) => Arc::new(ByPage(page.clone())),
        }
    };
    let accounts = services.instagram.iter();
    accounts
        .map(|(name, account)| (name.clone(), reader(account)))
        .collect()
}

#[async_trait::async_trait]
impl Reader for ByPage {
    async fn read(&self, cx: &StepContext, post: &posts::Model) -> Result<Shown, StepError> {
        let url = post.url.as_deref().unwrap_or_default();
        let shortcode = shortcode(url).ok_or_else(|| missing("address of post", &post.id))?;
        let page = self
            .0
            .post(shortcode)
            .await
            .map_err(|error| endings::platform(cx, error))?;
        Ok(Shown {
            views: page.counts.views,
            likes: page.counts.likes,
            comments: page.counts.comments,
            shares: Shares::NotShown,
            saves: None,
            source: of_page(page.source),
        })
    }
}

#[async_trait::async_trait]
impl Reader for ByApi {
    async fn read(&self, cx: &StepContext, post: &posts::Model) -> Result<Shown, StepError> {
        let id = post.platform_post_id.clone();
        let id = id.ok_or_else(|| missing("published post", &post.id))?;
        let read = self.0.insights(&MediaId::from_stored(id.clone())).await;
        let insights = match read {
            Ok(insights) => insights,
            Err(error) if error.code() == "instagram_not_found" => {
                let text = format!("Instagram no longer shows {id}: deleted or hidden");
                return Err(deleted(text));
            }
            Err(error) => return Err(endings::platform(cx, error)),
        };
        Ok(Shown {
            views: insights.views,
            likes: insights.likes,
            comments: insights.comments,
            shares: Shares::Shown(insights.shares),
            saves: insights.saves,
            source: SnapshotSource::Api,
        })
    }
}

/// `DIhoUGE00uH` of `https://www.instagram.com/reel/DIhoUGE00uH/`.
fn shortcode(url: &str) -> Option<&str> {
    let rest = url
        .split_once("/reel/")
        .or_else(|| url.split_once("/p/"))?
        .1;
    rest.split(['/', '?'])
        .next()
        .filter(|code| !code.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_code_is_read_from_the_address() {
        for (url, code) in [
            (
                "https://www.instagram.com/reel/DIhoUGE00uH/",
                Some("DIhoUGE00uH"),
            ),
            ("https://www.instagram.com/p/D-_1?x=1", Some("D-_1")),
            ("https://www.instagram.com/reel/", None),
            ("", None),
        ] {
            assert_eq!(shortcode(url), code, "{url}");
        }
    }
}
