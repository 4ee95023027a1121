//! What a request and an answer are billed as.

use super::picture::Picture;
use super::request::{MessagesRequest, Part};

/// Side (pixels) of the square that is one token.
const PATCH: f64 = 28.0;
/// Largest long edge (pixels) before a picture is scaled down (models of the high tier).
const MAX_EDGE: f64 = 2576.0;
/// Most tokens of one picture (models of the high tier).
const MAX_TOKENS: f64 = 4784.0;

/// `ceil(w/28) * ceil(h/28)`, after scaling into the model's limits.
pub(crate) fn of_picture(picture: &Picture) -> u64 {
    let (mut width, mut height) = (f64::from(picture.width), f64::from(picture.height));
    let edge = width.max(height);
    if edge > MAX_EDGE {
        width *= MAX_EDGE / edge;
        height *= MAX_EDGE / edge;
    }
    let tokens = |w: f64, h: f64| (w / PATCH).ceil() * (h / PATCH).ceil();
    while tokens(width, height) > MAX_TOKENS {
        width *= 0.99;
        height *= 0.99;
    }
    tokens(width, height) as u64
}

/// About four characters each.
pub(crate) fn of_text(text: &str) -> u64 {
    text.chars().count().div_ceil(4) as u64
}

/// Everything that was sent. The schema is part of the prompt.
pub(crate) fn of_request(request: &MessagesRequest) -> u64 {
    let parts: u64 = request
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => of_text(text),
            Part::Picture(picture) => of_picture(picture),
        })
        .sum();
    let schema = request.schema.as_ref();
    let schema = schema.map_or(0, |schema| of_text(&schema.to_string()));
    parts + schema + of_text(&request.system)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anthropic::picture::Signals;

    fn tokens(width: u32, height: u32) -> u64 {
        of_picture(&Picture {
            width,
            height,
            signals: Signals::default(),
        })
    }

    #[test]
    fn pictures_cost_what_the_vendor_measured() {
        assert_eq!(tokens(1080, 1920), 2691);
        assert_eq!(tokens(720, 1280), 1196);
        assert_eq!(tokens(576, 1024), 777);
        assert_eq!(tokens(540, 960), 700);
        assert!(tokens(8000, 8000) <= 4784);
    }
}
