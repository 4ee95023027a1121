//! The outside world on one machine, served on loopback.
//!
//! What a vendor's HTTP API answers, this crate answers too: same paths (under one prefix per
//! host), fields, states, error bodies and limits, so that the real clients run against it by
//! configuration alone. Behind it stands a simulated audience (`audience/`) whose best
//! possible forecast is known, and under `/_sandbox/` are the controls (`controls.rs`) that make any
//! endpoint fail and list what was received.
//!
//! A new platform is one more folder beside `youtube/` and one more variant in `platform.rs`.
//!
//! This crate must not share a Rust type with `platforms/`: a client and a server that agree
//! because they use the same struct prove nothing about the vendor's wire format.

mod anthropic;
mod audience;
mod background;
mod controls;
mod draw;
mod error;
mod faults;
mod fetch;
mod gate;
mod instagram;
mod journal;
mod mp4_duration;
mod platform;
mod posts;
mod requests;
mod server;
mod state;
mod tiktok;
mod youtube;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use error::SandboxError;
use state::Shared;
use tiktok::Settings;
pub use tiktok::TikTokWebhook;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Which world to serve, and where it is kept.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Folder for posts, uploads and the request log; made when it is missing.
    pub data: PathBuf,
    /// Chooses the audience. A folder belongs to the seed it was first opened with.
    pub world_seed: u64,
    /// How many seconds of audience pass in one second of wall time; more than 0. Tokens, URLs,
    /// processing and limits stay in wall time.
    pub time_scale: f64,
    /// Wall time from a post's last byte until its platform has processed it and shows it.
    pub processing: Duration,
}

/// A world, ready to be served.
#[derive(Debug)]
pub struct Sandbox {
    state: Arc<Shared>,
}

impl Sandbox {
    /// Opens the world kept in `config.data`, or starts one there.
    ///
    /// Only one process at a time can have a folder open.
    pub fn open(config: SandboxConfig) -> Result<Self, SandboxError> {
        Ok(Self {
            state: Arc::new(Shared::open(config)?),
        })
    }

    /// Sends TikTok's events here until a control says otherwise.
    #[must_use]
    pub fn with_tiktok_webhook(self, hook: TikTokWebhook) -> Self {
        self.state.tiktok.set(Settings::telling(hook));
        self
    }

    /// Serves until `stop` is cancelled, then lets answers under way finish for a moment.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> Result<(), SandboxError> {
        server::serve(self.state, listener, stop).await
    }
}
