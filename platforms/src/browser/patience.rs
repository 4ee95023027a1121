//! How long a host that turned us away is left alone: longer each time, until it serves us again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Ending;

/// Doubling more often than this reaches any longest wait.
const MOST_DOUBLINGS: u32 = 20;

/// What one reader knows of its hosts.
#[derive(Debug)]
pub(crate) struct Patience {
    first: Duration,
    longest: Duration,
    hosts: Mutex<HashMap<String, Refusal>>,
}

#[derive(Debug)]
struct Refusal {
    ending: Ending,
    /// How often in a row.
    times: u32,
    since: Instant,
    until: Instant,
}

/// A host that is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// From now on.
    pub(super) wait: Duration,
    /// How often it turned us away in a row.
    pub(super) times: u32,
}

impl Patience {
    /// A wait of `first` after the first time, twice as long after each other, at most `longest`.
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            hosts: Mutex::default(),
        }
    }

    /// The block that holds at `now`, and how the visit ended that it comes from.
    pub(super) fn block(&self, host: &str, now: Instant) -> Option<(Ending, Block)> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let refusal = hosts.get(host)?;
        (refusal.until > now).then(|| (refusal.ending.clone(), refusal.block(now)))
    }

    /// The host turned away a page that was asked for at `asked`. Pages that were under way
    /// together count once.
    pub(super) fn refused(
        &self,
        host: &str,
        ending: &Ending,
        asked: Instant,
        now: Instant,
    ) -> Block {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let times = match hosts.get(host) {
            Some(refusal) if asked <= refusal.since => return refusal.block(now),
            Some(refusal) => refusal.times.saturating_add(1),
            None => 1,
        };
        let factor = 1_u32 << (times - 1).min(MOST_DOUBLINGS);
        let wait = self.first.saturating_mul(factor).min(self.longest);
        let refusal = Refusal {
            ending: ending.clone(),
            times,
            since: now,
            until: now + wait,
        };
        hosts.insert(host.to_owned(), refusal);
        Block { wait, times }
    }

    /// The host served a page that was asked for at `asked`; the next refusal is a first one.
    pub(super) fn served(&self, host: &str, asked: Instant) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.get(host).is_some_and(|refusal| asked > refusal.since) {
            hosts.remove(host);
        }
    }
}

impl Refusal {
    fn block(&self, now: Instant) -> Block {
        Block {
            wait: self.until.saturating_duration_since(now),
            times: self.times,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn block(minutes: u32, times: u32) -> Block {
        let wait = minutes * MINUTE;
        Block { wait, times }
    }

    #[test]
    fn a_host_is_left_alone_for_longer_each_time_until_it_serves_again() {
        let patience = Patience::new(MINUTE, 10 * MINUTE);
        let mut now = Instant::now();
        for (times, minutes) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (6, 10)] {
            let expected = block(minutes, times);
            assert_eq!(patience.refused("a", &Ending::Verify, now, now), expected);
            assert_eq!(patience.block("a", now), Some((Ending::Verify, expected)));
            assert_eq!(patience.block("b", now), None);
            now += expected.wait;
            assert_eq!(patience.block("a", now), None);
            now += MINUTE;
        }
        patience.served("a", now);
        assert_eq!(patience.refused("a", &Ending::Empty, now, now), block(1, 1));
    }

    #[test]
    fn pages_under_way_together_count_once() {
        let patience = Patience::new(MINUTE, 60 * MINUTE);
        let asked = Instant::now();
        let now = asked + MINUTE;
        for _ in 0..2 {
            let refused = patience.refused("a", &Ending::LoginWall, asked, now);
            assert_eq!(refused, block(1, 1));
        }
        patience.served("a", asked);
        assert_eq!(
            patience.block("a", now),
            Some((Ending::LoginWall, block(1, 1)))
        );
    }
}
