//! A post as a `youtube#video` resource.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::{Account, channel_title};
use super::metadata::{Privacy, Resource};
use crate::audience::Audience;
use crate::draw::short_id;
use crate::posts::{Post, PostState};

/// The vendor's part of a post.
pub(crate) fn uploaded(post: &Post) -> Resource {
    // `details` was written by us from this very type; a default is what is left if it was not.
    serde_json::from_value(post.details.clone()).unwrap_or_default()
}

/// Whether this channel gets to see the video by its id.
pub(crate) fn visible(post: &Post, asking: &Account) -> bool {
    let mine = post.account == asking.channel_id;
    !post.marks.deleted && (mine || uploaded(post).status.privacy_status != Privacy::Private)
}

/// The resource with the parts asked for. Parts that do not exist are left out.
pub(crate) fn resource(audience: &Audience, post: &Post, parts: &[&str], now: Timestamp) -> Value {
    let mut video = Map::new();
    video.insert("kind".to_owned(), "youtube#video".into());
    video.insert("id".to_owned(), post.post_id.clone().into());
    let state = post.state(now);
    for part in parts {
        let value = match *part {
            "snippet" => snippet(post, now),
            "contentDetails" => content_details(post, state),
            "status" => status(post, state),
            "statistics" => statistics(audience, post, now),
            "processingDetails" => processing_details(state),
            _ => continue,
        };
        video.insert((*part).to_owned(), value);
    }
    with_etag(Value::Object(video))
}

/// Adds the `etag` of everything else.
pub(crate) fn with_etag(mut value: Value) -> Value {
    value["etag"] = short_id(&value.to_string(), 27).into();
    value
}

/// When the video says it was published: when it was uploaded, until it can be seen.
pub(crate) fn published_at(post: &Post, now: Timestamp) -> String {
    let seen = post.published_at();
    let at = if now < seen { post.created_at } else { seen };
    // Milliseconds, because with a time scale a second can be an hour.
    format!("{at:.3}")
}

fn snippet(post: &Post, now: Timestamp) -> Value {
    let sent = uploaded(post).snippet;
    let mut snippet = json!({
        "publishedAt": published_at(post, now),
        "channelId": post.account,
        "title": post.title,
        "description": post.description,
        "thumbnails": thumbnails(&post.post_id),
        "channelTitle": channel_title(&post.account),
        "categoryId": sent.category(),
        "liveBroadcastContent": "none",
        "localized": {"title": post.title, "description": post.description},
    });
    if !post.tags.is_empty() {
        snippet["tags"] = post.tags.clone().into();
    }
    if let Some(language) = sent.default_language {
        snippet["defaultLanguage"] = language.into();
    }
    if let Some(language) = sent.default_audio_language {
        snippet["defaultAudioLanguage"] = language.into();
    }
    snippet
}

/// Three sizes, under the vendor's own host: the sandbox serves no pictures.
pub(crate) fn thumbnails(video_id: &str) -> Value {
    let one = |file: &str, width: u32, height: u32| {
        let url = format!("https://i.ytimg.com/vi/{video_id}/{file}.jpg");
        json!({"url": url, "width": width, "height": height})
    };
    json!({
        "default": one("default", 120, 90),
        "medium": one("mqdefault", 320, 180),
        "high": one("hqdefault", 480, 360),
    })
}

fn content_details(post: &Post, state: PostState) -> Value {
    let known = matches!(state, PostState::Processed | PostState::Rejected);
    let duration = post.duration_ms.filter(|_| known).map_or_else(
        || "P0D".to_owned(),
        |ms| format!("PT{}S", ms.div_ceil(1000)),
    );
    json!({
        "duration": duration,
        "dimension": "2d",
        "definition": if known { "hd" } else { "sd" },
        "caption": "false",
        "licensedContent": known,
        "contentRating": {},
        "projection": "rectangular",
    })
}

fn status(post: &Post, state: PostState) -> Value {
    let sent = uploaded(post).status;
    let upload_status = match state {
        PostState::Processing => "uploaded",
        PostState::Processed => "processed",
        PostState::Rejected => "rejected",
        PostState::Failed => "failed",
        PostState::Deleted => "deleted",
    };
    let mut status = json!({
        "uploadStatus": upload_status,
        "privacyStatus": sent.privacy_status,
        "license": "youtube",
        "embeddable": true,
        "publicStatsViewable": true,
        "madeForKids": sent.self_declared_made_for_kids,
        "selfDeclaredMadeForKids": sent.self_declared_made_for_kids,
        "containsSyntheticMedia": sent.contains_synthetic_media,
    });
    if let (PostState::Rejected, Some(reason)) = (state, &post.marks.rejected) {
        status["rejectionReason"] = reason.clone().into();
    }
    if let (PostState::Failed, Some(reason)) = (state, &post.marks.failed) {
        status["failureReason"] = reason.clone().into();
    }
    status
}

/// Decimal strings. What is hidden or disabled is absent.
pub(crate) fn statistics(audience: &Audience, post: &Post, now: Timestamp) -> Value {
    let shown = if post.state(now) == PostState::Processed {
        audience.counts(post, now)
    } else {
        crate::audience::Counts::default()
    };
    let mut statistics = json!({
        "viewCount": shown.views.to_string(),
        "favoriteCount": "0",
    });
    if !post.marks.likes_hidden {
        statistics["likeCount"] = shown.likes.to_string().into();
    }
    if !post.marks.comments_disabled {
        statistics["commentCount"] = shown.comments.to_string().into();
    }
    statistics
}

fn processing_details(state: PostState) -> Value {
    let (processing, availability) = match state {
        PostState::Processing => ("processing", "inProgress"),
        PostState::Processed => ("succeeded", "available"),
        PostState::Failed => ("failed", "available"),
        PostState::Rejected | PostState::Deleted => ("terminated", "available"),
    };
    let suggestions = match state {
        PostState::Processing => "inProgress",
        _ => "unavailable",
    };
    let mut details = json!({
        "processingStatus": processing,
        "fileDetailsAvailability": availability,
        "processingIssuesAvailability": availability,
        "tagSuggestionsAvailability": suggestions,
        "editorSuggestionsAvailability": suggestions,
        "thumbnailsAvailability": availability,
    });
    if state == PostState::Processing {
        // Not measured by anybody: processing here is a wait.
        details["processingProgress"] =
            json!({"partsTotal": "1000", "partsProcessed": "0", "timeLeftMs": "1000"});
    }
    if state == PostState::Failed {
        details["processingFailureReason"] = "transcodeFailed".into();
    }
    details
}
