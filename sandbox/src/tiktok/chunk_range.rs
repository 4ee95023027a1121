//! The `Content-Range` header of a chunk, and of the answer to it.

use axum::http::{HeaderMap, HeaderValue, header};

/// `bytes FIRST-LAST/TOTAL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkRange {
    pub(crate) first: u64,
    /// One past the last byte.
    pub(crate) end: u64,
    pub(crate) total: u64,
}

impl ChunkRange {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(header::CONTENT_RANGE)?.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let first: u64 = first.parse().ok()?;
        let end = last.parse::<u64>().ok()?.checked_add(1)?;
        let total = total.parse().ok()?;
        (first < end && end <= total).then_some(Self { first, end, total })
    }
}

/// How far an upload is, as every answer says it. The vendor calls what stands behind the dash the
/// number of bytes that were uploaded, so it is a number and not the place of the last byte.
pub(crate) fn progress(received: u64, total: u64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("bytes 0-{received}/{total}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_and_an_impossible_one_is_not() {
        assert_eq!(
            ChunkRange::parse("bytes 0-9999999/50000123"),
            Some(ChunkRange {
                first: 0,
                end: 10_000_000,
                total: 50_000_123
            })
        );
        for text in [
            "bytes 5-4/10",
            "bytes 0-10/10",
            "bytes 0-4/*",
            "bytes */10",
            "0-4/10",
            "bytes 0-18446744073709551615/1",
            "",
        ] {
            assert_eq!(ChunkRange::parse(text), None, "{text}");
        }
    }
}
