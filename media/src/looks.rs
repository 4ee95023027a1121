//! Six clips that look very different, for the demo and for tests.
//!
//! They span what an analysis should tell apart: bright with legible text, nearly black, soft and
//! pale, colourful and moving, told in several scenes, and good after a black start.

use crate::{Background, ClipSpec, Place, Rgb, Scene, TextOverlay};

/// The clips with their names (usable in a file name), 8 to 10 seconds each, 540 × 960.
#[must_use]
pub fn demo() -> Vec<(&'static str, ClipSpec)> {
    vec![
        ("bright_hook", bright_hook()),
        ("dark_room", dark_room()),
        ("soft_pale", soft_pale()),
        ("colour_rush", colour_rush()),
        ("three_steps", three_steps()),
        ("late_start", late_start()),
    ]
}

/// Bright, high contrast, large legible text from the first frame.
#[must_use]
pub fn bright_hook() -> ClipSpec {
    let yellow = Rgb(255, 214, 10);
    let ball = Background::Ball(Rgb(220, 30, 40), yellow);
    ClipSpec::portrait(vec![
        Scene::new(4000, ball)
            .look(4, 1.0, 0.0)
            .text(TextOverlay::new("STOP SCROLLING", 96, Place::Top))
            .text(TextOverlay::new("save 100 a month", 64, Place::Middle)),
        Scene::new(5000, Background::Checkers(yellow, Rgb::WHITE)).text(TextOverlay::new(
            "RULE 1: 24 HOURS",
            96,
            Place::Middle,
        )),
    ])
}

/// Nearly black, with text that can hardly be read.
#[must_use]
pub fn dark_room() -> ClipSpec {
    let whisper =
        TextOverlay::new("can you see this", 40, Place::Bottom).coloured(Rgb(26, 26, 30), None);
    let ball = Background::Ball(Rgb(14, 14, 18), Rgb::BLACK);
    ClipSpec::portrait(vec![Scene::new(8000, ball).look(6, 1.0, 0.0).text(whisper)])
}

/// Soft and pale, with small grey text.
#[must_use]
pub fn soft_pale() -> ClipSpec {
    let caption =
        TextOverlay::new("a quiet morning", 32, Place::Middle).coloured(Rgb(150, 150, 150), None);
    ClipSpec::portrait(vec![
        Scene::new(
            5000,
            Background::Pinwheel(Rgb(150, 160, 170), Rgb(180, 175, 165)),
        )
        .look(24, 0.4, 0.05)
        .text(caption),
        Scene::new(3000, Background::Gradient).look(24, 0.25, 0.1),
    ])
}

/// Colourful movement and one line of text.
#[must_use]
pub fn colour_rush() -> ClipSpec {
    ClipSpec::portrait(vec![
        Scene::new(8000, Background::Rings)
            .look(3, 1.0, 0.0)
            .text(TextOverlay::new("WAIT FOR IT", 110, Place::Bottom)),
    ])
}

/// Four short scenes, each with its own text.
#[must_use]
pub fn three_steps() -> ClipSpec {
    let teal = Rgb(0, 140, 140);
    ClipSpec::portrait(vec![
        Scene::new(2000, Background::Plain(Rgb(250, 245, 235))).text(TextOverlay::new(
            "3 STEPS",
            120,
            Place::Middle,
        )),
        Scene::new(2500, Background::Bars).text(TextOverlay::new(
            "1 write it down",
            72,
            Place::Top,
        )),
        Scene::new(2500, Background::Pinwheel(teal, Rgb::WHITE)).text(TextOverlay::new(
            "2 wait a day",
            72,
            Place::Middle,
        )),
        Scene::new(3000, Background::Ball(Rgb::WHITE, Rgb(60, 20, 110))).text(TextOverlay::new(
            "3 then decide",
            72,
            Place::Bottom,
        )),
    ])
}

/// 0.8 seconds of black before anything is seen.
#[must_use]
pub fn late_start() -> ClipSpec {
    ClipSpec::portrait(vec![
        Scene::new(800, Background::Plain(Rgb::BLACK)),
        Scene::new(
            4200,
            Background::Checkers(Rgb(30, 120, 220), Rgb(240, 240, 250)),
        )
        .text(TextOverlay::new("WORTH THE WAIT", 88, Place::Middle)),
        Scene::new(4000, Background::Ball(Rgb(255, 120, 0), Rgb(230, 240, 255)))
            .look(5, 1.0, 0.0)
            .text(TextOverlay::new("like + follow", 72, Place::Top)),
    ])
}
