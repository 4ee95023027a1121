//! Counts as people read them: `345`, `48.9K`, `1.2M`, `1.1B`.

use axum::http::{HeaderMap, header};

/// Below this a count is shown in full.
const FULL: u64 = 10_000;
const UNITS: [(u64, &str); 3] = [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")];
/// Languages, by their first two letters, that write a comma where English has a point.
const WITH_COMMA: [&str; 8] = ["de", "es", "fr", "it", "nl", "pl", "pt", "ru"];

/// What stands between the digits of a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    Point,
    Comma,
}

impl Separator {
    /// By the language that the browser likes best.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let language = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.get(..2));
        if language.is_some_and(|language| WITH_COMMA.contains(&language)) {
            Self::Comma
        } else {
            Self::Point
        }
    }
}

/// Cut off after one digit, never rounded up.
pub(crate) fn abbreviated(count: u64, separator: Separator) -> String {
    let unit = UNITS.iter().find(|(size, _)| count >= *size);
    let Some((size, letter)) = unit.filter(|_| count >= FULL) else {
        return count.to_string();
    };
    let (whole, tenth) = (count / size, count % size * 10 / size);
    match (tenth, separator) {
        (0, _) => format!("{whole}{letter}"),
        (_, Separator::Point) => format!("{whole}.{tenth}{letter}"),
        (_, Separator::Comma) => format!("{whole},{tenth}{letter}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_cut_to_what_fits() {
        for (count, text) in [
            (0, "0"),
            (345, "345"),
            (9_999, "9999"),
            (10_000, "10K"),
            (48_999, "48.9K"),
            (999_999, "999.9K"),
            (1_200_000, "1.2M"),
            (1_100_000_000, "1.1B"),
        ] {
            assert_eq!(abbreviated(count, Separator::Point), text);
        }
        assert_eq!(abbreviated(48_950, Separator::Comma), "48,9K");
    }
}
