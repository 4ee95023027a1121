//! What a page asks for and does not get.

use url::Url;

use crate::http::is_loopback;

/// Media by their usual names. Images and fonts are left out by Chromium's own switches, except
/// the site's icon.
const MEDIA: &[&str] = &[
    "*.m3u8*",
    "*.m4a*",
    "*.m4s*",
    "*.mp3*",
    "*.mp4*",
    "*.mpd*",
    "*.webm*",
    "*mime_type=audio*",
    "*mime_type=video*",
    "*/favicon.ico*",
];

/// This machine and the usual addresses of its network. Ports on loopback have no authentication,
/// so a page from outside must not reach them. For the rest there are Chromium's own checks.
const NEARBY: &[&str] = &[
    "*://0.0.0.0*",
    "*://10.*",
    "*://127.*",
    "*://169.254.*",
    "*://192.168.*",
    "*://[::*",
    "*://[f*",
    "*://localhost*",
];

/// Names and addresses that Chromium does not find, for what the patterns do not stop: they are asked
/// for a tab's own requests, and not where a page sends the tab, or for its workers and sockets.
const NOT_FOUND: &[&str] = &[
    "0.*",
    "10.*",
    "100.64.*",
    "127.*",
    "169.254.*",
    "192.168.*",
    "localhost",
    "*.localhost",
    "*.local",
    "*.internal",
    "[::*",
    "[f*",
];

/// How Chromium is started so that no page reaches this machine, unless pages of it are read. With a
/// proxy it asks the proxy, also for this machine, which is another one there.
pub(super) fn argument(this_machine: bool, has_proxy: bool) -> Option<String> {
    match (this_machine, has_proxy) {
        (true, _) => None,
        (false, true) => Some("--proxy-bypass-list=<-loopback>".to_owned()),
        (false, false) => {
            let known = NOT_FOUND.iter().map(|&name| name.to_owned());
            let private = (16..32).map(|part| format!("172.{part}.*"));
            let rules: Vec<_> = known
                .chain(private)
                .map(|name| format!("MAP {name} ~NOTFOUND"))
                .collect();
            Some(format!("--host-resolver-rules={}", rules.join(", ")))
        }
    }
}

/// Patterns of `Network.setBlockedURLs` for the page at `url`. `*` is any text.
pub(super) fn patterns(url: &Url) -> Vec<&'static str> {
    let nearby: &[&str] = if is_loopback(url) { &[] } else { NEARBY };
    [MEDIA, nearby].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_this_machine_may_reach_it() -> Result<(), url::ParseError> {
        let blocked = |url: &str| -> Result<bool, url::ParseError> {
            Ok(patterns(&Url::parse(url)?).contains(&"*://127.*"))
        };
        assert!(blocked("https://www.tiktok.com/@a/video/1")?);
        assert!(!blocked("http://127.0.0.1:9000/tiktok/@a/video/1")?);
        Ok(())
    }
}
