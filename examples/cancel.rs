//! A booking that is cancelled while it waits for the departure: the seat is given back.
//!
//! A workflow registers what is to be undone as it goes along. If the run is cancelled, those steps are
//! executed, the last one first, each with its own retries; then the run is `cancelled`. Whoever
//! cancels says who they are and why, and that is kept. Needs a Restate server (`RESTATE_SERVER_BIN`).

mod stage;

use std::sync::Arc;

use engine::operations::{self, Verb};
use engine::tables::RunStatus;
use engine::{
    Actor, Failure, Operations, Registry, Step, StepContext, StepError, Workflow, WorkflowContext,
};
use jiff::SignedDuration;

/// Reserves a seat for a passenger, and says which.
struct ReserveSeat;

impl Step for ReserveSeat {
    const NAME: &'static str = "reserve_seat";
    type Input = String;
    type Output = u32;

    async fn run(&self, _cx: &StepContext, _passenger: String) -> Result<u32, StepError> {
        Ok(42)
    }
}

/// Gives a seat back.
struct GiveSeatBack;

impl Step for GiveSeatBack {
    const NAME: &'static str = "give_seat_back";
    type Input = u32;
    type Output = ();

    async fn run(&self, _cx: &StepContext, _seat: u32) -> Result<(), StepError> {
        Ok(())
    }
}

/// One passenger's booking, until the departure.
struct Booking {
    reserve_seat: Arc<ReserveSeat>,
    give_seat_back: Arc<GiveSeatBack>,
}

impl Workflow for Booking {
    const NAME: &'static str = "booking";
    type Input = String;
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, passenger: String) -> Result<(), Failure> {
        let seat = cx.step(&self.reserve_seat, passenger).await?;
        cx.on_cancel(&self.give_seat_back, seat);
        let departure = cx.now().await? + SignedDuration::from_hours(72);
        cx.sleep("departure", departure).await
    }
}

/// Books, cancels, and tells what happened.
///
/// # Errors
/// If there is no server, or the run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let registry = Registry::new().workflow(Booking {
        reserve_seat: Arc::new(ReserveSeat),
        give_seat_back: Arc::new(GiveSeatBack),
    });
    let stage = stage::open(registry.clone(), folder.path()).await?;
    let (db, admin) = (stage.db.clone(), stage.restate.admin().clone());
    let operations = Operations::new(db, stage.client.clone(), admin, registry)?;

    let passenger = "ada".to_owned();
    let started = stage.client.start::<Booking>("ada", &passenger).await?;
    let run_id = started.run_id;
    stage
        .until(&run_id, |run| run.status == RunStatus::Waiting)
        .await?;
    let by = Actor {
        who: "the travel desk".to_owned(),
        why: Some("ada is ill".to_owned()),
    };
    operations.apply(&run_id, &Verb::Cancel, &by).await?;

    let mut told = stage::story(&stage.ended(&run_id).await?);
    for kept in operations::history(&stage.db, Some(&run_id), 10).await? {
        let why = kept.why.unwrap_or_default();
        told.push(format!("{} by {}: {why}", kept.verb, kept.who));
    }
    stage.stop().await?;
    Ok(told)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
