//! The Graph API's one door: every call is read in the same way, counted, and handed on.

use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::Value;

use super::call::Call;
use super::error::ApiError;
use super::route::{self, Route};
use super::{account, create, insights, media, publish, status, upload, usage};
use crate::gate::ForcedFate;
use crate::state::SharedState;

pub(crate) async fn answer(State(state): State<SharedState>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if let Some(container) = route::upload_of(&path) {
        return upload::answer(&state, container, request).await;
    }
    let route = Route::of(request.method(), &path);
    let fate = request.extensions().get::<ForcedFate>().copied();
    let began = Instant::now();
    let call = match Call::of(request).await {
        Ok(call) => call,
        Err(error) => return error.into_response(),
    };
    let answered = handle(&state, route, &call, fate);
    let mut response = match answered {
        Ok(value) => Json(value).into_response(),
        Err(error) => error.into_response(),
    };
    let now = Timestamp::now();
    let account = &call.account.id;
    let impressions = media::impressions(&state, account, now);
    let used = &state.instagram.usage;
    let header = used.count(account, began.elapsed(), impressions, now);
    if let Ok(header) = HeaderValue::try_from(header) {
        response.headers_mut().insert(usage::HEADER, header);
    }
    response
}

fn handle(
    state: &SharedState,
    route: Route<'_>,
    call: &Call,
    fate: Option<ForcedFate>,
) -> Result<Value, ApiError> {
    match route {
        Route::CreateContainer(user) => {
            call.owns(user)?;
            create::create(state, call)
        }
        Route::ContainerStatus(container) => status::read(state, call, container, fate),
        Route::Publish(user) => {
            call.owns(user)?;
            publish::publish(state, call, fate)
        }
        Route::PublishingLimit(user) => {
            call.owns(user)?;
            publish::limit(state, call)
        }
        Route::MediaList(user) => {
            call.owns(user)?;
            media::list(state, call)
        }
        Route::Media(media) => media::read(state, call, media),
        Route::Insights(media) => insights::read(state, call, media),
        Route::Account(user) => {
            call.owns(user)?;
            account::read(state, call)
        }
        Route::Other(id) => Err(call.no_object(id)),
    }
}
