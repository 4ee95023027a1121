//! Whose turn it is: places for the pages that are loaded at once, and the time between two pages of
//! one host.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::meaning::Trouble;

/// Who would wait longer here waits in its run instead, where it costs nothing and survives us.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Gives each page its turn.
#[derive(Debug)]
pub(super) struct Pace {
    places: Arc<Semaphore>,
    /// How many there are now, and at most. The first page has Chromium to itself, and each page that
    /// was loaded makes room for one more: a worker that comes back finds all its pages waiting, and
    /// a machine that is busy starting is the worst moment for all of them.
    granted: AtomicUsize,
    most: usize,
    delay: Duration,
    jitter: Duration,
    hosts: Mutex<HashMap<String, Arc<Queue>>>,
}

/// The pages that wait for one host.
#[derive(Debug, Default)]
struct Queue {
    waiting: AtomicU32,
    /// When its next page may begin. Held by the page whose turn it is.
    next: tokio::sync::Mutex<Option<Instant>>,
}

impl Pace {
    /// `most` pages at once; `delay` between the beginnings of two pages of a host, and up to
    /// `jitter` more.
    pub(super) fn new(most: usize, delay: Duration, jitter: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(1)),
            granted: AtomicUsize::new(1),
            most,
            delay,
            jitter,
            hosts: Mutex::default(),
        }
    }

    /// Waits for the host's turn, then for a free place. Turns are given in the order of the calls.
    pub(super) async fn turn(&self, host: &str) -> Result<OwnedSemaphorePermit, Trouble> {
        if self.delay.is_zero() && self.jitter.is_zero() {
            return self.place().await;
        }
        let queue = self.queue(host);
        let ahead = queue.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&queue.waiting);
        let wait = ahead * (self.delay + self.jitter);
        if wait > LONGEST_WAIT {
            return Err(Trouble::Busy(wait));
        }
        let mut next = queue.next.lock().await;
        if let Some(at) = *next {
            let wait = at.saturating_duration_since(Instant::now());
            if wait > LONGEST_WAIT {
                return Err(Trouble::Busy(wait));
            }
            sleep_until(at).await;
        }
        let place = self.place().await?;
        let extra = self.jitter.mul_f64(rand::random());
        *next = Some(Instant::now() + self.delay + extra);
        Ok(place)
    }

    /// A page was loaded.
    pub(super) fn loaded(&self) {
        let more = |granted: usize| (granted < self.most).then_some(granted + 1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        if self.granted.fetch_update(set, fetch, more).is_ok() {
            self.places.add_permits(1);
        }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Trouble> {
        match timeout(LONGEST_WAIT, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Trouble::Crashed("the browser was closed".to_owned())),
            Err(_) => Err(Trouble::Busy(LONGEST_WAIT)),
        }
    }

    fn queue(&self, name: &str) -> Arc<Queue> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(name.to_owned()).or_default())
    }
}

/// One that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use futures::future::join_all;

    use super::*;

    const STEP: Duration = Duration::from_millis(100);

    /// When each page of these hosts began, in order.
    async fn begins(pace: &Pace, hosts: &[&'static str]) -> Vec<(&'static str, Instant)> {
        let page = |host: &'static str| async move {
            let place = pace.turn(host).await;
            assert!(place.is_ok(), "{place:?}");
            (host, Instant::now())
        };
        let mut begun = join_all(hosts.iter().map(|host| page(host))).await;
        begun.sort_by_key(|(_, at)| *at);
        begun
    }

    #[tokio::test]
    async fn pages_of_one_host_begin_apart() {
        let pace = Pace::new(4, 3 * STEP, STEP);
        let begun = begins(&pace, &["a", "a", "a"]).await;
        for pair in begun.windows(2) {
            // The timer's steps are of a millisecond.
            let gap = pair[1].1 - pair[0].1 + Duration::from_millis(1);
            assert!(gap >= 3 * STEP, "{gap:?}");
        }
    }

    #[tokio::test]
    async fn a_host_that_is_waited_for_takes_no_place_from_others() {
        let pace = Pace::new(1, 10 * STEP, Duration::ZERO);
        let begun = begins(&pace, &["a", "a", "b"]).await;
        let order: Vec<_> = begun.iter().map(|(host, _)| *host).collect();
        assert_eq!(order, ["a", "b", "a"]);
    }

    #[tokio::test]
    async fn who_would_wait_long_is_told_for_how_long_and_leaves_the_queue() {
        let pace = Pace::new(4, Duration::from_secs(40), Duration::ZERO);
        assert!(pace.turn("a").await.is_ok());
        let mut second = Box::pin(pace.turn("a"));
        assert!(second.as_mut().now_or_never().is_none());
        let mut third = Box::pin(pace.turn("a"));
        assert!(third.as_mut().now_or_never().is_none());
        for _ in 0..2 {
            let fourth = pace.turn("a").now_or_never();
            assert!(matches!(fourth, Some(Err(Trouble::Busy(wait))) if wait.as_secs() == 80));
        }
        drop(second);
        assert!(pace.turn("a").now_or_never().is_none());
    }

    #[tokio::test]
    async fn the_first_page_is_alone_and_each_that_was_loaded_makes_room() {
        let pace = Pace::new(3, Duration::ZERO, Duration::ZERO);
        let mut held = Vec::new();
        for _ in 0..3 {
            let Some(Ok(place)) = pace.turn("a").now_or_never() else {
                panic!("no place after {} pages", held.len());
            };
            held.push(place);
            assert!(pace.turn("a").now_or_never().is_none());
            pace.loaded();
        }
        assert!(pace.turn("a").now_or_never().is_none());
    }
}
