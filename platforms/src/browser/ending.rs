//! How a visit to a page ends that gives no counts, in words that all sites share.
//!
//! | ending | meaning |
//! |---|---|
//! | verify page, challenge, login wall, refusal, request to wait, empty body, denial without a reason | later: the host is left alone, for longer each time |
//! | under review | later: as configured |
//! | deleted, private, refused by moderation, region-locked | terminal |
//! | for people who are logged in only; another layout; a server's error | retry |
//!
//! What each is called is up to the site's own `meaning.rs`.

use std::time::Duration;

use super::patience::Block;
use crate::http::excerpt;
use crate::{LaterWhen, Meaning, PlatformError};

/// What a page is if it is not a post with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It asks whether we are a person.
    Verify,
    /// Its script is to pass first, which it did not within the page's time.
    Challenge,
    /// It sends every stranger to the login.
    LoginWall,
    /// The network in front of the site answers with this status.
    Refused(u16),
    /// It asks us to come back later.
    AskedToWait,
    /// There is nothing on it.
    Empty,
    /// The site does not show the post, and its words say nothing that we know.
    Unexplained(String),
    /// This post is for people who are logged in.
    LoginOnly,
    Deleted,
    Private,
    UnderReview,
    /// Moderation took it down.
    Rejected,
    RegionLocked,
    /// The page is not one that we can read.
    Changed(String),
    /// The site's server failed with this status.
    Unavailable(u16),
}

/// A site: what it is called, what it calls its endings, and how long a review takes.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) code: fn(&Ending) -> &'static str,
    pub(crate) review_wait: Duration,
}

const OPERATION: &str = "post";

impl Ending {
    /// Whether the page may become another one while we look at it.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Challenge | Self::Empty | Self::Changed(_))
    }

    /// Whether the host, and not the post, is the reason.
    pub(super) fn is_block(&self) -> bool {
        matches!(
            self,
            Self::Verify
                | Self::Challenge
                | Self::LoginWall
                | Self::Refused(_)
                | Self::AskedToWait
                | Self::Empty
                | Self::Unexplained(_)
        )
    }

    /// Whether the site has told something of the post, and so served us.
    pub(super) fn is_an_answer(&self) -> bool {
        !self.is_block() && !matches!(self, Self::Changed(_) | Self::Unavailable(_))
    }

    fn words(&self) -> String {
        match self {
            Self::Verify => "the page asks whether we are a person".to_owned(),
            Self::Challenge => "the page's own check did not let the browser pass".to_owned(),
            Self::LoginWall => "the site asks every visitor to log in".to_owned(),
            Self::Refused(status) => format!("the site turns us away with status {status}"),
            Self::AskedToWait => "the site asks us to wait".to_owned(),
            Self::Empty => "the page is empty".to_owned(),
            Self::Unexplained(words) => format!("the site does not show the post: {words}"),
            Self::LoginOnly => "the post is shown to people only who are logged in".to_owned(),
            Self::Deleted => "the post is not there (any more)".to_owned(),
            Self::Private => "the post or its account is private".to_owned(),
            Self::UnderReview => "the post is still being reviewed".to_owned(),
            Self::Rejected => "the post was taken down by moderation".to_owned(),
            Self::RegionLocked => "the post is not shown in this region".to_owned(),
            Self::Changed(words) => format!("the page is not as we know it: {words}"),
            Self::Unavailable(status) => format!("the site's server failed with status {status}"),
        }
    }

    fn meaning(&self, site: &Site) -> Meaning {
        match self {
            Self::UnderReview => Meaning::Later(LaterWhen::After(site.review_wait)),
            Self::Deleted | Self::Private | Self::Rejected | Self::RegionLocked => {
                Meaning::Terminal
            }
            _ => Meaning::Retry,
        }
    }

    /// The error of the visit that ended so.
    pub(super) fn into_error(self, site: &Site) -> PlatformError {
        let (code, meaning) = ((site.code)(&self), self.meaning(site));
        PlatformError::new(site.name, OPERATION, code, meaning, excerpt(&self.words()))
    }

    /// The error of a visit that ended in a block, or was not made because of one.
    pub(super) fn into_block(self, site: &Site, block: Block) -> PlatformError {
        let words = format!(
            "{} ({} times in a row); the host is left alone for another {} s",
            excerpt(&self.words()),
            block.times,
            block.wait.as_secs().max(1),
        );
        let meaning = Meaning::Later(LaterWhen::After(block.wait));
        PlatformError::new(site.name, OPERATION, (site.code)(&self), meaning, words)
    }
}
