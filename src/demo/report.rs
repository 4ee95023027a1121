//! What came out, read from the tables and from the sandbox. The names of the keys are a format:
//! others read `--report`.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::Context as _;
use engine::runs::{self, Details};
use engine::tables::RunStatus;
use jiff::Timestamp;
use schema::{
    DatabaseConnection, analytics_snapshots, critiques, performance_feedback, posts, predictions,
    scoring_weights, video_analyses,
};
use serde::{Deserialize, Serialize};

use super::video::DemoVideo;
use super::weights::{self, Weights};
use crate::data_dir::Ports;
use crate::parked::{self, Problem};
use crate::setup::Setup;
use crate::video_ready::local_http;

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) videos: Vec<Row>,
    pub(super) weights_before: Weights,
    pub(super) weights_after: Weights,
    pub(super) worker_kills: u32,
    pub(super) duration_s: f64,
    /// What the models' answers would have cost at the configured prices, millionths of a dollar.
    #[serde(skip)]
    pub(super) cost_micro_usd: i64,
}

/// One video; what it did not reach is null.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) video_id: String,
    pub(super) source: String,
    pub(super) platform: &'static str,
    pub(super) run_id: Option<String>,
    /// `completed`, `failed`, or `parked`: a person would have to decide.
    pub(super) status: &'static str,
    pub(super) error: Option<String>,
    /// The stable code that `error` begins with, if it is the run's.
    pub(super) error_code: Option<String>,
    /// When its run was asked for.
    pub(super) created_at: Option<Timestamp>,
    /// When its run ended.
    pub(super) ended_at: Option<Timestamp>,
    /// The platform's id of the post.
    pub(super) post_id: Option<String>,
    /// Counted by the sandbox.
    pub(super) posts_seen_by_platform: usize,
    pub(super) metrics: Option<Metrics>,
    pub(super) analysis_overall: Option<f64>,
    pub(super) feedback_id: Option<String>,
    pub(super) critique_id: Option<String>,
    pub(super) weight_decision_id: Option<String>,
    #[serde(skip)]
    pub(super) decision: Option<String>,
}

/// The reading, and what was expected.
#[derive(Debug, Serialize)]
pub(super) struct Metrics {
    pub(super) views: Option<i64>,
    pub(super) likes: Option<i64>,
    pub(super) comments: Option<i64>,
    pub(super) shares: Option<i64>,
    pub(super) engagement: Option<f64>,
    pub(super) predicted_engagement: Option<f64>,
    pub(super) unscored_reason: Option<String>,
}

/// A post as the sandbox lists it.
#[derive(Debug, Deserialize)]
struct SeenPost {
    platform: String,
    title: String,
    description: String,
}

impl SeenPost {
    /// Whether it is a video's: its text has the video's id among its words.
    fn is_of(&self, video: &DemoVideo) -> bool {
        let has_it = |text: &str| text.split_whitespace().any(|word| word == video.id);
        self.platform == video.platform && (has_it(&self.title) || has_it(&self.description))
    }
}

impl Report {
    /// Reads all of it, while the sandbox still runs.
    pub(super) async fn collect(
        setup: &Setup,
        ports: &Ports,
        videos: &[DemoVideo],
        worker_kills: u32,
        begun: Instant,
    ) -> anyhow::Result<Self> {
        let db = setup.database().await?;
        let seen = seen_posts(ports).await?;
        let mut cost_micro_usd = 0;
        let mut rows = Vec::new();
        for video in videos {
            let run = match &video.run_id {
                Some(id) => runs::show(&db, id).await?,
                None => None,
            };
            cost_micro_usd += cost(&db, run.as_ref()).await?;
            rows.push(row(&db, video, run.as_ref(), &seen).await?);
        }
        let categories: BTreeSet<&str> = videos.iter().map(|video| video.category).collect();
        let (weights_before, weights_after) = weights::before_and_after(&db, &categories).await?;
        let duration_s = begun.elapsed().as_secs_f64();
        Ok(Self {
            videos: rows,
            weights_before,
            weights_after,
            worker_kills,
            duration_s,
            cost_micro_usd,
        })
    }

    /// Whether every video was posted once and went all the way, which is shorter after a reading that
    /// says why it does not count.
    pub(super) fn is_good(&self) -> bool {
        self.videos.iter().all(|row| {
            let metrics = row.metrics.as_ref();
            let is_unscored = metrics.is_some_and(|metrics| metrics.unscored_reason.is_some());
            let is_judged = row.feedback_id.is_some()
                && row.critique_id.is_some()
                && row.weight_decision_id.is_some();
            row.status == "completed"
                && row.posts_seen_by_platform == 1
                && (is_judged || is_unscored)
        })
    }
}

