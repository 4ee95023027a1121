//! Reading posts on TikTok: by the video's public page, or through its API.
//!
//! TikTok names a post only when moderation has let it through, so its name is asked for first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::ending::When;
use engine::{StepContext, StepError};
use jiff::SignedDuration;
use platforms::tiktok::{PublishId, PublishStatus, TikTok};
use platforms::tiktok_page::TikTokPage;
use schema::DatabaseConnection;
use schema::analytics_snapshots::SnapshotSource;
use schema::posts::{self, SeenAs};

use super::{Reader, Shares, Shown, deleted, of_page};
use crate::endings::{self, Plain, missing};
use crate::posting::TikTokSession;
use crate::services::{ReadBy, Services, TikTokAccount};
use crate::tokens::TikTokTokens;

pub(super) const NAME: &str = "tiktok";

/// A post that has no name by then is private, or will be removed.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
const SHORTEST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

struct OnTikTok {
    db: DatabaseConnection,
    client: Arc<TikTok>,
    tokens: TikTokTokens,
    read: ReadBy<TikTokPage>,
}

/// One for each account.
pub(super) fn readers(services: &Services) -> BTreeMap<String, Arc<dyn Reader>> {
    let reader = |name: &String, account: &TikTokAccount| {
        let reader: Arc<dyn Reader> = Arc::new(OnTikTok {
            db: services.db.clone(),
            client: account.client.clone(),
            tokens: TikTokTokens::new(
                services.db.clone(),
                account.client.clone(),
                name.clone(),
                account.refresh_token.clone(),
            ),
            read: account.read.clone(),
        });
        (name.clone(), reader)
    };
    let accounts = services.tiktok.iter();
    accounts
        .map(|(name, account)| reader(name, account))
        .collect()
}

#[async_trait::async_trait]
impl Reader for OnTikTok {
    async fn read(&self, cx: &StepContext, post: &posts::Model) -> Result<Shown, StepError> {
        let username = TikTokSession::of(post)?.username;
        let id = match &post.platform_post_id {
            Some(id) => id.clone(),
            None => self.name(cx, post, &username).await?,
        };
        match &self.read {
            ReadBy::Api => self.by_api(cx, &id).await,
            ReadBy::Page(page) => {
                let read = page.post(&username, &id).await;
                let read = read.map_err(|error| endings::platform(cx, error))?;
                let counts = read.counts;
                Ok(Shown {
                    views: counts.views,
                    likes: counts.likes,
                    comments: counts.comments,
                    shares: Shares::Shown(counts.shares),
                    saves: counts.saves,
                    source: of_page(read.source),
                })
            }
        }
    }
}

impl OnTikTok {
    async fn by_api(&self, cx: &StepContext, id: &str) -> Result<Shown, StepError> {
        let ids = [id];
        let listed = self
            .tokens
            .lend(cx, async |token| self.client.video_query(token, &ids).await)
            .await?
            .map_err(|error| endings::platform(cx, error))?;
        let Some(video) = listed.into_iter().find(|video| video.id == id) else {
            let text = format!("TikTok no longer shows {id}: deleted or made private");
            return Err(deleted(text));
        };
        Ok(Shown {
            views: video.counts.views,
            likes: video.counts.likes,
            comments: video.counts.comments,
            shares: Shares::Shown(video.counts.shares),
            saves: None,
            source: SnapshotSource::Api,
        })
    }

    /// The public id of a post that was published without one.
    async fn name(
        &self,
        cx: &StepContext,
        post: &posts::Model,
        username: &str,
    ) -> Result<String, StepError> {
        let upload = post.upload_id.clone();
        let upload = upload.ok_or_else(|| missing("upload id of post", &post.id))?;
        let publish_id = PublishId::from_stored(upload);
        let status = self
            .tokens
            .lend(cx, async |token| {
                self.client.status(token, &publish_id).await
            })
            .await?
            .map_err(|error| endings::platform(cx, error))?;
        let named = match status {
            PublishStatus::Complete { post_ids } => post_ids.into_iter().next(),
            _ => None,
        };
        let Some(id) = named else {
            return Err(nameless(cx, post));
        };
        let url = crate::posting::tiktok_address(username, &id);
        let seen_as = SeenAs {
            platform_post_id: Some(&id),
            url: Some(&url),
        };
        let row = posts::name(&self.db, &post.id, seen_as, cx.now())
            .await?
            .into_model();
        Ok(row.platform_post_id.unwrap_or(id))
    }
}

/// Nobody but its owner sees the post, for now or for good.
fn nameless(cx: &StepContext, post: &posts::Model) -> StepError {
    let since = post
        .published_at()
        .map_or(PATIENCE, |at| cx.now().duration_since(at));
    let text = "TikTok has given the post no public id: it is being moderated, or private";
    if since >= PATIENCE {
        return StepError::terminal("post_not_public", Plain(format!("{text}, for a day")));
    }
    let wait = Duration::try_from(since)
        .unwrap_or_default()
        .div_f64(10.0)
        .clamp(SHORTEST_WAIT, LONGEST_WAIT);
    StepError::later("post_not_public", When::After(wait), Plain(text.to_owned()))
}
