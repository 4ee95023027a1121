//! A charge that fails, is told to come back later, and gets done; and one that is refused.
//!
//! An attempt of a step ends in one of five words, and four of them are here. `retry` waits as the
//! step's policy says, `later` until a time that somebody outside named, `terminal` gives up at once,
//! `done` has the output. Every wait is durable: on a server, the process may be gone meanwhile. The
//! lab is in memory, and skips the time. (The fifth word, `unknown`, is in `park_and_resolve.rs`.)

use std::sync::Arc;
use std::time::Duration;

use engine::ending::When;
use engine::testing::Lab;
use engine::{
    Failure, FailureKind, Policy, Registry, Step, StepContext, StepError, Workflow, WorkflowContext,
};
use jiff::Timestamp;

/// Charges a card so many cents, through a bank.
struct Charge;

impl Step for Charge {
    const NAME: &'static str = "charge";
    type Input = u32;
    type Output = String;

    fn policy() -> Policy {
        Policy {
            first_delay: Duration::from_secs(2),
            jitter: 0.0,
            max_attempts: 5,
            ..Policy::default()
        }
    }

    async fn run(&self, cx: &StepContext, cents: u32) -> Result<String, StepError> {
        if cents > 100_000 {
            let problem = "the card does not cover it";
            return Err(StepError::terminal("card_refused", problem));
        }
        // What a bank may answer, one time after the other.
        match cx.attempt() {
            1 => Err(StepError::retry("bank_unreachable", "it does not answer")),
            2 => {
                let in_an_hour = When::After(Duration::from_secs(60 * 60));
                let reason = "it opens in an hour";
                Err(StepError::later("bank_closed", in_an_hour, reason))
            }
            // The key is the same for every attempt, so the bank charges once.
            _ => Ok(format!("charged {cents} as {}", cx.key())),
        }
    }
}

/// Charges for an order, and puts one aside that cannot be paid.
struct Checkout(Arc<Charge>);

impl Workflow for Checkout {
    const NAME: &'static str = "checkout";
    type Input = u32;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, cents: u32) -> Result<String, Failure> {
        match cx.step(&self.0, cents).await {
            Err(failure) if failure.kind == FailureKind::Terminal => {
                Ok(format!("put aside: {}", failure.code))
            }
            result => result,
        }
    }
}

/// Runs two orders, and tells what happened.
///
/// # Errors
/// If a run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let registry = Registry::new().workflow(Checkout(Arc::new(Charge)));
    let lab = Lab::new(registry, Timestamp::UNIX_EPOCH);
    let paid = lab.run::<Checkout>("order_1", &4_900).await?;
    let refused = lab.run::<Checkout>("order_2", &250_000).await?;
    let waited = lab.now().duration_since(Timestamp::UNIX_EPOCH);
    let told = vec![paid, refused, format!("{waited:#} of waiting, skipped")];
    Ok([lab.history().story(), told].concat())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
