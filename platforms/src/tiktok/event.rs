//! What a webhook of TikTok says, once its signature has been checked.
//!
//! Source: <https://developers.tiktok.com/doc/webhooks-events>, and for the events of a post
//! <https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status>.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::post_id::PostId;
use super::{FailReason, PublishId};
use crate::http::excerpt;

/// One delivery. The same event may be delivered more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// TikTok's name of the event, such as `post.publish.complete`.
    pub name: String,
    /// The app that it was sent to.
    pub client_key: String,
    /// The account that it is about, as the app knows it.
    pub open_id: String,
    /// When it happened, to the second.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened to a post or an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// No post was made of the video, and none will be.
    PublishFailed {
        /// The attempt.
        publish_id: PublishId,
        /// Why.
        reason: FailReason,
    },
    /// It is posted; who may see it is another question.
    PublishComplete {
        /// The attempt.
        publish_id: PublishId,
    },
    /// It waits in the creator's inbox to be finished by hand.
    InboxDelivered {
        /// The attempt.
        publish_id: PublishId,
    },
    /// Everyone can see it: moderation has let it through, or its owner has made it public.
    PubliclyAvailable {
        /// The attempt.
        publish_id: PublishId,
        /// The public post, in decimal.
        post_id: String,
    },
    /// No longer can everyone see it.
    NoLongerPubliclyAvailable {
        /// The attempt.
        publish_id: PublishId,
        /// The post, in decimal.
        post_id: String,
    },
    /// The account and the app are no longer connected, and its tokens are dead.
    AuthorizationRemoved {
        /// 0 unknown, 1 by the account's owner, 2 the account is deleted, 3 its owner's age has
        /// changed, 4 it is banned, 5 by the app.
        reason: i64,
    },
    /// Something that we make nothing of; its name is [`Delivery::name`].
    Other,
}

/// A body that is not what TikTok says it sends.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not the JSON that is around every event.
    #[error("the body is not a webhook of TikTok")]
    Body(#[source] serde_json::Error),
    /// An instant that the calendar does not have.
    #[error("create_time {seconds} is no instant")]
    Time {
        /// As it was given, in seconds since 1970.
        seconds: i64,
    },
    /// `content` is text that holds JSON; here it does not, or not what belongs to the event.
    #[error("the content of {event} is not the expected JSON")]
    Content {
        /// The event's name.
        event: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl Delivery {
    /// Reads the body of a webhook. Check its signature first.
    ///
    /// # Errors
    /// When the body is not what TikTok documents; an event that we do not know is no error.
    pub fn parse(body: &[u8]) -> Result<Self, EventError> {
        let wire: Wire = serde_json::from_slice(body).map_err(EventError::Body)?;
        let seconds = wire.create_time;
        Ok(Self {
            at: Timestamp::from_second(seconds).map_err(|_| EventError::Time { seconds })?,
            event: event(&wire)?,
            name: wire.event,
            client_key: wire.client_key,
            open_id: wire.user_openid,
        })
    }

    /// The same for every delivery of one event, so that it is taken once: the event's name with
    /// the publish id, or with account and second for an event that is about no post.
    #[must_use]
    pub fn id(&self) -> String {
        match self.event.publish_id() {
            Some(publish_id) => format!("{}:{}", self.name, publish_id.expose()),
            None => format!("{}:{}:{}", self.name, self.open_id, self.at.as_second()),
        }
    }
}

impl Event {
    /// The attempt to publish that it is about, if it is about one.
    #[must_use]
    pub fn publish_id(&self) -> Option<&PublishId> {
        match self {
            Self::PublishFailed { publish_id, .. }
            | Self::PublishComplete { publish_id }
            | Self::InboxDelivered { publish_id }
            | Self::PubliclyAvailable { publish_id, .. }
            | Self::NoLongerPubliclyAvailable { publish_id, .. } => Some(publish_id),
            Self::AuthorizationRemoved { .. } | Self::Other => None,
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    client_key: String,
    event: String,
    create_time: i64,
    user_openid: String,
    content: String,
}

#[derive(Deserialize)]
struct Published {
    publish_id: PublishId,
}

#[derive(Deserialize)]
struct Failed {
    publish_id: PublishId,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Public {
    publish_id: PublishId,
    post_id: PostId,
}

#[derive(Deserialize)]
struct Removed {
    #[serde(default)]
    reason: i64,
}

/// The misspelling is TikTok's, and only in one of the two names.
fn event(wire: &Wire) -> Result<Event, EventError> {
    Ok(match wire.event.as_str() {
        "post.publish.failed" => {
            let Failed { publish_id, reason } = content(wire)?;
            let reason = FailReason::new(&reason);
            Event::PublishFailed { publish_id, reason }
        }
        "post.publish.complete" => {
            let Published { publish_id } = content(wire)?;
            Event::PublishComplete { publish_id }
        }
        "post.publish.inbox_delivered" => {
            let Published { publish_id } = content(wire)?;
            Event::InboxDelivered { publish_id }
        }
        "post.publish.publicly_available" => {
            let Public {
                publish_id,
                post_id: PostId(post_id),
            } = content(wire)?;
            Event::PubliclyAvailable {
                publish_id,
                post_id,
            }
        }
        "post.publish.no_longer_publicaly_available" => {
            let Public {
                publish_id,
                post_id: PostId(post_id),
            } = content(wire)?;
            Event::NoLongerPubliclyAvailable {
                publish_id,
                post_id,
            }
        }
        "authorization.removed" => {
            let Removed { reason } = content(wire)?;
            Event::AuthorizationRemoved { reason }
        }
        _ => Event::Other,
    })
}

fn content<T: DeserializeOwned>(wire: &Wire) -> Result<T, EventError> {
    serde_json::from_str(&wire.content).map_err(|source| EventError::Content {
        event: excerpt(&wire.event),
        source,
    })
}
