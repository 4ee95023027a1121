//! What this world's audience likes: fixed by the seed, never served.
//!
//! All terms are on the logit scale of the engagement rate and sum to about 0 over all posts.

use std::f64::consts::TAU;

use jiff::tz::TimeZone;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::draw::generator;
use crate::posts::Post;

const CATEGORY_SD: f64 = 0.22;
const TAG_SD: f64 = 0.2;
const DRIFT: f64 = 0.12;
/// Audience days after which a drifting taste comes back.
const DRIFT_DAYS: f64 = 30.0;
const HOUR: f64 = 0.15;

/// The hidden preferences of one world.
#[derive(Debug)]
pub(crate) struct Tastes {
    seed: u64,
    /// UTC hour at which posting works best.
    best_hour: f64,
    /// Playing time (seconds) that works best.
    best_seconds: f64,
    /// Title length (characters) that works best.
    best_title: f64,
}

impl Tastes {
    pub(crate) fn new(seed: u64) -> Self {
        let mut hidden = generator(seed, &["tastes"]);
        Self {
            seed,
            best_hour: hidden.random_range(0.0..24.0),
            best_seconds: hidden.random_range(12.0..45.0),
            best_title: hidden.random_range(20.0..60.0),
        }
    }

    /// How much the post is liked, when it appears `world_age_hours` after the world began.
    pub(crate) fn liking(&self, post: &Post, world_age_hours: f64) -> f64 {
        self.category(post, world_age_hours)
            + self.tags(post)
            + self.hour(post)
            + self.playing_time(post)
            + self.title(post)
    }

    /// Tastes for categories move up and down over weeks, each in its own time.
    fn category(&self, post: &Post, world_age_hours: f64) -> f64 {
        let name = post.category.as_deref().unwrap_or("");
        let mut hidden = generator(self.seed, &["category", post.platform.name(), name]);
        let base: f64 = StandardNormal.sample(&mut hidden);
        let phase: f64 = hidden.random_range(0.0..TAU);
        let turn = TAU * world_age_hours / (24.0 * DRIFT_DAYS);
        CATEGORY_SD * base + DRIFT * (turn + phase).sin()
    }

    /// Every tag is liked or not; more tags do not add up for ever.
    fn tags(&self, post: &Post) -> f64 {
        if post.tags.is_empty() {
            return 0.0;
        }
        let sum: f64 = post
            .tags
            .iter()
            .map(|tag| {
                let tag = tag.trim_start_matches('#').to_lowercase();
                let mut hidden = generator(self.seed, &["tag", &tag]);
                let liked: f64 = StandardNormal.sample(&mut hidden);
                TAG_SD * liked
            })
            .sum();
        sum / (post.tags.len() as f64).sqrt()
    }

    fn hour(&self, post: &Post) -> f64 {
        let time = post.published_at().to_zoned(TimeZone::UTC).time();
        let hour = f64::from(time.hour()) + f64::from(time.minute()) / 60.0;
        HOUR * (TAU * (hour - self.best_hour) / 24.0).cos()
    }

    fn playing_time(&self, post: &Post) -> f64 {
        let Some(ms) = post.duration_ms.filter(|ms| *ms > 0) else {
            return 0.0;
        };
        let off = (ms as f64 / 1000.0 / self.best_seconds).ln();
        0.1 - (0.3 * off * off).min(0.5)
    }

    fn title(&self, post: &Post) -> f64 {
        let off = (post.title.chars().count() as f64 - self.best_title) / 40.0;
        0.05 - (0.2 * off * off).min(0.3)
    }
}
