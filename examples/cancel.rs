//! A booking that is cancelled while it waits for the departure: the seat is given back.
//!
//! A workflow registers what is to be undone before it does it: a step that is under way when the run is
//! cancelled is executed to its end, and then the workflow gets neither its output nor to the next line.
//! So the step that undoes goes by a reference that was chosen before, and finds a seat under it or
//! none. If the run is cancelled, those steps are executed, the last one first, each with its own
//! retries; then the run is `cancelled`. Whoever cancels says who they are and why, and that is kept.
//! Needs a Restate server (`RESTATE_SERVER_BIN`).

mod stage;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::operations::{self, Verb};
use engine::tables::RunStatus;
use engine::{
    Actor, Failure, Operations, Registry, Step, StepContext, StepError, Workflow, WorkflowContext,
};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// Who has a seat, by the reference under which it was asked for.
type Seats = Arc<Mutex<BTreeMap<String, String>>>;

/// What the airline is asked for.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Reservation {
    reference: String,
    passenger: String,
}

/// Reserves a seat. Asked twice under one reference, the airline gives one seat.
struct ReserveSeat(Seats);

impl Step for ReserveSeat {
    const NAME: &'static str = "reserve_seat";
    type Input = Reservation;
    type Output = ();

    async fn run(&self, _cx: &StepContext, asked: Reservation) -> Result<(), StepError> {
        let mut seats = self.0.lock().await;
        seats.insert(asked.reference, asked.passenger);
        Ok(())
    }
}

/// Gives the seat under a reference back; says whether there was one.
struct GiveSeatBack(Seats);

impl Step for GiveSeatBack {
    const NAME: &'static str = "give_seat_back";
    type Input = String;
    type Output = bool;

    async fn run(&self, _cx: &StepContext, reference: String) -> Result<bool, StepError> {
        let mut seats = self.0.lock().await;
        Ok(seats.remove(&reference).is_some())
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
        let reference = cx.run_id().to_owned();
        // Before the step, and so without anything that only the step can tell.
        cx.on_cancel(&self.give_seat_back, reference.clone());
        let asked = Reservation {
            reference,
            passenger,
        };
        cx.step(&self.reserve_seat, asked).await?;
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
    let seats = Seats::default();
    let registry = Registry::new().workflow(Booking {
        reserve_seat: Arc::new(ReserveSeat(seats.clone())),
        give_seat_back: Arc::new(GiveSeatBack(seats.clone())),
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
    let mut told = vec![taken(&seats).await];
    let by = Actor {
        who: "the travel desk".to_owned(),
        why: Some("ada is ill".to_owned()),
    };
    operations.apply(&run_id, &Verb::Cancel, &by).await?;

    told.extend(stage::story(&stage.ended(&run_id).await?));
    told.push(taken(&seats).await);
    for kept in operations::history(&stage.db, Some(&run_id), 10).await? {
        let why = kept.why.unwrap_or_default();
        told.push(format!("{} by {}: {why}", kept.verb, kept.who));
    }
    stage.stop().await?;
    Ok(told)
}

async fn taken(seats: &Seats) -> String {
    let taken = seats.lock().await.len();
    format!("seats taken: {taken}")
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
