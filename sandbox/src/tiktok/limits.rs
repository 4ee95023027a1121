//! How often a token may call, in any minute. Counted in wall time, and not kept.
//!
//! Source: the vendor's page on each call; 600 of each for the Display API.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::account::Account;
use super::error::ApiError;
use crate::state::Shared;

const MINUTE: Duration = Duration::from_secs(60);

/// A call that is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    name: &'static str,
    per_minute: usize,
}

impl Call {
    pub(crate) const CREATOR_INFO: Self = Self::new("creator_info", 20);
    pub(crate) const VIDEO_INIT: Self = Self::new("video_init", 6);
    pub(crate) const STATUS_FETCH: Self = Self::new("status_fetch", 30);
    pub(crate) const VIDEO_QUERY: Self = Self::new("video_query", 600);
    pub(crate) const VIDEO_LIST: Self = Self::new("video_list", 600);
    pub(crate) const USER_INFO: Self = Self::new("user_info", 600);

    const fn new(name: &'static str, per_minute: usize) -> Self {
        Self { name, per_minute }
    }

    /// Counts a call by this account's token, or refuses it. A refused call does not count.
    pub(crate) fn admit(self, state: &Shared, account: &Account) -> Result<(), ApiError> {
        let unlimited = !state.tiktok.settings().rate_limits;
        if unlimited || state.tiktok.limits.take(self, account, Instant::now()) {
            Ok(())
        } else {
            Err(ApiError::rate_limit_exceeded())
        }
    }
}

/// When each token made which calls.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    calls: Mutex<HashMap<(String, &'static str), VecDeque<Instant>>>,
}

impl Limits {
    fn take(&self, call: Call, account: &Account, now: Instant) -> bool {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let times = calls.entry((account.token.clone(), call.name)).or_default();
        while times
            .front()
            .is_some_and(|time| now.duration_since(*time) >= MINUTE)
        {
            times.pop_front();
        }
        let free = times.len() < call.per_minute;
        if free {
            times.push_back(now);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seventh_init_in_a_minute_has_to_wait_for_the_first_to_be_over() {
        let limits = Limits::default();
        let account = |token: &str| Account {
            open_id: "-000a".to_owned(),
            token: token.to_owned(),
        };
        let (one, other) = (account("one"), account("other"));
        let start = Instant::now();
        for _ in 0..6 {
            assert!(limits.take(Call::VIDEO_INIT, &one, start));
        }
        let soon = start + Duration::from_secs(59);
        assert!(!limits.take(Call::VIDEO_INIT, &one, soon));
        assert!(limits.take(Call::VIDEO_INIT, &other, soon));
        assert!(limits.take(Call::STATUS_FETCH, &one, soon));
        assert!(limits.take(Call::VIDEO_INIT, &one, start + MINUTE));
    }
}
