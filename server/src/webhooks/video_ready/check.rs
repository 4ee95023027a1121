//! Checks a `video/ready` body and finds everything that is wrong with it at once, each with its
//! path and what to change. Written by hand, because a derived reader stops at the first fault.
//!
//! It must not look at anything but the body: files, accounts and rows are checked by those who
//! use them.

use std::collections::HashSet;

use jiff::Timestamp;
use schema::FeatureMap;
use schema::videos::VideoSource;
use serde_json::Value;
use url::Url;

use super::message::{KIND, Target, VideoReady, VideoReadyData};
use crate::code::Code;
use crate::problem::FieldProblem;
use crate::webhooks::fields::{Fields, Findings};

/// What this build posts to.
const PLATFORMS: [&str; 3] = ["instagram", "tiktok", "youtube"];
/// Each target is a run; a message that asks for more of them is a mistake.
const MOST_TARGETS: usize = 32;
/// Of a video, a concept or an audio track.
const LONGEST_ID: usize = 128;
const LONGEST_NAME: usize = 64;
/// What the loop's prediction knows; any other number is kept beside them.
const FEATURES: [&str; 5] = [
    "audioTrendScore",
    "categoryPerformance",
    "competitorAvg",
    "hashtagScore",
    "trendVelocity",
];

pub(super) fn check(body: &Value) -> Result<VideoReady, Vec<FieldProblem>> {
    let mut found = Findings::default();
    found.refuse_nul(body, "");
    let message = message(&mut found, body);
    match message {
        Some(message) if found.is_empty() => Ok(message),
        _ => Err(found.into_problems()),
    }
}

/// `None` only when something was found. Every field is read before that is decided.
fn message(found: &mut Findings, body: &Value) -> Option<VideoReady> {
    let top = Fields::top(found, body)?;
    let kind = top.text(found, "type");
    if let Some(kind) = kind.filter(|kind| *kind != KIND) {
        let detail = format!("This path takes `{KIND}`, not `{kind}`.");
        found.refuse(Code::WebhookTypeUnknown, top.path("type"), detail);
    }
    let timestamp = timestamp(found, &top);
    let data = data(found, &top)?;
    Some(VideoReady { timestamp, data })
}

fn data(found: &mut Findings, top: &Fields<'_>) -> Option<VideoReadyData> {
    let data = top.object(found, "data")?;
    let video_id = data.name(found, "videoId", LONGEST_ID);
    let concept_id = data.optional_short_text(found, "conceptId", LONGEST_ID);
    let category = data.short_text(found, "category", LONGEST_NAME);
    let caption = data.text(found, "caption");
    let hashtags = hashtags(found, &data);
    let audio_id = data.optional_short_text(found, "audioId", LONGEST_ID);
    let source = source(found, &data);
    let targets = targets(found, &data);
    let features = features(found, &data);
    Some(VideoReadyData {
        video_id: video_id?.to_owned(),
        concept_id: concept_id.map(str::to_owned),
        category: category?.to_owned(),
        caption: caption?.to_owned(),
        hashtags,
        audio_id: audio_id.map(str::to_owned),
        source: source?,
        targets,
        features,
    })
}

fn timestamp(found: &mut Findings, top: &Fields<'_>) -> Option<Timestamp> {
    let text = top.optional_text(found, "timestamp")?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        found.invalid(
            top.path("timestamp"),
            "Write an instant after RFC 3339, such as 2026-11-22T10:00:00Z.",
        );
    }
    parsed
}

fn hashtags(found: &mut Findings, data: &Fields<'_>) -> Vec<String> {
    let mut hashtags = Vec::new();
    for (at, value) in data.optional_list(found, "hashtags").iter().enumerate() {
        match value.as_str().map(|tag| tag.trim().trim_start_matches('#')) {
            Some(tag) if !tag.is_empty() => hashtags.push(format!("#{tag}")),
            _ => found.invalid(
                data.path(&format!("hashtags[{at}]")),
                "Write each hashtag as a text such as \"#money\".",
            ),
        }
    }
    hashtags
}

fn source(found: &mut Findings, data: &Fields<'_>) -> Option<VideoSource> {
    let source = data.object(found, "source")?;
    match (source.has("path"), source.has("url")) {
        (true, false) => {
            let path = source.text(found, "path")?;
            if stays_inside(path) {
                return Some(VideoSource::Path(path.to_owned()));
            }
            found.invalid(
                source.path("path"),
                "Write a path below the inbox, relative, with `/`, without `..`.",
            );
        }
        (false, true) => {
            let url = source.text(found, "url")?;
            if is_https(url) {
                return Some(VideoSource::Url(url.to_owned()));
            }
            found.invalid(
                source.path("url"),
                "Write an https URL with a host, and without user and password.",
            );
        }
        _ => found.invalid(
            data.path("source"),
            "Give either the `path` of the video below the inbox or its https `url`.",
        ),
    }
    None
}

/// Where it leads is checked by who fetches it.
fn is_https(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https" && url.username().is_empty() && url.password().is_none()
    })
}

/// No part of the path leads up or elsewhere, on any operating system.
fn stays_inside(path: &str) -> bool {
    !path.contains(['\\', ':']) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn targets(found: &mut Findings, data: &Fields<'_>) -> Vec<Target> {
    let mut targets = Vec::new();
    let Some(listed) = data.list(found, "targets") else {
        return targets;
    };
    if listed.is_empty() || listed.len() > MOST_TARGETS {
        found.invalid(
            data.path("targets"),
            format!("Name 1 to {MOST_TARGETS} targets."),
        );
        return targets;
    }
    let mut seen = HashSet::new();
    for (at, value) in listed.iter().enumerate() {
        let path = data.path(&format!("targets[{at}]"));
        let Some(target) = target(found, &path, value) else {
            continue;
        };
        if !seen.insert((target.platform.clone(), target.account.clone())) {
            let detail = format!(
                "{} on {} is named before; name each target once.",
                target.account, target.platform
            );
            found.refuse(Code::WebhookTargetDuplicate, path, detail);
        }
        targets.push(target);
    }
    targets
}

fn target(found: &mut Findings, path: &str, value: &Value) -> Option<Target> {
    let fields = Fields::of(found, path.to_owned(), value)?;
    let platform = fields.text(found, "platform");
    if let Some(platform) = platform.filter(|platform| !PLATFORMS.contains(platform)) {
        let detail = format!(
            "This build posts to {} and not to `{platform}`.",
            PLATFORMS.join(", ")
        );
        found.refuse(
            Code::WebhookPlatformUnknown,
            fields.path("platform"),
            detail,
        );
    }
    let account = fields.name(found, "account", LONGEST_NAME);
    Some(Target {
        platform: platform?.to_owned(),
        account: account?.to_owned(),
    })
}

/// Those that are known. `null` is not known, and an empty object is as good as none.
fn features(found: &mut Findings, data: &Fields<'_>) -> Option<FeatureMap> {
    let features = data.optional_object(found, "features")?;
    let mut numbers = FeatureMap::default();
    for (name, value) in features.iter() {
        match value.as_f64().filter(|number| number.is_finite()) {
            Some(number) => {
                numbers.0.insert(name.clone(), number);
            }
            // A field that this build does not know may be anything.
            None if value.is_null() || !FEATURES.contains(&name.as_str()) => {}
            None => found.invalid(features.path(name), "Write a number, or leave it out."),
        }
    }
    Some(numbers).filter(|numbers| !numbers.0.is_empty())
}
