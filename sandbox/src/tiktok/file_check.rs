//! What is checked of a file when all of it is there.
//!
//! Its container and its playing time only: the sandbox does not decode video, so frame rate and
//! picture size are refused by a control (`failed` on the post) and never by itself.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::mp4_duration;

/// What `creator_info` names as the longest video, in seconds.
pub(crate) const LONGEST_S: u64 = 300;
/// How `WebM` begins (RFC 8794, the EBML header).
const EBML: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
/// What the first box of an MP4 or MOV file can be.
const FIRST_BOXES: [&[u8; 4]; 6] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"];

/// What came of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Playing time, when the file says it.
    pub(crate) duration_ms: Option<u64>,
    /// The vendor's `fail_reason`, if it is refused.
    pub(crate) fail_reason: Option<&'static str>,
}

/// Reads the file's head and its boxes: not for the async threads.
pub(crate) fn check(path: &Path) -> Checked {
    let duration_ms = mp4_duration::of_file(path);
    let fail_reason = if !has_a_container(path) {
        Some("file_format_check_failed")
    } else if duration_ms.is_some_and(|ms| ms > LONGEST_S * 1000) {
        Some("duration_check_failed")
    } else {
        None
    };
    Checked {
        duration_ms,
        fail_reason,
    }
}

fn has_a_container(path: &Path) -> bool {
    let mut head = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok()
        && (head.starts_with(&EBML) || FIRST_BOXES.iter().any(|kind| head[4..] == kind[..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_three_containers_pass() -> Result<(), std::io::Error> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        let cases: [(&[u8], Option<&str>); 4] = [
            (b"\0\0\0\x18ftypisom", None),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01", None),
            (b"no video at all", Some("file_format_check_failed")),
            (b"short", Some("file_format_check_failed")),
        ];
        for (bytes, expected) in cases {
            std::fs::write(&path, bytes)?;
            assert_eq!(check(&path).fail_reason, expected);
        }
        Ok(())
    }
}
