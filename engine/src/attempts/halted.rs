//! Waiting until an attempt may begin.

use serde_json::json;

use super::{Stepping, instant};
use crate::context::Waiting;
use crate::ending::{Failure, Halt};
use crate::step::Step;
use crate::tables::WaitKind;

impl Stepping<'_, '_> {
    /// Waits for what the attempt lacks. Afterwards it asks again: much may have changed.
    pub(super) async fn halt<S: Step>(&mut self, why: Halt) -> Result<(), Failure> {
        self.halted = true;
        let waiting = match why {
            Halt::Held => Waiting {
                kind: WaitKind::Hold,
                name: S::NAME.to_owned(),
                key: String::new(),
                reason: format!("{}: held", S::NAME),
                detail: None,
                code: None,
                at_most: None,
            },
            Halt::Queued { key, place } => Waiting {
                kind: WaitKind::Permit,
                name: key.clone(),
                key: String::new(),
                reason: format!("{}: in the line for {key}", S::NAME),
                detail: Some(json!({ "step": self.name, "place": place })),
                code: None,
                at_most: None,
            },
            Halt::Slot { key, at_ms, others } => {
                let label = format!("{}: the rate of {key}", S::NAME);
                self.cx.pause(&label, instant(at_ms)).await?;
                let keys = others.into_iter().chain([key]);
                self.slots.extend(keys.map(|key| (key, at_ms)));
                return Ok(());
            }
        };
        self.cx.wait(waiting).await.map(drop)
    }
}
