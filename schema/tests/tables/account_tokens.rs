//! An account's tokens: one holder renews, nothing that was stored is lost, and no token is shown.

use jiff::Timestamp;
use schema::account_tokens::{self, Model, Pair, Token};
use schema::{DatabaseConnection, SchemaError, accounts};

use crate::database::{TestResult, on_every_database};
use crate::rows::minute;

const ACCOUNT: &str = "tiktok:main";

/// The row as the environment's token `rft.NAME` starts it, or finds it.
async fn seeded(db: &DatabaseConnection, name: &str, at: i64) -> Result<Model, SchemaError> {
    accounts::ensure(db, "tiktok", "main").await?;
    let token = format!("rft.{name}");
    account_tokens::seeded(db, ACCOUNT, &token, &format!("hash of {name}"), minute(at)).await
}

/// Claims at one minute, for another.
async fn claim(
    db: &DatabaseConnection,
    seen: &Model,
    holder: &str,
    at: i64,
) -> Result<bool, SchemaError> {
    account_tokens::claim(db, seen, holder, minute(at + 1), minute(at)).await
}

async fn store(
    db: &DatabaseConnection,
    seen: &Model,
    holder: &str,
    pair: Pair,
) -> Result<bool, SchemaError> {
    account_tokens::renewed(db, seen, holder, pair, minute(9)).await
}

async fn stored(
    db: &DatabaseConnection,
) -> Result<Model, Box<dyn std::error::Error + Send + Sync>> {
    account_tokens::get(db, ACCOUNT)
        .await?
        .ok_or_else(|| "the account has no tokens".into())
}

async fn forget(db: &DatabaseConnection, token: &str) -> Result<bool, SchemaError> {
    account_tokens::forget_access(db, ACCOUNT, token, minute(10)).await
}

fn pair(name: &str) -> Pair {
    Pair {
        access_token: Token(format!("act.{name}")),
        access_expires_at: expiry(),
        refresh_token: Token(format!("rft.{name}")),
        refresh_expires_at: minute(525_600),
    }
}

/// The same access token beside a refresh token that the platform did not exchange.
fn unrotated(name: &str, refresh_token: &Token) -> Pair {
    Pair {
        refresh_token: refresh_token.clone(),
        ..pair(name)
    }
}

fn expiry() -> Timestamp {
    minute(1440)
}

