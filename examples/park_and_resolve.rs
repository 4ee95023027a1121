//! A payout of which nobody knows whether it happened, and a printer without paper: both wait for a
//! person.
//!
//! A step that must not act twice says so (`REPEATABLE`). If it cannot find out what its request did,
//! it ends `unknown`, and nothing is sent again. A policy can also say that a step which has used up
//! its attempts is parked instead of failed. Either way the run waits, as long as it takes, until a
//! person decides: retry, skip with an output, or fail. On a server that is
//! `flywheel runs resolve RUN …`, or `Operations::apply`. In the lab the decisions are laid ready.

use std::sync::Arc;
use std::time::Duration;

use engine::operations::Resolution;
use engine::testing::Lab;
use engine::{
    Failure, OnExhausted, Policy, Registry, Step, StepContext, StepError, Workflow, WorkflowContext,
};
use jiff::Timestamp;
use serde_json::json;

/// Sends so many cents to somebody, through a bank that cannot be asked afterwards.
struct Transfer;

impl Step for Transfer {
    const NAME: &'static str = "transfer";
    const REPEATABLE: bool = false;
    type Input = u32;
    type Output = String;

    async fn run(&self, _cx: &StepContext, _cents: u32) -> Result<String, StepError> {
        let doubt = "the connection broke behind the request";
        Err(StepError::unknown("answer_lost", doubt))
    }
}

/// Prints a receipt, and says how many pages it has.
struct Print;

impl Step for Print {
    const NAME: &'static str = "print";
    type Input = String;
    type Output = u32;

    fn policy() -> Policy {
        Policy {
            first_delay: Duration::from_secs(10),
            max_attempts: 2,
            on_exhausted: OnExhausted::Park,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, _text: String) -> Result<u32, StepError> {
        match cx.attempt() {
            1 | 2 => Err(StepError::retry("out_of_paper", "the tray is empty")),
            _ => Ok(1),
        }
    }
}

/// Pays somebody, and prints the receipt.
struct Payout {
    transfer: Arc<Transfer>,
    print: Arc<Print>,
}

impl Workflow for Payout {
    const NAME: &'static str = "payout";
    type Input = u32;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, cents: u32) -> Result<String, Failure> {
        let transfer = cx.step(&self.transfer, cents).await?;
        let pages = cx.step(&self.print, transfer.clone()).await?;
        Ok(format!("{transfer}, pages of its receipt: {pages}"))
    }
}

/// Runs one payout, and tells what happened.
///
/// # Errors
/// If the run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let payout = Payout {
        transfer: Arc::new(Transfer),
        print: Arc::new(Print),
    };
    let lab = Lab::new(Registry::new().workflow(payout), Timestamp::UNIX_EPOCH);
    // Somebody has looked: the money had left, under this number. And there is paper again.
    let output = json!("transfer 7781");
    lab.controls()
        .resolve(Transfer::NAME, &Resolution::Skip { output });
    lab.controls().resolve(Print::NAME, &Resolution::Retry);
    let paid = lab.run::<Payout>("run_1", &4_900).await?;
    Ok([lab.history().story(), vec![paid]].concat())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
