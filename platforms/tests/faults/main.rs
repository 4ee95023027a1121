//! The fault table: what each call of the clients ends with, whatever goes wrong with its request.
//!
//! `table.rs` has what is expected, `calls/` what is called, `host.rs` does the faults over real
//! TCP. The readers of public pages ask through Chromium and are no part of it: `tests/pages/` has
//! what becomes of them. What a platform's own error codes mean is in `tests/clients/`; here a
//! refusal is its status and nothing else.

mod answer;
mod calls;
mod fault;
mod host;
mod stage;
mod table;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use futures::try_join;

use crate::calls::Platform;
use crate::calls::anthropic::Judge;
use crate::calls::fetch::Inbox;
use crate::calls::instagram::Account;
use crate::calls::tiktok::App;
use crate::calls::youtube::Channel;
use crate::stage::Stage;
use crate::table::Table;

/// What a test returns.
type Checked = Result<(), Box<dyn Error>>;

/// Modules whose calls drive a browser.
const THROUGH_A_BROWSER: [&str; 3] = ["browser", "instagram_page", "tiktok_page"];

#[tokio::test]
async fn every_call_ends_as_the_table_says_whatever_goes_wrong() -> Checked {
    let table = Table::read()?;
    // All clients are made before the first of them has a time limit to keep: it takes a while.
    let anthropic = Stage::<Judge>::set().await?;
    let fetch = Stage::<Inbox>::set().await?;
    let instagram = Stage::<Account>::set().await?;
    let tiktok = Stage::<App>::set().await?;
    let youtube = Stage::<Channel>::set().await?;
    let (a, f, i, t, y) = try_join!(
        anthropic.play(&table),
        fetch.play(&table),
        instagram.play(&table),
        tiktok.play(&table),
        youtube.play(&table),
    )?;
    let differ = [a, f, i, t, y].concat();
    assert!(
        differ.is_empty(),
        "{} differences:\n{}",
        differ.len(),
        differ.join("\n")
    );
    Ok(())
}

#[test]
fn no_cell_is_empty_and_no_call_is_missing() -> Checked {
    let table = Table::read()?;
    let rows: Vec<&str> = table.calls().collect();
    assert!(rows.is_sorted(), "{rows:?}");
    let rows: BTreeSet<String> = rows.into_iter().map(str::to_owned).collect();
    assert_eq!(rows, calls_of_the_source()?, "rows and public calls");
    let made = [
        names::<Judge>(),
        names::<Inbox>(),
        names::<Account>(),
        names::<App>(),
        names::<Channel>(),
    ];
    let made: BTreeSet<String> = made.concat().into_iter().collect();
    assert_eq!(rows, made, "rows and calls that are made here");
    Ok(())
}

fn names<P: Platform>() -> Vec<String> {
    P::CALLS.iter().map(|call| call.name.to_owned()).collect()
}

/// Every public call of the crate that waits for somebody, as `module::name`.
fn calls_of_the_source() -> io::Result<BTreeSet<String>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    for path in entries(&source)? {
        let module = path.file_stem().unwrap_or_default().to_string_lossy();
        if THROUGH_A_BROWSER.contains(&&*module) {
            continue;
        }
        let files = if path.is_dir() {
            entries(&path)?
        } else {
            vec![path.clone()]
        };
        for file in files {
            let text = fs::read_to_string(file)?;
            let calls = text
                .lines()
                .filter_map(|line| line.trim_start().strip_prefix("pub async fn "))
                .filter_map(|call| call.split(['(', '<']).next());
            found.extend(calls.map(|name| format!("{module}::{name}")));
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let path = |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.path());
    fs::read_dir(folder)?.map(path).collect()
}
