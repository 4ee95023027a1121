//! What an answer cost. The API reports tokens; prices are configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// US dollars per million tokens, by kind of token. Finer steps than a thousandth of a dollar are
/// rounded to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// Tokens that were read, without those of the cache.
    pub input_usd_per_mtok: f64,
    /// Tokens that were written, thinking included.
    pub output_usd_per_mtok: f64,
    /// Tokens that were read from the prompt cache.
    pub cache_read_usd_per_mtok: f64,
    /// Tokens that were written to the prompt cache.
    pub cache_write_usd_per_mtok: f64,
}

/// The tokens of one answer. All that was read is `input + cache_creation + cache_read`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Read, without those of the cache.
    pub input_tokens: u64,
    /// Written.
    pub output_tokens: u64,
    /// Written to the prompt cache.
    #[serde(deserialize_with = "or_zero")]
    pub cache_creation_input_tokens: u64,
    /// Read from the prompt cache.
    #[serde(deserialize_with = "or_zero")]
    pub cache_read_input_tokens: u64,
}

impl Prices {
    /// What `usage` costs in millionths of a US dollar, rounded up.
    #[must_use]
    pub fn cost_micro_usd(&self, usage: &Usage) -> i64 {
        let parts = [
            (self.input_usd_per_mtok, usage.input_tokens),
            (self.output_usd_per_mtok, usage.output_tokens),
            (self.cache_read_usd_per_mtok, usage.cache_read_input_tokens),
            (
                self.cache_write_usd_per_mtok,
                usage.cache_creation_input_tokens,
            ),
        ];
        // A dollar per million tokens is a millionth of a dollar per token. In whole thousandths
        // of that the sum is exact, so that rounding up never adds a unit by itself.
        let nano: u128 = parts
            .iter()
            .map(|&(price, tokens)| u128::from(nano_usd_per_token(price)) * u128::from(tokens))
            .sum();
        i64::try_from(nano.div_ceil(1000)).unwrap_or(i64::MAX)
    }

    pub(super) fn are_sound(&self) -> bool {
        [
            self.input_usd_per_mtok,
            self.output_usd_per_mtok,
            self.cache_read_usd_per_mtok,
            self.cache_write_usd_per_mtok,
        ]
        .iter()
        .all(|price| (0.0..=1e6).contains(price))
    }
}

/// Float to integer casts saturate, and prices are checked when the client is made.
fn nano_usd_per_token(price: f64) -> u64 {
    (price * 1000.0).round() as u64
}

/// The API writes null where it did not count.
fn or_zero<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAIKU: Prices = Prices {
        input_usd_per_mtok: 0.1,
        output_usd_per_mtok: 0.5,
        cache_read_usd_per_mtok: 0.01,
        cache_write_usd_per_mtok: 0.125,
    };

    fn cost(input: u64, output: u64, cache_read: u64, cache_write: u64) -> i64 {
        HAIKU.cost_micro_usd(&Usage {
            input_tokens: input,
            output_tokens: output,
            cache_creation_input_tokens: cache_write,
            cache_read_input_tokens: cache_read,
        })
    }

    #[test]
    fn a_cost_is_rounded_up_once_and_exact_otherwise() {
        assert_eq!(cost(0, 0, 0, 0), 0);
        assert_eq!(cost(1, 0, 0, 0), 1);
        // 0.1 * 3 is a little more than 0.3 in floating point; 30 tokens are exactly 3 units
        assert_eq!(cost(30, 0, 0, 0), 3);
        assert_eq!(cost(2750, 120, 0, 0), 275 + 60);
        assert_eq!(cost(5, 1, 0, 0), 1);
        assert_eq!(cost(0, 0, 100, 8), 2);
        assert_eq!(cost(u64::MAX, u64::MAX, u64::MAX, u64::MAX), i64::MAX);
    }

    #[test]
    fn a_negative_or_absurd_price_is_not_sound() {
        assert!(HAIKU.are_sound());
        for price in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(
                !Prices {
                    output_usd_per_mtok: price,
                    ..HAIKU
                }
                .are_sound(),
                "{price}"
            );
        }
    }

    #[test]
    fn counts_that_are_null_or_absent_are_zero() -> Result<(), serde_json::Error> {
        let usage: Usage = serde_json::from_str(
            r#"{"input_tokens":5,"output_tokens":2,"cache_read_input_tokens":null}"#,
        )?;
        assert_eq!(
            usage,
            Usage {
                input_tokens: 5,
                output_tokens: 2,
                ..Usage::default()
            }
        );
        Ok(())
    }
}
