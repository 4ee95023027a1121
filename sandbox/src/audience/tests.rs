//! What must hold of every world.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::*;
use crate::platform::Platform;

fn born() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56)
}

fn audience(seed: u64) -> Audience {
    Audience::new(seed, born(), 1.0)
}

fn post(index: usize) -> Post {
    Post {
        platform: Platform::Youtube,
        account: "UCaccount".to_owned(),
        post_id: format!("post-{index}"),
        title: "How to save on groceries".to_owned(),
        description: String::new(),
        tags: vec![format!("tag-{}", index % 7)],
        category: Some((20 + index % 5).to_string()),
        duration_ms: Some(8_000 + 500 * (index as u64 % 60)),
        bytes: 1,
        sha256: format!("{index:064x}"),
        created_at: born() + SignedDuration::from_hours(index as i64),
        processed_at: born() + SignedDuration::from_hours(index as i64),
        details: Value::Null,
        marks: crate::posts::Marks::default(),
    }
}

fn counts_at(audience: &Audience, post: &Post, hours: f64) -> Counts {
    let age = SignedDuration::from_millis((hours * 3_600_000.0) as i64);
    audience.counts(post, post.published_at() + age)
}

fn engagement(counts: Counts) -> f64 {
    (counts.likes + counts.comments) as f64 / counts.views as f64
}

#[test]
fn counts_never_fall_and_repeat_exactly() {
    let audience = audience(7);
    for index in 0..5 {
        let post = post(index);
        let mut before = Counts::default();
        for step in 0..100 {
            let hours = f64::from(step) * 0.5;
            let now = counts_at(&audience, &post, hours);
            assert!(now.views >= before.views && now.likes >= before.likes);
            assert!(now.comments >= before.comments && now.shares >= before.shares);
            assert_eq!(now, counts_at(&self::audience(7), &post, hours));
            before = now;
        }
    }
}

#[test]
fn another_seed_is_another_world() {
    let post = post(3);
    let here = counts_at(&audience(1), &post, 6.0);
    let there = counts_at(&audience(2), &post, 6.0);
    assert_ne!(here, there);
}

#[test]
fn a_post_is_fresh_at_ten_minutes_and_established_at_six_hours() {
    let audience = audience(7);
    let mut usual = 0;
    for index in 0..200 {
        let post = post(index);
        assert!(counts_at(&audience, &post, 10.0 / 60.0).views < 300);
        assert_eq!(counts_at(&audience, &post, 0.0), Counts::default());
        let six = counts_at(&audience, &post, 6.0);
        assert!((300..50_000).contains(&six.views), "{six:?}");
        assert!(six.likes + six.comments + six.shares <= six.views);
        if (0.03..0.12).contains(&engagement(six)) {
            usual += 1;
        }
    }
    assert!(usual > 140, "only {usual} of 200 between 3 and 12 %");
}

#[test]
fn nothing_beats_the_best_forecast_but_chance_stays() {
    let audience = audience(11);
    let posts: Vec<Post> = (0..600).map(post).collect();
    let actual: Vec<f64> = posts
        .iter()
        .map(|post| engagement(counts_at(&audience, post, 6.0)))
        .collect();
    let mean = actual.iter().sum::<f64>() / actual.len() as f64;
    let pairs = posts.iter().zip(&actual);
    let forecasts = pairs.map(|(post, actual)| (audience.best_forecast(post).engagement, actual));
    let (mut by_forecast, mut by_mean, mut bias) = (0.0, 0.0, 0.0);
    for (forecast, actual) in forecasts {
        by_forecast += (forecast - actual).powi(2);
        by_mean += (mean - actual).powi(2);
        bias += (forecast - actual) / posts.len() as f64;
    }
    assert!(by_forecast < 0.8 * by_mean, "{by_forecast} {by_mean}");
    assert!(by_forecast > 0.1 * by_mean, "{by_forecast} {by_mean}");
    assert!(bias.abs() < 0.003, "{bias}");
}

#[test]
fn time_scale_ages_a_post_and_nothing_else() {
    let fast = Audience::new(7, born(), 3600.0);
    let slow = audience(7);
    let mut post = post(0);
    // Published at the world's birth, so that drift is the same for both.
    post.processed_at = born();
    let six_seconds = post.published_at() + SignedDuration::from_secs(6);
    assert_eq!(
        fast.counts(&post, six_seconds),
        counts_at(&slow, &post, 6.0)
    );
}
