//! Starting loops through the engine: what reaches Restate's ingress, and how often.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use reqwest::Url;
use serde_json::{Value, json};
use server::{LoopTarget, StartLoop};
use tokio::net::TcpListener;

use crate::harness::Place;

/// Path, idempotency key and body of a request.
type Seen = Arc<Mutex<Vec<(String, String, Value)>>>;

async fn take(
    State(seen): State<Seen>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    seen.lock()
        .unwrap()
        .push((uri.path().to_owned(), key, body));
    (
        StatusCode::ACCEPTED,
        Json(json!({"invocationId": "inv_1", "status": "Accepted"})),
    )
}

fn target() -> LoopTarget {
    LoopTarget {
        video_id: "v_1".to_owned(),
        platform: "youtube".to_owned(),
        account: "main".to_owned(),
    }
}

#[tokio::test]
async fn a_target_is_one_run_also_when_the_ingress_was_away_at_first() {
    let place = Place::new().await;
    engine::migrate(&place.db).await.unwrap();

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let url: Url = format!("http://{address}").parse().unwrap();
    let client = engine::Client::new(place.db.clone(), url).unwrap();
    let starts: &dyn StartLoop = &client;
    let error = starts.start(target()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not start the loop v_1/youtube/main"
    );

    let seen = Seen::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let ingress = Router::new().fallback(take).with_state(Arc::clone(&seen));
    let serving = tokio::spawn(async move { axum::serve(listener, ingress).await });
    let client = engine::Client::new(place.db.clone(), url).unwrap();
    let starts: &dyn StartLoop = &client;
    let first = starts.start(target()).await.unwrap();
    let second = starts.start(target()).await.unwrap();
    serving.abort();

    assert_eq!(first.run_id, second.run_id);
    assert!(
        first.existed && second.existed,
        "the failed start had queued the run"
    );
    let seen = seen.lock().unwrap();
    let [(path, key, body)] = seen.as_slice() else {
        panic!("{seen:?}");
    };
    assert!(path.starts_with("/video_loop/"), "{path}");
    assert_eq!(key, &first.run_id);
    assert!(body.to_string().contains(r#""videoId":"v_1""#), "{body}");
}
