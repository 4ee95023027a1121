//! A decoded picture, made small, with what tells it from others.

use anyhow::Context as _;
use gstreamer as gst;
use gstreamer_video::{VideoColorimetry, VideoConverter, VideoFormat, VideoFrameRef, VideoInfo};

use crate::{orientation::Orientation, probe::square_pixels, reader::Frame};

/// Largest picture that is written, as displayed: width and height in pixels.
const LARGEST: (u32, u32) = (720, 1280);

/// The thumbnail that is measured: 9 × 8 blocks of 8 × 8 pixels.
const BLOCK: usize = 8;
const COLUMNS: usize = 9;
const ROWS: usize = 8;

/// A picture at the size in which it may be written, not yet turned.
pub(crate) struct Picture {
    pub(crate) rgb: gst::Buffer,
    pub(crate) info: VideoInfo,
}

/// What tells pictures apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Signature {
    /// Mean luma, 0 to 255.
    pub(crate) luma: f64,
    /// Difference hash: one bit for each of 8 × 8 neighbours, set where it gets brighter to the
    /// right.
    pub(crate) hash: u64,
}

/// Turns decoded pictures into [`Picture`]s; remembers its scalers while the stream's type stays.
pub(crate) struct Lens {
    orientation: Orientation,
    prepared: Option<Prepared>,
}

struct Prepared {
    from: VideoInfo,
    picture: (VideoInfo, VideoConverter),
    thumbnail: (VideoInfo, VideoConverter),
}

impl Lens {
    pub(crate) fn new(orientation: Orientation) -> Self {
        Self {
            orientation,
            prepared: None,
        }
    }

    /// Scales and measures a picture.
    pub(crate) fn look(&mut self, frame: &Frame) -> anyhow::Result<(Picture, Signature)> {
        let caps = frame.sample.caps().context("a picture without a type")?;
        let from = VideoInfo::from_caps(caps).context("a picture of unknown type")?;
        let buffer = frame.sample.buffer().context("a picture without content")?;
        let prepared = match self.prepared.take() {
            Some(prepared) if prepared.from == from => prepared,
            _ => Prepared::new(&from, self.orientation)?,
        };
        let source =
            VideoFrameRef::from_buffer_ref_readable(buffer, &from).context("mapping a picture")?;
        let rgb = convert(&source, &prepared.picture)?;
        let small = convert(&source, &prepared.thumbnail)?;
        let signature = measure(&small, &prepared.thumbnail.0)?;
        let picture = Picture {
            rgb,
            info: prepared.picture.0.clone(),
        };
        self.prepared = Some(prepared);
        Ok((picture, signature))
    }
}

impl Prepared {
    fn new(from: &VideoInfo, orientation: Orientation) -> anyhow::Result<Self> {
        let shown = (square_pixels(from.width(), from.par()), from.height());
        let size = fit(shown, orientation.swaps_sides());
        let to = |(width, height)| -> anyhow::Result<(VideoInfo, VideoConverter)> {
            let info = VideoInfo::builder(VideoFormat::Rgb, width, height)
                .fps(from.fps())
                .interlace_mode(from.interlace_mode())
                .build()
                .context("describing a picture")?;
            let converter = VideoConverter::new(from, &info, None).context("making a scaler")?;
            Ok((info, converter))
        };
        let thumbnail = to(((COLUMNS * BLOCK) as u32, (ROWS * BLOCK) as u32))?;
        Ok(Self {
            from: from.clone(),
            picture: to(size)?,
            thumbnail,
        })
    }
}

/// The stored size whose displayed form fits [`LARGEST`], with the same shape and never larger.
fn fit((width, height): (u32, u32), turned: bool) -> (u32, u32) {
    let (most_wide, most_high) = if turned {
        (LARGEST.1, LARGEST.0)
    } else {
        LARGEST
    };
    let scale = (f64::from(most_wide) / f64::from(width.max(1)))
        .min(f64::from(most_high) / f64::from(height.max(1)))
        .min(1.0);
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    (side(width).min(most_wide), side(height).min(most_high))
}

