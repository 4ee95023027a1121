//! What the browser is told: its programs, its limits, and how it behaves towards hosts.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::meaning::Trouble;

/// Which programs, how many pages, how long, and how we behave towards hosts.
#[derive(Clone, Debug)]
pub struct BrowserConfig {
    /// The program `chromedriver`, of the same major version as Chromium.
    pub chromedriver: PathBuf,
    /// The program `chromium-headless-shell`, or `chromium`, which needs nearly three times the
    /// processor time for a page (it makes a window that nobody sees) and runs errands of its own.
    pub chromium: PathBuf,
    /// Pages that are loaded at once. Four need about 350 MB in all.
    pub pages_at_once: usize,
    /// Pages after which Chromium is replaced.
    pub pages_per_browser: u32,
    /// Longest time until Chromium and chromedriver have started.
    pub start_limit: Duration,
    /// Longest time for one page, from an empty context to its HTML.
    pub page_limit: Duration,
    /// How long a loaded page may go on changing until it is taken as it is; a page that loads
    /// itself again, or fills itself in, does so within this time.
    pub settle_limit: Duration,
    /// Names by which the browser introduces itself, one of them by chance for each page. Empty:
    /// Chromium's own.
    pub user_agents: Vec<String>,
    /// Shortest time between the beginnings of two pages of one host. Zero: none.
    pub host_delay: Duration,
    /// At most this much is added to it, by chance. Zero: nothing.
    pub host_jitter: Duration,
    /// Through which all pages are loaded, except those of this machine.
    pub proxy: Option<Proxy>,
    /// Whether pages of this machine are read, as those of a sandbox. Without it no page reaches this
    /// machine or the usual addresses of its network, whatever it does.
    pub this_machine: bool,
    /// The file in which a [`BrowserServer`](super::BrowserServer) says where its Chromium is, which
    /// serves one worker at a time. Without it Chromium is our own.
    pub server: Option<PathBuf>,
}

/// An HTTP proxy that asks for a user and a password.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// `http://host:port`. Pages of https sites are still encrypted from end to end.
    pub address: Url,
    /// Who we are there.
    pub user: String,
    /// And its password.
    pub password: SecretString,
}

impl BrowserConfig {
    /// 4 pages at once, 100 per Chromium, 60 s to start, 30 s per page of which 5 s to settle; no
    /// user agents of our own, no delay, no proxy.
    #[must_use]
    pub fn new(chromedriver: PathBuf, chromium: PathBuf) -> Self {
        Self {
            chromedriver,
            chromium,
            pages_at_once: 4,
            pages_per_browser: 100,
            start_limit: Duration::from_secs(60),
            page_limit: Duration::from_secs(30),
            settle_limit: Duration::from_secs(5),
            user_agents: Vec::new(),
            host_delay: Duration::ZERO,
            host_jitter: Duration::ZERO,
            proxy: None,
            this_machine: false,
            server: None,
        }
    }

    /// Whether what Chromium needs is there; also when another process starts it.
    pub(super) fn check_programs(&self) -> Result<(), Trouble> {
        let mut programs = [&self.chromedriver, &self.chromium].into_iter();
        programs
            .find(|program| !program.is_file())
            .map_or(Ok(()), |missing| {
                Err(Trouble::NotInstalled(missing.clone()))
            })
    }

    pub(super) fn check(&self) -> Result<(), Trouble> {
        let problem = if self.pages_at_once == 0 || self.pages_per_browser == 0 {
            "a browser that loads no page"
        } else if self.pages_at_once > tokio::sync::Semaphore::MAX_PERMITS {
            "more pages at once than can be counted"
        } else if !self.user_agents.iter().all(|agent| is_header_text(agent)) {
            "a user agent is empty, or has characters that no HTTP header can hold"
        } else if !self.proxy.as_ref().is_none_or(Proxy::is_usable) {
            "the proxy's address is not of the form http://host:port, or its user has a colon"
        } else {
            return Ok(());
        };
        Err(Trouble::Misconfigured(problem.to_owned()))
    }
}

impl Default for BrowserConfig {
    /// The programs of Debian's packages `chromium-driver` and `chromium-headless-shell`, or of
    /// `chromium` where that is not there; else as [`new`](Self::new).
    fn default() -> Self {
        let lean = PathBuf::from("/usr/bin/chromium-headless-shell");
        let chromium = if lean.is_file() {
            lean
        } else {
            "/usr/bin/chromium".into()
        };
        Self::new("/usr/bin/chromedriver".into(), chromium)
    }
}

impl Proxy {
    /// Basic authentication ends the user at the first colon.
    fn is_usable(&self) -> bool {
        self.address.scheme() == "http"
            && self.address.has_host()
            && self.address.port_or_known_default().is_some()
            && !self.user.contains(':')
    }
}

fn is_header_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().all(|c| c == ' ' || c.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(change: impl FnOnce(&mut BrowserConfig)) -> bool {
        let mut config = BrowserConfig::default();
        change(&mut config);
        config.check().is_ok()
    }

    fn proxy(address: &str, user: &str) -> Option<Proxy> {
        Some(Proxy {
            address: address.parse().ok()?,
            user: user.to_owned(),
            password: "canary".into(),
        })
    }

    #[test]
    fn what_could_not_load_a_page_is_refused() {
        assert!(is_accepted(|_| ()));
        assert!(!is_accepted(|config| config.pages_at_once = 0));
        assert!(!is_accepted(|config| config.pages_per_browser = 0));
        for agent in ["", " ", "a\nb", "ü"] {
            assert!(!is_accepted(
                |config| config.user_agents = vec![agent.to_owned()]
            ));
        }
        assert!(is_accepted(
            |config| config.user_agents = vec!["Mozilla/5.0 (X11)".to_owned()]
        ));
    }

    #[test]
    fn a_proxy_is_http_and_its_password_is_never_shown() {
        assert!(is_accepted(
            |config| config.proxy = proxy("http://p.example:33335", "u")
        ));
        for (address, user) in [
            ("https://p.example:33335", "u"),
            ("socks5://p.example:1080", "u"),
            ("http://p.example:33335", "u:v"),
        ] {
            assert!(!is_accepted(|config| config.proxy = proxy(address, user)));
        }
        let shown = format!("{:?}", proxy("http://p.example:33335", "u"));
        assert!(shown.contains("p.example") && !shown.contains("canary"));
    }
}
