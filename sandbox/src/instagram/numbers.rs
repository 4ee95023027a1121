//! Counts as people read them: `1,234`, `48.9K`, `1.2M`, in German `48.954`, `1,2 Mio.`.
//!
//! English and German are shown in the way of CLDR's short numbers; who asks for another language
//! gets English.

use axum::http::{HeaderMap, header};

/// Below this a count is shown in full.
const FULL: u64 = 10_000;
const THOUSAND: u64 = 1_000;
const MILLION: u64 = 1_000_000;
const BILLION: u64 = 1_000_000_000;

/// The language of what people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    /// What the browser likes best.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let wanted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        match wanted {
            Some(wanted) if wanted.starts_with("de") => Self::German,
            _ => Self::English,
        }
    }

    /// For the page's `lang`.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

/// As in the page's text: one digit of a fraction, cut off and never rounded up.
pub(crate) fn in_the_text(count: u64, language: Language) -> String {
    let german = language == Language::German;
    let (point, mark) = if german { (',', '.') } else { ('.', ',') };
    let (size, unit) = match count {
        BILLION.. => (BILLION, if german { "\u{a0}Mrd." } else { "B" }),
        MILLION.. => (MILLION, if german { "\u{a0}Mio." } else { "M" }),
        FULL.. if !german => (THOUSAND, "K"),
        _ => return grouped(count, mark),
    };
    match (count / size, count % size * 10 / size) {
        (whole, 0) => format!("{whole}{unit}"),
        (whole, tenth) => format!("{whole}{point}{tenth}{unit}"),
    }
}

/// As in the page's description, which is English: `1,234 likes`, `48K likes`, `1.2M likes`,
/// `1 like`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    let number = match count {
        FULL..MILLION => format!("{}K", count / THOUSAND),
        _ => in_the_text(count, Language::English),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

fn grouped(count: u64, mark: char) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_cut_to_what_fits_in_either_language() {
        for (count, english, german) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (9_999, "9,999", "9.999"),
            (10_000, "10K", "10.000"),
            (48_954, "48.9K", "48.954"),
            (999_999, "999.9K", "999.999"),
            (1_290_000, "1.2M", "1,2\u{a0}Mio."),
            (2_000_000_000, "2B", "2\u{a0}Mrd."),
        ] {
            assert_eq!(in_the_text(count, Language::English), english);
            assert_eq!(in_the_text(count, Language::German), german);
        }
    }

    #[test]
    fn a_description_says_one_like_and_no_fraction_of_a_thousand() {
        for (count, text) in [
            (0, "0 likes"),
            (1, "1 like"),
            (1_234, "1,234 likes"),
            (48_954, "48K likes"),
            (1_290_000, "1.2M likes"),
        ] {
            assert_eq!(counted(count, "like"), text);
        }
    }
}
