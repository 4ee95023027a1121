//! Rules of limits: how many attempts may run at once for one key, and how many may begin in a while.
//! Keys come from policies; see [`Policy::limit_keys`](crate::Policy::limit_keys).

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use crate::policy::{Impossible, Piece, pieces};

/// How a rate is written.
const RATE: &str = "write how many in which time, like \"50/min\", \"10/s\" or \"5/10s\"";

/// What holds for each key that the pattern matches; every key is counted by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRule {
    /// A key, or the beginning of keys with a `*` behind it: `anthropic`, `account:*`.
    pub pattern: String,
    /// How many attempts may run at once.
    pub at_once: Option<u32>,
    /// How many attempts may begin in a while.
    pub rate: Option<Rate>,
}

/// A rate: `count` beginnings in each `per`, spread evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In which time.
    pub per: Duration,
    /// How many may begin at the same instant after nothing began for long enough: 1 keeps all of
    /// them apart.
    pub burst: u32,
}

/// All rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits(Vec<LimitRule>);

impl Limits {
    /// The rule for a key: that of the same name, or else the one with the longest pattern. Without
    /// one, the key is not limited.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&LimitRule> {
        let exact = self.0.iter().find(|rule| rule.pattern == key);
        let begins = |rule: &&LimitRule| {
            let beginning = rule.pattern.strip_suffix('*');
            beginning.is_some_and(|beginning| key.starts_with(beginning))
        };
        exact.or_else(|| {
            let longest = self.0.iter().filter(begins);
            longest.max_by_key(|rule| rule.pattern.len())
        })
    }

    /// Whether a policy's limit, with its `{field}`s, can ever have a key that a rule is about.
    #[must_use]
    pub fn covers(&self, limit: &str) -> bool {
        let Ok(pieces) = pieces(limit) else {
            return false;
        };
        let limit: Pattern = pieces
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Text(text) => text.chars().map(Some).collect::<Pattern>(),
                Piece::Field(_) => vec![None],
            })
            .collect();
        self.0.iter().any(|rule| meet(&rule.as_pattern(), &limit))
    }
}

impl FromIterator<LimitRule> for Limits {
    fn from_iter<T: IntoIterator<Item = LimitRule>>(rules: T) -> Self {
        Self(rules.into_iter().collect())
    }
}

impl LimitRule {
    /// Whether the rule can hold.
    ///
    /// # Errors
    /// The first [`Impossible`] value; its key is `pattern`, `at_once`, `rate` or `burst`.
    pub fn check(&self) -> Result<(), Impossible> {
        let before_the_end = self.pattern.strip_suffix('*').unwrap_or(&self.pattern);
        let (key, problem, fix) = if self.pattern.is_empty() {
            ("pattern", "has an empty name", "name the key")
        } else if before_the_end.contains('*') {
            (
                "pattern",
                "has a `*` before its end",
                "leave out what follows it",
            )
        } else if self.pattern.contains('{') {
            (
                "pattern",
                "has a field in it, which only the `limits` of a step have",
                "end with `*` where the field would begin",
            )
        } else if self.at_once.is_none() && self.rate.is_none() {
            (
                "pattern",
                "limits nothing",
                "set `at_once` or `rate`, or both",
            )
        } else if self.at_once == Some(0) {
            (
                "at_once",
                "must be 1 or more",
                "hold the runs to keep them from acting",
            )
        } else if self
            .rate
            .is_some_and(|rate| rate.count == 0 || rate.per.as_micros() < u128::from(rate.count))
        {
            // Slots are kept in microseconds.
            (
                "rate",
                "must be more than nothing, and a million in a second at most",
                RATE,
            )
        } else if self.rate.is_some_and(|rate| rate.burst == 0) {
            (
                "burst",
                "must be 1 or more",
                "write 1 to keep all beginnings apart",
            )
        } else {
            return Ok(());
        };
        Err(Impossible::new(key, problem, fix))
    }

    fn as_pattern(&self) -> Pattern {
        match self.pattern.strip_suffix('*') {
            Some(beginning) => beginning.chars().map(Some).chain([None]).collect(),
            None => self.pattern.chars().map(Some).collect(),
        }
    }
}

/// Text in which `None` stands for any text, also for none.
type Pattern = Vec<Option<char>>;

/// Whether there is a text that both patterns match.
fn meet(a: &[Option<char>], b: &[Option<char>]) -> bool {
    match (a, b) {
        ([], []) => true,
        // Any text is no text, or it swallows what the other has next.
        ([None, rest @ ..], _) => {
            meet(rest, b) || b.split_first().is_some_and(|(_, rest)| meet(a, rest))
        }
        (_, [None, ..]) => meet(b, a),
        ([Some(x), of_a @ ..], [Some(y), of_b @ ..]) => x == y && meet(of_a, of_b),
        _ => false,
    }
}

impl FromStr for Rate {
    type Err = Impossible;

