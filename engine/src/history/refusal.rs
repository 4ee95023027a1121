//! Which errors of the database are about the rows it was given: those are answered. All others,
//! from a lost connection to a missing table, are waited out.

use sea_orm::sqlx::Error;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxPostgresError};

/// Whether the same rows would be refused again.
pub(super) fn is_refusal(error: &DbErr) -> bool {
    match error {
        // We closed it ourselves, and nothing opens it again.
        DbErr::ConnectionAcquire(reason) => *reason == ConnAcquireErr::ConnectionClosed,
        DbErr::Conn(RuntimeErr::SqlxError(source))
        | DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => is_about_rows(source),
        DbErr::Conn(_) | DbErr::Exec(_) | DbErr::Query(_) => false,
        // Values that do not survive the way to the database, or back.
        _ => true,
    }
}

fn is_about_rows(error: &Error) -> bool {
    match error {
        Error::Database(answer) => {
            let code = answer.code().unwrap_or_default();
            match answer.try_downcast_ref::<SqlxPostgresError>() {
                Some(_) => postgres_refuses_rows(&code),
                None => sqlite_refuses_rows(&code),
            }
        }
        Error::Encode(_)
        | Error::Decode(_)
        | Error::ColumnDecode { .. }
        | Error::ColumnNotFound(_)
        | Error::InvalidArgument(_)
        | Error::PoolClosed => true,
        _ => false,
    }
}

/// Classes of SQLSTATE: data exception, violated constraint, limit exceeded (by a value too long for
/// an index, for one).
fn postgres_refuses_rows(code: &str) -> bool {
    ["22", "23", "54"]
        .iter()
        .any(|class| code.starts_with(class))
}

/// `SQLITE_TOOBIG`, `SQLITE_CONSTRAINT`, `SQLITE_MISMATCH`; extended codes keep these in the low byte.
fn sqlite_refuses_rows(code: &str) -> bool {
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 18..=20))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(error: Error) -> DbErr {
        DbErr::Exec(RuntimeErr::SqlxError(error.into()))
    }

    #[test]
    fn a_database_that_is_away_refuses_nothing() {
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(!is_refusal(&met(Error::Io(lost))));
        assert!(!is_refusal(&met(Error::PoolTimedOut)));
        assert!(!is_refusal(&DbErr::ConnectionAcquire(
            ConnAcquireErr::Timeout
        )));
        for code in ["08006", "40P01", "42P01", "53100", "57P03"] {
            assert!(!postgres_refuses_rows(code), "{code}");
        }
        for busy_full_or_no_table in ["5", "261", "13", "1"] {
            assert!(!sqlite_refuses_rows(busy_full_or_no_table));
        }
    }

    #[test]
    fn a_value_that_the_database_does_not_take_is_refused() {
        assert!(is_refusal(&met(Error::Encode("no".into()))));
        assert!(is_refusal(&DbErr::Type("no".to_owned())));
        for code in ["22021", "23505", "54000"] {
            assert!(postgres_refuses_rows(code), "{code}");
        }
        for constraint in ["19", "1555", "2067"] {
            assert!(sqlite_refuses_rows(constraint));
        }
    }

    #[test]
    fn a_pool_that_was_closed_is_not_waited_for() {
        assert!(is_refusal(&DbErr::ConnectionAcquire(
            ConnAcquireErr::ConnectionClosed
        )));
    }
}
