//! Signatures of webhooks after Standard Webhooks 1.0.0: checking them, and making them.
//!
//! What is signed is `id.timestamp.body` with the body as it arrived; a body that was parsed and
//! written again has another signature. Remembering ids, so that a delivery is not taken twice,
//! is the receiver's part. Source: <https://www.standardwebhooks.com>.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
const SCHEME: &str = "v1,";
/// The longest list of signatures that is looked at: two secrets need two.
const MOST_SIGNATURES: usize = 16;
/// Key lengths that the specification allows, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Secrets are handed around with and without their padding.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a webhook was not taken, or a secret is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A verifier without a secret would have to take everything or nothing.
    #[error("checking webhooks needs at least one secret")]
    NoSecret,
    /// Not `whsec_` and base64 of 24 to 64 bytes.
    #[error("secret {number} is not whsec_ followed by base64 of 24 to 64 bytes")]
    BadSecret {
        /// Its place in the list, from 1.
        number: usize,
    },
    /// Empty, or with a dot, which would let one part of what is signed reach into the next.
    #[error("webhook-id is empty or contains a dot")]
    BadId,
    /// Not a decimal number of seconds.
    #[error("webhook-timestamp is not a number of seconds since 1970")]
    BadTimestamp,
    /// Signed longer ago than the tolerance.
    #[error("webhook-timestamp lies {seconds} s in the past")]
    TooOld {
        /// Age of the signature, in seconds.
        seconds: i64,
    },
    /// Signed further ahead than the tolerance.
    #[error("webhook-timestamp lies {seconds} s in the future")]
    TooNew {
        /// How far ahead it is, in seconds.
        seconds: i64,
    },
    /// No `v1` signature was made with one of the secrets.
    #[error("no signature in webhook-signature matches")]
    BadSignature,
}

/// Checks signatures against one secret, or against two while a secret is being replaced.
pub struct WebhookVerifier {
    keys: Vec<Key>,
    tolerance: Duration,
}

impl WebhookVerifier {
    /// A verifier that takes what was signed with any of `secrets`, at most `tolerance` ago or
    /// ahead (the specification's libraries use 5 minutes).
    ///
    /// # Errors
    /// When there is no secret, or one is malformed.
    pub fn new(secrets: &[SecretString], tolerance: Duration) -> Result<Self, WebhookError> {
        if secrets.is_empty() {
            return Err(WebhookError::NoSecret);
        }
        let keys = secrets
            .iter()
            .enumerate()
            .map(|(at, secret)| Key::decode(secret, at + 1));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            tolerance,
        })
    }

    /// Whether the webhook was sent by someone who has a secret, and recently. The arguments are
    /// the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and the raw body.
    ///
    /// # Errors
    /// Says what is wrong; nothing in it tells an attacker more than he has sent.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signature_header: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), WebhookError> {
        if id.is_empty() || id.contains('.') {
            return Err(WebhookError::BadId);
        }
        self.check_age(timestamp, now)?;
        let signatures: Vec<Vec<u8>> = signature_header
            .split_ascii_whitespace()
            .take(MOST_SIGNATURES)
            .filter_map(|signature| ANY_PADDING.decode(signature.strip_prefix(SCHEME)?).ok())
            .collect();
        let matches = self.keys.iter().any(|key| {
            let mac = key.mac(id, timestamp, body);
            // `verify_slice` takes the same time wherever the first difference is.
            signatures
                .iter()
                .any(|signature| mac.clone().verify_slice(signature).is_ok())
        });
        if matches {
            Ok(())
        } else {
            Err(WebhookError::BadSignature)
        }
    }

    fn check_age(&self, timestamp: &str, now: Timestamp) -> Result<(), WebhookError> {
        let age = age(timestamp, now).ok_or(WebhookError::BadTimestamp)?;
        let tolerance = SignedDuration::try_from(self.tolerance).unwrap_or(SignedDuration::MAX);
        if age > tolerance {
            return Err(WebhookError::TooOld {
                seconds: age.as_secs(),
            });
        }
        if age < -tolerance {
            return Err(WebhookError::TooNew {
                seconds: -age.as_secs(),
            });
        }
        Ok(())
    }
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "WebhookVerifier({} secrets, {:?})",
            self.keys.len(),
            self.tolerance
        )
    }
}

/// How old a signature of this second is, if it is a decimal number of seconds since 1970.
pub(crate) fn age(timestamp: &str, now: Timestamp) -> Option<SignedDuration> {
    let is_number = !timestamp.is_empty() && timestamp.bytes().all(|b| b.is_ascii_digit());
    let second = timestamp.parse().ok().filter(|_| is_number)?;
    let signed = Timestamp::from_second(second).ok()?;
    Some(now.duration_since(signed))
}

/// The value of `webhook-signature` for a sender: `at` is the time of this attempt, and goes into
/// `webhook-timestamp` as whole seconds.
///
/// # Errors
/// When the secret or the id is malformed.
pub fn sign(
    secret: &SecretString,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> Result<String, WebhookError> {
    if id.is_empty() || id.contains('.') {
        return Err(WebhookError::BadId);
    }
    let mac = Key::decode(secret, 1)?.mac(id, &at.as_second().to_string(), body);
    Ok(format!(
        "{SCHEME}{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

/// A keyed MAC that has seen nothing yet; it shows nothing of the key.
struct Key(Hmac<Sha256>);

impl Key {
    fn decode(secret: &SecretString, number: usize) -> Result<Self, WebhookError> {
        let bad = WebhookError::BadSecret { number };
        let text = secret
            .expose_secret()
            .strip_prefix(PREFIX)
            .ok_or_else(|| bad.clone())?;
        let key = ANY_PADDING.decode(text).map_err(|_| bad.clone())?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(bad);
        }
        Hmac::new_from_slice(&key).map(Self).map_err(|_| bad)
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}
