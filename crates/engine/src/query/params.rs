//! Positional parameters, with go-ethereum's words for what is missing or does not decode.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::RpcError;

/// The parameter array of one call.
pub struct Params<'a>(Vec<&'a RawValue>);

impl<'a> Params<'a> {
    pub fn parse(text: &'a str) -> Result<Self, RpcError> {
        serde_json::from_str(text).map(Self).map_err(|_| RpcError::new(RpcError::INVALID_PARAMS, "non-array args"))
    }

    /// Missing and `null` are the same.
    pub fn optional<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, RpcError> {
        match self.0.get(index) {
            None => Ok(None),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => serde_json::from_str(raw.get())
                .map(Some)
                .map_err(|error| RpcError::new(RpcError::INVALID_PARAMS, format!("invalid argument {index}: {error}"))),
        }
    }

    pub fn required<T: DeserializeOwned>(&self, index: usize) -> Result<T, RpcError> {
        self.optional(index)?.ok_or_else(|| {
            RpcError::new(RpcError::INVALID_PARAMS, format!("missing value for required argument {index}"))
        })
    }
}
