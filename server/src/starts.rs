//! Starting loops for real: as runs of `video_loop`, through the engine's client. The run's row
//! and Restate's idempotency see to it that a target has one run, whoever asks and how often.

use engine::Client;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use workflows::{VideoLoop, VideoLoopInput};

use crate::start_loop::{LoopTarget, StartError, StartLoop, StartedLoop};

impl StartLoop for Client {
    fn start(&self, target: LoopTarget) -> BoxFuture<'_, Result<StartedLoop, StartError>> {
        async move {
            let input = VideoLoopInput {
                video_id: target.video_id.clone(),
                platform: target.platform.clone(),
                account: target.account.clone(),
                // A message cannot say how long to wait; the worker's configuration does.
                wait_ms: None,
            };
            // By its full name: the trait's method has the same one.
            let started = Client::start::<VideoLoop>(self, &target.key(), &input).await;
            match started {
                Ok(run) => Ok(StartedLoop {
                    run_id: run.run_id,
                    existed: run.existed,
                }),
                Err(error) => Err(StartError::new(&target, error)),
            }
        }
        .boxed()
    }
}
