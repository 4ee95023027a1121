//! From a request to what Claude says: gathers the material and puts it in the asked-for form.

use super::facts::Facts;
use super::filler::Filler;
use super::meaning::{Frame, Material, Scope, Scores};
use super::picture::Signals;
use super::request::{MessagesRequest, Part};

/// The text of the answer: JSON when a schema was given, sentences otherwise.
pub(crate) fn text(request: &MessagesRequest) -> String {
    let material = gather(request);
    match &request.schema {
        Some(root) => Filler {
            root,
            material: &material,
        }
        .fill()
        .to_string(),
        None => material.sentence("summary", Scope::Whole),
    }
}

fn gather(request: &MessagesRequest) -> Material {
    let facts = Facts::read(&request.text());
    let mut frames: Vec<Frame> = Vec::new();
    let mut label: Option<&str> = None;
    for part in &request.parts {
        match part {
            Part::Text(text) => label = Some(text),
            Part::Picture(picture) => {
                let change = frames
                    .last()
                    .map_or(1.0, |before| difference(before.signals, picture.signals));
                frames.push(Frame {
                    index: frames.len(),
                    timestamp: label.take().and_then(seconds_in),
                    signals: picture.signals,
                    scores: Scores::of(picture.signals, change * picture.signals.brightness),
                });
            }
        }
    }
    // Not written beside the pictures: a list with as many numbers, or nothing.
    if frames.iter().any(|frame| frame.timestamp.is_none()) {
        let times = facts
            .arrays
            .iter()
            .find(|times| times.len() == frames.len());
        for (index, frame) in frames.iter_mut().enumerate() {
            frame.timestamp = times.map(|times| times[index]);
        }
    }
    Material { frames, facts }
}

/// How different two pictures are, 0 to 1.
fn difference(a: Signals, b: Signals) -> f64 {
    let sum = (a.brightness - b.brightness).abs()
        + (a.contrast - b.contrast).abs()
        + (a.colour - b.colour).abs()
        + (a.text - b.text).abs();
    sum.min(1.0)
}

/// The time in a picture's label: a number before `s`, `sec` or `ms`, or the last number.
fn seconds_in(label: &str) -> Option<f64> {
    let label: String = label.chars().take(2000).collect();
    let mut last = None;
    let words = label.split(|c: char| c.is_whitespace() || "=:,;()[]@".contains(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    for (at, word) in words.iter().enumerate() {
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let end = word.find(|c| !digits(c)).unwrap_or(word.len());
        let Ok(number) = word[..end].trim_end_matches('.').parse::<f64>() else {
            continue;
        };
        let unit = match &word[end..] {
            "" => words
                .get(at + 1)
                .copied()
                .unwrap_or("")
                .trim_end_matches('.'),
            unit => unit.trim_end_matches('.'),
        };
        match unit {
            "s" | "sec" | "second" | "seconds" => return Some(number),
            "ms" | "milliseconds" => return Some(number / 1000.0),
            _ => last = Some(number),
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_picture_is_read_from_its_label() {
        assert_eq!(seconds_in("Keyframe 2 at 1.37 s:"), Some(1.37));
        assert_eq!(seconds_in("frame 3, t=1370ms"), Some(1.37));
        assert_eq!(seconds_in("timestamp: 2.5"), Some(2.5));
        assert_eq!(seconds_in("no numbers here"), None);
    }
}
