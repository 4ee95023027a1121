//! The attempt loop in memory: every ending, what exhausts a step, and what it takes to act again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine::WorkflowContext;
use engine::ending::When;
use engine::history::MemoryHistory;
use engine::testing::{CrashPoint, Lab, LabError, Side, suite};
use engine::{
    Asked, EngineError, Failure, Policy, Registry, Step, StepContext, StepError, Workflow,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// What one execution of the step does.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum Act {
    Done,
    Retry,
    /// Seconds.
    Later(u64),
    Terminal,
    Unknown,
    Unmapped,
    Panic,
    Hang,
}

/// What the outside says when it is asked.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Acted,
    NotActed,
    CannotTell,
    NotNow,
    Never,
}

/// Plays its input, one act per execution; counts the executions.
struct Scripted<const REPEATABLE: bool, const ATTEMPTS: u32 = 3> {
    answer: Answer,
    executions: Arc<AtomicUsize>,
    room: Option<Semaphore>,
}

impl<const REPEATABLE: bool, const ATTEMPTS: u32> Step for Scripted<REPEATABLE, ATTEMPTS> {
    const NAME: &'static str = "act";
    const REPEATABLE: bool = REPEATABLE;
    type Input = Vec<Act>;
    type Output = usize;

    fn policy() -> Policy {
        Policy {
            jitter: 0.0,
            max_attempts: ATTEMPTS,
            max_total: Duration::from_secs(60),
            time_limit: Duration::from_millis(100),
            max_interrupted: 2,
            ..Policy::default()
        }
    }

    fn room(&self) -> Option<&Semaphore> {
        self.room.as_ref()
    }

    async fn run(&self, _cx: &StepContext, script: Vec<Act>) -> Result<usize, StepError> {
        let execution = self.executions.fetch_add(1, Ordering::SeqCst);
        match script[execution] {
            Act::Done => Ok(execution + 1),
            Act::Retry => Err(StepError::retry("busy", "try again")),
            Act::Later(seconds) => {
                let when = When::After(Duration::from_secs(seconds));
                Err(StepError::later("asked_to_wait", when, "not before then"))
            }
            Act::Terminal => Err(StepError::terminal("refused", "never")),
            Act::Unknown => Err(StepError::unknown("vanished", "it is gone")),
            Act::Unmapped => Err(std::io::Error::other("nobody mapped this"))?,
            Act::Panic => panic!("on purpose"),
            Act::Hang => std::future::pending().await,
        }
    }

    async fn ask(&self, _cx: &StepContext, _script: &Vec<Act>) -> Result<Asked<usize>, StepError> {
        match self.answer {
            Answer::Acted => Ok(Asked::Done(100)),
            Answer::NotActed => Ok(Asked::NotActed),
            Answer::CannotTell => Ok(Asked::CannotTell),
            Answer::NotNow => Err(StepError::retry("no_answer", "cannot be asked now")),
            Answer::Never => Err(StepError::terminal("forbidden", "may not be asked")),
        }
    }
}

struct Play<const REPEATABLE: bool, const ATTEMPTS: u32 = 3>(Arc<Scripted<REPEATABLE, ATTEMPTS>>);

impl<const REPEATABLE: bool, const ATTEMPTS: u32> Workflow for Play<REPEATABLE, ATTEMPTS> {
    const NAME: &'static str = "play";
    type Input = Vec<Act>;
    type Output = usize;

    async fn run(&self, cx: &WorkflowContext<'_>, script: Vec<Act>) -> Result<usize, Failure> {
        cx.step(&self.0, script).await
    }
}

fn step<const REPEATABLE: bool, const ATTEMPTS: u32>(
    answer: Answer,
) -> Arc<Scripted<REPEATABLE, ATTEMPTS>> {
    Arc::new(Scripted {
        answer,
        executions: Arc::default(),
        room: None,
    })
}

/// Plays a script and gives the story: attempts, waits, the seconds it took, and how it ended.
async fn play<const REPEATABLE: bool>(answer: Answer, script: &[Act]) -> String {
    play_at_most::<REPEATABLE, 3>(answer, script).await
}

