//! `GET /{ig-media-id}/insights`: what only the owner of a reel sees.
//!
//! Views, likes, comments, shares and saves are the audience's. How long people watched, how many
//! they were and who reposted is not: it follows from those numbers by a share that the reel's id
//! fixes. Watch times are in milliseconds.

use jiff::Timestamp;
use rand::Rng;
use serde_json::{Value, json};

use super::call::Call;
use super::error::ApiError;
use super::media;
use crate::audience::Counts;
use crate::draw::generator;
use crate::posts::Post;
use crate::state::SharedState;

/// Name, title and description.
type Metric = (&'static str, &'static str, &'static str);

/// The metrics of a reel in v26.0. `plays`, `impressions`, `video_views` and others were removed.
#[rustfmt::skip] // A table.
const METRICS: &[Metric] = &[
    ("views", "Views", "The number of times the reel was played."),
    ("reach", "Accounts reached", "The number of unique accounts that have seen the reel."),
    ("likes", "Likes", "The number of likes on the reel."),
    ("comments", "Comments", "The number of comments on the reel."),
    ("shares", "Shares", "The number of shares of the reel."),
    ("saved", "Saved", "The number of saves of the reel."),
    ("reposts", "Reposts", "The number of reposts of the reel."),
    ("total_interactions", "Reels interactions", "The number of likes, saves, comments and shares."),
    ("ig_reels_avg_watch_time", "Average watch time", "The average time spent playing the reel."),
    ("ig_reels_video_view_total_time", "Watch time", "The total time the reel was played."),
    ("reels_skip_rate", "Skip rate", "The share of views that ended within three seconds, in percent."),
];

pub(crate) fn read(state: &SharedState, call: &Call, id: &str) -> Result<Value, ApiError> {
    let post = media::own(state, call, id)?;
    let asked = call.list("metric");
    if asked.is_empty() {
        return Err(ApiError::invalid("(#100) The parameter metric is required"));
    }
    let counts = state.audience.counts(&post, Timestamp::now());
    let mut data = Vec::new();
    for (place, name) in asked.iter().enumerate() {
        let known = METRICS.iter().find(|(known, _, _)| known == name);
        let metric = known.ok_or_else(|| unknown(place))?;
        data.push(described(&post, &counts, metric));
    }
    if counts.views == 0 {
        // Not counted yet.
        data.clear();
    }
    Ok(json!({"data": data}))
}

fn unknown(place: usize) -> ApiError {
    let names: Vec<&str> = METRICS.iter().map(|(name, _, _)| *name).collect();
    let names = names.join(", ");
    ApiError::invalid(format!(
        "(#100) metric[{place}] must be one of the following values: {names}"
    ))
}

fn described(post: &Post, counts: &Counts, (name, title, description): &Metric) -> Value {
    json!({
        "name": name,
        "period": "lifetime",
        "values": [{"value": value(post, counts, name)}],
        "title": title,
        "description": description,
        "id": format!("{}/insights/{name}/lifetime", post.post_id),
    })
}

fn value(post: &Post, counts: &Counts, name: &str) -> u64 {
    let mut fixed = generator(0, &["instagram insights", &post.post_id]);
    let accounts: f64 = fixed.random_range(0.72..0.92);
    let watched: f64 = fixed.random_range(0.3..0.95);
    let reposted: f64 = fixed.random_range(0.1..0.4);
    let share = |count: u64, share: f64| (count as f64 * share).floor() as u64;
    let average_ms = share(post.duration_ms.unwrap_or(0), watched);
    match name {
        "views" => counts.views,
        "reach" => share(counts.views, accounts),
        "likes" => counts.likes,
        "comments" => counts.comments,
        "shares" => counts.shares,
        "saved" => counts.saves,
        "reposts" => share(counts.shares, reposted),
        "total_interactions" => counts.likes + counts.comments + counts.shares + counts.saves,
        "ig_reels_avg_watch_time" => average_ms,
        "ig_reels_video_view_total_time" => average_ms.saturating_mul(counts.views),
        // The longer people watch, the fewer left at once.
        _ => share(100, 1.0 - watched),
    }
}
