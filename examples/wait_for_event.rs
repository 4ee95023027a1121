//! A sign-up that waits three days for its confirmation: one comes, one does not.
//!
//! An event has a name and a key. It is delivered to the runs that wait for both, and one that came
//! before its run began to wait counts, too. A run that waits holds nothing: there may be a million of
//! them. On a server, other systems' events come in by `flywheel events send`, and from Rust by
//! `Client::send_event`. In the lab they are laid ready, and the days are skipped.

use std::sync::Arc;
use std::time::Duration;

use engine::testing::Lab;
use engine::{Failure, Registry, Step, StepContext, StepError, Workflow, WorkflowContext};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

const THREE_DAYS: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Sends a mail.
struct SendMail;

impl Step for SendMail {
    const NAME: &'static str = "send_mail";
    type Input = String;
    type Output = ();

    async fn run(&self, _cx: &StepContext, _text: String) -> Result<(), StepError> {
        Ok(())
    }
}

/// What the event says.
#[derive(Deserialize)]
struct Confirmed {
    plan: String,
}

/// One person's sign-up.
struct SignUp(Arc<SendMail>);

impl Workflow for SignUp {
    const NAME: &'static str = "sign_up";
    type Input = String;
    type Output = String;

    async fn run(&self, cx: &WorkflowContext<'_>, person: String) -> Result<String, Failure> {
        let question = format!("Dear {person}, please confirm.");
        cx.step(&self.0, question).await?;
        let confirmed: Option<Confirmed> = cx
            .wait_for_event("sign_up/confirmed", &person, THREE_DAYS)
            .await?;
        match confirmed {
            Some(Confirmed { plan }) => Ok(format!("{person} is in, on plan {plan}")),
            None => {
                let farewell = format!("Dear {person}, we have closed your sign-up.");
                cx.step(&self.0, farewell).await?;
                Ok(format!("{person} did not confirm"))
            }
        }
    }
}

/// Signs two people up, and tells what happened.
///
/// # Errors
/// If a run does not come to its end.
pub async fn run() -> anyhow::Result<Vec<String>> {
    let registry = Registry::new().workflow(SignUp(Arc::new(SendMail)));
    let lab = Lab::new(registry, Timestamp::UNIX_EPOCH);
    let data = json!({ "plan": "small" });
    lab.controls()
        .event("event_1", "sign_up/confirmed", "ada", data);
    let ada = lab.run::<SignUp>("run_1", &"ada".to_owned()).await?;
    let bob = lab.run::<SignUp>("run_2", &"bob".to_owned()).await?;
    let waited = lab.now().duration_since(Timestamp::UNIX_EPOCH);
    let told = vec![ada, bob, format!("{waited:#} of waiting, skipped")];
    Ok([lab.history().story(), told].concat())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what the example is for")]
async fn main() -> anyhow::Result<()> {
    println!("{}", run().await?.join("\n"));
    Ok(())
}
