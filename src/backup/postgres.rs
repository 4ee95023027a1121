//! Postgres, through its own `pg_dump` and `pg_restore`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::process::Command;

use super::DUMP;
use crate::cli::NeedsPerson;

/// Writes a database into a file.
pub(super) const PG_DUMP: &str = "pg_dump";
/// The way back.
pub(super) const PG_RESTORE: &str = "pg_restore";

/// Postgres' program of this name.
///
/// # Errors
/// [`NeedsPerson`]: how to get along without it.
pub(super) fn program(name: &str) -> Result<PathBuf, NeedsPerson> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    found.ok_or_else(|| NeedsPerson(by_hand(name)))
}

fn by_hand(name: &str) -> String {
    format!(
        "the database is Postgres, and there is no {name} on the PATH. Install Postgres' client \
         programs, or do it by hand. To back up: end `flywheel up`, copy the data folder, and run \
         `{PG_DUMP} --format=custom --file={DUMP} URL`. To restore: run `{PG_RESTORE} --no-owner \
         --dbname=URL {DUMP}` on an empty database, put the copied folder back, and run \
         `flywheel runs hold --all --yes` before `flywheel up`"
    )
}

/// Writes the database behind the URL into a file.
pub(super) async fn dump(url: &SecretString, file: &Path) -> anyhow::Result<()> {
    let arguments = ["--format=custom", "--no-owner", "--no-privileges"];
    let mut file_is = OsString::from("--file=");
    file_is.push(file);
    run(PG_DUMP, url, &arguments, file_is).await
}

/// Reads such a file into the empty database behind the URL: all of it or nothing.
pub(super) async fn load(url: &SecretString, file: &Path) -> anyhow::Result<()> {
    let arguments = ["--single-transaction", "--no-owner", "--no-privileges"];
    run(PG_RESTORE, url, &arguments, file.into()).await
}

async fn run(
    name: &str,
    url: &SecretString,
    arguments: &[&str],
    file: OsString,
) -> anyhow::Result<()> {
    let (address, password) = apart(url)?;
    let mut command = Command::new(program(name)?);
    command
        .args(arguments)
        .arg(format!("--dbname={address}"))
        .arg(file)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    // Everybody on the machine can read arguments.
    if let Some(password) = password {
        command.env("PGPASSWORD", password.expose_secret());
    }
    let output = command.output().await;
    let output = output.with_context(|| format!("run {name}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}): {}", output.status, said.trim());
    }
    Ok(())
}

/// The URL without its password, and the password.
fn apart(url: &SecretString) -> anyhow::Result<(Url, Option<SecretString>)> {
    let mut address: Url = url
        .expose_secret()
        .parse()
        .context("read the database's URL")?;
    let password = address.password().map(|password| {
        let password = percent_decode_str(password).decode_utf8_lossy();
        SecretString::from(password.into_owned())
    });
    if password.is_some() && address.set_password(None).is_err() {
        bail!("the database's URL has a password and no host");
    }
    Ok((address, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_of_the_url_as_it_is_meant() {
        let url =
            SecretString::from("postgres://me:p%40ss%2Fw+rd@host:5433/channel?sslmode=require");
        let (address, password) = apart(&url).unwrap();
        assert_eq!(
            address.as_str(),
            "postgres://me@host:5433/channel?sslmode=require"
        );
        assert_eq!(password.unwrap().expose_secret(), "p@ss/w+rd");
        let (address, password) = apart(&SecretString::from("postgres://host/channel")).unwrap();
        assert_eq!(address.as_str(), "postgres://host/channel");
        assert!(password.is_none());
    }
}