async fn seen_posts(ports: &Ports) -> anyhow::Result<Vec<SeenPost>> {
    let url = Ports::url(ports.sandbox, "_sandbox/posts")?;
    let answer = local_http()?
        .get(url)
        .send()
        .await
        .context("ask the sandbox for its posts")?;
    answer
        .error_for_status()
        .context("ask the sandbox for its posts")?
        .json()
        .await
        .context("read the sandbox's posts")
}

async fn row(
    db: &DatabaseConnection,
    video: &DemoVideo,
    run: Option<&Details>,
    seen: &[SeenPost],
) -> anyhow::Result<Row> {
    let post_id = posts::id(&video.id, video.platform, "main");
    let problem = match run.and_then(parked::parked) {
        Some(waiting) => parked::problem(db, &waiting.id).await?,
        None => None,
    };
    let (status, error) = outcome(video, run, problem.as_ref());
    let feedback = performance_feedback::for_post(db, &post_id).await?;
    let (critique, decision) = match &feedback {
        Some(feedback) => (
            critiques::for_feedback(db, &feedback.id).await?,
            scoring_weights::for_feedback(db, &feedback.id).await?,
        ),
        None => (None, None),
    };
    Ok(Row {
        video_id: video.id.clone(),
        source: video.source_name(),
        platform: video.platform,
        run_id: video.run_id.clone(),
        status,
        error,
        error_code: problem
            .map(|problem| problem.code)
            .or_else(|| run.and_then(|details| details.run.error_code.clone())),
        created_at: run.and_then(|details| instant(Some(details.run.created_at_ms))),
        ended_at: run.and_then(|details| instant(details.run.ended_at_ms)),
        post_id: posts::get(db, &post_id)
            .await?
            .and_then(|post| post.platform_post_id),
        posts_seen_by_platform: seen.iter().filter(|post| post.is_of(video)).count(),
        metrics: metrics(db, &post_id).await?,
        analysis_overall: video_analyses::latest(db, &post_id)
            .await?
            .map(|analysis| analysis.overall_score),
        feedback_id: feedback.map(|feedback| feedback.id),
        critique_id: critique.map(|critique| critique.id),
        decision: decision.as_ref().map(|decision| {
            if decision.changed {
                "changed"
            } else {
                "no change"
            }
            .to_owned()
        }),
        weight_decision_id: decision.map(|decision| decision.id),
    })
}

/// An instant as rows keep it, in milliseconds.
fn instant(ms: Option<i64>) -> Option<Timestamp> {
    ms.and_then(|ms| Timestamp::from_millisecond(ms).ok())
}

async fn metrics(db: &DatabaseConnection, post_id: &str) -> anyhow::Result<Option<Metrics>> {
    let readings = analytics_snapshots::for_post(db, post_id).await?;
    let predicted_engagement = predictions::get(db, post_id)
        .await?
        .and_then(|prediction| prediction.predicted_engagement);
    Ok(readings.into_iter().last().map(|reading| Metrics {
        views: reading.views,
        likes: reading.likes,
        comments: reading.comments,
        shares: reading.shares,
        engagement: reading.engagement,
        predicted_engagement,
        unscored_reason: reading.unscored_reason,
    }))
}

fn outcome(
    video: &DemoVideo,
    run: Option<&Details>,
    problem: Option<&Problem>,
) -> (&'static str, Option<String>) {
    let Some(run) = run.map(|details| &details.run) else {
        return (
            "failed",
            Some(
                video
                    .error
                    .clone()
                    .unwrap_or_else(|| "it has no run".to_owned()),
            ),
        );
    };
    if run.status == RunStatus::Completed {
        return ("completed", None);
    }
    if let Some(problem) = problem {
        return ("parked", Some(problem.to_string()));
    }
    let code = run.error_code.as_deref().unwrap_or(run.status.as_str());
    let step = run
        .error_step
        .as_deref()
        .map_or_else(String::new, |step| format!(" in {step}"));
    let message = run
        .error_message
        .as_deref()
        .map_or_else(String::new, |message| format!(": {message}"));
    let what = if run.status.is_open() {
        "not finished in time, "
    } else {
        ""
    };
    ("failed", Some(format!("{what}{code}{step}{message}")))
}

/// Of a run and its children.
async fn cost(db: &DatabaseConnection, run: Option<&Details>) -> anyhow::Result<i64> {
    let Some(run) = run else { return Ok(0) };
    let of = |details: &Details| {
        details
            .attempts
            .iter()
            .map(|attempt| attempt.cost_micro_usd)
            .sum::<i64>()
    };
    let mut sum = of(run);
    for child in &run.children {
        sum += runs::show(db, &child.id).await?.as_ref().map_or(0, of);
    }
    Ok(sum)
}
