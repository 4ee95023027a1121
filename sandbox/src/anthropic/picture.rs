//! Looks at a picture: decodes it and measures what can be measured without understanding it.

use image::{DynamicImage, GrayImage, ImageReader, Limits};
use std::io::Cursor;

/// Long edge (pixels) at which everything is measured, so that sizes compare.
const MEASURED_EDGE: u32 = 480;
/// Side (pixels) of the squares in which text is looked for.
const BLOCK: usize = 16;

/// A picture and what was measured.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Pixels, as sent.
    pub(crate) width: u32,
    /// Pixels, as sent.
    pub(crate) height: u32,
    pub(crate) signals: Signals,
}

/// Measurements, each 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Signals {
    /// Mean luma.
    pub(crate) brightness: f64,
    /// Standard deviation of luma; 1 is half black, half white.
    pub(crate) contrast: f64,
    /// Variance of the Laplacian, on a logarithmic scale.
    pub(crate) sharpness: f64,
    /// Mean distance between the largest and the smallest colour channel.
    pub(crate) colour: f64,
    /// Lettering: 1 when a twentieth of the picture or more looks like it, less when most does.
    pub(crate) text: f64,
}

impl Picture {
    /// Decodes a JPEG and measures it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, image::ImageError> {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::Jpeg);
        let mut limits = Limits::default();
        limits.max_image_width = Some(16_384);
        limits.max_image_height = Some(16_384);
        reader.limits(limits);
        let picture = reader.decode()?;
        Ok(Self {
            width: picture.width(),
            height: picture.height(),
            signals: measure(&picture),
        })
    }
}

fn measure(picture: &DynamicImage) -> Signals {
    let longest = picture.width().max(picture.height());
    let small = if longest > MEASURED_EDGE {
        picture.thumbnail(MEASURED_EDGE, MEASURED_EDGE)
    } else {
        picture.clone()
    };
    let luma = small.to_luma8();
    let (brightness, deviation) = mean_and_deviation(&luma);
    Signals {
        brightness: brightness / 255.0,
        contrast: (deviation / 127.5).min(1.0),
        // A variance of e^9 (about 8000) is a picture full of hard edges.
        sharpness: ((1.0 + laplacian_variance(&luma)).ln() / 9.0).min(1.0),
        colour: colourfulness(&small),
        text: lettering(text_share(&luma)),
    }
}

fn mean_and_deviation(luma: &GrayImage) -> (f64, f64) {
    let pixels = luma.as_raw();
    let count = pixels.len().max(1) as f64;
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for pixel in pixels {
        let pixel = u64::from(*pixel);
        sum += pixel;
        squares += pixel * pixel;
    }
    let mean = sum as f64 / count;
    let variance = (squares as f64 / count - mean * mean).max(0.0);
    (mean, variance.sqrt())
}

/// Variance of the second difference in both directions: high where edges are hard.
fn laplacian_variance(luma: &GrayImage) -> f64 {
    let (width, pixels) = (luma.width() as usize, luma.as_raw());
    let (mut sum, mut squares, mut count) = (0_i64, 0_i64, 0_i64);
    for y in 1..(luma.height() as usize).saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = |x: usize, y: usize| i64::from(pixels[y * width + x]);
            let value = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
            sum += value;
            squares += value * value;
            count += 1;
        }
    }
    let count = count.max(1) as f64;
    let mean = sum as f64 / count;
    squares as f64 / count - mean * mean
}

fn colourfulness(picture: &DynamicImage) -> f64 {
    let rgb = picture.to_rgb8();
    let total: u64 = rgb
        .as_raw()
        .chunks_exact(3)
        .map(|p| u64::from(p[0].max(p[1]).max(p[2]) - p[0].min(p[1]).min(p[2])))
        .sum();
    total as f64 / 255.0 / (rgb.as_raw().len() / 3).max(1) as f64
}

/// A picture that is strokes all over is a pattern, or text that nobody can read at a glance.
fn lettering(share: f64) -> f64 {
    let room = ((1.0 - share) / 0.6).min(1.0);
    (share / 0.05).min(1.0) * room
}

/// Share of squares that look like lettering: much light beside much dark, and strokes, which are
/// hard steps up and down again along the lines.
fn text_share(luma: &GrayImage) -> f64 {
    let (width, height) = (luma.width() as usize, luma.height() as usize);
    let (columns, rows) = (width / BLOCK, height / BLOCK);
    let mut text = 0_usize;
    for row in 0..rows {
        for column in 0..columns {
            let corner = row * BLOCK * width + column * BLOCK;
            text += usize::from(is_text(luma.as_raw(), width, corner));
        }
    }
    text as f64 / (columns * rows).max(1) as f64
}

fn is_text(pixels: &[u8], width: usize, corner: usize) -> bool {
    /// Luma steps that count as the edge of a stroke.
    const STEP: i16 = 48;
    /// Luma between paper and ink.
    const RANGE: u8 = 110;
    let (mut darkest, mut brightest) = (u8::MAX, u8::MIN);
    let mut lines_with_strokes = 0;
    for y in 0..BLOCK {
        let start = corner + y * width;
        let line = &pixels[start..start + BLOCK];
        let (mut up, mut down) = (0, 0);
        for (left, right) in line.iter().zip(&line[1..]) {
            darkest = darkest.min(*left).min(*right);
            brightest = brightest.max(*left).max(*right);
            let step = i16::from(*right) - i16::from(*left);
            up += i32::from(step > STEP);
            down += i32::from(step < -STEP);
        }
        // Noise has many more.
        lines_with_strokes += i32::from(up >= 1 && down >= 1 && up + down <= 8);
    }
    brightest.saturating_sub(darkest) >= RANGE
        && lines_with_strokes >= 4
        && middling(pixels, width, corner, darkest, brightest) * 5 <= BLOCK * BLOCK * 2
}

/// Pixels of a square that are neither ink nor paper. Lettering has few, noise and photographs
/// have many.
fn middling(pixels: &[u8], width: usize, corner: usize, darkest: u8, brightest: u8) -> usize {
    let quarter = (brightest - darkest) / 4;
    let middle = darkest + quarter..=brightest - quarter;
    (0..BLOCK)
        .flat_map(|y| &pixels[corner + y * width..][..BLOCK])
        .filter(|pixel| middle.contains(pixel))
        .count()
}
