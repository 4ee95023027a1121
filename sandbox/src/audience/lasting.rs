//! The numbers that a post ends up with, and what can be known of them beforehand.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution, StandardNormal};

use crate::draw::generator;
use crate::posts::Post;

/// How engagement splits into likes, comments and shares.
pub(crate) const LIKES_SHARE: f64 = 0.86;
pub(crate) const COMMENTS_SHARE: f64 = 0.08;
const SHARES_SHARE: f64 = 0.06;
/// Saves for one engagement: they are no part of it.
const SAVES_PER_ENGAGEMENT: f64 = 0.05;

/// Of what is in the picture: the same for the same bytes.
const PICTURE_SD: f64 = 0.25;
/// Of plain luck: new for every post.
const LUCK_SD: f64 = 0.25;
/// Of both together: what nobody can foresee.
pub(crate) const NOISE_SD: f64 = 0.353_553_390_593_273_8;

/// Logits between which every rate stays: 1.5 % and 23 %.
const LOGITS: std::ops::RangeInclusive<f64> = -4.2..=-1.2;

/// Logarithm of the views that a middling post of a middling account ends up with.
const VIEWS_LOG: f64 = 9.3;
const VIEWS_ACCOUNT_SD: f64 = 0.3;
const VIEWS_LUCK_SD: f64 = 0.4;
/// How much better-liked posts are also shown more.
const VIEWS_PER_LIKING: f64 = 0.3;

/// What a post ends up with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lasting {
    pub(crate) views: u64,
    pub(crate) likes: u64,
    pub(crate) comments: u64,
    pub(crate) shares: u64,
    pub(crate) saves: u64,
    /// Age (hours) before which the platform shows nothing; the same for all counts.
    pub(crate) reporting_delay_hours: f64,
}

impl Lasting {
    /// Drawn from the seed and the post alone. `liking` is on the logit scale, 0 is middling.
    pub(crate) fn draw(seed: u64, post: &Post, liking: f64) -> Self {
        let mut luck = generator(seed, &["post", post.platform.name(), &post.post_id]);
        let mut picture = generator(seed, &["picture", &post.sha256]);
        let noise = PICTURE_SD * normal(&mut picture) + LUCK_SD * normal(&mut luck);
        let rate = rate(liking + noise);
        let views_noise = VIEWS_LUCK_SD * normal(&mut luck);
        let views = (views_log(seed, post, liking) + views_noise).exp() as u64;
        let reporting_delay_hours = luck.random_range(3.0..8.0) / 60.0;
        Self {
            views,
            likes: some_of(views, rate * LIKES_SHARE, &mut luck),
            comments: some_of(views, rate * COMMENTS_SHARE, &mut luck),
            shares: some_of(views, rate * SHARES_SHARE, &mut luck),
            // Last, so that worlds from before it was counted keep their other numbers.
            saves: some_of(views, rate * SAVES_PER_ENGAGEMENT, &mut luck),
            reporting_delay_hours,
        }
    }
}

/// The mean of the engagement rate over everything that is chance.
pub(crate) fn expected_rate(liking: f64) -> f64 {
    // A plain sum over four standard deviations: exact to more digits than anyone reads.
    let mut weights = 0.0;
    let mut total = 0.0;
    for step in -80..=80 {
        let z = f64::from(step) / 20.0;
        let weight = (-z * z / 2.0).exp();
        weights += weight;
        total += weight * rate(liking + NOISE_SD * z);
    }
    total / weights
}

/// The mean of the lasting views over everything that is chance.
pub(crate) fn expected_views(seed: u64, post: &Post, liking: f64) -> f64 {
    (views_log(seed, post, liking) + VIEWS_LUCK_SD * VIEWS_LUCK_SD / 2.0).exp()
}

fn views_log(seed: u64, post: &Post, liking: f64) -> f64 {
    let mut account = generator(seed, &["account", post.platform.name(), &post.account]);
    VIEWS_LOG + VIEWS_ACCOUNT_SD * normal(&mut account) + VIEWS_PER_LIKING * liking
}

fn rate(liking: f64) -> f64 {
    let logit = (MIDDLING_LOGIT + liking).clamp(*LOGITS.start(), *LOGITS.end());
    1.0 / (1.0 + (-logit).exp())
}

/// The rate of a middling post: about 6 %.
const MIDDLING_LOGIT: f64 = -2.75;

fn normal(generator: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(generator)
}

fn some_of(views: u64, rate: f64, generator: &mut ChaCha8Rng) -> u64 {
    // Only a rate outside 0..=1 is refused, and `rate` cannot be that.
    Binomial::new(views, rate).map_or(0, |some| some.sample(generator))
}
