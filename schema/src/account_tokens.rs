//! Tokens of accounts whose platform exchanges them: a refresh token is good for one renewal, and
//! the answer holds the next one.
//!
//! One row per account, shared by all runs of all processes. It starts from the refresh token that
//! a person put into the environment; after the first renewal that one is dead, and this row is the
//! only place with a living one. So one holder at a time renews, under a lease that ends by itself,
//! and what it got is stored by one statement. A row holds the tokens as they are: whoever reads the
//! database, or a backup of it, can act in the account's name.

use std::fmt;

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue, ActiveValue::Set, Condition, ConnectionTrait, UpdateMany};

use crate::error::failed;
use crate::insert::insert_or_ignore;
use crate::{SchemaError, instant};

/// A token as it is kept. Its `Debug` form is redacted, so that of a row is too.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The tokens of one account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_tokens")]
pub struct Model {
    /// The account's id, `platform:name`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub account_id: String,
    /// For calls; missing until the first renewal, and again once the platform refused it.
    #[sea_orm(column_type = "Text", nullable)]
    pub access_token: Option<Token>,
    /// Until when the platform takes it.
    pub access_expires_at_ms: Option<i64>,
    /// For the next renewal.
    #[sea_orm(column_type = "Text")]
    pub refresh_token: Token,
    /// Until when the platform takes it; missing for the one from the environment.
    pub refresh_expires_at_ms: Option<i64>,
    /// Hash of the refresh token from the environment that the row started from, lower-case hex.
    #[sea_orm(column_type = "Text")]
    pub seed_sha256: String,
    /// Who is renewing.
    #[sea_orm(column_type = "Text", nullable)]
    pub renewing_by: Option<String>,
    /// When that lease ends, whatever has become of its holder.
    pub renewing_until_ms: Option<i64>,
    /// When the tokens last changed.
    pub updated_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Until when the platform takes the access token.
    #[must_use]
    pub fn access_expires_at(&self) -> Option<Timestamp> {
        self.access_expires_at_ms.map(instant::from_millis)
    }

    /// Whether somebody holds a lease at `now`.
    #[must_use]
    pub fn is_renewing(&self, now: Timestamp) -> bool {
        self.renewing_until_ms
            .is_some_and(|until_ms| now.as_millisecond() < until_ms)
    }
}

/// What a renewal brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// For calls.
    pub access_token: Token,
    /// Until when the platform takes it.
    pub access_expires_at: Timestamp,
    /// For the next renewal; most platforms send another one than the one that was spent.
    pub refresh_token: Token,
    /// Until when the platform takes it.
    pub refresh_expires_at: Timestamp,
}

/// The account's tokens, if it ever had any.
pub async fn get(
    db: &impl ConnectionTrait,
    account_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find_by_id(account_id)
        .one(db)
        .await
        .map_err(failed("read the account's tokens"))
}

/// The row of an account in whose environment `refresh_token` stands, whose hash is `seed_sha256`.
///
/// A row that started from the same one is left as it is. One that started from another one starts
/// again from this, without access token and lease: a person has connected the account anew. The
/// account's own row must exist.
pub async fn seeded(
    db: &impl ConnectionTrait,
    account_id: &str,
    refresh_token: &str,
    seed_sha256: &str,
    now: Timestamp,
) -> Result<Model, SchemaError> {
    let start = Model {
        account_id: account_id.to_owned(),
        access_token: None,
        access_expires_at_ms: None,
        refresh_token: Token(refresh_token.to_owned()),
        refresh_expires_at_ms: None,
        seed_sha256: seed_sha256.to_owned(),
        renewing_by: None,
        renewing_until_ms: None,
        updated_at_ms: now.as_millisecond(),
    };
    if insert_or_ignore::<Entity>(db, "store the account's first token", start.clone()).await? {
        return Ok(start);
    }
    let everything = ActiveModel {
        account_id: ActiveValue::NotSet,
        ..ActiveModel::from(start).reset_all()
    };
    let mut started_again = Entity::update_many()
        .set(everything)
        .filter(COLUMN.account_id.eq(account_id))
        .filter(COLUMN.seed_sha256.ne(seed_sha256))
        .exec_with_returning(db)
        .await
        .map_err(failed("start the account's tokens again"))?;
    if let Some(row) = started_again.pop() {
        return Ok(row);
    }
    get(db, account_id)
        .await?
        .ok_or_else(|| SchemaError::NotFound {
            table: "account_tokens",
            id: account_id.to_owned(),
        })
}

