//! The part of Flywheel that faces the world: webhooks in, health and metrics out.
//!
//! Reading order: [`Server`] (what it is given, how it runs), `routes` (every route), `webhooks`
//! (one folder per message), `delivery` (what an accepted message sets going) and `redelivery`
//! (the same again, until it is confirmed). What a caller is told when something is wrong is in
//! [`code`] and [`problem`], with one page per code in `docs/errors/`.
//!
//! It must not do the work of a run, and must not know Restate: runs are started through
//! [`StartLoop`].

mod app;
mod routes;
mod server;

mod healthz;
pub mod metrics;

mod same_json;
mod webhooks;

mod delivery;
mod redelivery;
mod start_loop;
mod starts;

pub mod code;
pub mod problem;

pub use server::{Pace, Server, ServerConfig, ServerError, TikTokApp};
pub use start_loop::{LoopTarget, StartError, StartLoop, StartedLoop};
pub use webhooks::video_ready::message::{Target, VideoReady, VideoReadyData};
