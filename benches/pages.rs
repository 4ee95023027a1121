//! Fifty pages with 300 ms of latency each, asked for in one go and read in Chromium: how long that
//! takes, and how much memory. Then all of it once more while Chromium is killed twice, and every
//! page that it was loading is asked for again. A lost page is an error; no time and no memory is.
//! For Linux: Chromium's processes are found in `/proc`. The last line of stdout is JSON.

#[path = "../platforms/tests/pages/processes.rs"]
mod processes;

use std::env;
use std::fmt::{self, Display};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use clap::Parser as _;
use futures::future::join_all;
use platforms::browser::{Browser, BrowserConfig, Page};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::processes::{chromiums, crash, descendants, until};

const PAGES: u32 = 50;
const LATENCY_MS: u64 = 300;
/// Chromium is killed as soon as the site has been asked so often.
const KILLS_AFTER: [u32; 2] = [PAGES / 3, PAGES * 2 / 3];
/// Two kills cost a page two tries. One that Chromium always crashes under must not go on for ever.
const MOST_TRIES: u32 = 10;
/// Between two looks at Chromium, which cost processor time themselves.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// The recorded page, and what is in it once it is read.
const VIDEO: &str = include_str!("../platforms/fixtures/tiktok_page/video.html");
const ITS_DATA: &str = "itemStruct";

/// A site on loopback that takes its time.
struct Site {
    base: Url,
    asked: Arc<AtomicU32>,
    _server: AbortOnDropHandle<io::Result<()>>,
}

impl Site {
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = Url::parse(&format!("http://{}/page/", listener.local_addr()?))?;
        let asked = Arc::<AtomicU32>::default();
        let count = Arc::clone(&asked);
        let page = move || {
            count.fetch_add(1, Ordering::Relaxed);
            async {
                sleep(Duration::from_millis(LATENCY_MS)).await;
                Html(VIDEO)
            }
        };
        let app = Router::new().route("/page/{number}", get(page));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            base,
            asked,
            _server: AbortOnDropHandle::new(server),
        })
    }

    fn page(&self, number: u32) -> Result<Url, url::ParseError> {
        self.base.join(&number.to_string())
    }

    /// How many pages were asked for so far, also those that were never read.
    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// What processes hold together.
#[derive(Clone, Copy, Default)]
struct Memory {
    kib: u64,
    /// Whether what they share is counted for each of them, since the kernel would not say more.
    is_resident: bool,
}

impl Memory {
    /// Of all that the browser has started, chromedriver included.
    fn now() -> Self {
        let mut sum = Self::default();
        for pid in descendants() {
            if let Some(kib) = kib_of(pid, "smaps_rollup", "Pss:") {
                sum.kib += kib;
            } else if let Some(kib) = kib_of(pid, "status", "VmRSS:") {
                sum.kib += kib;
                sum.is_resident = true;
            }
        }
        sum
    }

    fn or_more(self, other: Self) -> Self {
        Self {
            kib: self.kib.max(other.kib),
            is_resident: self.is_resident || other.is_resident,
        }
    }

    fn mib(self) -> u64 {
        self.kib / 1024
    }

    /// Proportional or resident set size.
    fn kind(self) -> &'static str {
        if self.is_resident { "rss" } else { "pss" }
    }
}

/// Reads `FIELD  123 kB`; nothing when the process has ended or may not be looked into.
fn kib_of(pid: i32, file: &str, field: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    value.split_whitespace().next()?.parse().ok()
}

/// What came of asking for all pages in one go.
struct Round {
    /// Until the last page is over, the start of Chromium included.
    wall: Duration,
    read: u32,
    /// How often those that were read had to be asked for, in all.
    tries: u32,
    lost: Vec<anyhow::Error>,
    peak: Memory,
}

impl Round {
    fn pages_per_s(&self) -> f64 {
        f64::from(self.read) / self.wall.as_secs_f64()
    }
}

impl Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {PAGES} read in {:.1} s ({:.1} per second), {} tries, at most {} MiB ({})",
            self.read,
            self.wall.as_secs_f64(),
            self.pages_per_s(),
            self.tries,
            self.peak.mib(),
            self.peak.kind(),
        )
    }
}

/// Asks for all pages at once, and kills Chromium when the site has been asked so often.
async fn round(kills_after: &[u32]) -> anyhow::Result<Round> {
    let site = Site::start().await?;
    let browser = Browser::new(config()?)?;
    let page = |number| -> anyhow::Result<_> { Ok(read_page(browser.clone(), site.page(number)?)) };
    let reads = (0..PAGES).map(page).collect::<anyhow::Result<Vec<_>>>()?;
    // Those who read have clones: Chromium ends when the last of them is done.
    drop(browser);
    let reading = tokio::spawn(async move {
        let began = Instant::now();
        let pages = join_all(reads).await;
        (pages, began.elapsed())
    });
    let peak = watch(&site, &reading, kills_after).await?;
    let (pages, wall) = reading.await?;
    until("Chromium has ended", || chromiums().is_empty())
        .await
        .map_err(|error| anyhow!("{error}"))?;

    let mut round = Round {
        wall,
        read: 0,
        tries: 0,
        lost: Vec::new(),
        peak,
    };
    for page in pages {
        match page {
            Ok(tries) => {
                round.read += 1;
                round.tries += tries;
            }
            Err(error) => round.lost.push(error),
        }
    }
    Ok(round)
}

