//! Counts as pages show them to people: `345`, `12.345`, `48.9K`, `1,2 Mio.`, `3,4 mil`, `1.2万`.
//!
//! A text that could be two numbers is no count here: what is not known is missing, never a guess.
//! What is abbreviated was cut off by whoever wrote it, and is read as it stands.
//!
//! Words and separators: the short compact numbers of the Unicode CLDR, <https://cldr.unicode.org>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a reading of a page has its counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountSource {
    /// The data that the page carries for its own scripts: exact.
    PageData,
    /// What people see: abbreviated from about ten thousand on.
    Visible,
}

/// Short words for large numbers, in lower case and without closing points and spaces. `m` is a
/// million everywhere but in Indonesian, where it is a thousand times that: nobody has such counts.
const WORDS: &[(u64, &str)] = &[
    (
        1_000,
        "k n rb bin mil mila mille tis tsd tys тыс тис хил χιλ ألف हज़ार พัน 千 천",
    ),
    (10_000, "万 萬 만 หมื่น"),
    (100_000, "l lakh लाख แสน"),
    (
        1_000_000,
        "m mi mn mio mln mill milj million millions jt juta tr млн εκ مليون ล้าน",
    ),
    (10_000_000, "cr crore करोड़"),
    (100_000_000, "億 亿 억"),
    (1_000_000_000, "bi bn md mia milm mld mr mrd млрд"),
];

/// Czech and Romanian for a million; Spanish for a thousand is written without the point.
const MILLION_WITH_POINT: &str = "mil.";
/// English for 10⁹, and Turkish for a thousand, which stands apart or behind a comma.
const BILLION_OR_THOUSAND: &str = "b";

/// The first digits of the scripts in which counts are written.
const ZEROS: [char; 7] = ['0', '٠', '۰', '०', '০', '๐', '０'];

/// Marks that say in which direction to write, and nothing else.
const DIRECTION_MARKS: [char; 4] = ['\u{200e}', '\u{200f}', '\u{061c}', '\u{2066}'];

/// The number that a shown count stands for. Nothing when the text is no count, or could be two.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let text: String = text
        .chars()
        .filter(|c| !DIRECTION_MARKS.contains(c))
        .flat_map(char::to_lowercase)
        .collect();
    let text = text.trim();
    let end = text.find(|c: char| digit(c).is_none() && !is_separator(c));
    let (number, word) = text.split_at(end.unwrap_or(text.len()));
    let is_apart = number.ends_with(char::is_whitespace);
    let numeral = Numeral::read(number.trim_end(), !word.is_empty())?;
    let factor = match word {
        "" => 1,
        BILLION_OR_THOUSAND if is_apart || numeral.has_comma => return None,
        BILLION_OR_THOUSAND => 1_000_000_000,
        word => factor(word)?,
    };
    numeral.times(factor)
}

fn factor(word: &str) -> Option<u64> {
    if word == MILLION_WITH_POINT {
        return Some(1_000_000);
    }
    let word: String = word.split_whitespace().collect();
    let word = word.trim_end_matches('.');
    let mut rows = WORDS.iter();
    rows.find(|(_, words)| words.split(' ').any(|known| known == word))
        .map(|(factor, _)| *factor)
}

/// A number as it is written, before it is multiplied.
struct Numeral {
    /// All digits.
    digits: u64,
    /// How many of them stand behind the decimal separator.
    decimals: u32,
    /// Whether the decimal separator is a comma.
    has_comma: bool,
}

impl Numeral {
    fn read(text: &str, is_abbreviated: bool) -> Option<Self> {
        let (mut groups, separators) = pieces(text)?;
        let decimal = decimal_separator(&groups, &separators, is_abbreviated)?;
        let fraction = decimal.and_then(|_| groups.pop()).unwrap_or_default();
        let grouping = &separators[..separators.len() - usize::from(decimal.is_some())];
        if !is_grouped(&groups, grouping) {
            return None;
        }
        let digits = groups.concat() + fraction.as_str();
        Some(Self {
            digits: digits.parse().ok()?,
            decimals: u32::try_from(fraction.len()).ok()?,
            has_comma: decimal == Some(','),
        })
    }

    /// Only whole numbers are counts.
    fn times(&self, factor: u64) -> Option<u64> {
        let scale = 10_u128.checked_pow(self.decimals)?;
        let product = u128::from(self.digits) * u128::from(factor);
        if product % scale != 0 {
            return None;
        }
        u64::try_from(product / scale).ok()
    }
}

/// The runs of digits, as ASCII, and what stands between them.
fn pieces(text: &str) -> Option<(Vec<String>, Vec<char>)> {
    let mut groups = vec![String::new()];
    let mut separators = Vec::new();
    for c in text.chars() {
        match (digit(c), groups.last_mut()) {
            (Some(digit), Some(group)) => group.push(digit),
            _ => {
                separators.push(alike(c));
                groups.push(String::new());
            }
        }
    }
    let is_whole = groups.iter().all(|group| !group.is_empty());
    is_whole.then_some((groups, separators))
}

