//! Whether a URL may be asked for at all, before anything is looked up.
//!
//! The parser is the one that the HTTP client uses, and it writes every spelling of an address
//! (decimal, octal, hexadecimal, shortened, percent-encoded, in other scripts' digits, with a dot
//! at its end) in the one usual form. An address in a URL is never looked up, so it is checked
//! here; a name is, by [`PublicOnly`](super::resolve::PublicOnly).

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::{address, meaning};
use crate::PlatformError;

/// Refuses what is not https, has a user name or password (which is there to mislead, or a
/// credential), or names an address that is not public; `tested` are exempt from the first and last.
pub(super) fn check(url: &Url, tested: &[SocketAddr]) -> Result<(), PlatformError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(meaning::invalid("has a user name or a password in it"));
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => None,
    };
    let socket = address
        .zip(url.port_or_known_default())
        .map(SocketAddr::from);
    let is_web = matches!(url.scheme(), "http" | "https");
    if is_web && socket.is_some_and(|socket| tested.contains(&socket)) {
        return Ok(());
    }
    if url.scheme() != "https" {
        return Err(meaning::invalid("is not https"));
    }
    match address.and_then(address::refusal) {
        Some(what) => Err(meaning::not_public(what)),
        None => Ok(()),
    }
}
