//! The time between two pages of one host.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Gives each page of a host its turn.
#[derive(Debug)]
pub(super) struct Pace {
    delay: Duration,
    jitter: Duration,
    /// Per host, when its next page may begin.
    next: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    /// `delay` between two pages, and up to `jitter` more.
    pub(super) fn new(delay: Duration, jitter: Duration) -> Self {
        Self {
            delay,
            jitter,
            next: Mutex::default(),
        }
    }

    /// Returns when it is this page's turn. Turns are given in the order of the calls.
    pub(super) async fn turn(&self, host: &str) {
        if self.delay.is_zero() && self.jitter.is_zero() {
            return;
        }
        let turn = self.reserve(host, Instant::now());
        sleep_until(turn).await;
    }

    fn reserve(&self, host: &str, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.get(host).map_or(now, |at| now.max(*at));
        let extra = self.jitter.mul_f64(rand::random());
        next.insert(host.to_owned(), turn + self.delay + extra);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pages_of_one_host_begin_apart_and_of_two_hosts_together() {
        let pace = Pace::new(3 * SECOND, SECOND);
        let now = Instant::now();
        let first = pace.reserve("a", now);
        let other = pace.reserve("b", now);
        let second = pace.reserve("a", now);
        let third = pace.reserve("a", now);
        assert_eq!((first, other), (now, now));
        for gap in [second - first, third - second] {
            assert!(gap >= 3 * SECOND && gap <= 4 * SECOND, "{gap:?}");
        }
    }

    #[test]
    fn a_page_after_a_long_while_begins_at_once() {
        let pace = Pace::new(SECOND, Duration::ZERO);
        let now = Instant::now();
        pace.reserve("a", now);
        assert_eq!(pace.reserve("a", now + 60 * SECOND), now + 60 * SECOND);
    }
}
