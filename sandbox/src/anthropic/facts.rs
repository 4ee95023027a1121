//! The numbers in a prompt: what was predicted, what happened, and the features that were given.
//!
//! Reads JSON objects inside the text, and `name: number` or `name = number` around them. It does
//! not read sentences.

use serde_json::{Deserializer, Value};

/// Text looked at (bytes), and starts of JSON tried, before giving up.
const MOST_TEXT: usize = 200_000;
const MOST_STARTS: usize = 500;

/// A number and what it was called, with the names around it: `features.trendVelocity`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) value: f64,
}

/// Words in the name of what was expected, and of what happened.
const PREDICTED: [&str; 3] = ["predict", "expected", "forecast"];
const ACTUAL: [&str; 5] = ["actual", "observed", "measured", "outcome", "realised"];

impl Named {
    fn says(&self, word: &str) -> bool {
        self.name.to_lowercase().contains(word)
    }

    /// The last part of the name.
    pub(crate) fn short(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// What the prompt says in numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) predicted: Option<Named>,
    pub(crate) actual: Option<Named>,
    pub(crate) features: Vec<Named>,
    /// Arrays of numbers, for the timestamps of pictures.
    pub(crate) arrays: Vec<Vec<f64>>,
    /// The text itself, for names that a schema offers.
    pub(crate) text: String,
}

impl Facts {
    pub(crate) fn read(text: &str) -> Self {
        let mut end = text.len().min(MOST_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let mut all = Vec::new();
        let mut arrays = Vec::new();
        let prose = read_json(text, &mut all, &mut arrays);
        read_pairs(&prose, &mut all);
        let predicted = best(&all, &PREDICTED);
        let actual = best(&all, &ACTUAL);
        all.retain(|named| {
            let says = |words: &[&str]| words.iter().any(|word| named.says(word));
            named.says("feature") && !says(&PREDICTED) && !says(&ACTUAL)
        });
        Self {
            predicted,
            actual,
            features: all,
            arrays,
            text: text.to_owned(),
        }
    }

    /// Actual minus predicted, when both are there.
    pub(crate) fn gap(&self) -> Option<f64> {
        Some(self.actual.as_ref()?.value - self.predicted.as_ref()?.value)
    }

    /// The feature with the largest value; a name, not a cause.
    pub(crate) fn largest_feature(&self) -> Option<&Named> {
        let by_size = |a: &&Named, b: &&Named| a.value.abs().total_cmp(&b.value.abs());
        self.features.iter().max_by(by_size)
    }
}

/// Collects the numbers of every JSON object or array in the text, and returns the rest.
fn read_json(text: &str, all: &mut Vec<Named>, arrays: &mut Vec<Vec<f64>>) -> String {
    let mut prose = String::new();
    let mut rest = text;
    for _ in 0..MOST_STARTS {
        let Some(start) = rest.find(['{', '[']) else {
            break;
        };
        prose.push_str(&rest[..start]);
        let mut values = Deserializer::from_str(&rest[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                // "features: {…}" in prose names what follows.
                let name = name_before(&prose, ":=").unwrap_or_default();
                flatten(&value, &name, all, arrays);
                rest = &rest[start + values.byte_offset()..];
            }
            _ => {
                prose.push_str(&rest[start..=start]);
                rest = &rest[start + 1..];
            }
        }
    }
    prose.push_str(rest);
    prose
}

fn flatten(value: &Value, name: &str, all: &mut Vec<Named>, arrays: &mut Vec<Vec<f64>>) {
    match value {
        Value::Number(number) => {
            if let Some(value) = number.as_f64() {
                let name = name.to_owned();
                all.push(Named { name, value });
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                flatten(value, &name, all, arrays);
            }
        }
        Value::Array(items) => {
            let numbers: Option<Vec<f64>> = items.iter().map(Value::as_f64).collect();
            match numbers {
                Some(numbers) => arrays.push(numbers),
                None => items
                    .iter()
                    .for_each(|item| flatten(item, name, all, arrays)),
            }
        }
        _ => {}
    }
}

fn read_pairs(prose: &str, all: &mut Vec<Named>) {
    for (at, _) in prose.match_indices([':', '=']) {
        let (before, after) = (&prose[..=at], &prose[at + 1..]);
        if let (Some(name), Some(value)) = (name_before(before, ":="), leading_number(after)) {
            all.push(Named { name, value });
        }
    }
}

/// The words right before a trailing separator, on the same line.
fn name_before(text: &str, separators: &str) -> Option<String> {
    let text = text.trim_end();
    let last = text.chars().next_back()?;
    if !separators.contains(last) {
        return None;
    }
    let text = &text[..text.len() - last.len_utf8()];
    let inside = |c: char| c.is_alphanumeric() || "_- ()%".contains(c);
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| inside(*c))
        .last()
        .map(|(at, _)| at)?;
    let name = text[start..].trim();
    (!name.is_empty() && name.len() <= 80).then(|| name.to_owned())
}

fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches([' ', '"', '~']);
    let numeric = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let end = text.find(|c| !numeric(c)).unwrap_or(text.len());
    let number = text[..end].trim_end_matches(['.', 'e', 'E', '+', '-']);
    number.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The number whose name says one of the words, preferring what speaks of engagement and avoiding
/// what is only about such a number.
fn best(all: &[Named], words: &[&str]) -> Option<Named> {
    // Not "age": every engagement has one.
    const ABOUT: [&str; 11] = [
        "low", "high", "upper", "lower", "count", "sample", "hour", "interval", "weight", "_n",
        "version",
    ];
    let rank = |named: &Named| {
        let name = named.name.to_lowercase();
        let about = ABOUT
            .iter()
            .any(|word| named.short().to_lowercase().contains(word));
        let engagement = name.contains("engagement") || name.contains("rate");
        (i32::from(!about) * 2) + i32::from(engagement)
    };
    let mut found: Option<&Named> = None;
    for named in all {
        let name = named.name.to_lowercase();
        let says = words.iter().any(|word| name.contains(word));
        if says && found.is_none_or(|best| rank(named) > rank(best)) {
            found = Some(named);
        }
    }
    found.cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_json_and_in_prose_are_found_by_their_names() {
        let facts = Facts::read(
            "Compare. {\"prediction\":{\"engagement\":0.052,\"samples\":12},\
             \"features\":{\"trendVelocity\":82,\"hashtagScore\":40}}\nactual engagement: 0.061 ok",
        );
        assert_eq!(facts.predicted.as_ref().map(|p| p.value), Some(0.052));
        assert_eq!(facts.actual.as_ref().map(|a| a.value), Some(0.061));
        assert!(facts.gap().is_some_and(|gap| (gap - 0.009).abs() < 1e-9));
        assert_eq!(
            facts.largest_feature().map(Named::short),
            Some("trendVelocity")
        );
    }

    #[test]
    fn the_engagement_is_compared_and_not_what_stands_beside_it() {
        let facts = Facts::read(
            "{\"outcome\":{\"views\":3200,\"engagement\":0.06},\
             \"samplesBehindPrediction\":3,\"predictedHigh\":0.2,\"predictedEngagement\":0.05}",
        );
        assert_eq!(facts.actual.map(|a| a.value), Some(0.06));
        assert_eq!(facts.predicted.map(|p| p.value), Some(0.05));
    }

    #[test]
    fn text_that_is_not_quite_json_does_no_harm() {
        let facts = Facts::read("{{{[ predicted = 4.5 % {\"actual\": } [1, 2, 3]");
        assert_eq!(facts.predicted.map(|p| p.value), Some(4.5));
        assert_eq!(facts.actual, None);
        assert_eq!(facts.arrays, [vec![1.0, 2.0, 3.0]]);
    }
}
