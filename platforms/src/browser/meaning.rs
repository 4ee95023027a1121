//! What goes wrong between us and a page, and what it means.
//!
//! | trouble | code | meaning |
//! |---|---|---|
//! | a program is not where the configuration says | `browser_not_installed` | later: 5 min. Somebody installs it; a run need not be lost over it |
//! | a number, a user agent or an address makes no sense | `browser_misconfigured` | terminal |
//! | many other pages are waiting for the host, or for a place | `browser_busy` | later: about when it is its turn |
//! | Chromium or chromedriver does not start in time, or at all | `browser_not_started` | retry |
//! | Chromium, chromedriver or the tab ended before the page was read | `browser_crashed` | retry |
//! | the page is not there within its time limit | `browser_page_timeout` | retry |
//! | no page came: no such host, no connection, a file instead | `browser_unreachable` | retry |
//! | the proxy cannot be reached, or refuses us | `browser_proxy_failed` | retry |
//! | the document is longer than two million characters | `browser_page_too_large` | retry, as any answer that cannot be read |

use std::path::PathBuf;
use std::time::Duration;

use thirtyfour::bidi::BidiError;

use crate::http::excerpt;
use crate::{LaterWhen, Meaning, PlatformError};

/// Every code that this module's errors can have, sorted.
pub const CODES: &[&str] = &[
    "browser_busy",
    "browser_crashed",
    "browser_misconfigured",
    "browser_not_installed",
    "browser_not_started",
    "browser_page_timeout",
    "browser_page_too_large",
    "browser_proxy_failed",
    "browser_unreachable",
];

const NAME: &str = "browser";
/// Until somebody has installed what is missing.
const INSTALL_WAIT: Duration = Duration::from_secs(5 * 60);

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Trouble {
    NotInstalled(PathBuf),
    Misconfigured(String),
    /// For about this long.
    Busy(Duration),
    NotStarted(String),
    Crashed(String),
    TooSlow(Duration),
    /// Chromium's name for it, such as `net::ERR_CONNECTION_REFUSED`, or our own words.
    Unreachable(String),
    Proxy(String),
    TooLarge,
}

impl Trouble {
    /// For people and dashboards.
    fn code(&self) -> &'static str {
        match self {
            Self::NotInstalled(_) => "browser_not_installed",
            Self::Misconfigured(_) => "browser_misconfigured",
            Self::Busy(_) => "browser_busy",
            Self::NotStarted(_) => "browser_not_started",
            Self::Crashed(_) => "browser_crashed",
            Self::TooSlow(_) => "browser_page_timeout",
            Self::Unreachable(_) => "browser_unreachable",
            Self::Proxy(_) => "browser_proxy_failed",
            Self::TooLarge => "browser_page_too_large",
        }
    }

    fn operation(&self) -> &'static str {
        match self {
            Self::Misconfigured(_) => "configure",
            Self::NotInstalled(_) | Self::NotStarted(_) => "start",
            _ => "open",
        }
    }

    fn meaning(&self) -> Meaning {
        match self {
            Self::NotInstalled(_) => Meaning::Later(LaterWhen::After(INSTALL_WAIT)),
            Self::Misconfigured(_) => Meaning::Terminal,
            Self::Busy(wait) => Meaning::Later(LaterWhen::After(*wait)),
            _ => Meaning::Retry,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotInstalled(program) => format!(
                "there is no program {}: install the packages chromium-headless-shell and \
                 chromium-driver, or say where they are",
                program.display()
            ),
            Self::Misconfigured(words)
            | Self::NotStarted(words)
            | Self::Crashed(words)
            | Self::Unreachable(words)
            | Self::Proxy(words) => excerpt(words),
            Self::Busy(wait) => {
                format!(
                    "other pages are waiting to be loaded, for about {} s",
                    wait.as_secs()
                )
            }
            Self::TooSlow(limit) => format!("the page was not there within {limit:?}"),
            Self::TooLarge => "the document is too long to be read".to_owned(),
        }
    }

    /// The error of the call that met it.
    pub(super) fn into_error(self) -> PlatformError {
        let (operation, code) = (self.operation(), self.code());
        PlatformError::new(NAME, operation, code, self.meaning(), self.message())
    }

    /// What Chromium's name of a network error is to us, unless a page may have come all the same:
    /// one with nothing but a status, or one that took the place of another.
    pub(super) fn of_network(message: &str) -> Option<Self> {
        let start = message.find("net::ERR_")?;
        let rest = &message[start..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ":_".contains(c)));
        let name = &rest[..end.unwrap_or(rest.len())];
        match name {
            "net::ERR_HTTP_RESPONSE_CODE_FAILURE" | "net::ERR_ABORTED" => None,
            name if name.contains("PROXY") || name.contains("TUNNEL") => {
                Some(Self::Proxy(name.to_owned()))
            }
            name => Some(Self::Unreachable(name.to_owned())),
        }
    }
}

/// A command that fails without a word about the network: the tab, Chromium or chromedriver is gone.
impl From<BidiError> for Trouble {
    fn from(error: BidiError) -> Self {
        Self::Crashed(format!("{}: {}", error.error, error.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_one_code_and_one_meaning() {
        let words = || "words".to_owned();
        let later = Meaning::Later(LaterWhen::After(INSTALL_WAIT));
        for (trouble, meaning) in [
            (Trouble::NotInstalled("/usr/bin/chromium".into()), later),
            (Trouble::Misconfigured(words()), Meaning::Terminal),
            (
                Trouble::Busy(INSTALL_WAIT),
                Meaning::Later(LaterWhen::After(INSTALL_WAIT)),
            ),
            (Trouble::NotStarted(words()), Meaning::Retry),
            (Trouble::Crashed(words()), Meaning::Retry),
            (Trouble::TooSlow(Duration::from_secs(30)), Meaning::Retry),
            (Trouble::Unreachable(words()), Meaning::Retry),
            (Trouble::Proxy(words()), Meaning::Retry),
            (Trouble::TooLarge, Meaning::Retry),
        ] {
            let error = trouble.into_error();
            assert_eq!(error.meaning(), meaning, "{error}");
            assert!(CODES.contains(&error.code()), "{error}");
        }
        assert!(CODES.is_sorted());
    }

    #[test]
    fn a_network_error_is_named_and_a_status_is_none() {
        let code = |message: &str| Trouble::of_network(message).map(|trouble| trouble.code());
        for (message, expected) in [
            (
                "unknown error: net::ERR_NAME_NOT_RESOLVED",
                Some("browser_unreachable"),
            ),
            (
                "net::ERR_CERT_DATE_INVALID at x",
                Some("browser_unreachable"),
            ),
            (
                "net::ERR_TUNNEL_CONNECTION_FAILED",
                Some("browser_proxy_failed"),
            ),
            (
                "net::ERR_PROXY_CONNECTION_FAILED.",
                Some("browser_proxy_failed"),
            ),
            ("net::ERR_HTTP_RESPONSE_CODE_FAILURE", None),
            ("net::ERR_ABORTED", None),
            ("no such frame", None),
        ] {
            assert_eq!(code(message), expected, "{message}");
        }
    }
}
