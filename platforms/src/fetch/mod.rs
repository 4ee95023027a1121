//! Fetches a video from an https URL that somebody else chose: the one place that opens such URLs.
//!
//! Whoever names a URL must not reach what this machine reaches. So only addresses of the public
//! internet are connected, over https; names are looked up by a resolver that passes on nothing
//! else, so the address that was checked is the one that is connected; each redirect is checked as
//! the first URL was, and there are three at most; no proxy is taken from the environment, which
//! would look names up itself. What comes is limited in bytes and in time, has to be a video by its
//! content (names and headers say what they like), and stands under its name when it is complete
//! and on disk.
//!
//! A URL can hold a signature, which is a credential: no error and no log line here has more of it
//! than the host. Nothing is retried; redirects are the only further requests.

mod address;
mod content;
mod draft;
mod meaning;
mod origin;
mod resolve;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use self::draft::Draft;
use self::resolve::PublicOnly;
use crate::PlatformError;

pub use content::VideoKind;
pub use meaning::CODES;

/// Requests that one source may lead to beyond the first.
const MOST_REDIRECTS: usize = 3;

/// How much is taken, and how long we wait for it.
#[derive(Clone, Copy, Debug)]
pub struct FetchConfig {
    /// Largest file, in bytes. Default 2 GiB.
    pub max_bytes: u64,
    /// Longest time until a connection stands. Default 10 s.
    pub connect_timeout: Duration,
    /// Longest time in which nothing arrives. Default 30 s.
    pub stall_timeout: Duration,
    /// Longest time for all of it, redirects included. Default 10 minutes.
    pub total_timeout: Duration,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            max_bytes: 2 << 30,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(600),
        }
    }
}

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is: the path that was asked for.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its content, as 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// What its first bytes say it is.
    pub kind: VideoKind,
}

/// Fetches videos. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher {
    http: Client,
    config: FetchConfig,
    loopback_for_tests: Vec<SocketAddr>,
}

impl Fetcher {
    /// A fetcher that reaches the public internet only. Nothing is sent.
    ///
    /// # Errors
    /// `fetch_misconfigured` when no HTTP client can be built.
    pub fn new(config: FetchConfig) -> Result<Self, PlatformError> {
        Self::build(config, Vec::new())
    }

    /// **For tests only**: a fetcher that also reaches these addresses of this machine, over http,
    /// too, when a URL names exactly this address and port. No name leads there. Nothing that runs
    /// outside a test may call this: whoever names a URL would reach what listens there.
    ///
    /// # Errors
    /// `fetch_misconfigured` when an address is not on loopback; the others as
    /// [`new`](Self::new).
    pub fn reaching_loopback_which_only_tests_may(
        config: FetchConfig,
        origins: &[SocketAddr],
    ) -> Result<Self, PlatformError> {
        if !origins.iter().all(|origin| origin.ip().is_loopback()) {
            return Err(meaning::misconfigured(
                "an address that was to be reached in a test is not on loopback",
            ));
        }
        Self::build(config, origins.to_vec())
    }

    fn build(
        config: FetchConfig,
        loopback_for_tests: Vec<SocketAddr>,
    ) -> Result<Self, PlatformError> {
        let http = Client::builder()
            .dns_resolver(PublicOnly)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.stall_timeout)
            .tcp_nodelay(true)
            .user_agent(concat!("flywheel/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                meaning::misconfigured("no HTTP client could be built").caused_by(error)
            })?;
        Ok(Self {
            http,
            config,
            loopback_for_tests,
        })
    }

    /// Fetches `source` into the new file `file`, in place of what was there.
    ///
    /// Until it is complete and on disk, the content is in a file with another name beside it,
    /// which goes when this call fails or is dropped.
    ///
    /// # Errors
    /// One of [`CODES`]; `meaning.rs` has the table of what each means.
    pub async fn fetch(&self, source: &str, file: &Path) -> Result<Fetched, PlatformError> {
        let fetching = async {
            let response = self.open(source).await?;
            self.store(response, file).await
        };
        tokio::time::timeout(self.config.total_timeout, fetching)
            .await
            .unwrap_or_else(|_elapsed| Err(meaning::out_of_time(self.config.total_timeout)))
    }

    /// Asks for the source, and follows its redirects.
    async fn open(&self, source: &str) -> Result<Response, PlatformError> {
        let mut url = Url::parse(source)
            .map_err(|error| meaning::invalid("cannot be read").caused_by(error))?;
        for _ in 0..=MOST_REDIRECTS {
            origin::check(&url, &self.loopback_for_tests)?;
            let request = self.http.get(url.clone());
            let response = request
                // The file as it is, and no other form of it.
                .header(ACCEPT_ENCODING, "identity")
                .send()
                .await
                .map_err(meaning::transport)?;
            let status = response.status().as_u16();
            tracing::debug!(host = url.host_str(), status, "the source answered");
            match status {
                200 => return Ok(response),
                301 | 302 | 303 | 307 | 308 => url = next(&url, response.headers())?,
                _ => {
                    let now = Timestamp::now();
                    return Err(meaning::refused(status, response.headers(), now));
                }
            }
        }
        Err(meaning::too_many_redirects(MOST_REDIRECTS))
    }

    /// Takes the answer's content into the file.
    async fn store(&self, mut response: Response, file: &Path) -> Result<Fetched, PlatformError> {
        let most = self.config.max_bytes;
        if response.content_length().is_some_and(|bytes| bytes > most) {
            return Err(meaning::too_large(most));
        }
        let mut draft = Draft::beside(file).map_err(meaning::unwritable)?;
        while let Some(chunk) = response.chunk().await.map_err(meaning::transport)? {
            if draft.bytes().saturating_add(chunk.len() as u64) > most {
                return Err(meaning::too_large(most));
            }
            draft.write(&chunk).await.map_err(meaning::unwritable)?;
            if draft.is_foreign() {
                return Err(meaning::not_a_video());
            }
        }
        let Some(kind) = draft.kind() else {
            return Err(meaning::not_a_video());
        };
        let (bytes, sha256) = (draft.bytes(), draft.sha256());
        draft
            .put_in_place(file)
            .await
            .map_err(meaning::unwritable)?;
        Ok(Fetched {
            path: file.to_owned(),
            bytes,
            sha256,
            kind,
        })
    }
}

/// Where a redirect leads.
fn next(from: &Url, headers: &HeaderMap) -> Result<Url, PlatformError> {
    let location = headers
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .ok_or_else(|| meaning::invalid("redirects, and does not say where to"))?;
    from.join(location)
        .map_err(|error| meaning::invalid("redirects to what cannot be read").caused_by(error))
}
