//! What Flywheel asks of a video file, as a typed client of a helper process.
//!
//! The files come from outside and the codecs are large C libraries, so no byte of a video is
//! decoded in this process: [`Media`] starts `flywheel-media` (package `media-helper`) for each
//! question, gives it one line of JSON ([`wire`]), and reads one line back. The helper puts itself
//! under memory and CPU limits; this side kills it at the deadline. A helper that hangs or crashes
//! is one failed attempt, and only what the helper says about the *file* is final
//! ([`MediaError::is_terminal`]).
//!
//! This crate must not link GStreamer, and must not open a URL.

mod client;
mod clip;
mod draft;
mod error;
mod keyframe;
mod limits;
pub mod looks;
mod probe;
mod process;
mod transcode;
pub mod wire;

pub use client::Media;
pub use clip::{Background, ClipContainer, ClipSpec, Place, Rgb, Scene, TextOverlay};
pub use error::MediaError;
pub use keyframe::Keyframe;
pub use limits::Limits;
pub use probe::Probe;
pub use transcode::{Target, Transcoded};
pub use wire::{Refusal, RefusalCode};
