//! Looks names up for the HTTP client, and passes on only public addresses.
//!
//! The client connects to what it is given here and asks nobody else, so a name that leads
//! somewhere else a moment later changes nothing.

use std::error::Error;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address;

/// A name that leads to no public host.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to {what}")]
pub(super) struct NotPublic {
    pub(super) what: &'static str,
}

/// The system's resolver, without what is not public.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(look_up(name))
    }
}

async fn look_up(name: Name) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
    Ok(Box::new(public_of(found)?.into_iter()))
}

/// The public ones of these addresses; fails when all were refused.
fn public_of(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    let mut public = Vec::new();
    let mut refused = None;
    for socket in found {
        match address::refusal(socket.ip()) {
            None => public.push(socket),
            Some(what) => refused = Some(what),
        }
    }
    match refused {
        Some(what) if public.is_empty() => Err(NotPublic { what }),
        _ => Ok(public),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: &[&str], public: Option<&[&str]>) {
        let sockets = |texts: &[&str]| -> Vec<SocketAddr> {
            let socket = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
            texts.iter().map(socket).collect()
        };
        let passed = public_of(sockets(found).into_iter());
        assert_eq!(passed.ok(), public.map(sockets), "{found:?}");
    }

    #[test]
    fn only_public_addresses_of_a_name_are_passed_on() {
        check(
            &["8.8.8.8", "2606:4700::1"],
            Some(&["8.8.8.8", "2606:4700::1"]),
        );
        check(&["127.0.0.1", "8.8.8.8", "::1"], Some(&["8.8.8.8"]));
        check(&["127.0.0.1"], None);
        check(&["::ffff:8.8.8.8", "169.254.169.254"], None);
        check(&[], Some(&[]));
    }
}
