//! A reel in the data of its page, as what the vendor calls `XIGPolarisVideoMedia`.
//!
//! `view_count` is null for reels; `play_count` is what people see as views. The page has no shares.

use serde_json::{Value, json};

use super::account::{full_name, username};
use super::container::Details;
use super::ids::shortcode_of;
use super::media::on_the_cdn;
use crate::audience::Counts;
use crate::posts::Post;

/// Stands for a count that its owner hides.
const HIDDEN: i64 = -1;

/// What everybody sees.
pub(crate) fn open(post: &Post, counts: Counts) -> Value {
    json!({"if_not_gated_logged_out": media(post, counts)})
}

/// What is left of it for a visitor to whom it is not shown.
pub(crate) fn gated(post: &Post) -> Value {
    let details = Details::of(post);
    json!({
        "if_not_gated_logged_out": null,
        "if_gated_logged_out": {
            "__typename": "XIGPolarisVideoMedia",
            "pk": details.pk.to_string(),
            "id": id(details.pk, &post.account),
            "code": shortcode_of(details.pk),
            "user": user(post),
        },
    })
}

fn media(post: &Post, counts: Counts) -> Value {
    let details = Details::of(post);
    let hidden = post.marks.likes_hidden;
    let likes = match hidden {
        true => json!(HIDDEN),
        false => json!(counts.likes),
    };
    let plays = match hidden {
        true => Value::Null,
        false => json!(counts.views),
    };
    let comments = match post.marks.comments_disabled {
        true => Value::Null,
        false => json!(counts.comments),
    };
    json!({
        "__typename": "XIGPolarisVideoMedia",
        "pk": details.pk.to_string(),
        "id": id(details.pk, &post.account),
        "code": shortcode_of(details.pk),
        "taken_at": post.published_at().as_second(),
        "media_type": 2,
        "product_type": "clips",
        "caption": caption(post),
        "user": user(post),
        "like_count": likes,
        "comment_count": comments,
        "view_count": null,
        "play_count": plays,
        "ig_play_count": plays,
        "like_and_view_counts_disabled": hidden,
        "comments_disabled": post.marks.comments_disabled,
        "has_audio": true,
        "video_duration": post.duration_ms.map(|ms| ms as f64 / 1000.0),
        "video_versions": [picture(post, "mp4")],
        "image_versions2": {"candidates": [picture(post, "jpg")]},
        "clips_metadata": {"audio_type": "original_sounds"},
        // The audience counts comments and writes none.
        "comments_connection": {"edges": []},
    })
}

fn caption(post: &Post) -> Value {
    match post.description.as_str() {
        "" => Value::Null,
        text => json!({"text": text}),
    }
}

fn picture(post: &Post, extension: &str) -> Value {
    let url = on_the_cdn(&post.post_id, extension);
    json!({"type": 101, "url": url, "width": 720, "height": 1280})
}

fn user(post: &Post) -> Value {
    json!({
        "pk": post.account,
        "id": post.account,
        "username": username(&post.account),
        "full_name": full_name(&post.account),
        "is_private": post.marks.private,
        "is_verified": false,
        "profile_pic_url": on_the_cdn(&post.account, "jpg"),
    })
}

fn id(pk: u64, account: &str) -> String {
    format!("{pk}_{account}")
}
