//! Tells players to turn the picture of an MP4, by the matrix in its track header
//! (ISO/IEC 14496-12, section 8.3.2). The muxer of GStreamer 1.22 reads that matrix but does not
//! write one.

use std::{fs, path::Path};

use anyhow::Context as _;
use media::ClipSpec;

/// Offset of the matrix in a track header of version 0, counted from its type.
const MATRIX: usize = 44;

/// 1.0 in 16.16 fixed point.
const ONE: i32 = 1 << 16;

/// Writes the matrix for the clip's rotation into the track header of its pictures.
pub(super) fn turn(clip: &ClipSpec, file: &Path) -> anyhow::Result<()> {
    let mut bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let (width, height) = (
        i32::try_from(clip.width)? << 16,
        i32::try_from(clip.height)? << 16,
    );
    let [a, b, c, d, x, y] = match clip.rotation {
        90 => [0, ONE, -ONE, 0, height, 0],
        180 => [-ONE, 0, 0, -ONE, width, height],
        270 => [0, -ONE, ONE, 0, 0, width],
        _ => [ONE, 0, 0, ONE, 0, 0],
    };
    let matrix = [a, b, 0, c, d, 0, x, y, 1 << 30]
        .map(i32::to_be_bytes)
        .concat();
    let size = [width, height].map(i32::to_be_bytes).concat();
    let header = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, kind)| kind == b"tkhd")
        .map(|(at, _)| at + MATRIX)
        .find(|at| bytes.get(at + 36..at + 44) == Some(&size))
        .context("the clip has no track header of its size")?;
    bytes
        .get_mut(header..header + 36)
        .context("a short track header")?
        .copy_from_slice(&matrix);
    fs::write(file, bytes).with_context(|| format!("writing {}", file.display()))
}
