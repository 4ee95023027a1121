//! The steps of the channel's loop: one file each, one struct each, one journaled closure each.
//!
//! [`registry`] is the one list, and `cargo xtask new-step NAME` adds to it. Steps are the only
//! writers of the channel's tables, and the only callers of platforms and of the media helper.

#[macro_use]
pub mod registry;
pub mod services;
pub mod target;

/// Each step of the list, a file beside this one. `cargo fmt` does not see files that a macro
/// declares: `cargo xtask ci` has them formatted, too.
macro_rules! modules {
    ($($name:ident: $step:ident,)*) => { $(pub mod $name;)* };
}
each_step!(modules);

/// What `cargo xtask new-step` writes under another name, proven as it stands.
#[cfg(test)]
pub mod template;

mod endings;
mod files;
mod posting;
mod reading;
mod tokens;
mod weights;

pub use posting::marker;
pub use registry::{Steps, catalogue};
pub use services::{Audience, InstagramAccount, ReadBy, Services, TikTokAccount, YouTubeAccount};
pub use target::Target;
