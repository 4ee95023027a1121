//! Messages from other systems, one folder each. What they have in common is the signature.

mod fields;
mod signed;
pub(crate) mod video_ready;