async fn play_at_most<const REPEATABLE: bool, const ATTEMPTS: u32>(
    answer: Answer,
    script: &[Act],
) -> String {
    let began = Timestamp::now();
    let play = Play(step::<REPEATABLE, ATTEMPTS>(answer));
    let lab = Lab::new(Registry::new().workflow(play), began);
    let result = lab
        .run::<Play<REPEATABLE, ATTEMPTS>>("run_1", &script.to_vec())
        .await;
    let mut story = lab.history().story();
    // Endings are kept in whole milliseconds, so a wait of a second may be one less.
    let seconds = lab.now().duration_since(began).as_secs_f64().round();
    story.push(format!("after {seconds} s"));
    story.push(end(result));
    story.join("\n")
}

fn end(result: Result<usize, LabError>) -> String {
    match result {
        Ok(output) => format!("done with {output}"),
        Err(LabError::Failed(failure)) => format!("{:?} {}", failure.kind, failure.code),
        Err(LabError::Engine(EngineError::Waits { .. })) => "waits".to_owned(),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn retries_wait_longer_each_time_and_end_done() {
    insta::assert_snapshot!(play::<true>(Answer::CannotTell, &[Act::Retry, Act::Retry, Act::Done]).await, @"
    act#1 retry (busy)
    wait: act: retry after busy
    act#2 retry (busy)
    wait: act: retry after busy
    act#3 done
    after 3 s
    done with 3
    ");
}

#[tokio::test]
async fn attempts_run_out() {
    insta::assert_snapshot!(play::<true>(Answer::CannotTell, &[Act::Retry; 3]).await, @"
    act#1 retry (busy)
    wait: act: retry after busy
    act#2 retry (busy)
    wait: act: retry after busy
    act#3 retry (busy)
    after 3 s
    Exhausted busy
    ");
}

#[tokio::test]
async fn time_runs_out_before_many_attempts_do() {
    // The delays are 1, 2, 4, 8 and 16 s; another 32 s would be more than the minute.
    insta::assert_snapshot!(play_at_most::<true, 300>(Answer::CannotTell, &[Act::Retry; 6]).await, @"
    act#1 retry (busy)
    wait: act: retry after busy
    act#2 retry (busy)
    wait: act: retry after busy
    act#3 retry (busy)
    wait: act: retry after busy
    act#4 retry (busy)
    wait: act: retry after busy
    act#5 retry (busy)
    wait: act: retry after busy
    act#6 retry (busy)
    after 31 s
    Exhausted busy
    ");
}

#[tokio::test]
async fn time_is_that_of_attempts_and_delays_and_not_that_of_an_outage() {
    let play = Play(step::<true, 3>(Answer::CannotTell));
    let lab = Lab::new(Registry::new().workflow(play), Timestamp::now());
    let script = vec![Act::Retry, Act::Retry, Act::Done];
    let point = CrashPoint {
        boundary: 1,
        side: Side::Before,
    };
    let outage = Duration::from_secs(25 * 60 * 60);
    let (output, reached) = lab
        .run_with_outage::<Play<true>>("run_1", &script, point, outage)
        .await
        .unwrap();
    assert_eq!((output, reached), (3, true));
}

#[tokio::test]
async fn what_an_attempt_took_is_kept_with_its_ending() {
    let step = step::<true, 3>(Answer::CannotTell);
    let ending = suite::attempt(&step, &serde_json::json!(["Hang"]), &Arc::default()).await;
    // The time limit of 100 ms, and the first delay of 1 s.
    let so_far = serde_json::json!({
        "attempts": 1,
        "time": { "secs": 1, "nanos": 100_000_000 },
        "ask_first": false,
    });
    assert_eq!(ending["so_far"], so_far, "{ending}");
}

/// How a run ends with the policy of its time, and its replay with the policy of today.
async fn under_two_policies<const THEN: u32, const TODAY: u32>() -> [String; 2] {
    let script = vec![Act::Retry, Act::Retry, Act::Done];
    let then = Registry::new().workflow(Play(step::<true, THEN>(Answer::CannotTell)));
    let lab = Lab::new(then, Timestamp::now());
    let recorded = end(lab.run::<Play<true, THEN>>("run_1", &script).await);
    let today = Registry::new().workflow(Play(step::<true, TODAY>(Answer::CannotTell)));
    let replay = lab.upgraded(today);
    let replayed = end(replay.replay::<Play<true, TODAY>>("run_1", &script).await);
    [recorded, replayed]
}

#[tokio::test]
async fn a_policy_that_changes_under_a_run_changes_nothing_that_was_decided() {
    assert_eq!(under_two_policies::<2, 3>().await, ["Exhausted busy"; 2]);
    assert_eq!(under_two_policies::<3, 2>().await, ["done with 3"; 2]);
}

#[tokio::test]
async fn a_wait_that_is_over_when_it_is_asked_for_is_no_loop_without_a_pause() {
    let script = [Act::Later(0), Act::Done];
    insta::assert_snapshot!(play::<true>(Answer::CannotTell, &script).await, @"
    act#1 later (asked_to_wait)
    wait: act: asked_to_wait
    act#2 done
    after 1 s
    done with 2
    ");
}

#[tokio::test]
async fn a_wait_that_was_asked_for_counts_neither_as_attempt_nor_as_time() {
    let script = [
        Act::Later(3600),
        Act::Later(3600),
        Act::Later(3600),
        Act::Later(1),
        Act::Done,
    ];
    insta::assert_snapshot!(play::<true>(Answer::CannotTell, &script).await, @"
    act#1 later (asked_to_wait)
    wait: act: asked_to_wait
    act#2 later (asked_to_wait)
    wait: act: asked_to_wait
    act#3 later (asked_to_wait)
    wait: act: asked_to_wait
    act#4 later (asked_to_wait)
    wait: act: asked_to_wait
    act#5 done
    after 10801 s
    done with 5
    ");
}

#[tokio::test]
async fn a_terminal_ending_is_not_tried_again() {
    insta::assert_snapshot!(play::<true>(Answer::CannotTell, &[Act::Terminal]).await, @"
    act#1 terminal (refused)
    after 0 s
    Terminal refused
    ");
}

#[tokio::test]
async fn a_repeatable_step_is_tried_again_after_what_nobody_mapped() {
    let script = [Act::Panic, Act::Hang, Act::Done];
    insta::assert_snapshot!(play::<true>(Answer::CannotTell, &script).await, @"
    act#1 retry (step_panicked)
    wait: act: retry after step_panicked
    act#2 retry (step_timed_out)
    wait: act: retry after step_timed_out
    act#3 done
    after 3 s
    done with 3
    ");
}

#[tokio::test]
async fn unknown_is_unknown_at_once() {
    insta::assert_snapshot!(play::<false>(Answer::CannotTell, &[Act::Unknown]).await, @"
    act#1 unknown (vanished)
    wait: act: publish_unknown: vanished: it is gone
    after 0 s
    waits
    ");
}

#[tokio::test]
async fn a_step_that_must_not_act_twice_asks_first_and_learns_that_it_acted() {
    for act in [Act::Unmapped, Act::Panic, Act::Hang] {
        let story = play::<false>(Answer::Acted, &[act]).await;
        assert!(
            story.ends_with("act#2 done\nafter 1 s\ndone with 100"),
            "{story}"
        );
    }
}

#[tokio::test]
async fn a_step_that_must_not_act_twice_goes_on_when_it_had_not_acted() {
    insta::assert_snapshot!(play::<false>(Answer::NotActed, &[Act::Unmapped, Act::Done]).await, @"
    act#1 retry (step_unmapped)
    wait: act: retry after step_unmapped
    act#2 done
    after 1 s
    done with 2
    ");
}

#[tokio::test]
async fn a_step_that_cannot_ask_acts_once() {
    insta::assert_snapshot!(play::<false>(Answer::CannotTell, &[Act::Unmapped]).await, @"
    act#1 retry (step_unmapped)
    wait: act: retry after step_unmapped
    act#2 unknown (publish_unknown)
    wait: act: publish_unknown: an earlier execution was interrupted, and what it did cannot be found out
    after 1 s
    waits
    ");
}

#[tokio::test]
async fn a_question_that_stays_open_ends_unknown_not_failed() {
    insta::assert_snapshot!(play::<false>(Answer::NotNow, &[Act::Hang]).await, @"
    act#1 retry (step_timed_out)
    wait: act: retry after step_timed_out
    act#2 retry (no_answer)
    wait: act: retry after no_answer
    act#3 retry (no_answer)
    wait: act: publish_unknown: no_answer: cannot be asked now
    after 3 s
    waits
    ");
}

#[tokio::test]
async fn a_question_that_is_refused_for_good_leaves_it_unknown() {
    insta::assert_snapshot!(play::<false>(Answer::Never, &[Act::Hang]).await, @"
    act#1 retry (step_timed_out)
    wait: act: retry after step_timed_out
    act#2 unknown (forbidden)
    wait: act: publish_unknown: forbidden: may not be asked
    after 1 s
    waits
    ");
}

#[tokio::test]
async fn a_mapped_retry_needs_no_question() {
    let script = [Act::Retry, Act::Done];
    insta::assert_snapshot!(play::<false>(Answer::CannotTell, &script).await, @"
    act#1 retry (busy)
    wait: act: retry after busy
    act#2 done
    after 1 s
    done with 2
    ");
}

/// Executes the same attempt again and again, each time stopped in the middle.
async fn interrupt<const REPEATABLE: bool>(times: usize) -> (serde_json::Value, usize) {
    let step = step::<REPEATABLE, 3>(Answer::NotActed);
    let history = Arc::<MemoryHistory>::default();
    for _ in 0..times {
        let script = serde_json::json!(["Hang", "Hang", "Hang"]);
        let execution = suite::attempt(&step, &script, &history);
        // Far less than the time limit: the worker is gone before the step notices anything.
        assert!(
            tokio::time::timeout(Duration::from_millis(5), execution)
                .await
                .is_err()
        );
    }
    let script = serde_json::json!(["Done", "Done", "Done"]);
    let ending = suite::attempt(&step, &script, &history).await;
    (ending, step.executions.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_step_that_stops_its_worker_each_time_is_given_up() {
    let (ending, executions) = interrupt::<true>(1).await;
    assert_eq!(
        (ending["output"].as_u64(), executions),
        (Some(2), 2),
        "{ending}"
    );
    let (ending, executions) = interrupt::<true>(2).await;
    assert_eq!(ending["error"]["code"], "step_interrupted", "{ending}");
    assert_eq!(executions, 2, "it is not executed a third time");
    let (ending, _) = interrupt::<false>(2).await;
    assert_eq!(ending["error"]["code"], "publish_unknown", "{ending}");
}

#[tokio::test]
async fn an_execution_that_is_stopped_while_it_waits_for_room_began_nothing() {
    let step = Arc::new(Scripted::<true, 3> {
        answer: Answer::CannotTell,
        executions: Arc::default(),
        room: Some(Semaphore::new(0)),
    });
    let history = Arc::<MemoryHistory>::default();
    let script = serde_json::json!(["Done"]);
    for _ in 0..5 {
        let execution = suite::attempt(&step, &script, &history);
        assert!(
            tokio::time::timeout(Duration::from_millis(5), execution)
                .await
                .is_err()
        );
    }
    assert!(history.events().is_empty(), "nothing began");
    step.room.as_ref().unwrap().add_permits(1);
    let ending = suite::attempt(&step, &script, &history).await;
    assert_eq!(ending["output"], 1, "{ending}");
}

#[tokio::test]
async fn a_crash_before_or_after_any_attempt_changes_nothing_of_the_end() {
    for boundary in 0..3 {
        for side in [Side::Before, Side::After] {
            let step = step::<false, 3>(Answer::NotActed);
            let lab = Lab::new(Registry::new().workflow(Play(step)), Timestamp::now());
            // A second execution of an attempt plays the act after its own, so there is one to spare.
            let script = vec![Act::Retry, Act::Retry, Act::Done, Act::Done];
            let point = CrashPoint { boundary, side };
            let (output, reached) = lab
                .run_with_crash::<Play<false>>("run_1", &script, point)
                .await
                .unwrap();
            assert!(reached, "{point:?}");
            let lost_the_last = point.boundary == 2 && point.side == Side::After;
            assert_eq!(output, if lost_the_last { 4 } else { 3 }, "{point:?}");
        }
    }
}
