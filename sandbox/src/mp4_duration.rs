//! How long an MP4 or MOV file plays, from its `mvhd` box (ISO/IEC 14496-12, 8.2.2).
//!
//! The one thing the sandbox wants to know of a file; anything unexpected is `None`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Boxes looked at before giving up.
const MOST_BOXES: usize = 4096;

/// Playing time in milliseconds.
pub(crate) fn of_file(path: &Path) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    let end = file.metadata().ok()?.len();
    let (moov, moov_end) = find(&mut file, 0, end, *b"moov")?;
    let (mvhd, _) = find(&mut file, moov, moov_end, *b"mvhd")?;
    file.seek(SeekFrom::Start(mvhd)).ok()?;
    let mut head = [0; 4];
    file.read_exact(&mut head).ok()?;
    // Version 1 has 64-bit times. Creation and modification time come first.
    let (timescale, duration) = if head[0] == 1 {
        file.seek_relative(16).ok()?;
        (u64::from(read_u32(&mut file)?), read_u64(&mut file)?)
    } else {
        file.seek_relative(8).ok()?;
        (
            u64::from(read_u32(&mut file)?),
            u64::from(read_u32(&mut file)?),
        )
    };
    duration.checked_mul(1000)?.checked_div(timescale)
}

/// Start and end of the content of the first box of this kind between two offsets.
fn find(file: &mut File, from: u64, to: u64, kind: [u8; 4]) -> Option<(u64, u64)> {
    let mut at = from;
    for _ in 0..MOST_BOXES {
        if at.checked_add(8)? > to {
            return None;
        }
        file.seek(SeekFrom::Start(at)).ok()?;
        let size = u64::from(read_u32(file)?);
        let mut found = [0; 4];
        file.read_exact(&mut found).ok()?;
        let (header, size) = match size {
            0 => (8, to - at),
            1 => (16, read_u64(file)?),
            size => (8, size),
        };
        let end = at.checked_add(size).filter(|end| *end <= to)?;
        if size < header {
            return None;
        }
        if found == kind {
            return Some((at + header, end));
        }
        at = end;
    }
    None
}

fn read_u32(file: &mut File) -> Option<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).ok()?;
    Some(u32::from_be_bytes(bytes))
}

fn read_u64(file: &mut File) -> Option<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes).ok()?;
    Some(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut out = ((content.len() + 8) as u32).to_be_bytes().to_vec();
        out.extend_from_slice(kind);
        out.extend_from_slice(content);
        out
    }

    #[test]
    fn the_movie_header_says_how_long_it_plays() -> Result<(), Box<dyn std::error::Error>> {
        let mut mvhd = vec![0; 12];
        mvhd.extend_from_slice(&600_u32.to_be_bytes());
        mvhd.extend_from_slice(&18_900_u32.to_be_bytes());
        let mut file = boxed(b"ftyp", b"isom");
        file.extend(boxed(b"mdat", &[0; 100]));
        file.extend(boxed(b"moov", &boxed(b"mvhd", &mvhd)));
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.mp4");
        std::fs::write(&path, &file)?;
        assert_eq!(of_file(&path), Some(31_500));
        std::fs::write(&path, &file[..file.len() - 4])?;
        assert_eq!(of_file(&path), None);
        std::fs::write(&path, b"no video at all")?;
        assert_eq!(of_file(&path), None);
        Ok(())
    }
}
