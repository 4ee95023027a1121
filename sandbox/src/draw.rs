//! Random numbers that depend on a name and nothing else.
//!
//! Every hidden number of a world is drawn from the seed and a label, so the order in which
//! questions are asked never changes an answer. Ids that must be unique use `uuid` instead.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A generator for `(seed, labels)`.
pub(crate) fn generator(seed: u64, labels: &[&str]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for label in labels {
        // The length keeps ("ab","c") and ("a","bc") apart.
        hash.update((label.len() as u64).to_le_bytes());
        hash.update(label.as_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// The first `length` characters of a URL-safe id derived from `text`.
pub(crate) fn short_id(text: &str, length: usize) -> String {
    let mut id = URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
    id.truncate(length);
    id
}
