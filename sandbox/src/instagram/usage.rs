//! `X-Business-Use-Case-Usage`: how much of its calls an account has used up.
//!
//! The vendor's rule is 4,800 calls times the account's impressions in 24 hours. The sandbox
//! counts and tells; only a fault makes it refuse. Its `X-App-Usage` is for calls that no such
//! rule covers, and the sandbox has none.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) const HEADER: &str = "x-business-use-case-usage";
/// Calls per impression in a [`WINDOW`]; an account without any has as many as with one.
const CALLS: u64 = 4800;
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Whose calls a refusal by a fault speaks of: a fault does not know the account.
const BUSINESS: &str = "102030405060708";

/// The calls of every account, for as long as the sandbox runs.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    calls: Mutex<HashMap<String, VecDeque<(Timestamp, Duration)>>>,
}

impl Usage {
    /// Counts a call that took `busy`, and returns the header's value.
    pub(crate) fn count(
        &self,
        account: &str,
        busy: Duration,
        impressions: u64,
        now: Timestamp,
    ) -> String {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = calls.entry(account.to_owned()).or_default();
        calls.push_back((now, busy));
        while calls
            .front()
            .is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW)
        {
            calls.pop_front();
        }
        let allowed = CALLS.saturating_mul(impressions.max(1));
        let used = percent(calls.len() as f64 / allowed as f64);
        let busy: Duration = calls.iter().map(|(_, busy)| *busy).sum();
        let time = percent(busy.as_secs_f64() / WINDOW.as_secs_f64());
        json!({account: [usage(used, time, 0)]}).to_string()
    }
}

/// The header's value of an account that has to wait.
pub(crate) fn used_up(minutes: u64) -> String {
    json!({BUSINESS: [usage(100, 100, minutes)]}).to_string()
}

fn usage(calls: u64, time: u64, regain_minutes: u64) -> Value {
    json!({
        "type": "instagram",
        "call_count": calls,
        "total_cputime": time,
        "total_time": time,
        "estimated_time_to_regain_access": regain_minutes,
    })
}

fn percent(share: f64) -> u64 {
    (share * 100.0).min(100.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_the_last_day_count_and_impressions_allow_more() {
        let usage = Usage::default();
        let now = Timestamp::UNIX_EPOCH;
        let count = |impressions, now| {
            let header = usage.count("1", Duration::ZERO, impressions, now);
            let header: Value = serde_json::from_str(&header).unwrap();
            header["1"][0]["call_count"].clone()
        };
        for _ in 0..479 {
            count(0, now);
        }
        assert_eq!(count(0, now), 10);
        assert_eq!(count(10, now), 1);
        assert_eq!(count(0, now + WINDOW), 0);
    }
}
