//! Errors of queries that are not about parameters.

use alloy_primitives::Bytes;
use altlayer_execution::{DbError, ExecuteError};
use altlayer_state::StateError;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::RpcError;

/// go-ethereum's code for reverted executions; `data` carries the revert data.
const EXECUTION_REVERTED: i64 = 3;

impl From<StateError> for RpcError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::UnknownBlock { .. } | StateError::UnknownNumber { .. } => header_not_found(),
            StateError::LogRange { blocks, limit } => {
                Self::new(Self::LIMIT, format!("query spans {blocks} blocks, more than the limit of {limit}"))
            }
            StateError::LogResults { limit } => {
                Self::new(Self::LIMIT, format!("query returned more than {limit} results"))
            }
            StateError::LogTimeout { limit_ms } => {
                Self::new(Self::LIMIT, format!("query timeout exceeded ({limit_ms} ms), narrow the filter"))
            }
            StateError::BeforeSnapshot { .. } => Self::new(Self::PRUNED_HISTORY, error.to_string()),
            StateError::Pruned { .. } | StateError::ProofDistance { .. } => Self::server(error.to_string()),
            other => Self::new(Self::INTERNAL, other.to_string()),
        }
    }
}

impl From<DbError> for RpcError {
    fn from(DbError(error): DbError) -> Self {
        error.into()
    }
}

impl From<ExecuteError> for RpcError {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::State(error) => error.into(),
            other => Self::server(other.to_string()),
        }
    }
}

pub fn header_not_found() -> RpcError {
    RpcError::server("header not found")
}

pub fn invalid_params(message: impl Into<String>) -> RpcError {
    RpcError::new(RpcError::INVALID_PARAMS, message.into())
}

pub fn internal(message: impl std::fmt::Display) -> RpcError {
    RpcError::new(RpcError::INTERNAL, message.to_string())
}

/// A revert as wallets know it: code 3, the reason in the message, the bytes in `data`.
pub fn reverted(output: &Bytes) -> RpcError {
    let data: Option<Box<RawValue>> = to_raw_value(output).ok();
    RpcError { code: EXECUTION_REVERTED, message: revert_message(output).into(), data }
}

pub fn revert_message(output: &[u8]) -> String {
    match revert_reason(output) {
        Some(reason) => format!("execution reverted: {reason}"),
        None => "execution reverted".into(),
    }
}

/// Solidity's `Error(string)` and `Panic(uint256)`, as `abi.UnpackRevert` reads them.
pub fn revert_reason(output: &[u8]) -> Option<String> {
    const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
    const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
    let (selector, data) = output.split_at_checked(4)?;
    if selector == ERROR {
        let offset = word_as_usize(data, 0)?;
        let length = word_as_usize(data, offset)?;
        let start = offset.checked_add(32)?;
        let text = data.get(start..start.checked_add(length)?)?;
        return Some(String::from_utf8_lossy(text).into_owned());
    }
    if selector == PANIC && data.len() >= 32 {
        let code = word_as_usize(data, 0);
        return Some(match code {
            Some(0x00) => "generic panic".into(),
            Some(0x01) => "assert(false)".into(),
            Some(0x11) => "arithmetic underflow or overflow".into(),
            Some(0x12) => "division or modulo by zero".into(),
            Some(0x21) => "enum overflow".into(),
            Some(0x22) => "invalid encoded storage byte array accessed".into(),
            Some(0x31) => "out-of-bounds array access; popping on an empty array".into(),
            Some(0x32) => "out-of-bounds access of an array or bytesN".into(),
            Some(0x41) => "out of memory".into(),
            Some(0x51) => "uninitialized function".into(),
            Some(code) => format!("unknown panic code: {code:#x}"),
            None => "unknown panic code".into(),
        });
    }
    None
}

fn word_as_usize(data: &[u8], offset: usize) -> Option<usize> {
    let word = data.get(offset..offset.checked_add(32)?)?;
    let (high, low) = word.split_at(24);
    if high.iter().any(|byte| *byte != 0) {
        return None;
    }
    usize::try_from(u64::from_be_bytes(low.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    #[test]
    fn reads_solidity_reasons() {
        let error = hex!(
            "08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000046e6f706500000000000000000000000000000000000000000000000000000000"
        );
        assert_eq!(revert_message(&error), "execution reverted: nope");
        let panic = hex!("4e487b710000000000000000000000000000000000000000000000000000000000000011");
        assert_eq!(revert_message(&panic), "execution reverted: arithmetic underflow or overflow");
        assert_eq!(revert_message(&[]), "execution reverted");
    }

    #[test]
    fn survives_hostile_revert_data() {
        let mut bytes = hex!("08c379a0").to_vec();
        bytes.extend([0xff; 64]);
        assert_eq!(revert_message(&bytes), "execution reverted");
        bytes.truncate(7);
        assert_eq!(revert_message(&bytes), "execution reverted");
    }
}
