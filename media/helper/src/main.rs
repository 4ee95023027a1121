//! `flywheel-media`: answers one question about one video file, then ends.
//!
//! It reads one JSON line from stdin ([`media::wire::Request`]), writes one to stdout
//! ([`media::wire::Reply`]) and exits 0, also when it refuses the file. It is the only program of
//! Flywheel that links GStreamer, and it trusts no file: it limits its own memory and CPU time
//! before it opens one, builds every pipeline from named elements (nothing is plugged
//! automatically, nothing can follow a reference to another file or a URL), and ends as soon as
//! stdin closes, so it never outlives the program that asked. It keeps no state.

mod answer;
mod check;
mod choose;
mod codec;
mod confine;
mod container;
mod failure;
mod jpeg;
mod keyframes;
mod orientation;
mod picture;
mod plan;
mod probe;
mod reader;
mod stream;
mod synthesize;
mod transcode;

use std::io::{self, BufRead as _, Write as _};

use anyhow::Context as _;
use media::wire::Request;

fn main() -> anyhow::Result<()> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context("reading the request from stdin")?;
    let request: Request = serde_json::from_str(&line).context("understanding the request")?;
    confine::end_with_stdin();
    // The first start on a machine scans all plugins, in a child that would inherit the limits.
    gstreamer::init().context("starting GStreamer")?;
    confine::limit(&request.limits).context("limiting this process")?;
    let reply = answer::answer(&request);
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, &reply).context("writing the reply")?;
    stdout.write_all(b"\n").context("ending the reply")?;
    stdout.flush().context("flushing the reply")
}
