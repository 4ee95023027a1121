//! A report that is made at six in the morning, by the clocks of Berlin.
//!
//! A schedule is a row in the database: it is made, held, triggered and removed while everything runs.
//! Any number of tickers may look at the same rows, and each tick starts one run. Here two of them look,
//! and we tell them what time it is; under `flywheel up` one looks every second. Needs a Restate server
//! (`RESTATE_SERVER_BIN`).

mod stage;

use std::sync::Arc;

use anyhow::Context as _;
use engine::schedules::{NewSchedule, Schedules, Ticker};
use engine::tables::Missed;
use engine::{Failure, Registry, Step, StepContext, StepError, Workflow, WorkflowContext};
use jiff::Timestamp;
use serde_json::json;

/// Counts a shop's orders.
struct CountOrders;

impl Step for CountOrders {
    const NAME: &'static str = "count_orders";
    type Input = String;
    type Output = u32;

    async fn run(&self, _cx: &StepContext, _shop: String) -> Result<u32, StepError> {
        Ok(17)
    }
}

/// Reports on one shop.
struct DailyReport(Arc<CountOrders>);

impl Workflow for DailyReport {
    const NAME: &'static str = "daily_report";
    type Input = String;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, shop: String) -> Result<String, Failure> {
        let orders = cx.step(&self.0, shop.clone()).await?;
        Ok(format!("{shop}: {orders} orders"))
    }
}

/// Makes a schedule, lets it tick once, and tells what happened.
///
/// # Errors
/// If there is no server, or the run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let registry = Registry::new().workflow(DailyReport(Arc::new(CountOrders)));
    let stage = stage::open(registry.clone(), folder.path()).await?;

    let schedules = Schedules::new(stage.db.clone());
    let report = NewSchedule {
        name: "report".to_owned(),
        workflow: DailyReport::NAME.to_owned(),
        input: json!("the shop in the station"),
        cron: "0 6 * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        missed: Missed::Skip,
        catch_up_max: 0,
    };
    // Two days before the clocks go forward.
    let now: Timestamp = "2026-03-27T12:00:00Z".parse()?;
    let made = schedules.create(&registry, report, now).await?;
    let ticks = made.next.iter().take(2);
    let mut told: Vec<String> = ticks.map(|tick| format!("next: {}", tick.utc)).collect();

    let tick = made.next.first().context("it never ticks")?.utc;
    for _ in 0..2 {
        let ticker = Ticker::new(stage.db.clone(), stage.client.clone());
        told.push(format!("started: {}", ticker.pass(tick).await?.started));
    }
    let report = schedules.show("report", tick).await?.schedule;
    let run_id = report.last_run_id.context("no run was started")?;
    told.extend(stage::story(&stage.ended(&run_id).await?));

    // Nothing more by the clock; by hand it still can be.
    schedules.hold("report").await?;
    let triggered = schedules.trigger(&stage.client, "report").await?;
    told.extend(stage::story(&stage.ended(&triggered.run_id).await?));
    stage.stop().await?;
    Ok(told)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
