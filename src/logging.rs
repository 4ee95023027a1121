//! Logs: to stderr, one line each, filtered by `RUST_LOG`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How much is logged unless `RUST_LOG` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    /// A person waits for the answer: warnings.
    Command,
    /// A process that runs for days, into a file.
    Service,
}

/// Installs the subscriber. A second call does nothing.
pub(crate) fn install(volume: Volume) {
    let default = match volume {
        Volume::Command => "warn",
        // What the SDK says of every suspension and every lost connection is Restate's business.
        Volume::Service => "info,restate_sdk=error,restate_sdk_shared_core=error,sqlx=warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let installed = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    drop(installed);
}
