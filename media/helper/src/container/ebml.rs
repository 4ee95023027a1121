//! The head of a Matroska or `WebM` file (RFC 8794 for EBML, RFC 9559 for Matroska).

use std::io;

use super::{Bytes, Container, Rejection};

/// The element id with which every EBML file starts.
pub(super) const MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Element id of the segment, which is all the rest of the file.
const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];

/// Element id of the document type.
const DOC_TYPE: [u8; 2] = [0x42, 0x82];

/// Longest EBML head that is searched; usual ones have about 35 bytes.
const MAX_HEAD: u64 = 1024;

/// Reads the document type and checks that the segment is as long as it says.
pub(super) fn identify(file: &mut Bytes) -> io::Result<Result<Container, Rejection>> {
    let cut_off = |what: &str| Ok(Err(Rejection::CutOff(what.to_owned())));
    let Some((Some(length), start)) = size(file, 4)? else {
        return cut_off("it ends within its head");
    };
    if length > MAX_HEAD {
        return Ok(Err(Rejection::Foreign));
    }
    let Some(container) = doc_type(file, start, start + length)? else {
        return Ok(Err(Rejection::Foreign));
    };
    let segment = start + length;
    if file.at::<4>(segment)? != Some(SEGMENT) {
        return cut_off("it has no segment");
    }
    let Some((length, start)) = size(file, segment + 4)? else {
        return cut_off("it ends within its head");
    };
    match length {
        Some(length) if start.saturating_add(length) > file.length => {
            let end = start.saturating_add(length);
            let what = format!("its segment ends at {end}, the file at {}", file.length);
            Ok(Err(Rejection::CutOff(what)))
        }
        // A segment of unknown size was written as a stream: it ends where the file does.
        _ => Ok(Ok(container)),
    }
}

/// Looks for the document type among the head's elements (all with two-byte ids).
fn doc_type(file: &mut Bytes, from: u64, to: u64) -> io::Result<Option<Container>> {
    let mut offset = from;
    while offset < to {
        let Some(id) = file.at::<2>(offset)? else {
            return Ok(None);
        };
        let Some((Some(length), start)) = size(file, offset + 2)? else {
            return Ok(None);
        };
        if id == DOC_TYPE {
            let webm = length >= 4 && file.at::<4>(start)? == Some(*b"webm");
            let matroska = length >= 8 && file.at::<8>(start)? == Some(*b"matroska");
            return Ok(match (webm, matroska) {
                (true, _) => Some(Container::Webm),
                (_, true) => Some(Container::Matroska),
                _ => None,
            });
        }
        offset = start.saturating_add(length);
    }
    Ok(None)
}

/// An element's size at `offset` (`None` inside: unknown) and where its content starts.
fn size(file: &mut Bytes, offset: u64) -> io::Result<Option<(Option<u64>, u64)>> {
    let Some([first]) = file.at::<1>(offset)? else {
        return Ok(None);
    };
    let extra = first.leading_zeros();
    if extra > 7 {
        return Ok(None);
    }
    let mask = (0x7f_u64) >> extra;
    let mut value = u64::from(first) & mask;
    let mut unknown = mask;
    for n in 1..=u64::from(extra) {
        let Some([byte]) = file.at::<1>(offset + n)? else {
            return Ok(None);
        };
        value = value << 8 | u64::from(byte);
        unknown = unknown << 8 | 0xff;
    }
    let content = offset + 1 + u64::from(extra);
    Ok(Some(((value != unknown).then_some(value), content)))
}
