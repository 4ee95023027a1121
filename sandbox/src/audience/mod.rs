//! The simulated audience: what becomes of a post.
//!
//! A world has hidden [tastes](tastes) that drift slowly. A post's lasting numbers are drawn once,
//! from the seed and the post's id, and appear along a [growth curve](growth) as the post ages, so
//! the same question has the same answer and a later one never a smaller. What a perfect
//! forecaster could say beforehand is known: [`Audience::best_forecast`].
//!
//! It sees only what a post says about itself (category, tags, title, playing time, hour of
//! posting) and the hash of its bytes, which stands for everything that is in the picture.

mod age;
mod growth;
mod lasting;
mod tastes;

use jiff::Timestamp;
use serde::Serialize;

use crate::posts::Post;
use age::Clock;
use lasting::Lasting;
use tastes::Tastes;

/// What the platform counts for a post at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) views: u64,
    pub(crate) likes: u64,
    pub(crate) comments: u64,
    pub(crate) shares: u64,
    pub(crate) saves: u64,
}

/// What the world expects of a post, knowing everything except chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Forecast {
    pub(crate) post_id: String,
    /// Expected (likes + comments) / views: the part that every platform shows.
    pub(crate) engagement: f64,
    /// The same with shares.
    pub(crate) engagement_with_shares: f64,
    /// Expected views at an age of six hours.
    pub(crate) views_at_six_hours: f64,
    /// Standard deviation, on the logit scale, of what nobody can foresee.
    pub(crate) noise_logit_sd: f64,
}

/// One world's audience.
#[derive(Debug)]
pub(crate) struct Audience {
    seed: u64,
    born_at: Timestamp,
    clock: Clock,
    tastes: Tastes,
}

impl Audience {
    /// `born_at` is when the world began, from where its drift runs.
    pub(crate) fn new(seed: u64, born_at: Timestamp, time_scale: f64) -> Self {
        Self {
            seed,
            born_at,
            clock: Clock::new(time_scale),
            tastes: Tastes::new(seed),
        }
    }

    /// The counts shown at `now`. All zero for a post that nobody can see yet.
    pub(crate) fn counts(&self, post: &Post, now: Timestamp) -> Counts {
        let age = self.clock.hours(post.published_at(), now);
        let lasting = Lasting::draw(self.seed, post, self.liking(post));
        let shown = growth::share_shown(age - lasting.reporting_delay_hours);
        let so_far = |total: u64| (total as f64 * shown).floor() as u64;
        Counts {
            views: so_far(lasting.views),
            likes: so_far(lasting.likes),
            comments: so_far(lasting.comments),
            shares: so_far(lasting.shares),
            saves: so_far(lasting.saves),
        }
    }

    /// The best forecast that can be made from what the post says about itself.
    pub(crate) fn best_forecast(&self, post: &Post) -> Forecast {
        let liking = self.liking(post);
        let rate = lasting::expected_rate(liking);
        Forecast {
            post_id: post.post_id.clone(),
            engagement: rate * (lasting::LIKES_SHARE + lasting::COMMENTS_SHARE),
            engagement_with_shares: rate,
            views_at_six_hours: lasting::expected_views(self.seed, post, liking)
                * growth::share_shown(6.0),
            noise_logit_sd: lasting::NOISE_SD,
        }
    }

    /// How much the audience likes what the post says about itself, on the logit scale.
    fn liking(&self, post: &Post) -> f64 {
        let world_age = self.clock.hours(self.born_at, post.published_at());
        self.tastes.liking(post, world_age)
    }
}

#[cfg(test)]
mod tests;
