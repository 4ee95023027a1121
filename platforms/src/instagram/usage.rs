//! How long an account that has used up its calls is kept waiting.
//!
//! Meta documents no `Retry-After`; it says in `X-Business-Use-Case-Usage`, on almost every answer,
//! how many minutes are left until calls are possible again.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;

const HEADER: &str = "x-business-use-case-usage";
/// A platform may ask for a wait of at most this long; a larger figure is a mistake on its side.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Deserialize)]
struct Usage {
    /// In minutes; 0 while calls are possible.
    #[serde(default)]
    estimated_time_to_regain_access: u64,
}

/// The wait that an answer's usage header asks for; nothing while calls are possible, or when the
/// header is missing or makes no sense.
pub(super) fn time_to_regain(headers: &HeaderMap) -> Option<Duration> {
    let header = headers.get(HEADER)?.as_bytes();
    let by_business: HashMap<String, Vec<Usage>> = serde_json::from_slice(header).ok()?;
    by_business
        .values()
        .flatten()
        .map(|usage| usage.estimated_time_to_regain_access)
        .max()
        .filter(|minutes| *minutes > 0)
        .map(|minutes| Duration::from_secs(minutes.saturating_mul(60)).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn wait_for(header: &'static str) -> Option<Duration> {
        let name = HeaderName::from_static(HEADER);
        time_to_regain(&HeaderMap::from_iter([(
            name,
            HeaderValue::from_static(header),
        )]))
    }

    #[test]
    fn the_longest_wait_that_is_named_counts() {
        let header = r#"{"1":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":4},{"type":"pages","estimated_time_to_regain_access":9}]}"#;
        assert_eq!(wait_for(header), Some(Duration::from_secs(9 * 60)));
        let never = r#"{"1":[{"estimated_time_to_regain_access":18446744073709551615}]}"#;
        assert_eq!(wait_for(never), Some(LONGEST_WAIT));
    }

    #[test]
    fn an_account_that_may_call_or_a_header_without_sense_names_no_wait() {
        for header in [
            r#"{"1":[{"type":"instagram","call_count":28,"estimated_time_to_regain_access":0}]}"#,
            r#"{"1":[{"call_count":28}]}"#,
            r#"{"1":[]}"#,
            "{}",
            "soon",
            "",
        ] {
            assert_eq!(wait_for(header), None, "{header}");
        }
        assert_eq!(time_to_regain(&HeaderMap::new()), None);
    }
}
