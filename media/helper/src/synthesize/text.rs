//! Lines of text as pictures to lay over a scene.
//!
//! The letters come as bitmaps in the program, so a clip looks the same everywhere and no machine
//! lacks the font; a letter that is not among them is refused, not left out.

use anyhow::Context as _;
use gstreamer as gst;
use gstreamer_video::{
    VideoFormat, VideoFrameFlags, VideoMeta, VideoOverlayComposition, VideoOverlayFormatFlags,
    VideoOverlayRectangle,
};
use media::{Background, ClipSpec, Place, RefusalCode, Rgb, Scene, TextOverlay};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster};

use super::{checkers, scene::Overlay};
use crate::failure::{Failure, refused};

/// Height of the bitmaps in pixels.
const LINE: u32 = 32;

/// Room around the letters, inside the box.
const MARGIN: u32 = 8;

/// The part of the picture's width that a line may take.
const WIDEST: f64 = 0.94;

/// Everything that lies over a scene's background; `None` when nothing does.
pub(super) fn compose(clip: &ClipSpec, scene: &Scene) -> Result<Option<Overlay>, Failure> {
    let mut layers = Vec::new();
    if let Background::Checkers(front, back) = scene.background {
        layers.push(checkers::board(clip, front, back)?);
    }
    for text in scene
        .texts
        .iter()
        .filter(|text| !text.text.trim().is_empty())
    {
        layers.push(line(clip, text)?);
    }
    if layers.is_empty() {
        return Ok(None);
    }
    let overlay = VideoOverlayComposition::new(&layers).context("laying out a scene")?;
    Ok(Some(overlay))
}

/// One line at its place.
fn line(clip: &ClipSpec, text: &TextOverlay) -> Result<VideoOverlayRectangle, Failure> {
    let letters: Vec<RasterizedChar> = text
        .text
        .chars()
        .map(|letter| {
            get_raster(letter, FontWeight::Bold, RasterHeight::Size32).ok_or_else(|| {
                let message = format!(
                    "the clip's text {:?} has the letter {letter:?}, which cannot be drawn",
                    text.text
                );
                refused(RefusalCode::BadRequest, message)
            })
        })
        .collect::<Result<_, _>>()?;
    let advance = letters.first().map_or(1, |letter| letter.width() as u32);
    let width = advance * letters.len() as u32 + 2 * MARGIN;
    let height = LINE + 2 * MARGIN;
    let pixels = draw(&letters, advance, (width, height), text);
    let scale = (f64::from(text.height) / f64::from(LINE))
        .min(f64::from(clip.width) * WIDEST / f64::from(width));
    let shown = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let (shown_width, shown_height) = (shown(width), shown(height));
    let middle = match text.place {
        Place::Top => clip.height * 18 / 100,
        Place::Middle => clip.height / 2,
        Place::Bottom => clip.height * 82 / 100,
    };
    let corner = |middle: u32, side: u32| i64::from(middle) - i64::from(side) / 2;
    let x = i32::try_from(corner(clip.width / 2, shown_width)).unwrap_or_default();
    let y = i32::try_from(corner(middle, shown_height)).unwrap_or_default();
    Ok(rectangle(
        pixels,
        (width, height),
        (x, y),
        (shown_width, shown_height),
    )?)
}

/// A picture (BGRA) of `size` to lay over a scene at `corner`, scaled to `shown`.
pub(super) fn rectangle(
    pixels: Vec<u8>,
    size: (u32, u32),
    (x, y): (i32, i32),
    shown: (u32, u32),
) -> anyhow::Result<VideoOverlayRectangle> {
    let mut buffer = gst::Buffer::from_mut_slice(pixels);
    let writable = buffer.get_mut().context("a new picture is shared")?;
    let (format, none) = (VideoFormat::Bgra, VideoFrameFlags::empty());
    VideoMeta::add(writable, none, format, size.0, size.1).context("describing a layer")?;
    let flags = VideoOverlayFormatFlags::empty();
    let placed = |buffer| VideoOverlayRectangle::new_raw(buffer, x, y, shown.0, shown.1, flags);
    let drawn = placed(&buffer);
    if size == shown {
        return Ok(drawn);
    }
    // Blending a rectangle at another size than its own would scale it again for every picture.
    Ok(placed(&drawn.pixels_raw(flags)))
}

/// The letters in a row, as a picture with transparency.
fn draw(
    letters: &[RasterizedChar],
    advance: u32,
    (width, height): (u32, u32),
    text: &TextOverlay,
) -> Vec<u8> {
    let mut pixels = pixels_of(text.plate, (width * height) as usize);
    for (n, letter) in letters.iter().enumerate() {
        let left = MARGIN + advance * n as u32;
        for (y, row) in letter.raster().iter().enumerate() {
            for (x, strength) in row.iter().enumerate() {
                let at = ((MARGIN + y as u32) * width + left + x as u32) as usize * 4;
                if let Some(pixel) = pixels.get_mut(at..at + 4) {
                    let under = text.plate.unwrap_or(text.colour);
                    let alpha = if text.plate.is_some() {
                        0xff
                    } else {
                        *strength
                    };
                    pixel.copy_from_slice(&bgra(mix(under, text.colour, *strength), alpha));
                }
            }
        }
    }
    pixels
}

/// An empty picture: the box's colour, or nothing.
fn pixels_of(plate: Option<Rgb>, count: usize) -> Vec<u8> {
    let pixel = plate.map_or([0; 4], |plate| bgra(plate, 0xff));
    pixel.repeat(count)
}

fn mix(Rgb(r, g, b): Rgb, over: Rgb, strength: u8) -> Rgb {
    let part = |under: u8, over: u8| {
        let (under, over, strength) = (u32::from(under), u32::from(over), u32::from(strength));
        ((under * (255 - strength) + over * strength) / 255) as u8
    };
    Rgb(part(r, over.0), part(g, over.1), part(b, over.2))
}

/// A pixel as it lies in memory.
pub(super) fn bgra(Rgb(red, green, blue): Rgb, alpha: u8) -> [u8; 4] {
    [blue, green, red, alpha]
}
