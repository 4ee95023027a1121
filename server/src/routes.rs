//! Every route there is, sorted by path. A handler's file is named after its path.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::routing::{MethodRouter, get, post};

use crate::app::App;
use crate::code::Code;
use crate::problem::Problem;
use crate::{healthz, metrics, webhooks};

fn routes() -> [(&'static str, MethodRouter<Arc<App>>); 4] {
    [
        ("/healthz", get(healthz::show)),
        ("/metrics", get(metrics::show)),
        ("/webhooks/tiktok", post(webhooks::tiktok::receive)),
        (
            "/webhooks/video/ready",
            post(webhooks::video_ready::receive),
        ),
    ]
}

/// The routes on `app`. Whatever is not one of them gets a problem, too.
pub(crate) fn router(app: Arc<App>) -> Router {
    let limit = DefaultBodyLimit::max(app.max_body_bytes);
    routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        })
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(limit)
        .with_state(app)
}

async fn unknown(uri: Uri) -> Problem {
    Problem::new(
        Code::RouteUnknown,
        format!("There is nothing at {}.", uri.path()),
    )
}

async fn wrong_method(uri: Uri) -> Problem {
    let detail = format!("{} takes the methods in the Allow header.", uri.path());
    Problem::new(Code::MethodNotAllowed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_no_path_twice() {
        let paths: Vec<&str> = routes().into_iter().map(|(path, _)| path).collect();
        assert!(paths.is_sorted_by(|one, next| one < next), "{paths:?}");
    }
}
