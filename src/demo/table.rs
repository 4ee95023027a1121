//! The end of the demo for a person: a table, and a few sentences about it.

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::report::{Report, Row};

const COLUMNS: [&str; 10] = [
    "VIDEO",
    "LOOK",
    "POST",
    "SEEN BY PLATFORM",
    "VIEWS",
    "EXPECTED",
    "CAME",
    "ANALYSIS",
    "WEIGHTS",
    "STATUS",
];

/// One row per video.
pub(super) fn of(report: &Report) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_HORIZONTAL_ONLY)
        .set_header(COLUMNS);
    for row in &report.videos {
        table.add_row(cells(row));
    }
    table
}

fn cells(row: &Row) -> Vec<Cell> {
    let metrics = row.metrics.as_ref();
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let text = |text: Option<&str>| Cell::new(text.unwrap_or("–"));
    vec![
        Cell::new(&row.video_id),
        Cell::new(&row.source),
        text(row.post_id.as_deref()),
        right(row.posts_seen_by_platform.to_string()),
        right(
            metrics
                .and_then(|m| m.views)
                .map_or_else(dash, |views| views.to_string()),
        ),
        right(
            metrics
                .and_then(|m| m.predicted_engagement)
                .map_or_else(|| "no history".to_owned(), percent),
        ),
        right(
            metrics
                .and_then(|m| m.engagement)
                .map_or_else(dash, percent),
        ),
        right(
            row.analysis_overall
                .map_or_else(dash, |score| format!("{score:.0}")),
        ),
        text(row.decision.as_deref()),
        Cell::new(match (row.status, &row.error) {
            ("parked", Some(error)) => format!("parked: {error}"),
            (_, Some(error)) => error.clone(),
            (status, None) => status.to_owned(),
        }),
    ]
}

fn dash() -> String {
    "–".to_owned()
}

fn percent(ratio: f64) -> String {
    format!("{:.1} %", ratio * 100.0)
}

/// What to think of it.
pub(super) fn summary(report: &Report, time_scale: f64) -> String {
    let videos = report.videos.len();
    let good = report
        .videos
        .iter()
        .filter(|row| row.status == "completed")
        .count();
    let mut lines = vec![format!(
        "{good} of {videos} loops finished in {:.0} s. {}",
        report.duration_s,
        outcomes(&report.videos)
    )];
    let parked = report.videos.iter().filter(|row| row.status == "parked");
    match parked.count() {
        0 => {}
        1 => lines.push("One is parked: a person would have to decide about it.".to_owned()),
        many => lines.push(format!(
            "{many} are parked: a person would have to decide about them."
        )),
    }
    if report.worker_kills > 0 {
        lines.push(format!(
            "The worker was killed {} times meanwhile.",
            report.worker_kills
        ));
    }
    lines.push(format!(
        "All of it was the sandbox: TikTok, YouTube, Instagram, Claude and an audience that lives {time_scale} times as fast as we do. Nothing was \
published and nothing paid; at the configured prices the model's answers would have cost {}.",
        dollars(report.cost_micro_usd)
    ));
    lines.join("\n")
}

/// How many outcomes there are, and against how many of them an expectation stood.
fn outcomes(rows: &[Row]) -> String {
    let measured = rows.iter().filter(|row| row.feedback_id.is_some()).count();
    let expected = rows
        .iter()
        .filter_map(|row| row.metrics.as_ref()?.predicted_engagement)
        .count();
    format!(
        "{measured} outcomes were measured; {expected} of the videos had an expectation to be set against, the others were posted before there was any history."
    )
}

fn dollars(micro: i64) -> String {
    format!("${}.{:04}", micro / 1_000_000, micro % 1_000_000 / 100)
}