/// The separator before the fraction, or none if there is no fraction. Nothing at all when it
/// could be either.
fn decimal_separator(
    groups: &[String],
    separators: &[char],
    is_abbreviated: bool,
) -> Option<Option<char>> {
    let (Some(last), Some(behind)) = (separators.last().copied(), groups.last()) else {
        return Some(None);
    };
    if last == '٫' {
        return Some(Some('.'));
    }
    let times = separators.iter().filter(|c| **c == last).count();
    if !".,".contains(last) || times > 1 {
        return Some(None);
    }
    match (separators.len(), behind.len(), is_abbreviated) {
        // It differs from those before it.
        (2.., _, _) => Some(Some(last)),
        (_, 3, false) => Some(None),
        (_, 1 | 2, true) => Some(Some(last)),
        _ => None,
    }
}

/// Groups of three, or as in India of two before the last three; all between the same separator.
fn is_grouped(groups: &[String], separators: &[char]) -> bool {
    let [first, middle @ .., last] = groups else {
        return separators.is_empty();
    };
    let is_uniform = separators.iter().all(|c| separators.first() == Some(c));
    let inner = |length: usize| middle.iter().all(|group| group.len() == length);
    let is_indian = separators.first() == Some(&',') && inner(2) && first.len() <= 2;
    is_uniform
        && last.len() == 3
        && first.len() <= 3
        && !first.starts_with('0')
        && (inner(3) || is_indian)
}

/// A digit of any script, as ASCII.
fn digit(c: char) -> Option<char> {
    let value = ZEROS.iter().find_map(|zero| {
        (c as u32)
            .checked_sub(*zero as u32)
            .filter(|value| *value < 10)
    })?;
    char::from_digit(value, 10)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || ".,'’٬٫".contains(c)
}

/// Separators that mean the same are one.
fn alike(c: char) -> char {
    match c {
        '’' => '\'',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check(table: &[(&str, Option<u64>)]) {
        for (text, count) in table {
            assert_eq!(parse(text), *count, "{text:?}");
        }
    }

    #[test]
    fn full_numbers_are_read_with_any_grouping() {
        check(&[
            ("0", Some(0)),
            ("345", Some(345)),
            (" 9999\n", Some(9_999)),
            ("1,234", Some(1_234)),
            ("12.345", Some(12_345)),
            ("1.234.567", Some(1_234_567)),
            ("1,234,567", Some(1_234_567)),
            ("12,34,567", Some(1_234_567)),
            ("1 234 567", Some(1_234_567)),
            ("48\u{a0}954", Some(48_954)),
            ("48\u{202f}954", Some(48_954)),
            ("48’954", Some(48_954)),
            ("48'954", Some(48_954)),
            ("٤٨٬٩٥٤", Some(48_954)),
            ("۴۸۹", Some(489)),
            ("१,२३,४५६", Some(123_456)),
            ("１２３", Some(123)),
        ]);
    }

    #[test]
    fn abbreviations_are_read_in_several_languages() {
        check(&[
            ("48.9K", Some(48_900)),
            ("48,9K", Some(48_900)),
            ("10k", Some(10_000)),
            ("1.25M", Some(1_250_000)),
            ("1.1B", Some(1_100_000_000)),
            ("1,2\u{a0}Mio.", Some(1_200_000)),
            ("1,2 Mrd.", Some(1_200_000_000)),
            ("48,9 Tsd.", Some(48_900)),
            ("3,4 mil", Some(3_400)),
            ("1,2 M", Some(1_200_000)),
            ("1,2 mil M", Some(1_200_000_000)),
            ("1,2 mil.", Some(1_200_000)),
            ("1,5 mi", Some(1_500_000)),
            ("48,9\u{a0}k", Some(48_900)),
            ("1,2 Md", Some(1_200_000_000)),
            ("48,9 тыс.", Some(48_900)),
            ("1,2 млн", Some(1_200_000)),
            ("48,9 tys.", Some(48_900)),
            ("1,2 mln", Some(1_200_000)),
            ("1,2 Mn", Some(1_200_000)),
            ("48,9 rb", Some(48_900)),
            ("1,2 jt", Some(1_200_000)),
            ("4.8万", Some(48_000)),
            ("1.2億", Some(120_000_000)),
            ("4.8만", Some(48_000)),
            ("1.2L", Some(120_000)),
            ("1.2Cr", Some(12_000_000)),
            ("٤٨٫٩ ألف", Some(48_900)),
            ("48.9\u{200f}K\u{200f}", Some(48_900)),
        ]);
    }

    #[test]
    fn what_is_no_count_or_could_be_two_is_missing() {
        check(&[
            ("", None),
            ("Share", None),
            ("K", None),
            ("-1", None),
            ("—", None),
            ("1.5", None),
            ("1,5", None),
            ("0.123", None),
            ("1.234K", None),
            ("1,234 Mio.", None),
            ("1,2 B", None),
            ("48,9B", None),
            ("1.2.3", None),
            ("1,23,45", None),
            ("1.234,567.8", None),
            ("12 3", None),
            ("1..2", None),
            ("5 likes", None),
            ("10K+", None),
            ("99999999999999999999", None),
            ("99999999999999999B", None),
        ]);
    }

    #[test]
    fn no_word_stands_for_two_numbers() {
        let words: Vec<&str> = WORDS
            .iter()
            .flat_map(|(_, words)| words.split(' '))
            .collect();
        let different: BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(words.len(), different.len());
        assert!(!different.contains(BILLION_OR_THOUSAND));
        for word in words {
            assert_eq!(word.to_lowercase(), word);
        }
    }
}
