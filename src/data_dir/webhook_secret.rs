//! What webhooks are signed with: `FLYWHEEL_WEBHOOK_SECRET`, or a secret that the folder keeps,
//! made at the first need.

use std::io::{ErrorKind, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::NamedTempFile;

use super::{DataDir, DataDirError, Place};
use crate::config::Environment;

const VARIABLE: &str = "FLYWHEEL_WEBHOOK_SECRET";

/// The secrets that are taken, the one to sign with first; never none.
pub(crate) fn webhook_secrets(
    data: &DataDir,
    environment: &Environment,
) -> Result<Vec<SecretString>, DataDirError> {
    if let Some(given) = environment.secret(VARIABLE) {
        let secrets = given.expose_secret().split_whitespace();
        let secrets: Vec<_> = secrets.map(SecretString::from).collect();
        if !secrets.is_empty() {
            return Ok(secrets);
        }
    }
    let path = data.path(Place::WebhookSecret);
    if !path.exists() {
        make(data).map_err(DataDirError::io("write", &path))?;
    }
    let text = std::fs::read_to_string(&path).map_err(DataDirError::io("read", &path))?;
    Ok(vec![SecretString::from(text.trim())])
}

/// `whsec_` and base64 of 32 random bytes, in a file that only its owner reads (which is how
/// temporary files are made). The first of several processes wins.
fn make(data: &DataDir) -> std::io::Result<()> {
    let key: [u8; 32] = rand::random();
    let mut file = NamedTempFile::new_in(data.root())?;
    writeln!(file, "whsec_{}", STANDARD.encode(key))?;
    match file.persist_noclobber(data.path(Place::WebhookSecret)) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_made_secret_signs_is_kept_and_is_only_the_owners() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        make(&data).unwrap();
        let path = data.path(Place::WebhookSecret);
        let text = std::fs::read_to_string(&path).unwrap();
        make(&data).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let secret = SecretString::from(text.trim());
        platforms::webhook::WebhookVerifier::new(&[secret], Duration::from_secs(1)).unwrap();
    }
}
