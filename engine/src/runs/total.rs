//! How many runs fit: exact while that is cheap.

use std::fmt;

use sea_orm::DatabaseConnection;

use super::Filter;
use super::search::Search;
use crate::error::EngineError;

/// What is counted to. Further on the number is of little use, and costs more with every run.
const EXACT_TO: u64 = 10_000;

/// How many runs fit; shown as `1234`, or `10,000+`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Total {
    /// How many, or how many at least.
    pub count: u64,
    /// Whether there are no more.
    pub exact: bool,
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count / 1000, self.count % 1000) {
            (0, ones) => write!(f, "{ones}")?,
            (thousands, ones) => write!(f, "{thousands},{ones:03}")?,
        }
        f.write_str(if self.exact { "" } else { "+" })
    }
}

/// How many runs fit, counted to 10,000.
///
/// # Errors
/// [`EngineError::Database`].
pub async fn total(db: &DatabaseConnection, filter: &Filter) -> Result<Total, EngineError> {
    let search = Search::of(db, filter).await?;
    let found = search.count(db, EXACT_TO + 1).await?;
    Ok(Total {
        count: found.min(EXACT_TO),
        exact: found <= EXACT_TO,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_says_whether_there_are_more() {
        let shown = |count, exact| Total { count, exact }.to_string();
        assert_eq!(shown(0, true), "0");
        assert_eq!(shown(999, true), "999");
        assert_eq!(shown(1007, true), "1,007");
        assert_eq!(shown(10_000, true), "10,000");
        assert_eq!(shown(10_000, false), "10,000+");
    }
}
