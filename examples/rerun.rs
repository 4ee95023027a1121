//! An invoice to a wrong address, sent again to the right one: the order is not priced a second time.
//!
//! A rerun is a new run that takes over what another one did before a step, and goes on from there: as
//! it was, with another input for that step, or with an output in its place. It works on every run that
//! has ended, for as long as its history is kept. Needs a Restate server (`RESTATE_SERVER_BIN`).

mod stage;

use std::sync::Arc;

use anyhow::bail;
use engine::operations::{Applied, Rerun, Verb};
use engine::registry::StepInfo;
use engine::{
    Actor, Failure, Operations, Registry, Step, StepContext, StepError, Workflow, WorkflowContext,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Says what an order costs, cents.
struct PriceOrder;

impl Step for PriceOrder {
    const NAME: &'static str = "price_order";
    type Input = String;
    type Output = u32;

    async fn run(&self, _cx: &StepContext, _order: String) -> Result<u32, StepError> {
        Ok(4_900)
    }
}

/// Sends an invoice.
struct SendInvoice;

/// What is sent, and where to.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Invoice {
    address: String,
    cents: u32,
}

impl Step for SendInvoice {
    const NAME: &'static str = "send_invoice";
    type Input = Invoice;
    type Output = String;

    async fn run(&self, _cx: &StepContext, invoice: Invoice) -> Result<String, StepError> {
        match invoice.address.contains('@') {
            true => Ok(format!("{} to {}", invoice.cents, invoice.address)),
            false => Err(StepError::terminal("address_invalid", invoice.address)),
        }
    }
}

/// Prices an order, and sends the invoice for it.
struct Billing {
    price_order: Arc<PriceOrder>,
    send_invoice: Arc<SendInvoice>,
}

impl Workflow for Billing {
    const NAME: &'static str = "billing";
    type Input = String;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, address: String) -> Result<String, Failure> {
        let cents = cx.step(&self.price_order, "order 7".to_owned()).await?;
        let invoice = Invoice { address, cents };
        cx.step(&self.send_invoice, invoice).await
    }
}

/// Runs into the wrong address, mends it, and tells what both runs did.
///
/// # Errors
/// If there is no server, or a run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let billing = Billing {
        price_order: Arc::new(PriceOrder),
        send_invoice: Arc::new(SendInvoice),
    };
    // In the catalogue, so that an edited input is checked against the step's schema.
    let steps = [StepInfo::of::<PriceOrder>(), StepInfo::of::<SendInvoice>()];
    let registry = Registry::new().steps(steps).workflow(billing);
    let stage = stage::open(registry.clone(), folder.path()).await?;
    let (db, admin) = (stage.db.clone(), stage.restate.admin().clone());
    let operations = Operations::new(db, stage.client.clone(), admin, registry)?;

    let address = "ada".to_owned();
    let failed = stage.client.start::<Billing>("order 7", &address).await?;
    let mut told = stage::story(&stage.ended(&failed.run_id).await?);

    let by = Actor {
        who: "the help desk".to_owned(),
        why: Some("ada's address was not complete".to_owned()),
    };
    let rerun = Verb::Rerun(Rerun {
        from: Some(SendInvoice::NAME.to_owned()),
        input: Some(json!({ "address": "ada@shop.example", "cents": 4_900 })),
        ..Rerun::default()
    });
    let applied = operations.apply(&failed.run_id, &rerun, &by).await?;
    let Applied::Rerun { run_id } = applied else {
        bail!("a rerun is a new run");
    };
    told.extend(stage::story(&stage.ended(&run_id).await?));
    stage.stop().await?;
    Ok(told)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
