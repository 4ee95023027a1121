//! What an event of TikTok's does to a post's row, and all that it may do.
//!
//! | event | `open` | `sending`, `processing` | `posted` | `unknown` |
//! |---|---|---|---|---|
//! | complete | – | posted | – | posted |
//! | publicly available | – | posted and named | named, if it has no name | posted and named |
//! | failed for good | rejected | rejected | – | – |
//! | failed for now, and all others | – | – | – | – |
//!
//! A row that is `prepared` has no publish id to be found by, and one that is `rejected` stays so.
//! Every move is the row's own compare-and-set, so that it makes no difference whether the event,
//! the same event again or the poll comes first. After a failure that is for now, the run decides
//! whether it uploads once more.

use jiff::Timestamp;
use platforms::tiktok::{Delivery, Event, FailReason};
use schema::posts::{self, SeenAs, Transition};
use schema::{DatabaseConnection, SchemaError};
use serde::Deserialize;

const PLATFORM: &str = "tiktok";

/// What came of an event.
#[derive(Debug)]
pub(super) enum Effect {
    /// The row of this post moved.
    Moved(String),
    /// It is about this post, whose row stays as it is.
    Unmoved(String),
    /// It is about no post that we know: perhaps about one of another system with the same app.
    NoPost,
}

/// Makes the moves that belong to the event.
pub(super) async fn make(
    db: &DatabaseConnection,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Effect, SchemaError> {
    let Some(publish_id) = delivery.event.publish_id() else {
        return Ok(Effect::NoPost);
    };
    let Some(post) = posts::by_upload(db, PLATFORM, publish_id.expose()).await? else {
        return Ok(Effect::NoPost);
    };
    let moved = match &delivery.event {
        Event::PublishComplete { .. } => {
            let published = publish(db, &post, delivery.at, now).await?;
            published.is_applied()
        }
        Event::PubliclyAvailable {
            post_id: public_id, ..
        } => {
            let published = publish(db, &post, delivery.at, now).await?;
            let moved = published.is_applied();
            name(db, &published.into_model(), public_id, now).await? || moved
        }
        Event::PublishFailed { reason, .. } if !reason.is_temporary() => {
            refuse(db, &post, reason, now).await?
        }
        _ => false,
    };
    Ok(match moved {
        true => Effect::Moved(post.id),
        false => Effect::Unmoved(post.id),
    })
}

/// TikTok has all of it, and has published it. The first move is refused where it was made before,
/// which is no obstacle to the second.
async fn publish(
    db: &DatabaseConnection,
    post: &posts::Model,
    at: Timestamp,
    now: Timestamp,
) -> Result<Transition, SchemaError> {
    posts::sent(db, post, None, now).await?;
    posts::posted(db, post, at, SeenAs::default(), now).await
}

/// Everyone can see it. Whether the row moved.
async fn name(
    db: &DatabaseConnection,
    post: &posts::Model,
    public_id: &str,
    now: Timestamp,
) -> Result<bool, SchemaError> {
    if post.platform_post_id.as_deref() == Some(public_id) && post.url.is_some() {
        return Ok(false);
    }
    let url = address(post, public_id);
    let seen_as = SeenAs {
        platform_post_id: Some(public_id),
        url: Some(&url),
    };
    match posts::name(db, &post.id, seen_as, now).await {
        Ok(named) => Ok(named.is_applied()),
        // However often it is sent, it stays the other's.
        Err(error @ SchemaError::PlatformPostLinked { .. }) => {
            tracing::error!(
                post.id = post.id,
                error = &error as &dyn std::error::Error,
                "A post could not be named."
            );
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// There is no post of it, and will be none. Whether the row moved.
async fn refuse(
    db: &DatabaseConnection,
    post: &posts::Model,
    reason: &FailReason,
    now: Timestamp,
) -> Result<bool, SchemaError> {
    // In the words of the step that polls: nobody has to care which of the two was first.
    let text = format!("TikTok says: {}", reason.word());
    let rejected = posts::reject(db, post, reason.error_code(), &text, now).await?;
    Ok(rejected.is_applied())
}

/// What the row's session says about the account.
#[derive(Default, Deserialize)]
struct Session {
    /// The creator's name, without the `@`.
    username: String,
}

/// Where people see it. TikTok finds the video by its id; the creator's name may be empty.
fn address(post: &posts::Model, public_id: &str) -> String {
    let kept = post.session.as_deref();
    let session: Session = kept
        .and_then(|session| serde_json::from_str(session).ok())
        .unwrap_or_default();
    let username = session.username;
    format!("https://www.tiktok.com/@{username}/video/{public_id}")
}
