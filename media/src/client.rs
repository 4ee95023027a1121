//! [`Media`]: the questions, one helper process each.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::Semaphore;

use crate::{
    ClipSpec, Keyframe, Limits, MediaError, Probe, Target, Transcoded,
    draft::Draft,
    process,
    wire::{Job, Reply, Request},
};

/// How many helpers one [`Media`] runs at once unless told otherwise.
const AT_ONCE: usize = 2;

/// Asks a helper process about video files. Clones share the limit on how many run at once.
#[derive(Debug, Clone)]
pub struct Media {
    helper: PathBuf,
    limits: Limits,
    helpers: usize,
    slots: Arc<Semaphore>,
}

impl Media {
    /// A client of the program at `helper` (`flywheel-media`); at most two run at once.
    pub fn new(helper: impl Into<PathBuf>, limits: Limits) -> Self {
        Self {
            helper: helper.into(),
            limits,
            helpers: AT_ONCE,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The same with another number of helpers at once (at least one).
    #[must_use]
    pub fn at_once(self, helpers: usize) -> Self {
        let helpers = helpers.max(1);
        Self {
            helpers,
            slots: Arc::new(Semaphore::new(helpers)),
            ..self
        }
    }

    /// How many helpers run at once.
    #[must_use]
    pub fn helpers(&self) -> usize {
        self.helpers
    }

    /// The limits each helper works under.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Starts the helper and lets it look for the codecs it needs, for a set-up check.
    ///
    /// # Errors
    /// [`MediaError::Failed`] names what is missing; the others as [`probe`](Self::probe).
    pub async fn check(&self) -> Result<(), MediaError> {
        match self.ask(Job::Check).await? {
            Reply::Checked => Ok(()),
            other => Err(beside_the_question("check", &other)),
        }
    }

    /// Says what `file` is, from its headers.
    ///
    /// # Errors
    /// A terminal [`MediaError`] when the file is not an acceptable video, another one when the
    /// helper hung, crashed or could not be run.
    pub async fn probe(&self, file: &Path) -> Result<Probe, MediaError> {
        let job = Job::Probe {
            file: file.to_owned(),
        };
        match self.ask(job).await? {
            Reply::Probe(probe) => Ok(probe),
            other => Err(beside_the_question("probe", &other)),
        }
    }

    /// Writes up to `count` pictures of `file` as `frame_0.jpg`, `frame_1.jpg`, … into `out_dir`
    /// (created when missing), in time order, each at most 720 × 1280 and never enlarged.
    ///
    /// At least two lie in the first three seconds, none is black or the double of another, as far
    /// as the clip allows; a clip with fewer pictures gives fewer.
    ///
    /// # Errors
    /// As [`probe`](Self::probe).
    pub async fn keyframes(
        &self,
        file: &Path,
        out_dir: &Path,
        count: usize,
    ) -> Result<Vec<Keyframe>, MediaError> {
        let job = Job::Keyframes {
            file: file.to_owned(),
            out_dir: out_dir.to_owned(),
            count,
        };
        match self.ask(job).await? {
            Reply::Keyframes(frames) => Ok(frames),
            other => Err(beside_the_question("keyframes", &other)),
        }
    }

    /// Makes the clip that `clip` describes and writes it to `out`, for the demo and for tests.
    ///
    /// # Errors
    /// A terminal [`MediaError`] when the description makes no sense, another one when the helper
    /// hung, crashed or could not be run.
    pub async fn synthesize(&self, clip: &ClipSpec, out: &Path) -> Result<(), MediaError> {
        let job = Job::Synthesize {
            clip: clip.clone(),
            out: out.to_owned(),
        };
        match self.ask(job).await? {
            Reply::Synthesized => Ok(()),
            other => Err(beside_the_question("synthesize", &other)),
        }
    }

    /// Makes of the video `input` the file `output`, which every platform takes: H.264 (8 bit,
    /// 4:2:0) and AAC in MP4 with the index first, within `target`'s bounds.
    ///
    /// The shape and the times of the pictures stay, a variable frame rate included. The pictures
    /// are turned as a player would turn them, and the new file says nothing of turning; what else
    /// the old one says about itself (title, place) is left out. Without sound in it, none is
    /// made. `output` appears when it is complete and on disk, in place of what was there; before,
    /// its folder has one more, hidden, which goes with this call.
    ///
    /// # Errors
    /// As [`probe`](Self::probe), and [`MediaError::Output`] when `output` cannot be written.
    pub async fn transcode(
        &self,
        input: &Path,
        output: &Path,
        target: &Target,
    ) -> Result<Transcoded, MediaError> {
        let unwritable = |source| MediaError::Output {
            operation: "transcode",
            output: output.display().to_string(),
            source,
        };
        let draft = Draft::beside(output).map_err(unwritable)?;
        let job = Job::Transcode {
            file: input.to_owned(),
            out: draft.file(),
            target: *target,
        };
        let limits = Limits {
            time: target.time,
            ..self.limits
        };
        match self.ask_within(job, limits).await? {
            Reply::Transcoded(transcoded) => {
                draft.put_in_place(output).await.map_err(unwritable)?;
                Ok(transcoded)
            }
            other => Err(beside_the_question("transcode", &other)),
        }
    }

    async fn ask(&self, job: Job) -> Result<Reply, MediaError> {
        self.ask_within(job, self.limits).await
    }

    async fn ask_within(&self, job: Job, limits: Limits) -> Result<Reply, MediaError> {
        let operation = job.name();
        let request = serde_json::to_string(&Request { job, limits })
            .map_err(|source| MediaError::Request { operation, source })?;
        // The semaphore is never closed, so a missing permit cannot happen; running without one
        // would still be right.
        let _slot = self.slots.acquire().await.ok();
        match process::run(&self.helper, operation, &request, limits.time).await? {
            Reply::Refused(refusal) => Err(MediaError::Refused { operation, refusal }),
            Reply::Failed { message } => Err(MediaError::Failed { operation, message }),
            reply => Ok(reply),
        }
    }
}

/// The helper answered another question.
fn beside_the_question(operation: &'static str, reply: &Reply) -> MediaError {
    MediaError::BadReply {
        operation,
        stderr: format!("got {reply:?}"),
        source: None,
    }
}
