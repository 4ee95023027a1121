//! The suite that every step passes. A step brings a [`Proof`]; [`prove_step!`](crate::prove_step)
//! turns it into tests of the same names for every step.

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::attempts;
use crate::event::AttemptStarted;
use crate::history::{History as _, MemoryHistory};
use crate::step::Step;

/// A world in which a step can be proven: real clients, rows and files around it.
pub trait Proof: Sized + Send + Sync + 'static {
    /// The step.
    type Step: Step;

    /// A fresh world.
    fn new() -> impl Future<Output = Self> + Send;
    /// The step in it.
    fn step(&self) -> Arc<Self::Step>;
    /// The example input, which the step gets done.
    fn input(&self) -> <Self::Step as Step>::Input;
    /// What the outside and the tables show of the step's work, without what differs from run to
    /// run (times, random ids).
    fn effects(&self) -> impl Future<Output = Value> + Send;
    /// How the platforms can fail, and the ending that each failure must give.
    fn failures() -> Vec<Fails<Self>>;
}

/// One way for the outside to fail.
pub struct Fails<P> {
    /// What happens, for the test's message.
    pub when: &'static str,
    /// Makes it happen.
    pub arrange: for<'a> fn(&'a P) -> BoxFuture<'a, ()>,
    /// The ending that the attempt must have.
    pub ending: &'static str,
    /// The code that it must carry.
    pub code: &'static str,
}

/// Executes one attempt of the step as a run would, and gives its journaled ending.
///
/// # Panics
/// When the engine's own machinery fails, which in memory it does not.
pub async fn attempt<S: Step>(step: &Arc<S>, input: &Value, history: &Arc<MemoryHistory>) -> Value {
    match attempts::execute_once(step, input, history.clone()).await {
        Ok(bytes) => must(serde_json::from_slice(&bytes)),
        Err(error) => panic!("the attempt could not be executed: {error:?}"),
    }
}

fn json<P: Proof>(world: &P) -> Value {
    must(serde_json::to_value(world.input()))
}

/// The example is done.
///
/// # Panics
/// When it is not.
pub async fn the_example_is_done<P: Proof>() {
    let world = P::new().await;
    let ending = attempt(&world.step(), &json(&world), &Arc::default()).await;
    assert_eq!(ending["ending"], "done", "{ending}");
}

/// A second execution of the same attempt, as after a crash before the journal had it, changes
/// nothing outside. A step that must not act twice learns that it was interrupted, and asks.
///
/// # Panics
/// When the second execution is seen outside, or ends neither done nor (if it cannot ask) unknown.
pub async fn a_second_execution_changes_nothing<P: Proof>() {
    let world = P::new().await;
    let (step, input, history) = (world.step(), json(&world), Arc::<MemoryHistory>::default());
    let first = attempt(&step, &input, &history).await;
    assert_eq!(first["ending"], "done", "{first}");
    let before = world.effects().await;
    let second = attempt(&step, &input, &history).await;
    assert_eq!(
        world.effects().await,
        before,
        "the second execution was seen outside"
    );
    if P::Step::REPEATABLE || second["ending"] != "unknown" {
        assert_eq!(second["ending"], "done", "{second}");
    }
}

/// An execution that was interrupted before it did anything still comes to a good end.
///
/// # Panics
/// When it does not end done, or (if the step cannot ask) unknown.
pub async fn an_interrupted_execution_is_taken_up<P: Proof>() {
    let world = P::new().await;
    let history = Arc::<MemoryHistory>::default();
    history.note(interrupted::<P::Step>(json(&world).to_string()).into());
    let ending = attempt(&world.step(), &json(&world), &history).await;
    let fine =
        ending["ending"] == "done" || (!P::Step::REPEATABLE && ending["ending"] == "unknown");
    assert!(fine, "{ending}");
}

fn interrupted<S: Step>(input: String) -> AttemptStarted {
    AttemptStarted {
        key: attempts::example_key(S::NAME),
        at: jiff::Timestamp::now(),
        input,
        seq: 1,
    }
}

/// Every declared failure of the outside gives the declared ending and code.
///
/// # Panics
/// When one does not, or when none is declared: every step can fail.
pub async fn each_failure_ends_as_declared<P: Proof>() {
    let failures = P::failures();
    assert!(!failures.is_empty(), "no failure is declared");
    for failure in failures {
        let world = P::new().await;
        (failure.arrange)(&world).await;
        let ending = attempt(&world.step(), &json(&world), &Arc::default()).await;
        assert_eq!(
            ending["ending"], failure.ending,
            "{}: {ending}",
            failure.when
        );
        assert_eq!(
            ending["error"]["code"], failure.code,
            "{}: {ending}",
            failure.when
        );
    }
}

/// What is written to the journal is read back as the same.
///
/// # Panics
/// When input or output change on their way through JSON.
pub async fn input_and_output_survive_json<P: Proof>() {
    let world = P::new().await;
    let input = json(&world);
    let again: <P::Step as Step>::Input = must(serde_json::from_value(input.clone()));
    assert_eq!(must(serde_json::to_value(&again)), input);
    let ending = attempt(&world.step(), &input, &Arc::default()).await;
    let output = ending["output"].clone();
    let again: <P::Step as Step>::Output = must(serde_json::from_value(output.clone()));
    assert_eq!(must(serde_json::to_value(&again)), output);
}

fn must<T>(result: serde_json::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("does not survive JSON: {error}"),
    }
}

/// Turns a [`Proof`] into the tests that every step has.
#[macro_export]
macro_rules! prove_step {
    ($module:ident, $proof:ty) => {
        mod $module {
            use super::*;
            $crate::prove_step!(@tests $proof,
                the_example_is_done,
                a_second_execution_changes_nothing,
                an_interrupted_execution_is_taken_up,
                each_failure_ends_as_declared,
                input_and_output_survive_json
            );
        }
    };
    (@tests $proof:ty, $($name:ident),*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $crate::testing::suite::$name::<$proof>().await;
        })*
    };
}
