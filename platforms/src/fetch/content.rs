//! What a file is by its first bytes. The media helper looks closer; this is so that two gigabytes
//! of something else are not fetched first.

/// Bytes after which it is clear what a file is.
pub(super) const HEAD_BYTES: usize = 256;

/// Box types that open an MP4 or MOV file (ISO/IEC 14496-12, 4.2); old MOV files have no `ftyp`.
const FIRST_BOXES: [&[u8; 4]; 7] = [
    b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot",
];

/// Major brands of still pictures in the same boxes.
const STILLS: [&[u8; 4]; 7] = [
    b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif",
];

/// The head of an EBML file (RFC 8794), and its document types with their element's id and size.
const EBML: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
const WEBM: &[u8] = b"\x42\x82\x84webm";
const MATROSKA: &[u8] = b"\x42\x82\x88matroska";

/// The video files that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoKind {
    /// MP4.
    Mp4,
    /// `QuickTime`.
    Mov,
    /// Matroska.
    Matroska,
    /// `WebM`.
    Webm,
}

impl VideoKind {
    /// The usual end of such a file's name, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Matroska => "mkv",
            Self::Webm => "webm",
        }
    }

    /// What a file is that begins with these bytes: at least [`HEAD_BYTES`], or all of it.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(&EBML) {
            let has = |what: &[u8]| head.windows(what.len()).any(|window| window == what);
            return match (has(WEBM), has(MATROSKA)) {
                (true, _) => Some(Self::Webm),
                (_, true) => Some(Self::Matroska),
                _ => None,
            };
        }
        let (_length, kind) = head.split_first_chunk::<4>()?;
        let (kind, content) = kind.split_first_chunk::<4>()?;
        if kind != b"ftyp" {
            return FIRST_BOXES.contains(&kind).then_some(Self::Mov);
        }
        match content.first_chunk::<4>()? {
            b"qt  " => Some(Self::Mov),
            brand if STILLS.contains(&brand) => None,
            _ => Some(Self::Mp4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        use VideoKind::{Matroska, Mov, Mp4, Webm};
        let cases: [(&[u8], Option<VideoKind>); 14] = [
            (b"\0\0\0\x18ftypmp42\0\0\0\0", Some(Mp4)),
            (b"\0\0\0\x18ftypisom", Some(Mp4)),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", Some(Mov)),
            (b"\0\0\0\x08wide\0\0\0\0mdat", Some(Mov)),
            (b"\0\0\x10\0moov", Some(Mov)),
            (
                b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
                Some(Webm),
            ),
            (b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska", Some(Matroska)),
            (b"\x1a\x45\xdf\xa3\xa3\x42\x82\x84docx", None),
            (b"\0\0\0\x18ftypheic\0\0\0\0", None),
            (b"\0\0\0\x18ftyp", None),
            (b"#EXTM3U\n#EXT-X-VERSION:3\n", None),
            (b"ffconcat version 1.0\n", None),
            (b"<!doctype html>", None),
            (b"", None),
        ];
        for (head, kind) in cases {
            let shown = String::from_utf8_lossy(head);
            assert_eq!(VideoKind::of(head), kind, "{shown:?}");
        }
    }
}
