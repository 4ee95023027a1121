//! Values as JSON, as the journal has them.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::EngineError;

pub(crate) fn encode<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<Bytes, EngineError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|source| EngineError::Encode {
            what: what.to_owned(),
            source,
        })
}

/// The value as JSON that comes back as a value of its type. Not every value does: a map needs keys
/// that are text, and a number must be one.
pub(crate) fn encode_and_decode<T>(value: &T) -> Result<Bytes, serde_json::Error>
where
    T: Serialize + DeserializeOwned,
{
    let bytes = serde_json::to_vec(value)?;
    serde_json::from_slice::<T>(&bytes)?;
    Ok(Bytes::from(bytes))
}

pub(super) fn decode_error<T>(what: &str, source: serde_json::Error) -> EngineError {
    EngineError::Decode {
        what: what.to_owned(),
        as_type: std::any::type_name::<T>(),
        source,
    }
}
