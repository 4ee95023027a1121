//! Who is asking: the access token decides the account.
//!
//! Any token that is not empty is somebody, so that several accounts exist without setting them
//! up: `act.NAME` and `rft.NAME` are the two tokens of one account from the start. Tokens that
//! the sandbox has handed out name the account that they were handed out for. A token is hashed
//! at once and never kept.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::error::ApiError;
use crate::draw::short_id;
use crate::state::SharedState;

/// Hexadecimal digits that tell accounts apart.
const DIGITS: usize = 20;
const OPEN_ID: &str = "-000";
const USERNAME: &str = "c";
const SEC_UID: &str = "MS4wLjABAAAA";

/// The account behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) open_id: String,
    /// Hash of the access token: calls are counted by it.
    pub(crate) token: String,
}

impl FromRequestParts<SharedState> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::trim)
            .filter(|token| !token.is_empty())
            .ok_or_else(ApiError::access_token_invalid)?;
        let open_id = state.tiktok.tokens.account_of(token, Timestamp::now());
        Ok(Self {
            open_id: open_id.ok_or_else(ApiError::access_token_invalid)?,
            token: hashed(token),
        })
    }
}

/// A hash in hexadecimal, for what must not be kept.
pub(crate) fn hashed(text: &str) -> String {
    format!("{:x}", Sha256::digest(text.as_bytes()))
}

/// The account that was set up under this name.
pub(crate) fn open_id_of_name(name: &str) -> String {
    let mut digits = hashed(&format!("tiktok {name}"));
    digits.truncate(DIGITS);
    format!("{OPEN_ID}{digits}")
}

fn digits_of(open_id: &str) -> &str {
    open_id.strip_prefix(OPEN_ID).unwrap_or(open_id)
}

fn open_id_of_digits(digits: &str) -> Option<String> {
    let fits = digits.len() == DIGITS
        && digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| format!("{OPEN_ID}{digits}"))
}

/// The name in the addresses of its pages, without `@`.
pub(crate) fn username(open_id: &str) -> String {
    format!("{USERNAME}{}", digits_of(open_id))
}

pub(crate) fn open_id_of_username(username: &str) -> Option<String> {
    open_id_of_digits(username.strip_prefix(USERNAME)?)
}

/// The name that is shown.
pub(crate) fn nickname(open_id: &str) -> String {
    let letters: String = digits_of(open_id).chars().take(4).collect();
    format!("Sandbox creator {letters}")
}

/// What the pages call the account among themselves: 76 characters.
pub(crate) fn sec_uid(open_id: &str) -> String {
    let rest = short_id(&format!("tiktok sec uid {open_id}"), 43);
    format!("{SEC_UID}{}{rest}A", digits_of(open_id))
}

pub(crate) fn open_id_of_sec_uid(text: &str) -> Option<String> {
    let digits = text.strip_prefix(SEC_UID)?.get(..DIGITS)?;
    open_id_of_digits(digits).filter(|open_id| sec_uid(open_id) == text)
}

/// The number of the account on the pages: 19 digits.
pub(crate) fn number(open_id: &str) -> String {
    let digits = hashed(&format!("tiktok number {open_id}"));
    let number = u64::from_str_radix(&digits[..15], 16).unwrap_or(1);
    format!("68{:017}", number % 100_000_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_an_account_leads_back_to_it() {
        let main = open_id_of_name("main");
        assert_ne!(main, open_id_of_name("second"));
        assert_eq!(open_id_of_username(&username(&main)), Some(main.clone()));
        assert_eq!(open_id_of_sec_uid(&sec_uid(&main)), Some(main.clone()));
        assert_eq!(sec_uid(&main).len(), 76);
        assert_eq!(number(&main).len(), 19);
        for stranger in ["oddloop", "c", "", "cx"] {
            assert_eq!(open_id_of_username(stranger), None);
            assert_eq!(open_id_of_sec_uid(stranger), None);
        }
    }
}
