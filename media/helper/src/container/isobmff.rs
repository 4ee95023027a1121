//! The boxes of an MP4 or MOV file, from the outside (ISO/IEC 14496-12, section 4.2).

use std::io;

use super::{Bytes, Container, Rejection};

/// Box types that may open a file. Files from before MP4 have no `ftyp`.
const FIRST: [&[u8; 4]; 7] = [
    b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot",
];

/// Box types whose content is the video: these must be there as a whole.
const NEEDED: [&[u8; 4]; 4] = [b"ftyp", b"moov", b"mdat", b"moof"];

/// Major brands of still pictures (HEIF, AVIF) in the same box format.
const STILLS: [&[u8; 4]; 7] = [
    b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif",
];

/// More outer boxes than ten minutes of the smallest usual fragments have.
const MAX_BOXES: usize = 100_000;

/// Walks over the outer boxes.
pub(super) fn identify(file: &mut Bytes) -> io::Result<Result<Container, Rejection>> {
    let mut container = Container::Mov;
    let mut index_found = false;
    let mut offset = 0;
    for _ in 0..MAX_BOXES {
        let Some(header) = header(file, offset)? else {
            break;
        };
        if offset == 0 {
            if !FIRST.contains(&&header.kind) {
                return Ok(Err(Rejection::Foreign));
            }
            if &header.kind == b"ftyp" {
                match file.at::<4>(header.content)? {
                    Some(brand) if STILLS.contains(&&brand) => {
                        return Ok(Err(Rejection::Foreign));
                    }
                    Some(brand) if &brand == b"qt  " => {}
                    _ => container = Container::Mp4,
                }
            }
        }
        if header.end > file.length {
            if NEEDED.contains(&&header.kind) {
                let (kind, end) = (String::from_utf8_lossy(&header.kind), header.end);
                let what = format!("its {kind} box ends at {end}, the file at {}", file.length);
                return Ok(Err(Rejection::CutOff(what)));
            }
            break;
        }
        index_found |= &header.kind == b"moov";
        offset = header.end;
    }
    if offset == 0 {
        return Ok(Err(Rejection::Foreign));
    }
    if !index_found {
        return Ok(Err(Rejection::CutOff(
            "it has no index (moov box)".to_owned(),
        )));
    }
    Ok(Ok(container))
}

struct Header {
    kind: [u8; 4],
    content: u64,
    end: u64,
}

/// The box header at `offset`; `None` where no box can be.
fn header(file: &mut Bytes, offset: u64) -> io::Result<Option<Header>> {
    let Some([a, b, c, d, kind @ ..]) = file.at::<8>(offset)? else {
        return Ok(None);
    };
    let (length, content) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (file.length - offset, offset + 8),
        1 => match file.at::<8>(offset + 8)? {
            Some(long) => (u64::from_be_bytes(long), offset + 16),
            None => return Ok(None),
        },
        short => (u64::from(short), offset + 8),
    };
    let end = offset.saturating_add(length);
    Ok((end >= content).then_some(Header { kind, content, end }))
}
