//! `GET /{ig-container-id}`: how far a container is.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::Call;
use super::container::{Container, Source, Standing};
use super::error::ApiError;
use crate::SandboxError;
use crate::gate::ForcedFate;
use crate::state::SharedState;

pub(crate) fn read(
    state: &SharedState,
    call: &Call,
    id: &str,
    fate: Option<ForcedFate>,
) -> Result<Value, ApiError> {
    let found = state.instagram.containers.get(&call.account.id, id);
    let container = found.ok_or_else(|| call.no_object(id))?;
    meet(state, &container, fate)?;
    let standing = container.standing(&state.posts, Timestamp::now());
    call.node("ShadowIGMediaBuilder", id, |field| {
        Some(match field {
            "status_code" => code(standing).into(),
            "status" => words(standing).into(),
            "video_status" => video_status(&container, standing),
            "copyright_check_status" => {
                let status = match standing {
                    Standing::InProgress => "in_progress",
                    _ => "completed",
                };
                json!({"status": status, "matches_found": false})
            }
            _ => return None,
        })
    })
}

/// Does to a container what a fault says.
pub(crate) fn meet(
    state: &SharedState,
    container: &Container,
    fate: Option<ForcedFate>,
) -> Result<(), SandboxError> {
    let containers = &state.instagram.containers;
    match fate {
        Some(ForcedFate::Fails { problem }) => containers.fail(container, problem),
        Some(ForcedFate::Expires) => containers.expire(container),
        None => Ok(()),
    }
}

fn code(standing: Standing) -> &'static str {
    match standing {
        Standing::InProgress => "IN_PROGRESS",
        Standing::Finished => "FINISHED",
        Standing::Published => "PUBLISHED",
        Standing::Failed(_) => "ERROR",
        Standing::Expired => "EXPIRED",
    }
}

fn words(standing: Standing) -> String {
    match standing {
        Standing::InProgress => "In Progress: Media is still being processed.".to_owned(),
        Standing::Finished => {
            "Finished: Media has been uploaded and it is ready to be published.".to_owned()
        }
        Standing::Published => "Published: Media has been successfully published.".to_owned(),
        Standing::Failed(problem) => {
            format!("Error: Media upload has failed with error code {problem}")
        }
        Standing::Expired => {
            "Expired: The container was not published within 24 hours and has expired.".to_owned()
        }
    }
}

/// How many bytes have arrived, from where a broken upload goes on.
fn video_status(container: &Container, standing: Standing) -> Value {
    let (arrived, received) = (container.course().arrived, container.received());
    let uploading = match (&arrived, received, &container.opening.source) {
        (Some(_), _, _) => "complete",
        (None, 0, Source::Upload) => "not_started",
        (None, _, _) => "in_progress",
    };
    let processing = match (standing, &arrived) {
        (Standing::Failed(_), _) => "error",
        (Standing::Finished | Standing::Published, _) => "complete",
        (_, Some(_)) => "in_progress",
        (_, None) => "not_started",
    };
    json!({
        "uploading_phase": {"status": uploading, "bytes_transferred": received},
        "processing_phase": {"status": processing},
    })
}
