//! The calls, a file per platform: what each is answered when all is well, and how it is made.
//!
//! A call that asks more than once is failed in its last request, after good answers to the others:
//! what it has heard by then must not be taken for all of it.

pub(crate) mod anthropic;
pub(crate) mod fetch;
pub(crate) mod instagram;
pub(crate) mod tiktok;
pub(crate) mod youtube;

use std::error::Error;
use std::io;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use platforms::PlatformError;
use url::Url;

use crate::answer::{Answer, Change};

/// Longest answer, and longest file, that the clients here take in, in bytes.
const ANSWER_BYTES: u64 = 1 << 16;
/// Bytes of the clip that is sent.
const CLIP_BYTES: u64 = 9;
/// The good answer says it all by its status and its headers.
const NO_JSON: Option<Change> = None;
/// The good answer has no field for which there is a choice of words.
const NO_ENUM: Option<Change> = None;

/// How a call ended; what it gave does not matter here.
pub(crate) type Outcome = Result<(), PlatformError>;
type Made = LocalBoxFuture<'static, Outcome>;

/// One public call of a client.
pub(crate) struct Call<P> {
    /// Its name in the table: `module::name`.
    pub(crate) name: &'static str,
    /// The good answers from a host with this root, one for each request that the call makes.
    pub(crate) answers: fn(&Url) -> io::Result<Vec<Answer>>,
    /// Gives a field of the last answer another type.
    pub(crate) wrong_type: Option<Change>,
    /// Puts an unknown word into the last answer.
    pub(crate) unknown_word: Option<Change>,
    /// Makes the call, once.
    pub(crate) make: fn(P) -> Made,
}

/// A client, with what its calls need.
pub(crate) trait Platform: Clone + 'static {
    /// The calls, sorted.
    const CALLS: &'static [Call<Self>];
    /// The codes that its errors can have.
    const CODES: &'static [&'static str];

    /// The client of a host with this root, with this much time for a request.
    fn at(base: &Url, patience: Duration) -> Result<Self, Box<dyn Error>>;
}
