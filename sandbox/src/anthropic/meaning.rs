//! What a property's name asks for, and the number that answers it.

use super::facts::Facts;
use super::picture::Signals;

/// One picture, where it stands in the video, and its scores.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) index: usize,
    /// Seconds into the video, when the request says it.
    pub(crate) timestamp: Option<f64>,
    pub(crate) signals: Signals,
    pub(crate) scores: Scores,
}

/// Scores, each 0 to 100.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Scores {
    pub(crate) hook: f64,
    pub(crate) appeal: f64,
    pub(crate) readability: f64,
}

impl Scores {
    /// From what was measured, and how far the picture differs from the one before (0 to 1).
    pub(crate) fn of(signals: Signals, change: f64) -> Self {
        // Best a little above the middle; black is worth nothing, white little.
        let exposure = (1.0 - ((signals.brightness - 0.55) / 0.55).abs()).clamp(0.0, 1.0);
        let appeal = 0.40 * exposure
            + 0.25 * signals.contrast.min(0.7) / 0.7
            + 0.20 * signals.sharpness
            + 0.15 * (signals.colour * 2.0).min(1.0);
        let readability = signals.text * (0.4 + 0.6 * (signals.contrast * 2.0).min(1.0));
        let hook = 0.55 * appeal + 0.30 * readability + 0.15 * change;
        Self {
            hook: 100.0 * hook,
            appeal: 100.0 * appeal,
            readability: 100.0 * readability,
        }
    }

    pub(crate) fn overall(self) -> f64 {
        0.4 * self.hook + 0.35 * self.appeal + 0.25 * self.readability
    }
}

/// Everything that an answer can be made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Material {
    pub(crate) frames: Vec<Frame>,
    pub(crate) facts: Facts,
}

/// What a part of the answer speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Whole,
    Frame(usize),
}

/// A number, and whether it is a score (0 to 100, to be scaled) or stands for itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Score(f64),
    Plain(f64),
}

impl Material {
    /// The pictures that a part of the answer speaks of.
    pub(crate) fn frames_of(&self, scope: Scope) -> &[Frame] {
        match scope {
            Scope::Whole => &self.frames,
            Scope::Frame(index) => self.frames.get(index..=index).unwrap_or(&[]),
        }
    }

    fn mean(&self, scope: Scope, of: impl Fn(&Frame) -> f64) -> f64 {
        let frames = self.frames_of(scope);
        frames.iter().map(of).sum::<f64>() / frames.len().max(1) as f64
    }

    pub(crate) fn overall(&self, scope: Scope) -> f64 {
        self.mean(scope, |frame| frame.scores.overall())
    }

    /// The mean of every signal over the pictures of a scope.
    pub(crate) fn signals(&self, scope: Scope) -> Signals {
        Signals {
            brightness: self.mean(scope, |frame| frame.signals.brightness),
            contrast: self.mean(scope, |frame| frame.signals.contrast),
            sharpness: self.mean(scope, |frame| frame.signals.sharpness),
            colour: self.mean(scope, |frame| frame.signals.colour),
            text: self.mean(scope, |frame| frame.signals.text),
        }
    }

    /// The number that a property of this name asks for.
    pub(crate) fn number(&self, name: &str, scope: Scope) -> Number {
        let name = plain(name);
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if let Some(number) = self.frame_number(&name, scope) {
            return number;
        }
        if !self.frames.is_empty() {
            let signals = self.signals(scope);
            let score = if says(&["hook", "attention", "scrollstop"]) {
                self.mean(scope, |frame| frame.scores.hook)
            } else if says(&["read", "text", "legib", "caption"]) {
                self.mean(scope, |frame| frame.scores.readability)
            } else if says(&["appeal", "visual", "aesthetic", "quality"]) {
                self.mean(scope, |frame| frame.scores.appeal)
            } else if says(&["bright", "exposure", "light"]) {
                100.0 * signals.brightness
            } else if says(&["contrast"]) {
                100.0 * signals.contrast
            } else if says(&["sharp", "focus", "blur"]) {
                100.0 * signals.sharpness
            } else if says(&["colour", "color", "satur"]) {
                100.0 * signals.colour
            } else if says(&["count", "number"]) {
                return Number::Plain(self.frames_of(scope).len() as f64);
            } else {
                self.overall(scope)
            };
            return Number::Score(score);
        }
        self.fact_number(&name)
    }

    fn frame_number(&self, name: &str, scope: Scope) -> Option<Number> {
        let Scope::Frame(index) = scope else {
            return None;
        };
        let frame = self.frames.get(index)?;
        let at = frame.timestamp.unwrap_or(frame.index as f64);
        match name {
            "index" | "frame" | "frameindex" | "position" => Some(Number::Plain(index as f64)),
            "number" | "framenumber" => Some(Number::Plain(index as f64 + 1.0)),
            "ms" | "timestampms" | "timems" | "atms" => Some(Number::Plain(at * 1000.0)),
            _ if name.contains("time") || name.contains("second") || name == "at" => {
                Some(Number::Plain(at))
            }
            _ => None,
        }
    }

    /// Without pictures: what the prompt's numbers say. Nothing known is 0.
    fn fact_number(&self, name: &str) -> Number {
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let gap = self.facts.gap().unwrap_or(0.0);
        let value = |named: &Option<super::facts::Named>| named.as_ref().map_or(0.0, |n| n.value);
        Number::Plain(if says(&["predict", "expected", "forecast"]) {
            value(&self.facts.predicted)
        } else if says(&["actual", "observed", "measured", "outcome"]) {
            value(&self.facts.actual)
        } else if says(&["gap", "error", "difference", "surprise", "residual"]) {
            gap
        } else if says(&["delta", "adjust", "change", "step", "nudge"]) {
            // Small on purpose: one post is one sample.
            0.05 * gap.signum() * f64::from(u8::from(gap != 0.0))
        } else if says(&["confidence", "certainty", "probability"]) {
            return Number::Plain(self.confidence());
        } else {
            gap.abs()
        })
    }

    /// At most a half: one post is one sample, and a larger gap says a little more.
    fn confidence(&self) -> f64 {
        let (Some(predicted), Some(actual)) = (&self.facts.predicted, &self.facts.actual) else {
            return 0.0;
        };
        let size = predicted.value.abs() + actual.value.abs();
        if size == 0.0 {
            return 0.0;
        }
        ((actual.value - predicted.value).abs() / size).min(0.5)
    }
}

/// A name in lower case, without separators.
pub(crate) fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
