//! Messages from other systems, one folder each. What they have in common is that they are signed,
//! and how one is refused.

mod body;
mod fields;
mod signed;
pub(crate) mod tiktok;
pub(crate) mod video_ready;

use axum::response::{IntoResponse as _, Response};

use crate::problem::Problem;

/// The answer to a webhook that is not taken, and the outcome that it counts under.
fn refused(problem: Problem) -> (&'static str, Response) {
    tracing::warn!(
        code = problem.code.name(),
        field = problem.field,
        detail = problem.detail,
        "Webhook refused."
    );
    (problem.code.name(), problem.into_response())
}
