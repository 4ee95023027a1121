//! What every handler and the redelivery share. Built once by [`crate::Server::new`]; it holds no
//! state of a request.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use platforms::webhook::WebhookVerifier;
use schema::DatabaseConnection;

use crate::server::Pace;
use crate::start_loop::StartLoop;
use crate::webhooks::tiktok::Recipient;

pub(crate) struct App {
    pub(crate) db: DatabaseConnection,
    pub(crate) starts: Arc<dyn StartLoop>,
    pub(crate) prometheus: PrometheusHandle,
    pub(crate) verifier: WebhookVerifier,
    /// None when there is no app at TikTok.
    pub(crate) tiktok: Option<Recipient>,
    pub(crate) max_body_bytes: usize,
    pub(crate) pace: Pace,
}
