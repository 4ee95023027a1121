//! The sandbox over loopback, as a client meets it.
//!
//! No Rust type of `platforms/` is used here; only its recorded payloads are, to compare shapes.

mod anthropic;
mod audience;
mod checker;
mod faults;
mod instagram;
mod kept;
mod shapes;
mod tiktok;
mod upload;
mod world;
