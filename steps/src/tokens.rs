//! The tokens of a TikTok account: one access token, lent to all runs of all workers, and renewed by
//! one of them at a time.
//!
//! The pair is kept in `account_tokens`. Who finds the access token missing or nearly over claims a
//! lease there, asks TikTok for the next pair, and stores it in one piece; everybody else waits and
//! reads again. So a renewal is one request however many runs want one.
//!
//! With TikTok's answer the refresh token that was spent is dead. If a worker dies between that
//! answer and the stored row, the lease runs out and the next run tries the old token again; TikTok
//! does not promise to take it, and refuses it with `tiktok_refresh_refused` if it does not. The runs
//! wait then, until a person connects the account again and puts the new refresh token into the
//! environment. Workers should have the same one there: each starts the row again, at its first use,
//! if the row began with another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use engine::ending::When;
use engine::{StepContext, StepError};
use jiff::{SignedDuration, Timestamp};
use platforms::tiktok::{AccessToken, RefreshToken, TikTok, TokenPair};
use platforms::{Meaning, PlatformError};
use schema::account_tokens::{self, Model, Pair, Token};
use schema::{DatabaseConnection, SchemaError, accounts};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::endings::{self, Plain};

const PLATFORM: &str = "tiktok";
/// The client's code for an access token that TikTok does not take.
const UNAUTHORIZED: &str = "tiktok_unauthorized";
/// A token that is good for less is renewed before it is lent, so that it lasts for the call.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// How long TikTok may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a holder renews alone: an answer, and time to store it.
const LEASE: Duration = Duration::from_secs(40);
/// How long a run waits here for another one's renewal.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);
/// And how long durably, if that was not enough.
const RENEWING_WAIT: Duration = Duration::from_secs(10);
/// Until a renewal is tried again that only a person can help; as in the client's meanings.
const MENDING_WAIT: Duration = Duration::from_secs(5 * 60);
/// How often, and with which pause, a new pair is stored while the database is busy or away.
const STORE_TRIES: u32 = 10;
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Lends the access token of one account.
pub(crate) struct TikTokTokens {
    db: DatabaseConnection,
    tiktok: Arc<TikTok>,
    account: String,
    seed: RefreshToken,
    /// Whether the row was told this process's seed.
    seeded: AtomicBool,
}

impl TikTokTokens {
    /// `seed` is the refresh token that a person put into the environment. Nothing is read or sent.
    pub(crate) fn new(
        db: DatabaseConnection,
        tiktok: Arc<TikTok>,
        account: String,
        seed: RefreshToken,
    ) -> Self {
        Self {
            db,
            tiktok,
            account,
            seed,
            seeded: AtomicBool::new(false),
        }
    }

    /// Makes a call in the account's name. One that ends with `tiktok_unauthorized` ends so here too;
    /// its token is [`refused`](Self::refused).
    ///
    /// # Errors
    /// The outer one is that no token could be had, or forgotten; the inner one is the call's.
    pub(crate) async fn lend<T>(
        &self,
        cx: &StepContext,
        call: impl AsyncFnOnce(&AccessToken) -> Result<T, PlatformError>,
    ) -> Result<Result<T, PlatformError>, StepError> {
        let token = self.access(cx).await?;
        let answer = call(&token).await;
        if answer
            .as_ref()
            .is_err_and(|error| error.code() == UNAUTHORIZED)
        {
            self.refused(&token, cx.now()).await?;
        }
        Ok(answer)
    }

