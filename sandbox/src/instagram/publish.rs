//! `POST /{ig-user-id}/media_publish`, and how many reels an account may still publish.
//!
//! A container is published at most once: asked again, the vendor says that there is no such media.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::container::Standing;
use super::error::ApiError;
use super::status;
use crate::gate::ForcedFate;
use crate::platform::Platform;
use crate::state::SharedState;

/// Reels that an account may publish in a [`WINDOW`]: the number in the vendor's guide to
/// publishing. Other pages say 50, so clients have to ask.
const MOST: usize = 100;
/// It slides, in wall time.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

pub(crate) fn publish(
    state: &SharedState,
    call: &Call,
    fate: Option<ForcedFate>,
) -> Result<Value, ApiError> {
    let Some(id) = call.get("creation_id") else {
        let message = "(#100) The parameter creation_id is required";
        return Err(ApiError::invalid(message));
    };
    let gone = || ApiError::publishing(24, 2_207_008);
    let not_ready = || ApiError::publishing(9007, 2_207_027);
    let containers = &state.instagram.containers;
    let container = containers.get(&call.account.id, id).ok_or_else(gone)?;
    status::meet(state, &container, fate)?;
    let _alone = containers
        .publishing
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let now = Timestamp::now();
    match container.standing(&state.posts, now) {
        Standing::Finished => {}
        Standing::Published => return Err(ApiError::publishing(24, 2_207_006)),
        Standing::Expired => return Err(gone()),
        Standing::InProgress | Standing::Failed(_) => return Err(not_ready()),
    }
    if published(state, &call.account.id, now) >= MOST {
        return Err(ApiError::publish_limit());
    }
    let arrived = container.course().arrived.ok_or_else(not_ready)?;
    let post = state.posts.add(container.to_post(&arrived, now)?)?;
    Ok(json!({"id": post.post_id}))
}

/// `GET /{ig-user-id}/content_publishing_limit`: without `fields`, the usage alone.
pub(crate) fn limit(state: &SharedState, call: &Call) -> Result<Value, ApiError> {
    let mut fields = call.list("fields");
    if fields.is_empty() {
        fields.push("quota_usage".to_owned());
    }
    let mut limit = Map::new();
    for name in fields {
        let value = match name.as_str() {
            "quota_usage" => json!(published(state, &call.account.id, Timestamp::now())),
            "config" => json!({"quota_total": MOST, "quota_duration": WINDOW.as_secs()}),
            _ => return Err(ApiError::no_field(&name, "IGContentPublishingLimit")),
        };
        limit.insert(name, value);
    }
    Ok(json!({"data": [limit]}))
}

/// How many reels the account has published within the window. A post that is gone still counts.
fn published(state: &SharedState, account: &str, now: Timestamp) -> usize {
    let posts = state.posts.all();
    let counted = posts.iter().filter(|post| {
        post.platform == Platform::Instagram
            && post.account == account
            && now.duration_since(post.created_at) < WINDOW
    });
    counted.count()
}
