//! `worker --only`: a step that another worker executes.

use std::time::Duration;

use crate::stage::{Stage, until};
use crate::worker::Worker;
use crate::{one, schedules};

/// For a step that is executed here, which takes much less.
const A_WHILE: Duration = Duration::from_secs(3);

/// Restate keeps the address of the worker that was told to serve the step, also when that is gone. So
/// a run whose step was placed there waits for it.
pub(crate) fn is_executed_by_the_worker_that_serves_it(stage: &Stage) {
    let mut worker = Worker::start(stage, &["--only", "scrape"]);
    worker.is_ready();
    let served = schedules::triggered(stage);
    stage.all(std::slice::from_ref(&served), "failed");
    assert_eq!(stage.show(&served)["run"]["errorCode"], "row_missing");
    worker.stop();

    let waits = schedules::triggered(stage);
    until("its attempt begins", || {
        !stage.show(&waits)["attempts"][0].is_null()
    });
    std::thread::sleep(A_WHILE);
    let shown = stage.show(&waits);
    assert_eq!(shown["run"]["status"], "running", "{shown:#}");
    one::is_killed(stage, &waits);
}
