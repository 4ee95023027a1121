//! Secrets: fields of steps, read from the environment when the program starts.
//!
//! What a step is given, gives back and fails with is kept: in the journal, in our tables, in logs.
//! So a secret is never input, output, tag or event, and no error's text may hold one (a URL with a
//! signature in it is one, too: see `reqwest::Error::without_url`). The step has it:
//!
//! ```
//! use engine::secret::{ExposeSecret, SecretString};
//! use engine::{Step, StepContext, StepError};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! struct Order {
//!     key: SecretString,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Item {
//!     name: String,
//! }
//!
//! impl Step for Order {
//!     const NAME: &'static str = "order";
//!     type Input = Item;
//!     type Output = usize;
//!
//!     async fn run(&self, _cx: &StepContext, item: Item) -> Result<usize, StepError> {
//!         Ok(sent(self.key.expose_secret(), &item.name))
//!     }
//! }
//! # fn sent(key: &str, name: &str) -> usize { key.len() + name.len() }
//! ```
//!
//! A [`SecretString`] is not serialized, has no schema, and shows nothing of itself, so a step that
//! takes one as its input does not compile:
//!
//! ```compile_fail
//! use engine::secret::{ExposeSecret, SecretString};
//! use engine::{Step, StepContext, StepError};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! struct Order;
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Item {
//!     name: String,
//!     key: SecretString,
//! }
//!
//! impl Step for Order {
//!     const NAME: &'static str = "order";
//!     type Input = Item;
//!     type Output = usize;
//!
//!     async fn run(&self, _cx: &StepContext, item: Item) -> Result<usize, StepError> {
//!         Ok(sent(item.key.expose_secret(), &item.name))
//!     }
//! }
//! # fn sent(key: &str, name: &str) -> usize { key.len() + name.len() }
//! ```
//!
//! It is the serialization that it lacks:
//!
//! ```
//! fn kept<T: serde::Serialize>() {}
//! kept::<String>();
//! ```
//!
//! ```compile_fail
//! fn kept<T: serde::Serialize>() {}
//! kept::<engine::secret::SecretString>();
//! ```

pub use secrecy::{ExposeSecret, SecretString};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        let secret = SecretString::from("canary");
        assert!(!format!("{secret:?}").contains("canary"));
        assert_eq!(secret.expose_secret(), "canary");
    }
}
