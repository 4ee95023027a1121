//! The vendors' own Python clients on the sandbox, pointed there by configuration alone.
//!
//! The scripts in `tests/vendors/` check what they get, and end with 1 where it is wrong. Their
//! Python has what `tests/vendors/requirements.txt` pins: `FLYWHEEL_VENDORS_PYTHON` names it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use media::{Background, ClipSpec, Limits, Media, Scene};
use sandbox::{Sandbox, SandboxConfig};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A script loads half of a vendor's library, also on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(300);
/// Enough for two chunks of a resumable upload, and some.
const FREE_BYTES: u32 = 2 << 20;
/// What a script sees of our environment: no credentials, no proxy, no settings of a client.
const KEPT_VARIABLES: [&str; 3] = ["PATH", "HOME", "LD_LIBRARY_PATH"];

#[tokio::test]
async fn anthropic_judges_a_picture_and_raises_its_own_errors() -> Outcome {
    let folder = tempfile::tempdir()?;
    let picture = picture(folder.path()).await?;
    check("anthropic_messages.py", folder.path(), &picture).await
}

#[tokio::test]
async fn google_api_client_goes_on_with_an_upload_that_broke() -> Outcome {
    let folder = tempfile::tempdir()?;
    let clip = clip(folder.path()).await?;
    check("google_upload.py", folder.path(), &clip).await
}

#[tokio::test]
async fn facebook_business_publishes_a_reel_and_reads_its_insights() -> Outcome {
    let folder = tempfile::tempdir()?;
    let clip = clip(folder.path()).await?;
    check("facebook_reels.py", folder.path(), &clip).await
}

/// Runs a script on a sandbox of its own, and shows what it said if it does not end well.
async fn check(script: &str, folder: &Path, file: &Path) -> Outcome {
    let base = serve(&folder.join("sandbox")).await?;
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors");
    let kept = KEPT_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut command = Command::new(python());
    command
        .env_clear()
        .envs(kept)
        // Nothing of the user's, and no compiled files beside the scripts.
        .args(["-E", "-s", "-B"])
        .arg(scripts.join(script))
        .arg(base)
        .arg(file)
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let late = |_| format!("{script} has not ended after {PATIENCE:?}");
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .map_err(late)??;
    assert!(
        output.status.success(),
        "{script}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// The Python that has the vendors' clients.
fn python() -> PathBuf {
    let named = std::env::var_os("FLYWHEEL_VENDORS_PYTHON").filter(|path| !path.is_empty());
    let python = PathBuf::from(named.unwrap_or_else(|| {
        panic!(
            "no Python with the vendors' clients: run `cargo xtask test`, which installs them, or \
             set FLYWHEEL_VENDORS_PYTHON to one that has what tests/vendors/requirements.txt names"
        )
    }));
    assert!(
        python.is_file(),
        "FLYWHEEL_VENDORS_PYTHON is {}, and there is no such file",
        python.display()
    );
    python
}

/// A sandbox where a second is an hour of audience, for as long as the test runs.
async fn serve(data: &Path) -> Outcome<String> {
    let sandbox = Sandbox::open(SandboxConfig {
        data: data.to_owned(),
        world_seed: 42,
        time_scale: 3600.0,
        processing: Duration::from_millis(500),
    })?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(sandbox.serve(listener, CancellationToken::new()));
    Ok(base)
}

/// A short clip that is sent in several chunks: a `free` box, which players skip, makes it large
/// (ISO/IEC 14496-12, 8.1.2).
async fn clip(folder: &Path) -> Outcome<PathBuf> {
    let path = folder.join("clip.mp4");
    let spec = ClipSpec::portrait(vec![Scene::new(4000, Background::Rings)]);
    media().synthesize(&spec, &path).await?;
    let mut file = OpenOptions::new().append(true).open(&path)?;
    file.write_all(&(FREE_BYTES + 8).to_be_bytes())?;
    file.write_all(b"free")?;
    file.write_all(&vec![0; FREE_BYTES as usize])?;
    Ok(path)
}

/// A picture of that clip, in JPEG.
async fn picture(folder: &Path) -> Outcome<PathBuf> {
    let clip = clip(folder).await?;
    let frames = media().keyframes(&clip, &folder.join("frames"), 1).await?;
    let first = frames.into_iter().next().ok_or("no picture")?;
    Ok(first.path)
}

fn media() -> Media {
    let beside = || Path::new(env!("CARGO_BIN_EXE_flywheel")).with_file_name("flywheel-media");
    let helper = std::env::var_os("FLYWHEEL_MEDIA_BIN").map_or_else(beside, PathBuf::from);
    Media::new(helper, Limits::default())
}
