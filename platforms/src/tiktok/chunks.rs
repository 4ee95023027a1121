//! How a file is cut into upload requests: TikTok's chunk rules as a pure function.
//!
//! A chunk has 5 to 64 MB, the last one up to 128 MB, because it takes what is left over; a file
//! of less than 5 MB goes as a whole, one of more than 64 MB in several. The page does not say
//! which MB it means; the bounds here fit both.
//!
//! Source: <https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide>.

use std::ops::Range;

/// Least bytes of a chunk, unless the file is smaller: 5 MiB.
pub const LEAST_CHUNK: u64 = 5 << 20;
/// Most bytes of a chunk that is not the last: 64 MB.
pub const MOST_CHUNK: u64 = 64_000_000;
/// Most bytes of a file: 4 GB. That is fewer than 1000 chunks, which is TikTok's limit on them.
pub const MOST_BYTES: u64 = 4_000_000_000;

/// The chunks of one file, sent in order.
///
/// To go on with an upload after a restart, store [`total_bytes`](Self::total_bytes) and
/// [`chunk_bytes`](Self::chunk_bytes): [`new`](Self::new) makes the same plan of them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPlan {
    total_bytes: u64,
    chunk_bytes: u64,
}

impl ChunkPlan {
    /// Cuts a file of `total_bytes` into chunks of `wished_bytes`, or as near to that as the rules
    /// allow. Nothing for an empty file, or one of more than [`MOST_BYTES`].
    #[must_use]
    pub fn new(total_bytes: u64, wished_bytes: u64) -> Option<Self> {
        if total_bytes == 0 || total_bytes > MOST_BYTES {
            return None;
        }
        let wished = wished_bytes.clamp(LEAST_CHUNK, MOST_CHUNK);
        let chunk_bytes = if total_bytes >= 2 * wished {
            wished
        } else if total_bytes <= MOST_CHUNK {
            total_bytes
        } else {
            // One chunk by the division, and too large for one.
            total_bytes / 2
        };
        Some(Self {
            total_bytes,
            chunk_bytes,
        })
    }

    /// Bytes of the file.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Bytes of every chunk but the last.
    #[must_use]
    pub fn chunk_bytes(&self) -> u64 {
        self.chunk_bytes
    }

