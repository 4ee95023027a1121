//! Where the file of a post comes from, and the rules for cutting it into chunks.
//!
//! Source: the vendor's media transfer guide. It does not say whether its MB are 10^6 or 2^20
//! bytes: a chunk has to be right in both readings.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::settings::Settings;
use crate::fetch;

/// Least bytes of a chunk, unless the file is smaller: 5 MB.
const LEAST_CHUNK: u64 = 5 * 1024 * 1024;
/// Most bytes of a chunk that is not the last: 64 MB. The last is less than two of them.
const MOST_CHUNK: u64 = 64_000_000;
const MOST_CHUNKS: u64 = 1000;
/// Most bytes of a file: 4 GB.
pub(crate) const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// As sent.
#[derive(Debug, Deserialize)]
pub(crate) struct SourceInfo {
    source: String,
    video_size: Option<u64>,
    chunk_size: Option<u64>,
    total_chunk_count: Option<u64>,
    video_url: Option<String>,
}

/// A source that can be used.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// The client sends it in these chunks.
    File(Chunks),
    /// We fetch it.
    Url(String),
}

/// How a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chunks {
    /// Bytes of the file.
    pub(crate) total: u64,
    /// Bytes of every chunk but the last, which takes what is left over.
    chunk: u64,
    count: u64,
}

impl Chunks {
    fn check(total: u64, chunk: u64, count: u64) -> Result<Self, ApiError> {
        let chunk_fits = if total < LEAST_CHUNK {
            chunk == total
        } else {
            (LEAST_CHUNK..=MOST_CHUNK).contains(&chunk) && chunk <= total
        };
        if total == 0 || total > MOST_BYTES {
            Err(ApiError::invalid_param("The video size is invalid."))
        } else if !chunk_fits {
            Err(ApiError::invalid_param("The chunk size is invalid."))
        } else if count != total / chunk
            || count > MOST_CHUNKS
            || (count == 1 && total > MOST_CHUNK)
        {
            Err(ApiError::invalid_param("The total chunk count is invalid."))
        } else {
            Ok(Self {
                total,
                chunk,
                count,
            })
        }
    }

    /// The chunk that has to come when so many bytes are there; nothing after the last.
    pub(crate) fn after(self, received: u64) -> Option<Range<u64>> {
        let index = received / self.chunk;
        if received >= self.total || index >= self.count {
            return None;
        }
        let end = if index + 1 == self.count {
            self.total
        } else {
            received + self.chunk
        };
        Some(received..end)
    }

    /// How many of the first `length` bytes are whole chunks.
    pub(crate) fn whole(self, length: u64) -> u64 {
        if length >= self.total {
            self.total
        } else {
            (length / self.chunk).min(self.count - 1) * self.chunk
        }
    }
}

impl SourceInfo {
    pub(crate) fn check(self, settings: &Settings) -> Result<Source, ApiError> {
        match self.source.as_str() {
            "FILE_UPLOAD" => {
                let sizes = (self.video_size, self.chunk_size, self.total_chunk_count);
                let (Some(total), Some(chunk), Some(count)) = sizes else {
                    let message = "video_size, chunk_size and total_chunk_count are required.";
                    return Err(ApiError::invalid_param(message));
                };
                Chunks::check(total, chunk, count).map(Source::File)
            }
            "PULL_FROM_URL" => {
                let url = self.video_url.unwrap_or_default();
                if fetch::fetchable(&url).is_none() {
                    return Err(ApiError::invalid_param("The video_url is invalid."));
                }
                if let Some(verified) = &settings.verified_urls
                    && !verified
                        .iter()
                        .any(|begins| url.starts_with(begins.as_str()))
                {
                    return Err(ApiError::forbidden(
                        "url_ownership_unverified",
                        "Please review our URL ownership verification rules.",
                    ));
                }
                Ok(Source::Url(url))
            }
            _ => Err(ApiError::invalid_param(
                "source must be FILE_UPLOAD or PULL_FROM_URL.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn takes(total: u64, chunk: u64, count: u64) -> bool {
        Chunks::check(total, chunk, count).is_ok()
    }

    #[test]
    fn the_examples_of_the_documentation_are_taken() {
        assert!(takes(50_000_123, 10_000_000, 5));
        assert!(takes(4_194_304, 4_194_304, 1));
        assert!(takes(64 * MB, 64 * MB, 1));
        assert!(takes(1, 1, 1));
    }

    #[test]
    fn what_breaks_a_rule_is_refused() {
        assert!(!takes(0, 0, 1), "empty");
        assert!(!takes(50_000_123, 10_000_000, 6), "rounded up");
        assert!(!takes(4_194_304, 2_097_152, 2), "small, in pieces");
        assert!(!takes(10 * MB, 4 * MB, 2), "a chunk too small");
        assert!(!takes(200 * MB, 65 * MB, 3), "a chunk too large");
        assert!(!takes(100 * MB, 64 * MB, 1), "large, and whole");
        assert!(!takes(10 * MB, 20 * MB, 0), "a chunk larger than the file");
        assert!(!takes(MOST_BYTES + 1, 64 * MB, 67), "too large");
    }

    #[test]
    fn chunks_follow_one_another_and_the_last_takes_the_rest() -> Result<(), ApiError> {
        let chunks = Chunks::check(50_000_123, 10_000_000, 5)?;
        assert_eq!(chunks.after(0), Some(0..10_000_000));
        assert_eq!(chunks.after(40_000_000), Some(40_000_000..50_000_123));
        assert_eq!(chunks.after(50_000_123), None);
        assert_eq!(chunks.whole(19_999_999), 10_000_000);
        assert_eq!(chunks.whole(50_000_122), 40_000_000);
        assert_eq!(chunks.whole(50_000_123), 50_000_123);
        Ok(())
    }
}
