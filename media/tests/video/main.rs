//! What the helper finds out about real files: made here, encoded and decoded with real codecs.
//!
//! The tests need the helper's program, which Cargo does not build for them: `studio` says how.

#![expect(
    clippy::expect_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

mod confined;
mod keyframes;
mod probing;
mod refusals;
mod studio;
mod synthesizing;
mod transcoding;
