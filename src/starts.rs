//! How the server starts loops: through the engine.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use server::{LoopTarget, StartError, StartLoop, StartedLoop};
use workflows::{VideoLoop, VideoLoopInput};

/// Starts `video_loop` runs.
pub(crate) struct Starts(pub(crate) engine::Client);

impl StartLoop for Starts {
    fn start(&self, target: LoopTarget) -> BoxFuture<'_, Result<StartedLoop, StartError>> {
        async move {
            let key = target.key();
            let input = VideoLoopInput {
                video_id: target.video_id.clone(),
                platform: target.platform.clone(),
                account: target.account.clone(),
                wait_ms: None,
            };
            match self.0.start::<VideoLoop>(&key, &input).await {
                Ok(started) => Ok(StartedLoop {
                    run_id: started.run_id,
                    existed: started.existed,
                }),
                Err(error) => Err(StartError::new(&target, error)),
            }
        }
        .boxed()
    }
}