/// Takes the lease until `until`, to renew the tokens of the row as it was `seen`. True: `holder`
/// has it. `holder` must be another one for every call.
///
/// Refused while somebody's lease runs, and when the tokens are no longer those that were seen:
/// then somebody has renewed them meanwhile.
pub async fn claim(
    db: &impl ConnectionTrait,
    seen: &Model,
    holder: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, SchemaError> {
    let nobody_renews = Condition::any()
        .add(COLUMN.renewing_until_ms.is_null())
        .add(COLUMN.renewing_until_ms.lte(now.as_millisecond()));
    let lease = ActiveModel {
        renewing_by: Set(Some(holder.to_owned())),
        renewing_until_ms: Set(Some(until.as_millisecond())),
        ..Default::default()
    };
    let change = Entity::update_many()
        .set(lease)
        .filter(Column::RefreshToken.eq(seen.refresh_token.clone()))
        // A missing one is compared as `IS NULL`.
        .filter(Column::AccessToken.eq(seen.access_token.clone()))
        .filter(nobody_renews);
    make(db, &seen.account_id, change, "claim the renewal of tokens").await
}

/// Stores what `holder` got for the refresh token of the row as it was `seen`, and ends the lease.
///
/// True: stored. False: somebody else has stored a pair, or a person has put in another token.
///
/// A holder whose lease ran out may still store, as long as nobody else has: the row's token is
/// spent then, and this pair may be all that there is. It never writes over what somebody stored.
pub async fn renewed(
    db: &impl ConnectionTrait,
    seen: &Model,
    holder: &str,
    pair: Pair,
    now: Timestamp,
) -> Result<bool, SchemaError> {
    let same_token = pair.refresh_token == seen.refresh_token;
    let stored = ActiveModel {
        access_token: Set(Some(pair.access_token)),
        access_expires_at_ms: Set(Some(pair.access_expires_at.as_millisecond())),
        refresh_token: Set(pair.refresh_token),
        refresh_expires_at_ms: Set(Some(pair.refresh_expires_at.as_millisecond())),
        renewing_by: Set(None),
        renewing_until_ms: Set(None),
        updated_at_ms: Set(now.as_millisecond()),
        ..Default::default()
    };
    let mut change = Entity::update_many()
        .set(stored)
        .filter(Column::RefreshToken.eq(seen.refresh_token.clone()));
    if same_token {
        // The row's token does not tell whether somebody has stored a pair since.
        change = change.filter(COLUMN.renewing_by.eq(holder));
    }
    make(db, &seen.account_id, change, "store the renewed tokens").await
}

/// Ends the lease of `holder`, if it still has it. The tokens stay.
pub async fn release(
    db: &impl ConnectionTrait,
    account_id: &str,
    holder: &str,
) -> Result<bool, SchemaError> {
    let free = ActiveModel {
        renewing_by: Set(None),
        renewing_until_ms: Set(None),
        ..Default::default()
    };
    let change = Entity::update_many()
        .set(free)
        .filter(COLUMN.renewing_by.eq(holder));
    make(db, account_id, change, "end the lease of a renewal").await
}

/// Forgets the access token `refused`, which the platform no longer takes. False: the row has
/// another one already, or none.
pub async fn forget_access(
    db: &impl ConnectionTrait,
    account_id: &str,
    refused: &str,
    now: Timestamp,
) -> Result<bool, SchemaError> {
    let without = ActiveModel {
        access_token: Set(None),
        access_expires_at_ms: Set(None),
        updated_at_ms: Set(now.as_millisecond()),
        ..Default::default()
    };
    let change = Entity::update_many()
        .set(without)
        .filter(COLUMN.access_token.eq(refused));
    make(db, account_id, change, "forget the refused access token").await
}

/// The compare-and-set behind the changes of an account's row: true if its filters allowed it.
async fn make(
    db: &impl ConnectionTrait,
    account_id: &str,
    change: UpdateMany<Entity>,
    operation: &'static str,
) -> Result<bool, SchemaError> {
    let made = change
        .filter(COLUMN.account_id.eq(account_id))
        .exec(db)
        .await
        .map_err(failed(operation))?;
    Ok(made.rows_affected > 0)
}