#[tokio::test]
async fn the_same_seed_finds_the_row_and_another_one_starts_it_again() -> TestResult {
    on_every_database(|db| async move {
        let first = seeded(&db, "one", 0).await?;
        assert_eq!(
            (&first.access_token, &first.refresh_token),
            (&None, &Token("rft.one".to_owned()))
        );
        assert!(claim(&db, &first, "a", 1).await?);
        assert!(store(&db, &first, "a", pair("next")).await?);
        let found = seeded(&db, "one", 10).await?;
        assert_eq!(found, stored(&db).await?);
        assert_eq!(found.access_token, Some(Token("act.next".to_owned())));
        assert_eq!(found.access_expires_at(), Some(expiry()));
        assert!(claim(&db, &found, "b", 11).await?);
        let again = seeded(&db, "two", 12).await?;
        let expected = Model {
            refresh_token: Token("rft.two".to_owned()),
            seed_sha256: "hash of two".to_owned(),
            updated_at_ms: minute(12).as_millisecond(),
            ..first
        };
        assert_eq!(again, expected);
        assert_eq!(stored(&db).await?, expected);
        assert!(
            !store(&db, &found, "b", pair("late")).await?,
            "what came of the old connection was stored over the new one"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_workers_that_start_at_once_with_a_new_seed_agree() -> TestResult {
    on_every_database(|db| async move {
        seeded(&db, "old", 0).await?;
        let mut workers = tokio::task::JoinSet::new();
        for at in 1..9 {
            let db = db.clone();
            workers.spawn(async move { seeded(&db, "new", at).await });
        }
        let mut rows = Vec::new();
        while let Some(row) = workers.join_next().await {
            rows.push(row??);
        }
        let row = stored(&db).await?;
        assert_eq!(row.refresh_token, Token("rft.new".to_owned()));
        assert!(rows.iter().all(|seen| *seen == row), "{rows:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_claimers_one_wins() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        let mut claimers = tokio::task::JoinSet::new();
        for holder in 0..12 {
            let (db, seen) = (db.clone(), seen.clone());
            claimers.spawn(async move {
                let holder = format!("h{holder}");
                claim(&db, &seen, &holder, 1)
                    .await
                    .map(|won| won.then_some(holder))
            });
        }
        let mut winners = Vec::new();
        while let Some(claimer) = claimers.join_next().await {
            winners.extend(claimer??);
        }
        let row = stored(&db).await?;
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(row.renewing_by.as_ref(), winners.first());
        assert!(row.is_renewing(minute(1)) && !row.is_renewing(minute(2)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_lease_can_be_taken_once_it_has_run_out_or_was_given_back() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        assert!(claim(&db, &seen, "a", 1).await?);
        assert!(!claim(&db, &seen, "b", 1).await?);
        assert!(claim(&db, &seen, "b", 2).await?);
        assert!(!account_tokens::release(&db, ACCOUNT, "a").await?);
        assert!(!claim(&db, &seen, "c", 2).await?);
        assert!(account_tokens::release(&db, ACCOUNT, "b").await?);
        assert_eq!(stored(&db).await?, seen);
        assert!(claim(&db, &seen, "c", 2).await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_has_seen_older_tokens_cannot_claim() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        assert!(claim(&db, &seen, "a", 1).await?);
        let same = unrotated("next", &seen.refresh_token);
        assert!(store(&db, &seen, "a", same).await?);
        assert!(
            !claim(&db, &seen, "b", 20).await?,
            "the access token is a new one, though the refresh token is not"
        );
        let row = stored(&db).await?;
        assert!(claim(&db, &row, "b", 20).await?);
        assert!(store(&db, &row, "b", pair("third")).await?);
        assert!(!claim(&db, &row, "c", 40).await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_stored_pair_is_whole_and_ends_the_lease() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        assert!(claim(&db, &seen, "a", 1).await?);
        assert!(store(&db, &seen, "a", pair("next")).await?);
        let expected = Model {
            access_token: Some(Token("act.next".to_owned())),
            access_expires_at_ms: Some(minute(1440).as_millisecond()),
            refresh_token: Token("rft.next".to_owned()),
            refresh_expires_at_ms: Some(minute(525_600).as_millisecond()),
            updated_at_ms: minute(9).as_millisecond(),
            ..seen
        };
        assert_eq!(stored(&db).await?, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_was_stored_is_never_overwritten_by_an_older_holder() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        assert!(claim(&db, &seen, "old", 1).await?);
        assert!(claim(&db, &seen, "new", 3).await?);
        let same = unrotated("late", &seen.refresh_token);
        assert!(
            !store(&db, &seen, "old", same.clone()).await?,
            "the lease is another's, and the refresh token says nothing"
        );
        assert!(store(&db, &seen, "new", pair("new")).await?);
        let row = stored(&db).await?;
        assert!(!store(&db, &seen, "old", same).await?);
        assert!(!store(&db, &seen, "old", pair("late")).await?);
        assert_eq!(stored(&db).await?, row);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_older_holder_saves_the_account_as_long_as_nobody_has_stored() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        assert!(claim(&db, &seen, "old", 1).await?);
        assert!(claim(&db, &seen, "new", 3).await?);
        assert!(store(&db, &seen, "old", pair("saved")).await?);
        let row = stored(&db).await?;
        assert_eq!(row.refresh_token, Token("rft.saved".to_owned()));
        assert!(!store(&db, &seen, "new", pair("second")).await?);
        assert_eq!(stored(&db).await?, row);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_refused_access_token_is_forgotten_once_and_no_other_with_it() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        assert!(claim(&db, &seen, "a", 1).await?);
        assert!(store(&db, &seen, "a", pair("next")).await?);
        assert!(!forget(&db, "act.another").await?);
        assert!(forget(&db, "act.next").await?);
        assert!(!forget(&db, "act.next").await?);
        let row = stored(&db).await?;
        assert_eq!((&row.access_token, row.access_expires_at()), (&None, None));
        assert_eq!(row.refresh_token, Token("rft.next".to_owned()));
        assert!(claim(&db, &row, "b", 11).await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_token_is_shown() -> TestResult {
    on_every_database(|db| async move {
        let seen = seeded(&db, "one", 0).await?;
        assert!(claim(&db, &seen, "a", 1).await?);
        assert!(store(&db, &seen, "a", pair("next")).await?);
        let row = stored(&db).await?;
        let active = account_tokens::ActiveModel::from(row.clone());
        let shown = format!("{row:?} {active:?} {:?}", pair("next"));
        assert!(shown.contains("tiktok:main"), "{shown}");
        assert!(
            !shown.contains("act.") && !shown.contains("rft."),
            "{shown}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn tokens_need_their_account() -> TestResult {
    on_every_database(|db| async move {
        let orphan = account_tokens::seeded(&db, ACCOUNT, "rft.one", "hash", minute(0)).await;
        assert!(orphan.is_err_and(|error| !error.is_transient()));
        Ok(())
    })
    .await
}