    /// A token that is good for at least five minutes, or one that was got just now. May take half
    /// a minute while it is being renewed.
    ///
    /// # Errors
    /// None of them ends the run at once. `tiktok_token_renewing`: somebody else takes long over it.
    /// `tiktok_refresh_refused` and what else a person has to mend: later. An outage: retry.
    pub(crate) async fn access(&self, cx: &StepContext) -> Result<AccessToken, StepError> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let now = cx.now();
            let row = self.row(now).await?;
            if let Some(token) = good(&row, now) {
                return Ok(token);
            }
            if let Some(renewal) = self.claim(cx, row, now).await? {
                // A task of its own goes on when the step's time is up or its run is cancelled: an
                // answer that nobody stores may cost the account.
                match tokio::spawn(renewal.run()).await?? {
                    Renewed::Stored(token) => return Ok(token),
                    Renewed::Overtaken => {}
                    Renewed::Refused(error) => return Err(not_renewed(cx, error)),
                    Renewed::Unanswered => return Err(unanswered()),
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(StepError::later(
            "tiktok_token_renewing",
            When::After(RENEWING_WAIT),
            Plain(format!(
                "the tokens of {} are being renewed by another run, which takes long",
                self.account_id()
            )),
        ))
    }

    /// For a call with `used` that ended with `tiktok_unauthorized`: that token is lent to nobody any
    /// more, and the next [`access`](Self::access) renews. Where somebody has renewed since, nothing
    /// happens, so many runs that were refused at once lead to one renewal.
    pub(crate) async fn refused(
        &self,
        used: &AccessToken,
        now: Timestamp,
    ) -> Result<(), StepError> {
        account_tokens::forget_access(&self.db, &self.account_id(), used.expose(), now).await?;
        Ok(())
    }

    fn account_id(&self) -> String {
        accounts::id(PLATFORM, &self.account)
    }

    /// The account's row. Only the first use compares seeds: two workers with different ones would
    /// otherwise start it again in turns.
    async fn row(&self, now: Timestamp) -> Result<Model, SchemaError> {
        let account_id = self.account_id();
        if self.seeded.load(Ordering::Relaxed)
            && let Some(row) = account_tokens::get(&self.db, &account_id).await?
        {
            return Ok(row);
        }
        accounts::ensure(&self.db, PLATFORM, &self.account).await?;
        let seed = self.seed.expose();
        let hash = format!("{:x}", Sha256::digest(seed));
        let row = account_tokens::seeded(&self.db, &account_id, seed, &hash, now).await?;
        self.seeded.store(true, Ordering::Relaxed);
        Ok(row)
    }

    /// The right to renew what was seen, unless another one has it or has used it.
    async fn claim(
        &self,
        cx: &StepContext,
        seen: Model,
        now: Timestamp,
    ) -> Result<Option<Renewal>, SchemaError> {
        if seen.is_renewing(now) {
            return Ok(None);
        }
        // One attempt may be executed twice at once, so its key alone names nobody.
        let holder = format!("{}/{}", cx.key(), Uuid::now_v7().simple());
        let until = after(now, LEASE);
        let is_ours = account_tokens::claim(&self.db, &seen, &holder, until, now).await?;
        Ok(is_ours.then(|| Renewal {
            db: self.db.clone(),
            tiktok: self.tiktok.clone(),
            seen,
            holder,
            since: now,
        }))
    }
}

/// The row's access token, if it is good for long enough.
fn good(row: &Model, now: Timestamp) -> Option<AccessToken> {
    let token = row.access_token.as_ref()?;
    let lasts = row.access_expires_at()?.duration_since(now);
    (lasts >= GOOD_FOR).then(|| AccessToken::from_stored(token.0.clone().into()))
}

/// A renewal says nothing about the video: whatever has to be mended, the run waits for it.
fn not_renewed(cx: &StepContext, error: PlatformError) -> StepError {
    match error.meaning() {
        Meaning::Terminal => StepError::later(error.code(), When::After(MENDING_WAIT), error),
        _ => endings::platform(cx, error),
    }
}

fn unanswered() -> StepError {
    let text = format!(
        "tiktok refresh failed: no answer within {} s",
        ANSWER.as_secs()
    );
    StepError::retry("tiktok_timeout", Plain(text))
}

/// A renewal whose lease is held.
struct Renewal {
    db: DatabaseConnection,
    tiktok: Arc<TikTok>,
    seen: Model,
    holder: String,
    /// When the lease was taken. Expiries count from here, so they are never too late.
    since: Timestamp,
}

/// What came of a renewal.
enum Renewed {
    /// The new pair is in the row.
    Stored(AccessToken),
    /// Somebody else has stored a pair, or a person has put in another token: the row knows.
    Overtaken,
    /// TikTok could not be asked, or said no.
    Refused(PlatformError),
    /// TikTok took too long. Whether it has renewed is not known.
    Unanswered,
}

impl Renewal {
    async fn run(self) -> Result<Renewed, SchemaError> {
        let spent = RefreshToken::from_stored(self.seen.refresh_token.0.clone().into());
        let answer = tokio::time::timeout(ANSWER, self.tiktok.refresh(&spent)).await;
        let failed = match answer {
            Ok(Ok(pair)) => return self.keep(pair).await,
            Ok(Err(error)) => Renewed::Refused(error),
            Err(_) => Renewed::Unanswered,
        };
        // If that fails too, the lease runs out.
        let _ = account_tokens::release(&self.db, &self.seen.account_id, &self.holder).await;
        let row = account_tokens::get(&self.db, &self.seen.account_id).await?;
        match row.is_some_and(|row| row.refresh_token != self.seen.refresh_token) {
            true => Ok(Renewed::Overtaken),
            false => Ok(failed),
        }
    }

    async fn keep(&self, pair: TokenPair) -> Result<Renewed, SchemaError> {
        let kept = Pair {
            access_token: Token(pair.access.expose().to_owned()),
            access_expires_at: after(self.since, pair.access_lasts),
            refresh_token: Token(pair.refresh.expose().to_owned()),
            refresh_expires_at: after(self.since, pair.refresh_lasts),
        };
        match self.store(kept).await? {
            true => Ok(Renewed::Stored(pair.access)),
            false => Ok(Renewed::Overtaken),
        }
    }

    /// A pair that is not stored is lost, so a database that is busy or away is tried again.
    async fn store(&self, pair: Pair) -> Result<bool, SchemaError> {
        let mut tries = 1;
        loop {
            let (seen, holder) = (&self.seen, &self.holder);
            match account_tokens::renewed(&self.db, seen, holder, pair.clone(), self.since).await {
                Err(error) if error.is_transient() && tries < STORE_TRIES => tries += 1,
                stored => return stored,
            }
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
