//! Tokens that were handed out, kept on disk as hashes.
//!
//! A refresh token is good for one use: with the answer comes the next one. One line of the
//! journal is the whole exchange, so a kill leaves either the old token or the new pair. Whether
//! the vendor takes the old one again is not documented; the sandbox never does, which is the
//! harder case for a client.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::{hashed, open_id_of_name};
use crate::SandboxError;
use crate::journal::Journal;

const ACCESS: &str = "act.";
const REFRESH: &str = "rft.";
/// Seconds for which a refresh token is good: a year.
pub(crate) const REFRESH_S: i64 = 365 * 24 * 60 * 60;

/// A pair as it goes out. It shows nothing of itself.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) open_id: String,
}

/// One line of the journal. Tokens are hashes.
#[derive(Debug, Serialize, Deserialize)]
struct Exchange {
    open_id: String,
    /// The credential that was used up.
    spent: String,
    access: String,
    access_until: Timestamp,
    refresh: String,
    refresh_until: Timestamp,
}

/// A token's account, and when it ends.
type Grant = (String, Timestamp);

#[derive(Debug, Default)]
struct Known {
    access: HashMap<String, Grant>,
    refresh: HashMap<String, Grant>,
    spent: HashSet<String>,
}

impl Known {
    fn apply(&mut self, exchange: Exchange) {
        let open_id = exchange.open_id;
        self.spent.insert(exchange.spent);
        self.access
            .insert(exchange.access, (open_id.clone(), exchange.access_until));
        self.refresh
            .insert(exchange.refresh, (open_id, exchange.refresh_until));
    }
}

/// All tokens of the world.
#[derive(Debug)]
pub(crate) struct Tokens {
    journal: Journal,
    known: Mutex<Known>,
}

impl Tokens {
    pub(crate) fn open(data: &Path) -> Result<Self, SandboxError> {
        let (journal, exchanges) = Journal::open(&data.join("tiktok-tokens.jsonl"))?;
        let mut known = Known::default();
        exchanges
            .into_iter()
            .for_each(|exchange| known.apply(exchange));
        Ok(Self {
            journal,
            known: Mutex::new(known),
        })
    }

    /// The account that an access token names at `now`.
    pub(crate) fn account_of(&self, token: &str, now: Timestamp) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.access.get(&hashed(token)) {
            Some((open_id, until)) => (now < *until).then(|| open_id.clone()),
            None if token.starts_with(REFRESH) => None,
            None => Some(open_id_of_name(token.strip_prefix(ACCESS).unwrap_or(token))),
        }
    }

    /// A new pair for a refresh token; nothing when the token is no good (any more).
    pub(crate) fn refresh(
        &self,
        token: &str,
        access_s: i64,
        now: Timestamp,
    ) -> Result<Option<Pair>, SandboxError> {
        if token.starts_with(ACCESS) {
            return Ok(None);
        }
        let name = token.strip_prefix(REFRESH).unwrap_or(token);
        self.exchange(token, name, access_s, now)
    }

    /// The first pair for a code, which is the name of its account.
    pub(crate) fn redeem(
        &self,
        code: &str,
        access_s: i64,
        now: Timestamp,
    ) -> Result<Option<Pair>, SandboxError> {
        self.exchange(&format!("code {code}"), code, access_s, now)
    }

    fn exchange(
        &self,
        credential: &str,
        name: &str,
        access_s: i64,
        now: Timestamp,
    ) -> Result<Option<Pair>, SandboxError> {
        let spent = hashed(credential);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.spent.contains(&spent) {
            return Ok(None);
        }
        let open_id = match known.refresh.get(&spent) {
            Some((_, until)) if *until <= now => return Ok(None),
            Some((open_id, _)) => open_id.clone(),
            None => open_id_of_name(name),
        };
        let pair = Pair {
            access: secret(ACCESS),
            refresh: secret(REFRESH),
            open_id: open_id.clone(),
        };
        let exchange = Exchange {
            open_id,
            spent,
            access: hashed(&pair.access),
            access_until: after(now, access_s),
            refresh: hashed(&pair.refresh),
            refresh_until: after(now, REFRESH_S),
        };
        self.journal.append(&exchange)?;
        known.apply(exchange);
        Ok(Some(pair))
    }
}

fn secret(prefix: &str) -> String {
    let (first, second) = (Uuid::now_v7().simple(), Uuid::now_v7().simple());
    format!("{prefix}{first}{second}")
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}
