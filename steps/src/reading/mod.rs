//! How posts are read: one file per platform, behind [`Reader`].

mod instagram;
mod tiktok;
mod youtube;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{StepContext, StepError};
use platforms::counts::CountSource;
use schema::analytics_snapshots::SnapshotSource;
use schema::posts;

use crate::endings::{Plain, missing};
use crate::services::Services;
use crate::target::Target;

/// One account of one platform, as `scrape` needs it.
#[async_trait::async_trait]
pub(crate) trait Reader: Send + Sync {
    /// The post's counts now.
    async fn read(&self, cx: &StepContext, post: &posts::Model) -> Result<Shown, StepError>;
}

/// What a platform shows of a post. What it does not show is missing, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) views: Option<u64>,
    pub(crate) likes: Option<u64>,
    pub(crate) comments: Option<u64>,
    pub(crate) shares: Shares,
    pub(crate) saves: Option<u64>,
    pub(crate) source: SnapshotSource,
}

/// Shares, which not every platform counts where we look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shares {
    /// Nobody sees them there; engagement is without them.
    NotShown,
    /// They are shown; missing is missing.
    Shown(Option<u64>),
}

impl Shares {
    pub(crate) fn count(self) -> Option<u64> {
        match self {
            Self::NotShown => None,
            Self::Shown(count) => count,
        }
    }
}

impl Shown {
    /// (likes + comments + shares) / views with what the platform shows, or why there is none.
    pub(crate) fn engagement(&self) -> Result<f64, &'static str> {
        let views = self.views.filter(|views| *views > 0);
        let views = views.ok_or("no views are shown")?;
        let likes = self.likes.ok_or("likes are hidden")?;
        let comments = self.comments.ok_or("comments are hidden")?;
        let shares = match self.shares {
            Shares::NotShown => 0,
            Shares::Shown(shares) => shares.ok_or("shares are hidden")?,
        };
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let [views, likes, comments, shares] =
            [views, likes, comments, shares].map(|count| count as f64);
        Ok((likes + comments + shares) / views)
    }

    /// Whether it cannot be true: likes of what nobody watched.
    pub(crate) fn is_implausible(&self) -> bool {
        self.views == Some(0) && self.likes.is_some_and(|likes| likes > 0)
    }
}

/// How exact the counts of a page are.
pub(crate) fn of_page(source: CountSource) -> SnapshotSource {
    match source {
        CountSource::PageData => SnapshotSource::Page,
        CountSource::Visible => SnapshotSource::PageRounded,
    }
}

/// The readers of all accounts.
pub(crate) struct Readers(BTreeMap<&'static str, BTreeMap<String, Arc<dyn Reader>>>);

impl Readers {
    pub(crate) fn new(services: &Services) -> Self {
        Self(BTreeMap::from([
            (instagram::NAME, instagram::readers(services)),
            (tiktok::NAME, tiktok::readers(services)),
            (youtube::NAME, youtube::readers(services)),
        ]))
    }

    pub(crate) fn of(&self, target: &Target) -> Result<&dyn Reader, StepError> {
        self.0
            .get(target.platform.as_str())
            .and_then(|accounts| accounts.get(&target.account))
            .map(AsRef::as_ref)
            .ok_or_else(|| {
                missing(
                    "account",
                    &format!("{}:{}", target.platform, target.account),
                )
            })
    }
}

/// The platform does not show the post any more.
fn deleted(what: String) -> StepError {
    StepError::terminal("post_deleted", Plain(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Shown), expected: Result<f64, &'static str>) {
        let mut shown = Shown {
            views: Some(100),
            likes: Some(5),
            comments: Some(3),
            shares: Shares::NotShown,
            saves: None,
            source: SnapshotSource::Page,
        };
        change(&mut shown);
        assert_eq!(shown.engagement(), expected);
    }

    #[test]
    fn engagement_is_of_what_the_platform_shows_and_of_nothing_less() {
        check(|_| (), Ok(0.08));
        check(|shown| shown.shares = Shares::Shown(Some(2)), Ok(0.1));
        check(
            |shown| shown.shares = Shares::Shown(None),
            Err("shares are hidden"),
        );
        check(|shown| shown.likes = None, Err("likes are hidden"));
        check(|shown| shown.comments = None, Err("comments are hidden"));
        check(|shown| shown.views = None, Err("no views are shown"));
        check(|shown| shown.views = Some(0), Err("no views are shown"));
    }
}
