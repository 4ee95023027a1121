//! What webhooks are signed with: `FLYWHEEL_WEBHOOK_SECRET`, or a secret that the folder keeps,
//! made at the first need.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platforms::webhook::WebhookVerifier;
use secrecy::{ExposeSecret as _, SecretString};

use super::{DataDir, DataDirError, Place};
use crate::config::Environment;

const VARIABLE: &str = "FLYWHEEL_WEBHOOK_SECRET";

/// The secrets that are taken, the one to sign with first; never none, and each can be used.
pub(crate) fn webhook_secrets(
    data: &DataDir,
    environment: &Environment,
) -> Result<Vec<SecretString>, DataDirError> {
    if let Some(given) = environment.secret(VARIABLE) {
        let secrets = given.expose_secret().split_whitespace();
        let secrets: Vec<_> = secrets.map(SecretString::from).collect();
        if !secrets.is_empty() {
            return usable(secrets, VARIABLE.to_owned());
        }
    }
    let path = data.path(Place::WebhookSecret);
    if !path.exists() {
        make(data)?;
    }
    let text = std::fs::read_to_string(&path).map_err(DataDirError::io("read", &path))?;
    usable(
        vec![SecretString::from(text.trim())],
        path.display().to_string(),
    )
}

/// Refuses here, by the name of where they come from, what would only fail when it is used.
fn usable(secrets: Vec<SecretString>, from: String) -> Result<Vec<SecretString>, DataDirError> {
    match WebhookVerifier::new(&secrets, Duration::ZERO) {
        Ok(_) => Ok(secrets),
        Err(source) => Err(DataDirError::WebhookSecret { from, source }),
    }
}

/// `whsec_` and base64 of 32 random bytes. The first of several processes wins.
fn make(data: &DataDir) -> Result<(), DataDirError> {
    let key: [u8; 32] = rand::random();
    let secret = format!("whsec_{}", STANDARD.encode(key));
    data.write(Place::WebhookSecret, &secret, false)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

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
        usable(vec![SecretString::from(text.trim())], String::new()).unwrap();
    }

    #[test]
    fn a_secret_that_cannot_be_used_is_refused_by_name_and_not_repeated() {
        let secrets = vec![SecretString::from("whsec_c2hvcnQ=")];
        let error = usable(secrets, VARIABLE.to_owned()).unwrap_err();
        let said = format!("{:#}", anyhow::Error::new(error));
        assert!(
            said.starts_with("FLYWHEEL_WEBHOOK_SECRET cannot be used: "),
            "{said}"
        );
        assert!(!said.contains("c2hvcnQ"), "{said}");
    }
}
