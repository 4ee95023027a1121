//! The steps: all do what their input says; what they do leaves a row in the ledger.

use std::time::Duration;

use engine::ending::When;
use engine::{Asked, Policy, Step, StepContext, StepError};
use sea_orm::DbErr;

use crate::act::{Act, Kind, Word};
use crate::ledger::Ledger;

const LATER: Duration = Duration::from_millis(30);

/// The step of the kind with this number.
pub(crate) struct Acting<const KIND: usize>(pub(crate) Ledger);

impl<const KIND: usize> Step for Acting<KIND> {
    const NAME: &'static str = Kind::of(KIND).name();
    const REPEATABLE: bool = Kind::of(KIND).is_repeatable();
    type Input = Act;
    type Output = String;

    fn policy() -> Policy {
        Kind::of(KIND).policy()
    }

    async fn run(&self, cx: &StepContext, act: Act) -> Result<String, StepError> {
        let doubt = || StepError::in_doubt("chaos_doubt", "the connection broke");
        match act.word(cx.attempt()) {
            Word::Done => {
                self.act(cx, &act).await?;
                Ok(act.done())
            }
            Word::Terminal => Err(StepError::terminal("chaos_terminal", "it is refused")),
            Word::Retry => Err(StepError::retry("chaos_retry", "not yet")),
            Word::Later => {
                let when = When::After(LATER);
                Err(StepError::later("chaos_later", when, "come back later"))
            }
            Word::Doubt => Err(doubt()),
            Word::ActThenDoubt => {
                self.act(cx, &act).await?;
                Err(doubt())
            }
            Word::Unknown => Err(StepError::unknown("chaos_unknown", "no answer came")),
            Word::Panic => panic!("as the program says"),
            Word::Hang => std::future::pending().await,
        }
    }

    async fn ask(&self, _cx: &StepContext, act: &Act) -> Result<Asked<String>, StepError> {
        if Kind::of(KIND) == Kind::Blind {
            return Ok(Asked::CannotTell);
        }
        Ok(match self.0.has(&act.name).await? {
            true => Asked::Done(act.done()),
            false => Asked::NotActed,
        })
    }
}

impl<const KIND: usize> Acting<KIND> {
    /// Slowly, so that it can be interrupted before and after.
    async fn act(&self, cx: &StepContext, act: &Act) -> Result<(), DbErr> {
        let pause = Duration::from_millis(act.slow_ms);
        tokio::time::sleep(pause).await;
        // Who takes no key would do it again.
        let key = <Self as Step>::REPEATABLE.then(|| cx.key());
        self.0.write(&act.name, key, cx.attempt()).await?;
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
