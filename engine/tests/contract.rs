//! What the engine holds code to, and itself: open runs whose code changes, values that JSON cannot
//! carry, one thing at a time, names, and a worker that stops or is refused.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use engine::registry::StepInfo;
use engine::testing::{Lab, LabError, suite};
use engine::worker::stop_signal;
use engine::{
    EngineError, Failure, Registry, RestateUrls, Step, StepContext, StepError, Worker, Workflow,
    WorkflowContext,
};
use jiff::Timestamp;
use reqwest::Url;
use schemars::JsonSchema;
use sea_orm::{Database, DatabaseConnection};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// One thing that a workflow does.
#[derive(Debug, Clone, Copy)]
enum Do {
    Time,
    Sleep,
    Step,
    TwoSteps,
}

/// Takes a tenth of a second, once there is room.
struct Slow {
    room: Semaphore,
}

impl Step for Slow {
    const NAME: &'static str = "slow";
    type Input = ();
    type Output = ();

    fn room(&self) -> Option<&Semaphore> {
        Some(&self.room)
    }

    async fn run(&self, _cx: &StepContext, _: ()) -> Result<(), StepError> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(())
    }
}

/// Does these things, which a deploy can change.
struct Story(&'static [Do], Arc<Slow>);

impl Workflow for Story {
    const NAME: &'static str = "story";
    type Input = ();
    type Output = ();

    async fn run(&self, cx: &WorkflowContext<'_>, _: ()) -> Result<(), Failure> {
        for thing in self.0 {
            match thing {
                Do::Time => {
                    cx.now().await?;
                }
                Do::Sleep => cx.sleep("a while", Timestamp::UNIX_EPOCH).await?,
                Do::Step => cx.step(&self.1, ()).await?,
                Do::TwoSteps => {
                    let (one, two) = futures::join!(cx.step(&self.1, ()), cx.step(&self.1, ()));
                    one.and(two)?;
                }
            }
        }
        Ok(())
    }
}

fn story(things: &'static [Do], room: usize) -> Registry {
    let slow = Arc::new(Slow {
        room: Semaphore::new(room),
    });
    Registry::new().workflow(Story(things, slow))
}

fn lab(registry: Registry) -> Lab {
    Lab::new(registry, Timestamp::UNIX_EPOCH)
}

/// The first entry that is not as recorded: its place, the record, and what the code does instead.
type Divergence<'t> = Option<(usize, &'t str, &'t str)>;

#[tokio::test]
async fn a_replay_says_what_the_code_of_today_does_otherwise() {
    let lab = lab(story(&[Do::Time, Do::Sleep], 1));
    lab.run::<Story>("run_1", &()).await.unwrap();
    let cases: [(&'static [Do], Divergence<'_>); 4] = [
        (&[Do::Time, Do::Sleep], None),
        (&[Do::Sleep, Do::Time], Some((0, "now#1", "sleep"))),
        (&[Do::Time], Some((1, "sleep", "nothing"))),
        (
            &[Do::Time, Do::Sleep, Do::Step],
            Some((2, "nothing", "slow#1")),
        ),
    ];
    for (today, expected) in cases {
        let replayed = lab
            .upgraded(story(today, 1))
            .replay::<Story>("run_1", &())
            .await;
        let divergence = match &replayed {
            Ok(()) => None,
            Err(LabError::Engine(EngineError::Diverged {
                index,
                recorded,
                now,
            })) => Some((*index, recorded.as_str(), now.as_str())),
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(divergence, expected, "{today:?}");
    }
}

#[tokio::test]
async fn two_things_at_once_are_refused_here_as_on_restate() {
    let result = lab(story(&[Do::TwoSteps], 2))
        .run::<Story>("run_1", &())
        .await;
    let refused = matches!(result, Err(LabError::Engine(EngineError::AtOnce { .. })));
    assert!(refused, "{result:?}");
}

/// A run that is told something.
struct Told<T>(PhantomData<fn() -> T>);

impl<T> Workflow for Told<T>
where
    T: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
{
    const NAME: &'static str = "told";
    type Input = T;
    type Output = ();

    async fn run(&self, _cx: &WorkflowContext<'_>, _told: T) -> Result<(), Failure> {
        Ok(())
    }
}

#[tokio::test]
async fn a_run_whose_input_changed_its_type_waits_for_mended_code_and_does_not_fail() {
    let lab = lab(Registry::new().workflow(Told::<u32>(PhantomData)));
    let text = "seven".to_owned();
    let result = lab.run::<Told<String>>("run_1", &text).await;
    let waits = matches!(result, Err(LabError::Engine(EngineError::Decode { .. })));
    assert!(waits, "{result:?}");
    let mended = lab.upgraded(Registry::new().workflow(Told::<String>(PhantomData)));
    mended.run::<Told<String>>("run_1", &text).await.unwrap();
}

/// An output that JSON carries for most values.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Reading {
    share: f64,
    by_pair: BTreeMap<(u8, u8), u32>,
}

struct Read<const REPEATABLE: bool>(Reading);

impl<const REPEATABLE: bool> Step for Read<REPEATABLE> {
    const NAME: &'static str = "read";
    const REPEATABLE: bool = REPEATABLE;
    type Input = ();
    type Output = Reading;

    async fn run(&self, _cx: &StepContext, _: ()) -> Result<Reading, StepError> {
        Ok(self.0.clone())
    }
}

struct Report(Reading);

impl Workflow for Report {
    const NAME: &'static str = "report";
    type Input = ();
    type Output = Reading;

    async fn run(&self, _cx: &WorkflowContext<'_>, _: ()) -> Result<Reading, Failure> {
        Ok(self.0.clone())
    }
}

/// How a step and a run end that give this: the two kinds of step, and the run's code.
async fn endings(reading: Reading) -> [String; 3] {
    let once = Arc::new(Read::<false>(reading.clone()));
    let again = Arc::new(Read::<true>(reading.clone()));
    let once = suite::attempt(&once, &Value::Null, &Arc::default()).await;
    let again = suite::attempt(&again, &Value::Null, &Arc::default()).await;
    let run = lab(Registry::new().workflow(Report(reading)))
        .run::<Report>("run_1", &())
        .await;
    let word = |ending: &Value| format!("{} {}", ending["ending"], ending["error"]["code"]);
    let code = match run {
        Ok(_) => "done".to_owned(),
        Err(LabError::Failed(failure)) => failure.code,
        Err(error) => format!("{error:?}"),
    };
    [word(&once), word(&again), code]
}

#[tokio::test]
async fn an_output_that_json_cannot_carry_ends_the_step_or_run_with_its_code() {
    let fine = Reading {
        share: 0.5,
        by_pair: BTreeMap::new(),
    };
    let no_number = Reading {
        share: f64::NAN,
        ..fine.clone()
    };
    let no_text = Reading {
        by_pair: BTreeMap::from([((1, 2), 3)]),
        ..fine.clone()
    };
    assert_eq!(
        endings(fine).await,
        [r#""done" null"#, r#""done" null"#, "done"]
    );
    for reading in [no_number, no_text] {
        assert_eq!(
            endings(reading).await,
            [
                r#""unknown" "output_invalid""#,
                r#""terminal" "output_invalid""#,
                "output_invalid"
            ]
        );
    }
}

/// Runs the story and stops the worker in the middle of its first attempt. Whether that stopped it.
async fn stops(lab: &Lab) -> bool {
    let stop = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        lab.stop_signal().cancel();
    };
    let both = async {
        let (result, ()) = tokio::join!(lab.run::<Story>("run_1", &()), stop);
        result
    };
    let result = tokio::time::timeout(Duration::from_secs(10), both).await;
    matches!(result, Ok(Err(LabError::Engine(EngineError::Stopping))))
}

#[tokio::test]
async fn a_worker_that_stops_lets_its_attempt_end_and_leaves_the_next_to_the_next_worker() {
    let lab = lab(story(&[Do::Step, Do::Step], 1));
    assert!(stops(&lab).await);
    assert_eq!(lab.history().story(), ["slow#1 done"]);
    let next = lab.upgraded(story(&[Do::Step, Do::Step], 1));
    next.run::<Story>("run_1", &()).await.unwrap();
    assert_eq!(next.history().story(), ["slow#1 done", "slow@2#1 done"]);
}

#[tokio::test]
async fn a_worker_that_stops_does_not_wait_for_room() {
    let lab = lab(story(&[Do::Step], 0));
    assert!(stops(&lab).await);
    assert!(lab.history().events().is_empty(), "nothing began");
}

/// A step with a good name, or the one that the journal needs.
struct Named<const GOOD: bool>;

impl<const GOOD: bool> Step for Named<GOOD> {
    const NAME: &'static str = if GOOD { "good" } else { "now" };
    type Input = ();
    type Output = ();

    async fn run(&self, _cx: &StepContext, _: ()) -> Result<(), StepError> {
        Ok(())
    }
}

/// Nothing here comes to use it.
#[expect(clippy::unwrap_used, reason = "a test's own address")]
fn restate_at(url: &str) -> RestateUrls {
    let url: Url = url.parse().unwrap();
    RestateUrls {
        ingress: url.clone(),
        admin: url,
    }
}

fn no_database() -> DatabaseConnection {
    DatabaseConnection::default()
}

#[tokio::test]
async fn names_that_would_mix_things_up_are_refused() {
    let good = StepInfo::of::<Named<true>>;
    let cases = [
        (
            story(&[], 1).workflow(Story(
                &[],
                Arc::new(Slow {
                    room: Semaphore::new(1),
                }),
            )),
            "two workflows are named `story`; give one of them a name of its own",
        ),
        (
            Registry::new().steps([good(), good()]),
            "two steps are named `good`; give one of them a name of its own",
        ),
        (
            Registry::new().steps([good(), StepInfo::of::<Named<false>>()]),
            "no step can be named `now`: that is an entry of the journal's own",
        ),
    ];
    for (registry, expected) in cases {
        let address = "127.0.0.1:0".parse().unwrap();
        let restate = restate_at("http://127.0.0.1:1/");
        let refused = Worker::bind(registry, no_database(), address, restate).await;
        assert_eq!(refused.err().unwrap().to_string(), expected);
    }
}

#[tokio::test]
async fn a_worker_that_restate_refuses_says_so_and_stops_nobody_else() {
    let restate = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = format!("http://{}/", restate.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = restate.accept().await.unwrap();
        let mut asked = Vec::new();
        // The question is one JSON object.
        while !asked.ends_with(b"}") {
            stream.read_buf(&mut asked).await.unwrap();
        }
        let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 12\r\n\r\nnot this one";
        stream.write_all(answer).await.unwrap();
    });
    let address = "127.0.0.1:0".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
        .await
        .unwrap();
    engine::migrate(&db).await.unwrap();
    let worker = Worker::bind(Registry::new(), db, address, restate_at(&admin))
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let refused = worker.run(stop.clone(), || panic!("it is not ready")).await;
    let text = refused.err().unwrap().to_string();
    assert!(text.contains(&admin) && text.contains("400"), "{text}");
    assert!(!stop.is_cancelled());
}

#[tokio::test]
async fn a_closed_terminal_is_a_stop_signal() {
    let stop = stop_signal().unwrap();
    let hang_up = format!("kill -HUP {}", std::process::id());
    assert!(
        Command::new("sh")
            .args(["-c", &hang_up])
            .status()
            .unwrap()
            .success()
    );
    tokio::time::timeout(Duration::from_secs(10), stop.cancelled())
        .await
        .unwrap();
}