fn convert(
    source: &VideoFrameRef<&gst::BufferRef>,
    (info, converter): &(VideoInfo, VideoConverter),
) -> anyhow::Result<gst::Buffer> {
    let mut buffer = gst::Buffer::with_size(info.size()).context("reserving a picture")?;
    let writable = buffer.get_mut().context("a new picture is shared")?;
    let mut target =
        VideoFrameRef::from_buffer_ref_writable(writable, info).context("mapping a new picture")?;
    converter.frame_ref(source, &mut target);
    drop(target);
    Ok(buffer)
}

/// Mean luma and difference hash of a thumbnail.
fn measure(thumbnail: &gst::Buffer, info: &VideoInfo) -> anyhow::Result<Signature> {
    let frame =
        VideoFrameRef::from_buffer_ref_readable(thumbnail, info).context("mapping a thumbnail")?;
    let pixels = frame.plane_data(0).context("a thumbnail without pixels")?;
    let stride = usize::try_from(info.stride().first().copied().unwrap_or_default())?;
    let mut blocks = [[0_f64; COLUMNS]; ROWS];
    for (y, line) in pixels.chunks(stride).take(ROWS * BLOCK).enumerate() {
        for (x, pixel) in line.chunks_exact(3).take(COLUMNS * BLOCK).enumerate() {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
            blocks[y / BLOCK][x / BLOCK] += 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        }
    }
    Ok(signature(
        &blocks.map(|row| row.map(|sum| sum / (BLOCK * BLOCK) as f64)),
    ))
}

/// The signature of a picture given as the mean luma of its blocks.
///
/// Whole steps of luma are compared, so that the coder's noise in an even area sets no bit.
fn signature(blocks: &[[f64; COLUMNS]; ROWS]) -> Signature {
    let luma = blocks.iter().flatten().sum::<f64>() / (COLUMNS * ROWS) as f64;
    let bits = blocks
        .iter()
        .flat_map(|row| row.windows(2))
        .map(|pair| match pair {
            [left, right] => u64::from(right.round() > left.round()),
            _ => 0,
        });
    Signature {
        luma,
        hash: bits.fold(0, |hash, bit| hash << 1 | bit),
    }
}

/// The type of an RGB picture for the encoder.
pub(crate) fn square_caps(picture: &Picture) -> anyhow::Result<gst::Caps> {
    let info = VideoInfo::builder(
        VideoFormat::Rgb,
        picture.info.width(),
        picture.info.height(),
    )
    .fps(gst::Fraction::new(0, 1))
    .colorimetry(&VideoColorimetry::new(
        gstreamer_video::VideoColorRange::Range0_255,
        gstreamer_video::VideoColorMatrix::Rgb,
        gstreamer_video::VideoTransferFunction::Srgb,
        gstreamer_video::VideoColorPrimaries::Bt709,
    ))
    .build()
    .context("describing a picture")?;
    info.to_caps().context("describing a picture")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_made_smaller_but_never_larger_and_keeps_its_shape() {
        assert_eq!(fit((1080, 1920), false), (720, 1280));
        assert_eq!(fit((1920, 1080), false), (720, 405));
        assert_eq!(fit((540, 960), false), (540, 960));
        assert_eq!(fit((2, 8000), false), (1, 1280));
    }

    #[test]
    fn a_turned_picture_fits_after_turning() {
        assert_eq!(fit((1920, 1080), true), (1280, 720));
        assert_eq!(fit((1080, 1920), true), (405, 720));
    }

    #[test]
    fn an_even_picture_has_its_luma_and_no_bits() {
        let signature = signature(&[[40.0; COLUMNS]; ROWS]);
        assert_eq!(
            signature,
            Signature {
                luma: 40.0,
                hash: 0
            }
        );
    }

    #[test]
    fn brighter_to_the_right_sets_every_bit_and_noise_sets_none() {
        let ramp = std::array::from_fn(|x| x as f64 * 20.0);
        assert_eq!(signature(&[ramp; ROWS]).hash, u64::MAX);
        let noise = std::array::from_fn(|x| 100.0 + 0.1 * x as f64 / COLUMNS as f64);
        assert_eq!(signature(&[noise; ROWS]).hash, 0);
    }
}
