//! The steps of the channel's loop: one file each, one struct each, one journaled closure each.
//!
//! [`registry`] is the one list. Steps are the only writers of the channel's tables, and the only
//! callers of platforms and of the media helper.

pub mod registry;
pub mod services;
pub mod target;

pub mod analyze;
pub mod critique;
pub mod feedback;
pub mod post_confirm;
pub mod post_in_doubt;
pub mod post_open;
pub mod post_send;
pub mod predict;
pub mod reweight;
pub mod scrape;

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
