//! The two error shapes that leave the engine.

use std::borrow::Cow;

use altlayer_state::StateError;
use serde_json::value::RawValue;

/// An error of the engine's own interface: a stable code, and what happened to what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    pub code: &'static str,
    pub message: String,
}

impl EngineError {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new("ENGINE_BAD_REQUEST", message)
    }
}

impl From<StateError> for EngineError {
    fn from(error: StateError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// A JSON-RPC error, with the codes and messages that clients of go-ethereum match on.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    pub code: i64,
    pub message: Cow<'static, str>,
    pub data: Option<Box<RawValue>>,
}

impl RpcError {
    /// go-ethereum's code for errors that have no own one.
    pub const SERVER: i64 = -32000;
    pub const INVALID_PARAMS: i64 = -32602;
    pub const METHOD_NOT_FOUND: i64 = -32601;
    pub const INTERNAL: i64 = -32603;
    /// EIP-4444: history that this node does not have.
    pub const PRUNED_HISTORY: i64 = 4444;
    /// EIP-1474: a request exceeds a defined limit.
    pub const LIMIT: i64 = -32005;
    /// EIP-7966: the transaction is pooled, but not ready to be processed.
    pub const NOT_READY: i64 = 5;

    pub fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// With data, as JSON.
    pub fn with_data(code: i64, message: impl Into<Cow<'static, str>>, data: Box<RawValue>) -> Self {
        Self { code, message: message.into(), data: Some(data) }
    }

    pub fn server(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Self::SERVER, message)
    }
}
