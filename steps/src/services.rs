//! What steps are built from: plain clients, made once by the program.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use media::Media;
use platforms::anthropic::Anthropic;
use platforms::fetch::Fetcher;
use platforms::instagram::Instagram;
use platforms::instagram_page::InstagramPage;
use platforms::tiktok::{PrivacyLevel, RefreshToken, TikTok};
use platforms::tiktok_page::TikTokPage;
use platforms::youtube::{Privacy, YouTube};
use schema::DatabaseConnection;

/// The clients and places that steps use.
#[derive(Clone)]
pub struct Services {
    /// The channel's tables.
    pub db: DatabaseConnection,
    /// What we ask of video files.
    pub media: Arc<Media>,
    /// Instagram's accounts, by their names.
    pub instagram: BTreeMap<String, InstagramAccount>,
    /// TikTok's accounts, by their names.
    pub tiktok: BTreeMap<String, TikTokAccount>,
    /// YouTube's accounts, by their names.
    pub youtube: BTreeMap<String, YouTubeAccount>,
    /// Fetches videos that are named by a URL.
    pub fetcher: Fetcher,
    /// The vision and text model.
    pub anthropic: Arc<Anthropic>,
    /// The folder that a video's path is under.
    pub inbox: PathBuf,
    /// Where fetched videos are kept.
    pub fetched: PathBuf,
    /// Where videos are kept that were transcoded for a platform.
    pub converted: PathBuf,
    /// Where keyframes are kept.
    pub frames: PathBuf,
    /// The audience's clock.
    pub audience: Audience,
}

/// An account on Instagram.
#[derive(Clone)]
pub struct InstagramAccount {
    /// The account's client.
    pub client: Arc<Instagram>,
    /// Whether its reels are shown among its posts, too.
    pub share_to_feed: bool,
    /// How its posts are read.
    pub read: ReadBy<InstagramPage>,
}

/// An account on TikTok.
#[derive(Clone)]
pub struct TikTokAccount {
    /// The app's client.
    pub client: Arc<TikTok>,
    /// What the account's first access token is got with, and each one after a person has changed it.
    pub refresh_token: RefreshToken,
    /// Who may watch what is posted.
    pub privacy: PrivacyLevel,
    /// How its posts are read.
    pub read: ReadBy<TikTokPage>,
}

/// An account on YouTube.
#[derive(Clone)]
pub struct YouTubeAccount {
    /// The account's client.
    pub client: Arc<YouTube>,
    /// Who may watch what is posted.
    pub privacy: Privacy,
}

/// How posts are read.
#[derive(Clone)]
pub enum ReadBy<P> {
    /// Through the platform's API, in the account's name.
    Api,
    /// As a stranger sees them, in the browser.
    Page(P),
}

/// How fast the audience's time runs. Everything else lives in wall time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Audience {
    /// Seconds of audience per second of wall time: 1 in the real world.
    pub time_scale: f64,
}

/// The age at which a reading is set against its prediction.
const SCORED_AGE: Duration = Duration::from_secs(6 * 60 * 60);
/// How far from it a reading may be.
const SCORED_WITHIN: Duration = Duration::from_secs(60 * 60);

impl Audience {
    /// How old a post is, in milliseconds of its audience's time; 0 before it was published.
    #[must_use]
    pub fn age_ms(&self, published_at: Timestamp, now: Timestamp) -> i64 {
        let wall_ms = now.duration_since(published_at).as_millis().max(0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "ages are far below 2^53 ms"
        )]
        let age = (wall_ms as f64 * self.time_scale) as i64;
        age
    }

    /// Whether an age is within 6 h ± 1 h.
    #[must_use]
    pub fn is_scored_age(&self, age_ms: i64) -> bool {
        let (age, within) = (SCORED_AGE.as_millis(), SCORED_WITHIN.as_millis());
        u128::try_from(age_ms).is_ok_and(|ms| ms.abs_diff(age) <= within)
    }

    /// Six hours of audience as wall time.
    #[must_use]
    pub fn until_scored(&self) -> Duration {
        self.wall_time(SCORED_AGE)
    }

    /// So much of the audience's time as wall time.
    #[must_use]
    pub fn wall_time(&self, time: Duration) -> Duration {
        time.div_f64(self.time_scale.max(f64::MIN_POSITIVE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_wall_age_times_scale() {
        let audience = Audience { time_scale: 3600.0 };
        let published = Timestamp::UNIX_EPOCH;
        let now = published + jiff::SignedDuration::from_secs(6);
        assert_eq!(audience.age_ms(published, now), 6 * 3_600_000);
        assert_eq!(audience.until_scored(), Duration::from_secs(6));
    }

    #[test]
    fn only_six_hours_give_or_take_one_are_scored() {
        let audience = Audience { time_scale: 1.0 };
        let hour = 3_600_000;
        let scored: Vec<bool> = [0, 5 * hour - 1, 5 * hour, 7 * hour, 7 * hour + 1, -6 * hour]
            .map(|age| audience.is_scored_age(age))
            .into();
        assert_eq!(scored, [false, false, true, true, false, false]);
    }
}
