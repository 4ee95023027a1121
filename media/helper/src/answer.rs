//! From a request to its reply.

use media::wire::{Job, Reply, Request};

use crate::{check, failure::Failure, keyframes, probe, synthesize, transcode};

/// Does the job and says how it went.
pub(crate) fn answer(request: &Request) -> Reply {
    let limits = &request.limits;
    let done = match &request.job {
        Job::Check => check::check().map(|()| Reply::Checked),
        Job::Probe { file } => probe::probe(file, limits).map(Reply::Probe),
        Job::Keyframes {
            file,
            out_dir,
            count,
        } => keyframes::keyframes(file, out_dir, *count, limits).map(Reply::Keyframes),
        Job::Synthesize { clip, out } => {
            synthesize::synthesize(clip, out, limits).map(|()| Reply::Synthesized)
        }
        Job::Transcode { file, out, target } => {
            transcode::transcode(file, out, target, limits).map(Reply::Transcoded)
        }
    };
    match done {
        Ok(reply) => reply,
        Err(Failure::Refused(refusal)) => Reply::Refused(refusal),
        Err(Failure::Broken(error)) => Reply::Failed {
            message: format!("{error:#}"),
        },
    }
}
