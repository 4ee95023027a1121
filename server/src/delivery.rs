//! What an accepted `video/ready` sets going: its rows, then one loop per target, then the note
//! that all of them are confirmed. Every line may be executed again, by another process or after a
//! crash, and the whole ends in the same rows and the same runs.

use std::fmt;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use schema::videos::{self, Insertion, NewVideo};
use schema::{SchemaError, StringList, accounts, concepts, events};
use serde::Serialize;

use crate::app::App;
use crate::code::Code;
use crate::problem::Problem;
use crate::same_json::same_json;
use crate::start_loop::{LoopTarget, StartError, StartedLoop};
use crate::webhooks::video_ready::message::{Target, VideoReady, VideoReadyData};

/// Starts that one message has under way.
const STARTS_AT_ONCE: usize = 8;

/// A confirmed run, as the sender is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    platform: String,
    account: String,
    run_id: String,
    existed: bool,
}

impl Run {
    pub(crate) fn new(target: Target, run_id: String, existed: bool) -> Self {
        Self {
            platform: target.platform,
            account: target.account,
            run_id,
            existed,
        }
    }
}

/// How an event came to its end.
#[derive(Debug)]
pub(crate) enum Delivered {
    /// Every run is confirmed, in the order of the targets.
    Started(Vec<Run>),
    /// Nothing will be started for it.
    Rejected(Problem),
}

/// The event stays accepted, and is taken up again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    #[error("could not write the event's rows")]
    Rows(#[from] SchemaError),
    #[error("not every loop is confirmed")]
    Start(#[from] StartError),
    #[error("the starts took longer than {seconds} s")]
    TimedOut { seconds: u64 },
}

/// Does what the accepted event asks for.
pub(crate) async fn deliver(
    app: &App,
    event_id: &str,
    message: &VideoReady,
) -> Result<Delivered, DeliveryError> {
    let data = &message.data;
    if let Some(concept) = &data.concept_id {
        concepts::ensure(&app.db, concept, &data.category).await?;
    }
    let video = row(data);
    if let Insertion::Existing(known) = videos::insert_if_new(&app.db, video.clone()).await? {
        let changed = Changes::between(&known, &video);
        if !changed.0.is_empty() {
            let detail = format!(
                "{} was announced before with another {changed}; a changed video needs an id of its own.",
                video.id
            );
            let problem = Problem::of(Code::VideoIdTaken, "data.videoId", detail);
            return reject(app, event_id, problem).await;
        }
    }
    for target in &data.targets {
        accounts::ensure(&app.db, &target.platform, &target.account).await?;
    }
    let started = start_all(app, data).await?;
    let run_ids: StringList = started.iter().map(|run| run.run_id.clone()).collect();
    events::mark_started(&app.db, event_id, run_ids, Timestamp::now()).await?;
    let targets = data.targets.iter().cloned();
    let runs = targets
        .zip(started)
        .map(|(target, run)| Run::new(target, run.run_id, run.existed));
    Ok(Delivered::Started(runs.collect()))
}

/// Nothing will ever be started for the accepted event, because of `problem`.
pub(crate) async fn reject(
    app: &App,
    event_id: &str,
    problem: Problem,
) -> Result<Delivered, DeliveryError> {
    events::mark_rejected(&app.db, event_id, &kept(&problem)).await?;
    Ok(Delivered::Rejected(problem))
}

/// What the event's row says: `code field: detail`, from which [`rejection`] makes the same answer
/// for whoever sends the message again.
fn kept(problem: &Problem) -> String {
    let field = problem.field.as_deref().unwrap_or("body");
    format!("{} {field}: {}", problem.code.name(), problem.detail)
}

/// The answer to a message whose event was rejected. Rows from before there was a second reason
/// have the detail alone.
pub(crate) fn rejection(kept: &str) -> Problem {
    let parts = kept.split_once(": ").and_then(|(head, detail)| {
        let (name, field) = head.split_once(' ')?;
        let code = Code::ALL.into_iter().find(|code| code.name() == name)?;
        Some(Problem::of(code, field, detail))
    });
    parts.unwrap_or_else(|| Problem::of(Code::VideoIdTaken, "data.videoId", kept))
}

/// All or an error; those that were started stay so, and are found again by their keys.
async fn start_all(app: &App, data: &VideoReadyData) -> Result<Vec<StartedLoop>, DeliveryError> {
    // A list first: a stream over borrowed targets would keep the whole future from being `Send`.
    let starts: Vec<_> = data
        .targets
        .iter()
        .map(|target| {
            app.starts.start(LoopTarget {
                video_id: data.video_id.clone(),
                platform: target.platform.clone(),
                account: target.account.clone(),
            })
        })
        .collect();
    // Every start is tried: a target that cannot be started must not hold up its neighbours.
    let all = stream::iter(starts)
        .buffered(STARTS_AT_ONCE)
        .collect::<Vec<_>>();
    match tokio::time::timeout(app.pace.start_within, all).await {
        Ok(started) => Ok(started.into_iter().collect::<Result<_, _>>()?),
        Err(_) => Err(DeliveryError::TimedOut {
            seconds: app.pace.start_within.as_secs(),
        }),
    }
}

fn row(data: &VideoReadyData) -> NewVideo {
    NewVideo {
        id: data.video_id.clone(),
        concept_id: data.concept_id.clone(),
        category: data.category.clone(),
        caption: data.caption.clone(),
        hashtags: StringList(data.hashtags.clone()),
        audio_id: data.audio_id.clone(),
        source: data.source.clone(),
        features: data
            .features
            .as_ref()
            .map(|features| serde_json::json!(features)),
        created_at_ms: Timestamp::now().as_millisecond(),
    }
}

/// The fields in which two announcements of a video differ.
struct Changes(Vec<&'static str>);

impl Changes {
    fn between(known: &NewVideo, sent: &NewVideo) -> Self {
        let features = match (&known.features, &sent.features) {
            (Some(known), Some(sent)) => same_json(known, sent),
            (known, sent) => known == sent,
        };
        let fields = [
            ("conceptId", known.concept_id == sent.concept_id),
            ("category", known.category == sent.category),
            ("caption", known.caption == sent.caption),
            ("hashtags", known.hashtags == sent.hashtags),
            ("audioId", known.audio_id == sent.audio_id),
            ("source", known.source == sent.source),
            ("features", features),
        ];
        Self(
            fields
                .into_iter()
                .filter(|(_, same)| !same)
                .map(|(name, _)| name)
                .collect(),
        )
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_told_again_as_it_was() {
        let problems = [
            Problem::of(Code::VideoIdTaken, "data.videoId", "v_1: another caption."),
            Problem::of(
                Code::WebhookFieldInvalid,
                "data.targets[0].account",
                "It: is missing.",
            ),
        ];
        for problem in problems {
            assert_eq!(rejection(&kept(&problem)), problem);
        }
    }

    #[test]
    fn a_row_from_before_codes_were_kept_is_a_taken_id() {
        for detail in [
            "v_1 was announced before with another caption; …",
            "a: b",
            "",
        ] {
            let problem = rejection(detail);
            assert_eq!(
                problem,
                Problem::of(Code::VideoIdTaken, "data.videoId", detail)
            );
        }
    }
}