/// Reads a page, and says how often it was asked for: again whenever Chromium crashed, or the queue
/// was so long that a run would have waited elsewhere.
async fn read_page(browser: Browser, url: Url) -> anyhow::Result<u32> {
    for tries in 1..=MOST_TRIES {
        match browser.open(&url, is_read).await {
            Ok(page) if is_read(&page) => return Ok(tries),
            Ok(_) => bail!("{url} came without its data"),
            Err(error) if matches!(error.code(), "browser_busy" | "browser_crashed") => {}
            Err(error) => return Err(error).with_context(|| format!("read {url}")),
        }
    }
    bail!("Chromium crashed {MOST_TRIES} times under {url}")
}

fn is_read(page: &Page) -> bool {
    page.html.contains(ITS_DATA)
}

/// Looks at Chromium until all pages are over: how much memory it takes, and whether to kill it.
async fn watch<T>(
    site: &Site,
    reading: &JoinHandle<T>,
    kills_after: &[u32],
) -> anyhow::Result<Memory> {
    let mut peak = Memory::default();
    let mut killed = Vec::new();
    let mut kills = kills_after.iter().copied().peekable();
    while !reading.is_finished() {
        peak = peak.or_more(Memory::now());
        if kills.peek().is_some_and(|after| site.asked() >= *after) {
            let mut fresh = chromiums();
            fresh.retain(|pid| !killed.contains(pid));
            for pid in &fresh {
                crash(*pid)?;
            }
            if !fresh.is_empty() {
                kills.next();
            }
            killed.extend(fresh);
        }
        sleep(LOOK_INTERVAL).await;
    }
    ensure!(
        kills.next().is_none(),
        "all pages were over before Chromium had been killed {} times",
        kills_after.len()
    );
    Ok(peak)
}

/// What Flywheel is configured with by default, and the programs that the environment names.
fn config() -> anyhow::Result<BrowserConfig> {
    let default = BrowserConfig::default();
    let chromedriver = program("CHROMEDRIVER_BIN", default.chromedriver)?;
    let chromium = program("CHROMIUM_BIN", default.chromium)?;
    Ok(BrowserConfig {
        this_machine: true,
        ..BrowserConfig::new(chromedriver, chromium)
    })
}

fn program(variable: &str, default: PathBuf) -> anyhow::Result<PathBuf> {
    let path = env::var_os(variable).map_or(default, PathBuf::from);
    ensure!(
        path.is_file(),
        "there is no {}: `cargo xtask bench` installs it, and {variable} names another",
        path.display()
    );
    Ok(path)
}

fn result(calm: &Round, killed: &Round) -> Value {
    json!({ "pages": {
        "n": PAGES,
        "latency_ms": LATENCY_MS,
        "wall_s": calm.wall.as_secs_f64(),
        "pages_per_s": calm.pages_per_s(),
        "tries": calm.tries,
        "peak_mib": calm.peak.mib(),
        "killed_wall_s": killed.wall.as_secs_f64(),
        "kills": KILLS_AFTER.len(),
        "killed_tries": killed.tries,
        "killed_peak_mib": killed.peak.mib(),
        "memory": calm.peak.or_more(killed.peak).kind(),
        "lost": calm.lost.len() + killed.lost.len(),
    }})
}

#[expect(clippy::print_stdout, reason = "the result is this program's output")]
fn show(line: impl Display) {
    println!("{line}");
}

/// What is shown besides the result.
#[derive(Debug, clap::Parser)]
struct Options {
    /// One line of JSON and nothing else.
    #[arg(long)]
    json: bool,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    ensure!(
        fs::exists("/proc/self/stat")?,
        "Chromium's processes are found in /proc, which this system does not have"
    );
    let calm = round(&[]).await?;
    if !options.json {
        show(format_args!(
            "pages, {LATENCY_MS} ms of latency each: {calm}"
        ));
    }
    let killed = round(&KILLS_AFTER).await?;
    if !options.json {
        let times = KILLS_AFTER.len();
        show(format_args!("and Chromium killed {times} times: {killed}"));
    }
    show(result(&calm, &killed));
    let lost: Vec<_> = calm.lost.into_iter().chain(killed.lost).collect();
    let count = lost.len();
    lost.into_iter().next().map_or(Ok(()), |first| {
        Err(first.context(format!("{count} pages were lost, the first of them so")))
    })
}
