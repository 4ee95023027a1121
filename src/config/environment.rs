//! Variables of the environment, and of `./.env` where the environment has none. The names are
//! those of `.env.example`. Values are never logged or shown.

use std::collections::HashMap;
use std::path::PathBuf;

use secrecy::SecretString;

use super::ConfigError;

/// What the environment says.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    file: HashMap<String, SecretString>,
}

impl Environment {
    /// Reads `./.env` if there is one.
    ///
    /// # Errors
    /// [`ConfigError::DotEnv`] when it cannot be read. What it says is not repeated: there are
    /// secrets in it.
    pub(crate) fn read() -> Result<Self, ConfigError> {
        let variables = match dotenvy::from_path_iter(".env") {
            Ok(variables) => variables,
            Err(error) if error.not_found() => return Ok(Self::default()),
            Err(_) => return Err(ConfigError::DotEnv),
        };
        let file: Result<HashMap<_, _>, _> = variables
            .map(|pair| pair.map(|(name, value)| (name, SecretString::from(value))))
            .collect();
        Ok(Self {
            file: file.map_err(|_| ConfigError::DotEnv)?,
        })
    }

    /// A variable that is set and not empty.
    pub(crate) fn secret(&self, name: &str) -> Option<SecretString> {
        use secrecy::ExposeSecret as _;
        let set = std::env::var(name).ok().filter(|value| !value.is_empty());
        match set {
            Some(value) => Some(SecretString::from(value)),
            None => self
                .file
                .get(name)
                .filter(|value| !value.expose_secret().is_empty())
                .cloned(),
        }
    }

    /// A path that is set and not empty; no secret.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        use secrecy::ExposeSecret as _;
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
            .or_else(|| {
                let value = self.file.get(name)?.expose_secret();
                (!value.is_empty()).then(|| PathBuf::from(value))
            })
    }
}
