//! The two ids of a post: ours to ask about while TikTok publishes it, and the one of its page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// TikTok's limit on a publish id, in characters.
const PUBLISH_ID_CHARS: usize = 64;

/// The id of one attempt to publish, such as `v_pub_file~v2-1.123456789`.
///
/// No secret, but the only way to find out what became of the attempt: store it before a byte
/// leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PublishId(String);

impl PublishId {
    /// A publish id as it was stored.
    #[must_use]
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    /// The id itself, for storing it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What TikTok gave, if it can be an id.
    pub(super) fn given(id: String) -> Option<Self> {
        let fits = (1..=PUBLISH_ID_CHARS).contains(&id.chars().count());
        fits.then_some(Self(id))
    }
}

/// The id of a public post, in decimal: a 64-bit number in one place of the API (which a float
/// would round), text in another.
#[derive(Debug, Deserialize)]
#[serde(try_from = "NumberOrText")]
pub(super) struct PostId(pub(super) String);

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
    Text(String),
}

impl TryFrom<NumberOrText> for PostId {
    type Error = &'static str;

    fn try_from(id: NumberOrText) -> Result<Self, Self::Error> {
        match id {
            NumberOrText::Number(id) => Ok(Self(id.to_string())),
            NumberOrText::Text(id)
                if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Ok(Self(id))
            }
            NumberOrText::Text(_) => Err("a post's id is a decimal number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_id_is_read_to_its_last_digit() {
        for json in ["7412345678901234567", "\"7412345678901234567\""] {
            let id: PostId = serde_json::from_str(json).unwrap();
            assert_eq!(id.0, "7412345678901234567");
        }
        for json in ["7412345678901234567.0", "-1", "\"\"", "\"12a\"", "null"] {
            assert!(serde_json::from_str::<PostId>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_publish_id_is_neither_empty_nor_longer_than_tiktok_says() {
        assert_eq!(PublishId::given(String::new()), None);
        assert_eq!(PublishId::given("x".repeat(65)), None);
        assert!(PublishId::given("x".repeat(64)).is_some());
    }
}
