//! Fills any reasonable JSON schema from the material: names are matched by meaning, limits kept.

use serde_json::{Map, Value};

use super::meaning::{Material, Number, Scope, plain};
use super::schema::{DEEPEST, kind_of, resolve};

/// Items of a list that nothing tells how long to make.
const MOST_ITEMS: usize = 3;

/// Walks one schema.
#[derive(Debug)]
pub(crate) struct Filler<'a> {
    pub(crate) root: &'a Value,
    pub(crate) material: &'a Material,
}

impl Filler<'_> {
    /// A value that the whole schema accepts.
    pub(crate) fn fill(&self) -> Value {
        self.value(self.root, "", Scope::Whole, 0)
    }

    fn value(&self, schema: &Value, name: &str, scope: Scope, depth: usize) -> Value {
        let Some(fields) = resolve(self.root, schema).filter(|_| depth < DEEPEST) else {
            return Value::Null;
        };
        if let Some(constant) = fields.get("const") {
            return constant.clone();
        }
        if let Some(Value::Array(options)) = fields.get("enum") {
            return self.choice(options, name, scope);
        }
        match kind_of(&fields) {
            "object" => self.object(&fields, scope, depth),
            "array" => self.array(&fields, name, scope, depth),
            "number" => self.number(&fields, name, scope, false),
            "integer" => self.number(&fields, name, scope, true),
            "boolean" => self.boolean(name, scope).into(),
            "null" => Value::Null,
            _ => self.string(&fields, name, scope),
        }
    }

    fn object(&self, fields: &Map<String, Value>, scope: Scope, depth: usize) -> Value {
        let mut object = Map::new();
        if let Some(Value::Object(properties)) = fields.get("properties") {
            for (name, schema) in properties {
                let value = self.value(schema, name, scope, depth + 1);
                object.insert(name.clone(), value);
            }
        }
        Value::Object(object)
    }

    fn array(&self, fields: &Map<String, Value>, name: &str, scope: Scope, depth: usize) -> Value {
        let limit = |key: &str| fields.get(key).and_then(Value::as_u64);
        let least = limit("minItems").map_or(0, |least| least.min(1000) as usize);
        let most = limit("maxItems").map_or(usize::MAX, |most| most as usize);
        let items = fields.get("items").unwrap_or(&Value::Null);
        let item = resolve(self.root, items).unwrap_or_default();
        let mut list: Vec<Value> = if self.per_frame(&item, name, scope) {
            (0..self.material.frames.len())
                .map(|index| self.value(items, name, Scope::Frame(index), depth + 1))
                .collect()
        } else if kind_of(&item) == "string" && !item.contains_key("enum") {
            let mut sentences = self.material.sentences(name, scope);
            sentences.truncate(MOST_ITEMS);
            sentences
                .into_iter()
                .map(|sentence| fit(sentence, &item).into())
                .collect()
        } else if depth < DEEPEST / 2 {
            vec![self.value(items, name, scope, depth + 1)]
        } else {
            // Lists are where a schema that contains itself can end.
            Vec::new()
        };
        while list.len() < least {
            let more = self.value(items, name, scope, depth + 1);
            list.push(more);
        }
        list.truncate(most);
        Value::Array(list)
    }

    /// Whether the list has one entry per picture.
    fn per_frame(&self, item: &Map<String, Value>, name: &str, scope: Scope) -> bool {
        let words = ["frame", "image", "picture", "shot", "timestamp", "timeline"];
        let plain_name = plain(name);
        let named = words.iter().any(|word| plain_name.contains(word));
        let fields = item.get("properties").and_then(Value::as_object);
        let timed =
            fields.is_some_and(|fields| fields.keys().any(|key| plain(key).contains("timestamp")));
        scope == Scope::Whole && !self.material.frames.is_empty() && (named || timed)
    }

    fn number(&self, fields: &Map<String, Value>, name: &str, scope: Scope, whole: bool) -> Value {
        let limit = |key: &str| fields.get(key).and_then(Value::as_f64);
        let most = limit("maximum").or(limit("exclusiveMaximum"));
        let least = limit("minimum").or(limit("exclusiveMinimum"));
        // Scores to a tenth of a point of 100; what stands for itself (a time, a rate) finer.
        let (mut number, digits) = match self.material.number(name, scope) {
            Number::Plain(number) => (number, 10_000.0),
            // A scale that ends before 100 is another scale.
            Number::Score(score) => match most {
                Some(most) if most > 0.0 && most < 100.0 => (score * most / 100.0, 10_000.0),
                _ => (score, 10.0),
            },
        };
        number = number
            .max(least.unwrap_or(f64::MIN))
            .min(most.unwrap_or(f64::MAX));
        if whole {
            return Value::from(number.round() as i64);
        }
        Value::from((number * digits).round() / digits)
    }

    fn boolean(&self, name: &str, scope: Scope) -> bool {
        let name = plain(name);
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if self.material.frames_of(scope).is_empty() {
            let gap = self.material.facts.gap().unwrap_or(0.0);
            let over = says(&["above", "over", "exceed", "better", "beat", "higher"]);
            let under = says(&["below", "under", "worse", "lower"]);
            return (over && gap > 0.0) || (under && gap < 0.0);
        }
        let signals = self.material.signals(scope);
        if says(&["text", "caption", "legib", "readab"]) {
            signals.text >= 0.5
        } else if says(&["dark", "black"]) {
            signals.brightness < 0.15
        } else {
            self.material.overall(scope) >= 50.0
        }
    }

    fn choice(&self, options: &[Value], name: &str, scope: Scope) -> Value {
        let find = |wanted: &[&str]| {
            options.iter().find(|option| {
                let option = plain(option.as_str().unwrap_or(""));
                wanted.iter().any(|word| option == *word)
            })
        };
        let facts = &self.material.facts;
        let by_gap = facts.gap().and_then(|gap| {
            if gap > 0.0 {
                find(&[
                    "up",
                    "increase",
                    "raise",
                    "higher",
                    "above",
                    "over",
                    "underestimated",
                    "better",
                ])
            } else if gap < 0.0 {
                find(&[
                    "down",
                    "decrease",
                    "lower",
                    "below",
                    "under",
                    "overestimated",
                    "worse",
                ])
            } else {
                find(&["none", "same", "keep", "unchanged", "hold", "equal"])
            }
        });
        let by_score = || {
            let words: &[&str] = match self.material.overall(scope) {
                _ if self.material.frames.is_empty() => &[],
                score if score >= 60.0 => &["high", "good", "strong", "excellent"],
                score if score >= 35.0 => &["medium", "moderate", "fair", "average"],
                _ => &["low", "poor", "weak", "bad"],
            };
            find(words)
        };
        // Of the names that the prompt speaks of, the feature with the largest value.
        let by_feature = || {
            let named = |option: &&Value| {
                let short = facts.largest_feature().map(super::facts::Named::short);
                option.as_str().is_some_and(|option| short == Some(option))
            };
            options.iter().find(named)
        };
        let by_mention = || {
            let mentioned = |option: &&Value| {
                option
                    .as_str()
                    .is_some_and(|o| !o.is_empty() && facts.text.contains(o))
            };
            options.iter().find(mentioned)
        };
        let feature_first = plain(name).contains("feature");
        let chosen = if feature_first {
            by_feature().or(by_gap)
        } else {
            by_gap.or_else(by_score).or_else(by_feature)
        };
        let chosen = chosen.or_else(by_mention).or(options.first());
        chosen.cloned().unwrap_or(Value::Null)
    }

    fn string(&self, fields: &Map<String, Value>, name: &str, scope: Scope) -> Value {
        let feature = self.material.facts.largest_feature();
        if let (true, Some(feature)) = (plain(name).starts_with("feature"), feature) {
            return feature.short().into();
        }
        fit(self.material.sentence(name, scope), fields).into()
    }
}

/// A text within `minLength` and `maxLength` (characters).
fn fit(text: String, fields: &Map<String, Value>) -> String {
    let limit = |key: &str| fields.get(key).and_then(Value::as_u64);
    let most = limit("maxLength").map_or(usize::MAX, |most| most as usize);
    let least = limit("minLength").map_or(0, |least| least.min(100_000) as usize);
    let mut text: String = text.chars().take(most).collect();
    for _ in text.chars().count()..least {
        text.push('.');
    }
    text
}
