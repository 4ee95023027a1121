//! Clients of the services outside: one module per platform, with its types, its client and its
//! recorded payloads (`fixtures/<platform>/`, from the vendors' documentation).
//!
//! Every client decides once, in its `meaning.rs`, what an answer of its platform means in the
//! words that the rest of Flywheel uses ([`Meaning`]). A client sends exactly one request per call
//! unless its documentation says otherwise; it never retries, never waits and never follows a
//! redirect: that is the engine's work, which keeps a history of it. Only [`browser`] waits, for a
//! free place, and follows a page wherever it leads.
//!
//! Nothing here may log or return a credential, an upload session or a whole response body.

mod credentials;
mod error;
mod http;
mod violation;

pub mod anthropic;
pub mod browser;
pub mod caption;
pub mod counts;
pub mod fetch;
pub mod instagram;
pub mod instagram_page;
pub mod tiktok;
pub mod tiktok_page;
pub mod webhook;
pub mod youtube;

pub use error::{LaterWhen, Meaning, PlatformError};
pub use violation::Violation;
