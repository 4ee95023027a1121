//! The numbers that Instagram gives its things, and the short code in a reel's address.
//!
//! The vendor's ids do not say what they name. Ours begin with different digits, so that the
//! request log and the faults know an endpoint by its path alone.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// All ids have this many digits.
const LENGTH: usize = 17;
const USER: &str = "17841";
const CONTAINER: &str = "17889";
const MEDIA: &str = "180";

/// Milliseconds from 1970 to 24 August 2011, where the numbers of posts begin.
const EPOCH_MS: i64 = 1_314_220_021_721;
/// The lower bits of a post's number, which are no time.
const CHANCE_BITS: u32 = 23;

/// Base64 with the letters of URLs, without padding.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// A code that was shared in private has so many characters more.
const SHARED_SUFFIX: usize = 28;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Container,
    Media,
}

/// What this id would name; nothing when it is none of ours.
pub(crate) fn kind_of(id: &str) -> Option<Kind> {
    if id.len() != LENGTH || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kinds = [
        (USER, Kind::User),
        (CONTAINER, Kind::Container),
        (MEDIA, Kind::Media),
    ];
    let found = kinds.iter().find(|(first, _)| id.starts_with(first));
    found.map(|(_, kind)| *kind)
}

/// The account that a credential names; always the same.
pub(crate) fn user_id(credential: &str) -> String {
    let hash = Sha256::digest(format!("instagram {credential}").as_bytes());
    let number = hash.iter().take(8).fold(0, |number: u64, byte| {
        number.rotate_left(8) ^ u64::from(*byte)
    });
    numbered(USER, number)
}

pub(crate) fn new_container_id() -> String {
    numbered(CONTAINER, chance())
}

pub(crate) fn new_media_id() -> String {
    numbered(MEDIA, chance())
}

/// The number of a new post, from which its short code follows: the time, then chance.
pub(crate) fn new_pk(now: Timestamp) -> u64 {
    let ms = u64::try_from(now.as_millisecond() - EPOCH_MS).unwrap_or(0);
    (ms << CHANCE_BITS) | (chance() & ((1 << CHANCE_BITS) - 1))
}

/// The code in the address of the post with this number.
pub(crate) fn shortcode_of(pk: u64) -> String {
    let mut rest = pk;
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(ALPHABET[(rest % 64) as usize]));
        rest /= 64;
        if rest == 0 {
            break;
        }
    }
    letters.iter().rev().collect()
}

/// The number of the post with this code in its address, if that can be one.
pub(crate) fn pk_of(code: &str) -> Option<u64> {
    let code = match code.len().checked_sub(SHARED_SUFFIX) {
        Some(own @ 1..) => code.get(..own)?,
        _ => code,
    };
    if code.is_empty() {
        return None;
    }
    code.bytes().try_fold(0, |pk: u64, letter| {
        let digit = ALPHABET.iter().position(|known| *known == letter)?;
        pk.checked_mul(64)?.checked_add(digit as u64)
    })
}

fn numbered(first: &str, number: u64) -> String {
    let width = LENGTH - first.len();
    let most = 10_u64.pow(width as u32);
    format!("{first}{:0width$}", number % most)
}

fn chance() -> u64 {
    // The lower half of a version 7 UUID has 62 random bits.
    Uuid::now_v7().as_u128() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_a_number_follow_from_each_other() {
        assert_eq!(shortcode_of(3_612_345_678_901_234_567), "DIhoUGE00uH");
        assert_eq!(pk_of("DIhoUGE00uH"), Some(3_612_345_678_901_234_567));
        let shared = format!("DIhoUGE00uH{}", "x".repeat(28));
        assert_eq!(pk_of(&shared), Some(3_612_345_678_901_234_567));
        for code in ["", "not a code", "DIhoUGE00uHDIhoUGE00uH"] {
            assert_eq!(pk_of(code), None, "{code}");
        }
    }

    #[test]
    fn an_id_says_what_it_names_and_a_post_of_today_has_a_code_of_eleven() {
        assert_eq!(kind_of(&user_id("a")), Some(Kind::User));
        assert_eq!(user_id("a"), user_id("a"));
        assert_ne!(user_id("a"), user_id("b"));
        assert_eq!(kind_of(&new_container_id()), Some(Kind::Container));
        assert_eq!(kind_of(&new_media_id()), Some(Kind::Media));
        for id in ["", "me", "17841", "1784140000000000x", "99999999999999999"] {
            assert_eq!(kind_of(id), None, "{id}");
        }
        let code = shortcode_of(new_pk(Timestamp::now()));
        assert_eq!(code.len(), 11, "{code}");
    }
}
