//! Sentences, made of what was measured or read. Each carries the numbers it rests on.

use super::meaning::{Material, Scope, plain};

impl Material {
    /// The sentences that a list of this name asks for; at least one.
    pub(crate) fn sentences(&self, name: &str, scope: Scope) -> Vec<String> {
        if self.frames_of(scope).is_empty() {
            return vec![self.sentence_about_numbers(name)];
        }
        let name = plain(name);
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let mut aspects = self.aspects(scope);
        aspects.sort_by(|a, b| b.score.total_cmp(&a.score));
        if says(&["strength", "pros", "good", "positive"]) {
            let strong: Vec<_> = aspects.iter().filter(|a| a.score >= 50.0).collect();
            return match (strong.as_slice(), aspects.first()) {
                ([], Some(best)) => vec![format!("Nothing stands out; best is {}", best.found())],
                (strong, _) => strong.iter().map(|aspect| aspect.found()).collect(),
            };
        }
        aspects.reverse();
        let advice = says(&[
            "recommend",
            "suggest",
            "improve",
            "action",
            "advice",
            "next",
            "proposal",
        ]);
        if advice || says(&["weak", "cons", "issue", "problem", "negative", "risk"]) {
            let say = |aspect: &Aspect| {
                if advice {
                    aspect.advice()
                } else {
                    aspect.found()
                }
            };
            let weak: Vec<_> = aspects.iter().filter(|a| a.score < 50.0).collect();
            return match (weak.as_slice(), aspects.first()) {
                ([], Some(worst)) => vec![format!("Least strong: {}", say(worst))],
                (weak, _) => weak.iter().map(|aspect| say(aspect)).collect(),
            };
        }
        // Weakest and strongest: what is worth saying about a picture.
        let said = [aspects.first(), aspects.last()];
        said.into_iter().flatten().map(Aspect::found).collect()
    }

    /// The one text that a property of this name asks for.
    pub(crate) fn sentence(&self, name: &str, scope: Scope) -> String {
        if self.frames_of(scope).is_empty() {
            return self.sentence_about_numbers(name);
        }
        if let Scope::Frame(index) = scope
            && plain(name).contains("time")
        {
            let at = self.frames[index].timestamp.unwrap_or(index as f64);
            return format!("{at:.2}");
        }
        let wants_list_item = ["strength", "weak", "recommend", "suggest", "improve"];
        if wants_list_item
            .iter()
            .any(|word| plain(name).contains(word))
        {
            return self.sentences(name, scope).swap_remove(0);
        }
        let overall = self.overall(scope);
        let said = self.sentences(name, scope).join("; ");
        format!("Scores {overall:.0} of 100. {said}")
    }

    fn aspects(&self, scope: Scope) -> Vec<Aspect> {
        let signals = self.signals(scope);
        let aspect = |name, measured: f64, score: f64, advice| Aspect {
            name,
            measured,
            score,
            advice,
        };
        let exposure = 100.0 * (1.0 - ((signals.brightness - 0.55) / 0.55).abs()).max(0.0);
        let too_dark = signals.brightness < 0.55;
        vec![
            aspect(
                "brightness",
                signals.brightness,
                exposure,
                if too_dark {
                    "light the scene more"
                } else {
                    "expose it less"
                },
            ),
            aspect(
                "contrast",
                signals.contrast,
                100.0 * (signals.contrast / 0.6).min(1.0),
                "set the subject off from its background",
            ),
            aspect(
                "sharpness",
                signals.sharpness,
                100.0 * signals.sharpness,
                "check focus and compression",
            ),
            aspect(
                "colour",
                signals.colour,
                100.0 * (signals.colour * 2.0).min(1.0),
                "use a stronger colour",
            ),
            aspect(
                "on-screen text",
                signals.text,
                100.0 * signals.text,
                "put large, high-contrast text on the first frames",
            ),
        ]
    }

    fn sentence_about_numbers(&self, name: &str) -> String {
        let facts = &self.facts;
        let (Some(predicted), Some(actual), Some(gap)) =
            (&facts.predicted, &facts.actual, facts.gap())
        else {
            return "The request gives no pair of a predicted and an actual number to compare."
                .to_owned();
        };
        let (p, a) = (number(predicted.value), number(actual.value));
        let how = compare(predicted.value, actual.value);
        let name = plain(name);
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let feature = facts
            .largest_feature()
            .map(|feature| (feature.short().to_owned(), number(feature.value)));
        let size = number(gap.abs());
        if says(&["hypothes", "cause", "why", "reason", "explan"]) {
            match feature {
                Some((feature, value)) => format!(
                    "Actual {a} {how} predicted {p}; {feature} has the largest value given \
                     ({value}) and may weigh wrongly, which one post cannot show."
                ),
                None => format!("Actual {a} {how} predicted {p}; no feature values were given."),
            }
        } else if says(&["propos", "recommend", "suggest", "action", "next", "change"]) {
            let direction = if gap > 0.0 { "up" } else { "down" };
            match feature {
                _ if gap == 0.0 => format!("Change nothing: predicted and actual are both {a}."),
                Some((feature, value)) => format!(
                    "Try {feature} (now {value}) a little further {direction}, and judge it over \
                     more posts than this one, which was off by {size}."
                ),
                None => format!("Move the expectation a little {direction}: it was off by {size}."),
            }
        } else if says(&["lesson", "learn", "takeaway"]) {
            format!("Predicted {p}, got {a}: off by {size}. One sample; keep it, do not trust it.")
        } else {
            format!(
                "{} was {p} and {} is {a}: actual {how} predicted by {size}.",
                predicted.short(),
                actual.short()
            )
        }
    }
}

/// One side of a picture.
#[derive(Debug)]
struct Aspect {
    name: &'static str,
    /// 0 to 1.
    measured: f64,
    /// 0 to 100.
    score: f64,
    advice: &'static str,
}

impl Aspect {
    fn found(&self) -> String {
        let (name, measured, score) = (self.name, self.measured, self.score);
        format!("{name} measures {measured:.2} of 1 and scores {score:.0}")
    }

    fn advice(&self) -> String {
        let (name, advice, score) = (self.name, self.advice, self.score);
        format!("Because {name} scores {score:.0} of 100: {advice}")
    }
}

fn compare(predicted: f64, actual: f64) -> &'static str {
    match actual.total_cmp(&predicted) {
        std::cmp::Ordering::Greater => "is above",
        std::cmp::Ordering::Less => "is below",
        std::cmp::Ordering::Equal => "equals",
    }
}

/// At most four digits after the point, no trailing zeros.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
