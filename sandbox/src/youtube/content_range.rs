//! The `Content-Range` header of a resumable upload.

use axum::http::{HeaderMap, header};

use super::error::ApiError;

/// What a PUT on a session says about its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentRange {
    /// `bytes FIRST-LAST/TOTAL`; the total may be `*`.
    Bytes {
        first: u64,
        /// One past the last byte.
        end: u64,
        total: Option<u64>,
    },
    /// `bytes */TOTAL`: how far are we?
    Question { total: Option<u64> },
    /// No header: the body is the whole file.
    Whole,
}

impl ContentRange {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(value) = headers.get(header::CONTENT_RANGE) else {
            return Ok(Self::Whole);
        };
        value
            .to_str()
            .ok()
            .and_then(Self::parse)
            .ok_or_else(|| ApiError::bad_request("badContentRange", "Malformed Content-Range."))
    }

    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let total = match total {
            "*" => None,
            number => Some(number.parse().ok()?),
        };
        if range == "*" {
            return Some(Self::Question { total });
        }
        let (first, last) = range.split_once('-')?;
        let first: u64 = first.parse().ok()?;
        let end = last.parse::<u64>().ok()?.checked_add(1)?;
        let fits = first < end && total.is_none_or(|total| end <= total);
        fits.then_some(Self::Bytes { first, end, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_are_read() {
        let parse = ContentRange::parse;
        assert_eq!(
            parse("bytes 0-262143/600000"),
            Some(ContentRange::Bytes {
                first: 0,
                end: 262_144,
                total: Some(600_000)
            })
        );
        assert_eq!(
            parse("bytes 5-9/*"),
            Some(ContentRange::Bytes {
                first: 5,
                end: 10,
                total: None
            })
        );
        assert_eq!(
            parse("bytes */10"),
            Some(ContentRange::Question { total: Some(10) })
        );
        assert_eq!(
            parse("bytes */*"),
            Some(ContentRange::Question { total: None })
        );
    }

    #[test]
    fn impossible_ranges_are_refused() {
        for text in [
            "bytes 5-4/10",
            "bytes 0-10/10",
            "bytes -1-4/10",
            "0-4/10",
            "bytes 0-18446744073709551615/*",
        ] {
            assert_eq!(ContentRange::parse(text), None, "{text}");
        }
    }
}
