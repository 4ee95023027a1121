//! Reading posts on YouTube, through its API.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{StepContext, StepError};
use platforms::youtube::YouTube;
use schema::analytics_snapshots::SnapshotSource;
use schema::posts;

use super::{Reader, Shares, Shown, deleted};
use crate::endings::{self, missing};
use crate::services::Services;

pub(super) const NAME: &str = "youtube";

struct ByApi(Arc<YouTube>);

/// One for each account.
pub(super) fn readers(services: &Services) -> BTreeMap<String, Arc<dyn Reader>> {
    let accounts = services.youtube.iter();
    let reader = |client: &Arc<YouTube>| -> Arc<dyn Reader> { Arc::new(ByApi(client.clone())) };
    accounts
        .map(|(name, account)| (name.clone(), reader(&account.client)))
        .collect()
}

#[async_trait::async_trait]
impl Reader for ByApi {
    async fn read(&self, cx: &StepContext, post: &posts::Model) -> Result<Shown, StepError> {
        let id = post.platform_post_id.as_deref();
        let id = id.ok_or_else(|| missing("published post", &post.id))?;
        let video = self
            .0
            .video(id)
            .await
            .map_err(|error| endings::platform(cx, error))?;
        let Some(video) = video else {
            let text = format!("YouTube no longer shows {id}: deleted or made private");
            return Err(deleted(text));
        };
        Ok(Shown {
            views: video.counts.views,
            likes: video.counts.likes,
            comments: video.counts.comments,
            shares: Shares::NotShown,
            saves: None,
            source: SnapshotSource::Api,
        })
    }
}
