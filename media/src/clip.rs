//! The description of a made-up clip, for the demo and for tests.
//!
//! A clip is a row of scenes; a scene is a background, how bright, contrasty and sharp it is, and
//! the text on it. That is enough for clips that look very different to a person, to a vision model
//! and to the sandbox's scores. It is no video editor and must not become one.

use serde::{Deserialize, Serialize};

/// A clip: its shape, and its scenes one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipSpec {
    /// Width of the stored pictures in pixels; even.
    pub width: u32,
    /// Height of the stored pictures in pixels; even.
    pub height: u32,
    /// Frames per second.
    pub frame_rate: u32,
    /// What is seen, in order; at least one.
    pub scenes: Vec<Scene>,
    /// Whether there is a sound track (a quiet tone).
    pub audio: bool,
    /// Whether there is a picture track; without one the file is audio only.
    pub video: bool,
    /// The file format, and with it the codecs.
    pub container: ClipContainer,
    /// Degrees (0, 90, 180, 270) by which a player is told to turn the pictures clockwise;
    /// MP4 and MOV only.
    pub rotation: u16,
    /// Frames between sync frames (a seek lands on these).
    pub sync_every: u32,
    /// Leaves every third frame out, so that the frame rate varies.
    pub uneven: bool,
}

impl ClipSpec {
    /// A 540 × 960 clip at 24 frames per second in MP4 with sound, showing `scenes`.
    #[must_use]
    pub fn portrait(scenes: Vec<Scene>) -> Self {
        Self {
            width: 540,
            height: 960,
            frame_rate: 24,
            scenes,
            audio: true,
            video: true,
            container: ClipContainer::Mp4,
            rotation: 0,
            sync_every: 48,
            uneven: false,
        }
    }

    /// How long the clip lasts, in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.scenes.iter().map(|scene| scene.duration_ms).sum()
    }
}

/// File formats that a clip can be made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipContainer {
    /// H.264 and AAC in MP4, index first.
    Mp4,
    /// H.264 and AAC in `QuickTime`'s format, index first.
    Mov,
    /// 10-bit H.265 and AAC in MP4, index first, as telephones record.
    Hevc,
    /// H.264 and AAC in Matroska.
    Matroska,
    /// VP8 and Opus in `WebM`.
    Webm,
}

/// One scene of a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// What fills the picture.
    pub background: Background,
    /// 1 is sharp; `n` draws the background at 1/n of its size and enlarges it.
    pub softness: u32,
    /// 1.0 leaves the background as it is, 0.0 makes it grey.
    pub contrast: f64,
    /// Added to the background's brightness, -1.0 to 1.0.
    pub brightness: f64,
    /// Text on top, always sharp.
    pub texts: Vec<TextOverlay>,
}

impl Scene {
    /// A sharp scene without text.
    #[must_use]
    pub fn new(duration_ms: u64, background: Background) -> Self {
        Self {
            duration_ms,
            background,
            softness: 1,
            contrast: 1.0,
            brightness: 0.0,
            texts: Vec::new(),
        }
    }

    /// The same scene with one more line of text.
    #[must_use]
    pub fn text(mut self, text: TextOverlay) -> Self {
        self.texts.push(text);
        self
    }

    /// The same scene with a soft, pale or dark background.
    #[must_use]
    pub fn look(self, softness: u32, contrast: f64, brightness: f64) -> Self {
        Self {
            softness,
            contrast,
            brightness,
            ..self
        }
    }
}

/// A colour: red, green, blue, 0 to 255 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// 0, 0, 0.
    pub const BLACK: Self = Self(0, 0, 0);
    /// 255, 255, 255.
    pub const WHITE: Self = Self(255, 255, 255);
}

/// What fills the picture of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Background {
    /// One colour.
    Plain(Rgb),
    /// Vertical colour bars; they stand still.
    Bars,
    /// A chessboard of two colours; it stands still, and is always sharp.
    Checkers(Rgb, Rgb),
    /// A small disc of the first colour moving over the second.
    Ball(Rgb, Rgb),
    /// Colourful rings that move.
    Rings,
    /// Rays of two colours from one point, standing still.
    Pinwheel(Rgb, Rgb),
    /// A gradient from dark to light, standing still.
    Gradient,
}

/// A line of text on a scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextOverlay {
    /// The text: one line of Latin letters, digits and signs.
    pub text: String,
    /// Height of a line in pixels; made smaller if the text would not fit the width.
    pub height: u32,
    /// Where it stands.
    pub place: Place,
    /// Colour of the letters.
    pub colour: Rgb,
    /// Colour of the box behind the letters, if there is one.
    pub plate: Option<Rgb>,
}

impl TextOverlay {
    /// White letters on a black box.
    #[must_use]
    pub fn new(text: impl Into<String>, height: u32, place: Place) -> Self {
        let (colour, plate) = (Rgb::WHITE, Some(Rgb::BLACK));
        Self {
            text: text.into(),
            height,
            place,
            colour,
            plate,
        }
    }

    /// The same text in other colours.
    #[must_use]
    pub fn coloured(self, colour: Rgb, plate: Option<Rgb>) -> Self {
        Self {
            colour,
            plate,
            ..self
        }
    }
}

/// Where a line of text stands; always centred from side to side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the upper fifth.
    Top,
    /// Half-way down.
    Middle,
    /// In the lower fifth.
    Bottom,
}