    /// How many chunks there are, at least one: `total_chunk_count`.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.total_bytes / self.chunk_bytes
    }

    /// The bytes of a chunk, counted from 0; nothing when there are not so many.
    #[must_use]
    pub fn range(&self, index: u64) -> Option<Range<u64>> {
        (index < self.count()).then(|| {
            let start = index * self.chunk_bytes;
            let is_last = index + 1 == self.count();
            let end = if is_last {
                self.total_bytes
            } else {
                start + self.chunk_bytes
            };
            start..end
        })
    }

    /// The chunk that is next when `uploaded` bytes are there; [`count`](Self::count) when they
    /// are all there. Nothing when no chunk ends at that byte, so that it makes no sense.
    #[must_use]
    pub fn chunk_after(&self, uploaded: u64) -> Option<u64> {
        if uploaded == self.total_bytes {
            return Some(self.count());
        }
        let index = uploaded / self.chunk_bytes;
        (index < self.count() && uploaded.is_multiple_of(self.chunk_bytes)).then_some(index)
    }

    /// The chunk to send when TikTok counts `uploaded` bytes, which may end inside a chunk whose
    /// request was cut; nothing when all are there.
    #[must_use]
    pub fn chunk_with(&self, uploaded: u64) -> Option<u64> {
        let last = self.count() - 1;
        (uploaded < self.total_bytes).then(|| last.min(uploaded / self.chunk_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(total: u64, wished: u64, chunk: u64, count: u64) {
        let plan = ChunkPlan::new(total, wished).unwrap();
        assert_eq!((plan.chunk_bytes(), plan.count()), (chunk, count));
        assert_eq!(ChunkPlan::new(total, chunk), Some(plan), "made again");
        let mut next = 0;
        for index in 0..count {
            let range = plan.range(index).unwrap();
            let length = range.end - range.start;
            let is_last = index + 1 == count;
            assert_eq!(range.start, next);
            assert_eq!(plan.chunk_after(range.start), Some(index));
            assert!(length >= LEAST_CHUNK || total < LEAST_CHUNK);
            assert!(length <= MOST_CHUNK || (is_last && length <= 2 * MOST_CHUNK && count > 1));
            assert!(is_last || length == chunk);
            next = range.end;
        }
        assert_eq!(next, total);
        assert_eq!(plan.chunk_after(total), Some(count));
        assert_eq!(plan.range(count), None);
        assert!(count <= 1000);
    }

    #[test]
    fn the_examples_of_the_documentation() {
        check(50_000_123, 10_000_000, 10_000_000, 5);
        check(4_194_304, 10_000_000, 4_194_304, 1);
        let plan = ChunkPlan::new(50_000_123, 10_000_000).unwrap();
        assert_eq!(plan.range(0), Some(0..10_000_000));
        assert_eq!(plan.range(4), Some(40_000_000..50_000_123));
    }

    #[test]
    fn whatever_the_size_every_rule_is_kept() {
        check(1, LEAST_CHUNK, 1, 1);
        check(LEAST_CHUNK - 1, LEAST_CHUNK, LEAST_CHUNK - 1, 1);
        check(LEAST_CHUNK, LEAST_CHUNK, LEAST_CHUNK, 1);
        check(2 * LEAST_CHUNK - 1, LEAST_CHUNK, 2 * LEAST_CHUNK - 1, 1);
        check(2 * LEAST_CHUNK, LEAST_CHUNK, LEAST_CHUNK, 2);
        check(19_999_999, 10_000_000, 19_999_999, 1);
        check(MOST_CHUNK, MOST_CHUNK, MOST_CHUNK, 1);
        check(MOST_CHUNK + 1, MOST_CHUNK, MOST_CHUNK / 2, 2);
        check(2 * MOST_CHUNK - 1, MOST_CHUNK, MOST_CHUNK - 1, 2);
        check(2 * MOST_CHUNK, MOST_CHUNK, MOST_CHUNK, 2);
        check(3 * MOST_CHUNK - 1, MOST_CHUNK, MOST_CHUNK, 2);
        check(MOST_BYTES, LEAST_CHUNK, LEAST_CHUNK, 762);
    }

    #[test]
    fn a_wish_that_tiktok_would_refuse_is_brought_into_bounds() {
        check(30_000_000, 0, LEAST_CHUNK, 5);
        check(300_000_000, u64::MAX, MOST_CHUNK, 4);
    }

    #[test]
    fn an_empty_file_and_one_that_is_too_large_have_no_plan() {
        assert_eq!(ChunkPlan::new(0, LEAST_CHUNK), None);
        assert_eq!(ChunkPlan::new(MOST_BYTES + 1, LEAST_CHUNK), None);
    }

    #[test]
    fn bytes_that_end_within_a_chunk_are_no_progress() {
        let plan = ChunkPlan::new(50_000_123, 10_000_000).unwrap();
        for uploaded in [1, 9_999_999, 50_000_000, 50_000_122, 50_000_124, u64::MAX] {
            assert_eq!(plan.chunk_after(uploaded), None, "{uploaded}");
        }
    }

    #[test]
    fn an_upload_that_was_cut_goes_on_with_the_chunk_that_it_was_cut_in() {
        let plan = ChunkPlan::new(2 * LEAST_CHUNK + 7, LEAST_CHUNK).unwrap();
        assert_eq!(plan.count(), 2);
        for (uploaded, chunk) in [
            (0, Some(0)),
            (LEAST_CHUNK - 1, Some(0)),
            (LEAST_CHUNK, Some(1)),
            (LEAST_CHUNK + 1, Some(1)),
            (2 * LEAST_CHUNK + 6, Some(1)),
            (2 * LEAST_CHUNK + 7, None),
            (u64::MAX, None),
        ] {
            assert_eq!(plan.chunk_with(uploaded), chunk, "{uploaded}");
        }
    }
}
