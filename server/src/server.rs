//! The server as its owner sees it: what it is given, and how it runs and stops.

use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use metrics_exporter_prometheus::PrometheusHandle;
use platforms::tiktok::webhook::SignatureError;
use platforms::webhook::{WebhookError, WebhookVerifier};
use schema::DatabaseConnection;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::redelivery::Redelivery;
use crate::start_loop::StartLoop;
use crate::webhooks::tiktok::Recipient;
use crate::{metrics, routes};

/// The specification's libraries take 5 minutes.
const TOLERANCE: Duration = Duration::from_secs(300);
/// The specification asks senders to stay below 20 kB.
const MAX_BODY_BYTES: usize = 20_000;
/// What a request gets to finish after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// What can be set about the server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `whsec_…`: one, or two while a secret is being replaced.
    pub webhook_secrets: Vec<SecretString>,
    /// How far a webhook's time may lie from ours, either way.
    pub tolerance: Duration,
    /// The longest body of a webhook.
    pub max_body_bytes: usize,
    /// Our app at TikTok. Without one, no webhook of TikTok's is taken.
    pub tiktok: Option<TikTokApp>,
}

impl ServerConfig {
    /// The defaults (5 minutes, 20,000 bytes, no app at TikTok) with these secrets.
    #[must_use]
    pub fn new(webhook_secrets: Vec<SecretString>) -> Self {
        Self {
            webhook_secrets,
            tolerance: TOLERANCE,
            max_body_bytes: MAX_BODY_BYTES,
            tiktok: None,
        }
    }
}

/// An app at TikTok, as its webhooks name it and are signed for it.
#[derive(Clone, Debug)]
pub struct TikTokApp {
    /// The app's client key: an id, no secret.
    pub client_key: String,
    /// The app's client secret, which signs its webhooks.
    pub client_secret: SecretString,
}

/// How long the server waits for others. Only tests need anything but the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// A sender gets its answer after this time, even if the runs are not confirmed; senders give
    /// up after 15 seconds at the earliest.
    pub start_within: Duration,
    /// How often accepted events without confirmed runs are taken up again, and how old they are
    /// then at least.
    pub redeliver_every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            start_within: Duration::from_secs(8),
            redeliver_every: Duration::from_secs(3),
        }
    }
}

/// A server that could not be built or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The secrets cannot be used.
    #[error("could not use the webhook secrets")]
    Secrets(#[source] WebhookError),
    /// The secret of the app at TikTok cannot be used.
    #[error("could not use TikTok's client secret")]
    TikTokSecret(#[source] SignatureError),
    /// The listener failed.
    #[error("could not serve HTTP")]
    Serve(#[source] std::io::Error),
}

/// The server, ready to be run.
pub struct Server {
    app: App,
}

impl Server {
    /// Builds the server; nothing runs yet. `prometheus` is what the installed recorder gave.
    ///
    /// # Errors
    /// [`ServerError::Secrets`] when there is no secret, or one is malformed;
    /// [`ServerError::TikTokSecret`] when there is an app at TikTok with an empty one.
    pub fn new(
        db: DatabaseConnection,
        starts: Arc<dyn StartLoop>,
        prometheus: PrometheusHandle,
        config: ServerConfig,
    ) -> Result<Self, ServerError> {
        let verifier = WebhookVerifier::new(&config.webhook_secrets, config.tolerance)
            .map_err(ServerError::Secrets)?;
        let tiktok = config
            .tiktok
            .map(|app| Recipient::new(app, config.tolerance))
            .transpose()
            .map_err(ServerError::TikTokSecret)?;
        metrics::describe();
        let max_body_bytes = config.max_body_bytes;
        let pace = Pace::default();
        Ok(Self {
            app: App {
                db,
                starts,
                prometheus,
                verifier,
                tiktok,
                max_body_bytes,
                pace,
            },
        })
    }

    /// The same server, waiting otherwise for others.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.app.pace = pace;
        self
    }

    /// Serves, and starts what accepted events still wait for, until `stop`. Requests that are
    /// being answered then get a few seconds to finish.
    ///
    /// # Errors
    /// [`ServerError::Serve`] when the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> Result<(), ServerError> {
        let app = Arc::new(self.app);
        // A child, so that a listener that fails takes the background tasks along.
        let stop = stop.child_token();
        let http = async {
            let served = serve_http(&app, listener, &stop).await;
            stop.cancel();
            served
        };
        let redelivery = Redelivery::new(&app).run(&stop);
        let (served, (), ()) = tokio::join!(http, redelivery, metrics::upkeep(&app, &stop));
        served
    }
}

async fn serve_http(
    app: &Arc<App>,
    listener: TcpListener,
    stop: &CancellationToken,
) -> Result<(), ServerError> {
    // Small answers go out at once, also on a connection that is kept open.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "Nagle stays on.");
        }
    });
    let serving = axum::serve(listener, routes::router(Arc::clone(app)))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let out_of_patience = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.map_err(ServerError::Serve),
        () = out_of_patience => {
            tracing::warn!("Stopped although requests were still being answered.");
            Ok(())
        }
    }
}
