//! One run of the helper: start it, give it its request, take its answer, and see that it ends.
//!
//! The helper gets an environment of a few named variables, because it reads files from outside
//! and has no business with anybody's credentials. Its stdin stays open while we wait: when this
//! process dies, the helper sees it close and ends by itself.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};

use crate::{MediaError, wire::Reply};

/// Longest answer that is read. Five keyframes take about one kilobyte.
const MAX_REPLY: u64 = 1 << 20;

/// How much of the helper's stderr an error carries.
const STDERR_TAIL: usize = 2048;

/// The variables that the helper sees; every `GST_…` one too.
const KEPT_VARIABLES: [&str; 8] = [
    "HOME",
    "PATH",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "XDG_CACHE_HOME",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
];

/// Runs `helper` once and returns its answer.
pub(crate) async fn run(
    helper: &Path,
    operation: &'static str,
    request: &str,
    limit: Duration,
) -> Result<Reply, MediaError> {
    let mut child = command(helper)
        .spawn()
        .map_err(|source| MediaError::Start {
            operation,
            helper: helper.display().to_string(),
            source,
        })?;
    let mut stdout = Vec::new();
    let mut stderr = Vec::new();
    let talked = timeout(limit, talk(&mut child, request, &mut stdout, &mut stderr)).await;
    let said = String::from_utf8_lossy(&stderr).into_owned();
    let status = match talked {
        Ok(Ok(status)) => status,
        Ok(Err(source)) => {
            end(&mut child).await;
            return Err(MediaError::Pipe { operation, source });
        }
        Err(_elapsed) => {
            end(&mut child).await;
            return Err(MediaError::TimedOut {
                operation,
                after: limit,
                stderr: said,
            });
        }
    };
    if !status.success() {
        return Err(MediaError::Crashed {
            operation,
            status,
            stderr: said,
        });
    }
    if !said.trim().is_empty() {
        tracing::debug!(
            operation,
            stderr = said.trim(),
            "the media helper wrote to stderr"
        );
    }
    serde_json::from_slice(&stdout).map_err(|source| MediaError::BadReply {
        operation,
        stderr: said,
        source: Some(source),
    })
}

fn command(helper: &Path) -> Command {
    let kept = std::env::vars_os().filter(|(name, _)| {
        name.to_str()
            .is_some_and(|name| KEPT_VARIABLES.contains(&name) || name.starts_with("GST_"))
    });
    let mut command = Command::new(helper);
    command
        .env_clear()
        .envs(kept)
        // glibc reserves 64 MiB of address space per arena, which the helper's limit counts.
        .env("MALLOC_ARENA_MAX", "2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Sends the request and reads until the helper has ended and closed its pipes.
async fn talk(
    child: &mut Child,
    request: &str,
    stdout: &mut Vec<u8>,
    stderr: &mut Vec<u8>,
) -> std::io::Result<std::process::ExitStatus> {
    let leash = child.stdin.take();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let sending = async {
        let mut leash = leash;
        if let Some(stdin) = &mut leash {
            // A helper that ends without reading breaks this pipe; its exit status says more.
            let _ = stdin.write_all(request.as_bytes()).await;
            let _ = stdin.write_all(b"\n").await;
            let _ = stdin.flush().await;
        }
        leash
    };
    let answering = async {
        match out {
            Some(out) => out.take(MAX_REPLY).read_to_end(stdout).await.map(|_| ()),
            None => Ok(()),
        }
    };
    let (_leash, answered, said, status) =
        tokio::join!(sending, answering, keep_tail(err, stderr), child.wait());
    answered?;
    said?;
    status
}

/// Reads to the end, keeping the last [`STDERR_TAIL`] bytes, also when dropped half-way.
async fn keep_tail(
    stream: Option<impl AsyncRead + Unpin>,
    tail: &mut Vec<u8>,
) -> std::io::Result<()> {
    let Some(mut stream) = stream else {
        return Ok(());
    };
    let mut chunk = [0; 1024];
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        tail.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let surplus = tail.len().saturating_sub(STDERR_TAIL);
        tail.drain(..surplus);
    }
}

/// Kills this child and waits for it, so that no zombie is left.
async fn end(child: &mut Child) {
    if let Err(error) = child.kill().await {
        tracing::warn!(%error, "the media helper could not be killed");
    }
}
