//! A post as the `itemStruct` of pages and lists.
//!
//! Readers need `id`, `desc`, `createTime`, `author`, `stats` and a few more; the rest is there
//! because it is there at the vendor. Types differ as they do in the wild: `collectCount` of
//! `stats` is text beside numbers, all of `statsV2` is text, and the time is text on pages and a
//! number in lists. A count that is hidden is absent.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::{nickname, number, sec_uid, username};
use super::post_info::PostInfo;
use super::video::{avatar, cover, details, seconds};
use crate::audience::Counts;
use crate::posts::Post;

/// Of the form in which the vendor shows every portrait video, in pixels.
pub(crate) const WIDTH: u32 = 576;
pub(crate) const HEIGHT: u32 = 1024;

/// The first three fields come first, as some readers look for them there.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    id: String,
    desc: String,
    #[serde(rename = "createTime")]
    create_time: Value,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Item {
    /// As a page shows it.
    pub(crate) fn on_page(post: &Post, counts: Counts) -> Self {
        let seconds = post.published_at().as_second();
        Self::new(post, counts, seconds.to_string().into())
    }

    /// As a list has it.
    pub(crate) fn in_list(post: &Post, counts: Counts) -> Self {
        let seconds = post.published_at().as_second();
        Self::new(post, counts, seconds.into())
    }

    fn new(post: &Post, counts: Counts, create_time: Value) -> Self {
        let info = details(post).info;
        let mut rest = flags(&info);
        let parts = [
            ("video", video(post)),
            ("author", author(&post.account)),
            ("music", music(post)),
            ("challenges", challenges(&info)),
            ("textExtra", text_extra(&info)),
            ("stats", stats(post, counts)),
            ("statsV2", stats_v2(post, counts)),
            (
                "contents",
                json!([{"desc": post.title, "textExtra": text_extra(&info)}]),
            ),
            ("item_control", json!({"can_repost": true})),
        ];
        for (name, part) in parts {
            rest.insert(name.to_owned(), part);
        }
        Self {
            id: post.post_id.clone(),
            desc: post.title.clone(),
            create_time,
            rest,
        }
    }
}

/// What is the same for nearly every item.
fn flags(info: &PostInfo) -> Map<String, Value> {
    let mut flags = Map::new();
    for name in [
        "originalItem",
        "officalItem",
        "secret",
        "forFriend",
        "digged",
        "privateItem",
        "collected",
        "textTranslatable",
        "isContentClassified",
    ] {
        flags.insert(name.to_owned(), false.into());
    }
    for name in ["itemCommentStatus", "takeDown", "scheduleTime"] {
        flags.insert(name.to_owned(), 0.into());
    }
    for name in [
        "warnInfo",
        "effectStickers",
        "stickersOnItem",
        "comments",
        "suggestedWords",
        "channelTags",
    ] {
        flags.insert(name.to_owned(), json!([]));
    }
    let own: [(&str, Value); 12] = [
        ("duetEnabled", (!info.disable_duet).into()),
        ("stitchEnabled", (!info.disable_stitch).into()),
        ("duetDisplay", 0.into()),
        ("stitchDisplay", 0.into()),
        ("shareEnabled", true.into()),
        ("indexEnabled", true.into()),
        ("locationCreated", "US".into()),
        ("IsAigc", info.is_aigc.into()),
        ("AIGCDescription", "".into()),
        ("backendSourceEventTracking", "".into()),
        ("CategoryType", 119.into()),
        ("textLanguage", "en".into()),
    ];
    for (name, value) in own {
        flags.insert(name.to_owned(), value);
    }
    flags
}

fn video(post: &Post) -> Value {
    let cover = cover(post);
    let id = &post.post_id;
    let play = format!("https://v16-webapp-prime.tiktok.com/video/sandbox/{id}.mp4");
    json!({
        "id": id,
        "height": HEIGHT,
        "width": WIDTH,
        "duration": seconds(post),
        "ratio": "720p",
        "cover": cover,
        "originCover": cover,
        "dynamicCover": cover,
        "playAddr": play,
        "downloadAddr": play,
        "shareCover": ["", cover],
        "reflowCover": cover,
        "encodedType": "normal",
        "format": "mp4",
        "videoQuality": "normal",
        "codecType": "h264",
        "definition": "720p",
        "bitrateInfo": [],
        "subtitleInfos": [],
    })
}

fn author(open_id: &str) -> Value {
    let picture = avatar(open_id);
    json!({
        "id": number(open_id),
        "shortId": "",
        "uniqueId": username(open_id),
        "nickname": nickname(open_id),
        "secUid": sec_uid(open_id),
        "avatarThumb": picture,
        "avatarMedium": picture,
        "avatarLarger": picture,
        "signature": "",
        "createTime": 0,
        "verified": false,
        "ftc": false,
        "relation": 0,
        "openFavorite": false,
        "commentSetting": 0,
        "duetSetting": 0,
        "stitchSetting": 0,
        "privateAccount": false,
        "secret": false,
        "isADVirtual": false,
        "downloadSetting": 0,
    })
}

fn music(post: &Post) -> Value {
    let picture = avatar(&post.account);
    json!({
        "id": number(&format!("music {}", post.post_id)),
        "title": "original sound",
        "playUrl": "",
        "coverThumb": picture,
        "coverMedium": picture,
        "coverLarge": picture,
        "authorName": nickname(&post.account),
        "original": true,
        "private": false,
        "duration": seconds(post),
        "album": "",
        "isCopyrighted": false,
        "tt2dsp": {},
    })
}

fn challenges(info: &PostInfo) -> Value {
    let challenge = |name: &str| {
        json!({
            "id": number(&format!("challenge {}", name.to_lowercase())),
            "title": name,
            "desc": "",
            "profileLarger": "",
            "profileMedium": "",
            "profileThumb": "",
            "coverLarger": "",
            "coverMedium": "",
            "coverThumb": "",
        })
    };
    info.hashtags()
        .iter()
        .map(|tag| challenge(&tag.name))
        .collect()
}

fn text_extra(info: &PostInfo) -> Value {
    info.hashtags()
        .iter()
        .map(|tag| {
            json!({
                "awemeId": "",
                "start": tag.start,
                "end": tag.end,
                "hashtagName": tag.name,
                "type": 1,
                "subType": 0,
                "isCommerce": false,
            })
        })
        .collect()
}

fn stats(post: &Post, counts: Counts) -> Value {
    let mut stats = json!({
        "diggCount": counts.likes,
        "shareCount": counts.shares,
        "commentCount": counts.comments,
        "playCount": counts.views,
        "collectCount": counts.saves.to_string(),
    });
    hide(post, &mut stats);
    stats
}

fn stats_v2(post: &Post, counts: Counts) -> Value {
    let mut stats = json!({
        "diggCount": counts.likes.to_string(),
        "shareCount": counts.shares.to_string(),
        "commentCount": counts.comments.to_string(),
        "playCount": counts.views.to_string(),
        "collectCount": counts.saves.to_string(),
        "repostCount": "0",
    });
    hide(post, &mut stats);
    stats
}

fn hide(post: &Post, stats: &mut Value) {
    let Some(fields) = stats.as_object_mut() else {
        return;
    };
    if post.marks.likes_hidden {
        fields.remove("diggCount");
    }
    if post.marks.comments_disabled {
        fields.remove("commentCount");
    }
}