    /// Reads `50/min`, `10/s`, `1000/h` or `5/10s`, with a burst of 1.
    fn from_str(text: &str) -> Result<Self, Impossible> {
        let wrong =
            |problem: &str| Impossible::new("rate", format!("(\"{text}\") {problem}"), RATE);
        let (count, per) = text
            .split_once('/')
            .ok_or_else(|| wrong("has no `/` in it"))?;
        let count: Option<u32> = count.trim().parse().ok();
        let count = count
            .filter(|count| *count > 0)
            .ok_or_else(|| wrong("does not begin with how many, 1 or more"))?;
        let per = per.trim();
        // The unit alone means one of it.
        let per = match per.starts_with(|first: char| first.is_ascii_digit()) {
            true => per.to_owned(),
            false => format!("1{per}"),
        };
        let per: Option<SignedDuration> = per.parse().ok();
        let per = per
            .and_then(|per| Duration::try_from(per).ok())
            .filter(|per| !per.is_zero())
            .ok_or_else(|| wrong("does not end with a time of hours or less"))?;
        Ok(Self {
            count,
            per,
            burst: 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &str) -> LimitRule {
        LimitRule {
            pattern: pattern.to_owned(),
            at_once: Some(1),
            rate: None,
        }
    }

    fn limits(patterns: &[&str]) -> Limits {
        patterns.iter().map(|pattern| rule(pattern)).collect()
    }

    #[test]
    fn the_same_name_wins_over_the_longest_pattern_over_the_shorter() {
        let limits = limits(&["*", "account:*", "account:tiktok/*", "account:tiktok/main"]);
        for (key, pattern) in [
            ("account:tiktok/main", "account:tiktok/main"),
            ("account:tiktok/other", "account:tiktok/*"),
            ("account:youtube/main", "account:*"),
            ("anthropic", "*"),
        ] {
            assert_eq!(limits.of(key).unwrap().pattern, pattern, "{key}");
        }
    }

    #[test]
    fn a_key_without_a_rule_is_not_limited() {
        let limits = limits(&["account:*", "anthropic"]);
        for key in ["anthropics", "anthropi", "account", ""] {
            assert_eq!(limits.of(key), None, "{key}");
        }
    }

    #[test]
    fn a_limit_is_covered_when_some_input_gives_it_a_key_with_a_rule() {
        for (limit, pattern, covered) in [
            ("anthropic", "anthropic", true),
            ("anthropic", "anthropi*", true),
            ("anthropic", "anthropic*", true),
            ("anthropic", "*", true),
            ("anthropic", "antropic", false),
            ("account:{platform}/{account}", "account:*", true),
            ("account:{platform}/{account}", "account:tiktok/*", true),
            ("account:{platform}/{account}", "account:tiktok/main", true),
            ("account:{platform}/{account}", "account:tiktok", false),
            ("account:{platform}/{account}", "accounts:*", false),
            ("account:{platform}/posts", "account:tiktok/reads", false),
            ("account:{platform}/posts", "account:tiktok/p*", true),
            ("{platform}", "tiktok", true),
            ("{platform", "*", false),
        ] {
            let limits = limits(&[pattern]);
            assert_eq!(limits.covers(limit), covered, "{limit} by {pattern}");
        }
        assert!(!limits(&[]).covers("anthropic"));
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, count, per_ms) in [
            ("50/min", 50, 60_000),
            ("10/s", 10, 1000),
            ("1000/h", 1000, 3_600_000),
            ("5/10s", 5, 10_000),
            ("1 / 1h 30m", 1, 5_400_000),
            ("3/500ms", 3, 500),
        ] {
            let rate = Rate {
                count,
                per: Duration::from_millis(per_ms),
                burst: 1,
            };
            assert_eq!(text.parse::<Rate>(), Ok(rate), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused_with_how_to_write_one() {
        for text in [
            "", "50", "/min", "0/s", "-1/s", "1.5/s", "5/", "5/0s", "5/-1s", "5/day", "5/moon",
        ] {
            let error = text.parse::<Rate>().unwrap_err();
            assert_eq!(error.key, "rate", "{text}");
            assert!(error.fix.contains("\"50/min\""), "{text}: {error}");
        }
    }

    #[test]
    fn a_rule_that_cannot_hold_is_refused() {
        rule("account:*").check().unwrap();
        let with_rate = |burst| LimitRule {
            rate: Some(Rate {
                count: 1,
                per: Duration::from_secs(1),
                burst,
            }),
            ..rule("anthropic")
        };
        with_rate(1).check().unwrap();
        let nothing = LimitRule {
            at_once: None,
            ..rule("anthropic")
        };
        let none_at_once = LimitRule {
            at_once: Some(0),
            ..rule("anthropic")
        };
        let too_fast = LimitRule {
            rate: "2000000/s".parse().ok(),
            ..rule("anthropic")
        };
        for (rule, key) in [
            (rule(""), "pattern"),
            (rule("a*b"), "pattern"),
            (rule("a**"), "pattern"),
            (rule("account:{platform}"), "pattern"),
            (nothing, "pattern"),
            (none_at_once, "at_once"),
            (with_rate(0), "burst"),
            (too_fast, "rate"),
        ] {
            assert_eq!(rule.check().unwrap_err().key, key, "{rule:?}");
        }
    }
}
