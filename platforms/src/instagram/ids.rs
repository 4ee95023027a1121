//! The Graph API's ids of what we make there, as types, so that a container is never taken for a
//! post.
//!
//! An id becomes part of an address, so it is looked at before it is used, wherever it came from.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SERVICE;
use crate::{Meaning, PlatformError};

/// Ids have 17 digits today.
const LONGEST: usize = 64;

macro_rules! graph_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// An id as it was stored. The client checks at each use that it is one.
            #[must_use]
            pub fn from_stored(id: String) -> Self {
                Self(id)
            }

            /// The id itself, for storing and showing it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id in an answer, if it is one.
            pub(super) fn from_answer(
                operation: &'static str,
                id: String,
            ) -> Result<Self, PlatformError> {
                match fits_a_path(&id) {
                    true => Ok(Self(id)),
                    false => Err(SERVICE.unreadable(operation, "the answer's id is none")),
                }
            }

            /// The id, if it can be part of an address.
            pub(super) fn checked(&self, operation: &'static str) -> Result<&str, PlatformError> {
                match fits_a_path(&self.0) {
                    true => Ok(&self.0),
                    false => Err(PlatformError::new(
                        SERVICE.name,
                        operation,
                        "instagram_foreign_id",
                        Meaning::Terminal,
                        "the stored id is not a Graph API id; nothing was sent",
                    )),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

graph_id! {
    /// A media container: a reel that is being made ready. It lives for 24 hours unless it is
    /// published.
    ContainerId
}

graph_id! {
    /// A published reel. It is not the number in the reel's address; that is
    /// [`Media::shortcode`](super::Media::shortcode).
    MediaId
}

/// Letters, digits and `_` only: nothing that could change an address.
pub(super) fn fits_a_path(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_change_the_address_is_none() {
        assert!(fits_a_path("17889455560051444"));
        let long = "1".repeat(LONGEST + 1);
        for id in [
            "",
            "..",
            "1/media",
            "1?fields=x",
            "1#",
            "https://x.example",
            "1 ",
            &long,
        ] {
            assert!(!fits_a_path(id), "{id}");
        }
    }
}
