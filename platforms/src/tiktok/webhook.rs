//! Signatures of TikTok's webhooks: `TikTok-Signature: t=<seconds>,s=<hex>`.
//!
//! What is signed is `t.body`, with HMAC-SHA256 and the app's client secret, and with the body as
//! it arrived; a body that was parsed and written again has another signature. TikTok repeats a
//! delivery for up to 72 hours until it is answered with 200, and does not say whether it signs
//! each anew: one that comes too late is refused here, and polling finds out what it would have
//! said. Taking no delivery twice is the receiver's part, by
//! [`Delivery::id`](super::Delivery::id).
//!
//! Source: <https://developers.tiktok.com/doc/webhooks-verification>.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::webhook::age;

/// The header that [`WebhookVerifier::verify`] wants to see.
pub const SIGNATURE_HEADER: &str = "TikTok-Signature";

/// The longest list of signatures that is looked at: TikTok sends one.
const MOST_SIGNATURES: usize = 4;

/// Why a webhook was not taken, or a secret is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A verifier without a secret would have to take everything or nothing.
    #[error("checking TikTok's webhooks needs at least one client secret")]
    NoSecret,
    /// Anybody could sign with it.
    #[error("client secret {number} is empty")]
    EmptySecret {
        /// Its place in the list, from 1.
        number: usize,
    },
    /// No `t`, or not a decimal number of seconds.
    #[error("TikTok-Signature has no t that is a number of seconds since 1970")]
    BadTimestamp,
    /// Signed longer ago than the tolerance.
    #[error("the signature lies {seconds} s in the past")]
    TooOld {
        /// Age of the signature, in seconds.
        seconds: i64,
    },
    /// Signed further ahead than the tolerance.
    #[error("the signature lies {seconds} s in the future")]
    TooNew {
        /// How far ahead it is, in seconds.
        seconds: i64,
    },
    /// No `s` was made with one of the secrets.
    #[error("no s in TikTok-Signature matches")]
    BadSignature,
}

/// Checks signatures against one client secret, or against two while it is being replaced.
pub struct WebhookVerifier {
    keys: Vec<Hmac<Sha256>>,
    tolerance: Duration,
}

impl WebhookVerifier {
    /// A verifier that takes what was signed with any of `client_secrets`, at most `tolerance` ago
    /// or ahead. TikTok names no tolerance; 5 minutes is the usual one.
    ///
    /// # Errors
    /// When there is no secret, or one is empty.
    pub fn new(
        client_secrets: &[SecretString],
        tolerance: Duration,
    ) -> Result<Self, SignatureError> {
        if client_secrets.is_empty() {
            return Err(SignatureError::NoSecret);
        }
        let keys = client_secrets.iter().enumerate().map(|(at, secret)| {
            let empty = SignatureError::EmptySecret { number: at + 1 };
            let secret = secret.expose_secret().as_bytes();
            if secret.is_empty() {
                return Err(empty);
            }
            // A key of any length will do, so it is never refused for another reason.
            Hmac::<Sha256>::new_from_slice(secret).map_err(|_| empty)
        });
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            tolerance,
        })
    }

    /// Whether the webhook was sent by someone who has a secret, and recently. The arguments are
    /// the header's value and the raw body.
    ///
    /// # Errors
    /// Says what is wrong; nothing in it tells an attacker more than he has sent.
    pub fn verify(&self, header: &str, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
        let timestamp = parts(header, "t")
            .next()
            .ok_or(SignatureError::BadTimestamp)?;
        self.check_age(timestamp, now)?;
        let signatures: Vec<Vec<u8>> = parts(header, "s")
            .take(MOST_SIGNATURES)
            .filter_map(|signature| hex::decode(signature).ok())
            .collect();
        let matches = self.keys.iter().any(|key| {
            let mut mac = key.clone();
            for part in [timestamp.as_bytes(), b".", body] {
                mac.update(part);
            }
            // `verify_slice` takes the same time wherever the first difference is.
            signatures
                .iter()
                .any(|signature| mac.clone().verify_slice(signature).is_ok())
        });
        if matches {
            Ok(())
        } else {
            Err(SignatureError::BadSignature)
        }
    }

    fn check_age(&self, timestamp: &str, now: Timestamp) -> Result<(), SignatureError> {
        let age = age(timestamp, now).ok_or(SignatureError::BadTimestamp)?;
        let tolerance = SignedDuration::try_from(self.tolerance).unwrap_or(SignedDuration::MAX);
        if age > tolerance {
            return Err(SignatureError::TooOld {
                seconds: age.as_secs(),
            });
        }
        if age < -tolerance {
            return Err(SignatureError::TooNew {
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

/// The values of one key in `t=1,s=2`.
fn parts<'h>(header: &'h str, key: &'h str) -> impl Iterator<Item = &'h str> {
    header.split(',').filter_map(move |part| {
        let (name, value) = part.split_once('=')?;
        (name.trim() == key).then_some(value.trim())
    })
}
