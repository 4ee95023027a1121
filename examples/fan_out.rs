//! Bills all customers: a child run for each, three at once. One that fails stops no other.
//!
//! Steps of one run are done one after the other, so what is to happen at once is a child run. Each
//! has its own history, retries and waits, and gives its parent a result of its own: the parent makes
//! of them what it wants. On a server, `flywheel runs rerun RUN --failed-children` later runs those
//! again that failed, and nothing else.

use std::sync::Arc;

use engine::testing::Lab;
use engine::{Failure, Registry, Step, StepContext, StepError, Workflow, WorkflowContext};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sends one customer an invoice.
struct SendInvoice;

impl Step for SendInvoice {
    const NAME: &'static str = "send_invoice";
    type Input = String;
    type Output = String;

    async fn run(&self, cx: &StepContext, customer: String) -> Result<String, StepError> {
        match customer.as_str() {
            "bob" => Err(StepError::terminal("no_address", "bob has no address")),
            _ => Ok(format!("{customer}'s invoice, in {}", cx.run_id())),
        }
    }
}

/// Bills one customer.
struct BillCustomer(Arc<SendInvoice>);

impl Workflow for BillCustomer {
    const NAME: &'static str = "bill_customer";
    type Input = String;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, customer: String) -> Result<String, Failure> {
        cx.step(&self.0, customer).await
    }
}

/// Bills every customer.
struct BillAll;

/// What became of the customers.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Billed {
    sent: Vec<String>,
    failed: Vec<String>,
}

impl Workflow for BillAll {
    const NAME: &'static str = "bill_all";
    type Input = Vec<String>;
    type Output = Billed;

    async fn run(
        &self,
        cx: &WorkflowContext<'_>,
        customers: Vec<String>,
    ) -> Result<Billed, Failure> {
        let mut billed = Billed::default();
        // In the order of the customers, whichever ended first.
        let results = cx.children::<BillCustomer>(customers.clone(), 3).await?;
        for (customer, result) in customers.into_iter().zip(results) {
            match result {
                Ok(invoice) => billed.sent.push(invoice),
                Err(failure) => billed.failed.push(format!("{customer}: {}", failure.code)),
            }
        }
        Ok(billed)
    }
}

/// Bills three customers, and tells what became of each.
///
/// # Errors
/// If the run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let registry = Registry::new()
        .workflow(BillAll)
        .workflow(BillCustomer(Arc::new(SendInvoice)));
    let lab = Lab::new(registry, Timestamp::UNIX_EPOCH);
    let customers = ["ada", "bob", "eve"].map(str::to_owned).to_vec();
    let billed = lab.run::<BillAll>("march", &customers).await?;
    let sent = billed.sent.iter().map(|sent| format!("sent: {sent}"));
    let failed = billed.failed.iter().map(|why| format!("failed: {why}"));
    Ok(sent.chain(failed).collect())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
