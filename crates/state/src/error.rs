//! Everything that can go wrong in this crate, typed.

use std::{io::ErrorKind, path::PathBuf};

use alloy_primitives::{Address, B256};
use altlayer_files::{is_full, is_read_only, remedy};

/// Errors of state, tries, journal and history. `Clone`, because execution carries them through revm's database errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    #[error("block {hash} is not known to this node")]
    UnknownBlock { hash: B256 },
    #[error("block number {number} is above the head")]
    UnknownNumber { number: u64 },
    #[error(
        "state of block {number} is no longer kept: the oldest kept is {oldest}; run with archive history to keep all"
    )]
    Pruned { number: u64, oldest: u64 },
    #[error("the hash of block {number} is not known yet: its root is being computed")]
    Unsealed { number: u64 },
    #[error(
        "block {number} lies before the snapshot that this node began from: its oldest block is {first}; ask a node that began at genesis"
    )]
    BeforeSnapshot { number: u64, first: u64 },
    #[error("snapshot {file} is refused: {reason}; get another copy of it, or start without one")]
    Snapshot { file: PathBuf, reason: String },
    #[error("data directory {dir} already holds a chain: a snapshot is only for a new one")]
    Occupied { dir: PathBuf },
    #[error("code {hash} is not known")]
    UnknownCode { hash: B256 },
    #[error("trie node {hash} is needed but missing (path {path})")]
    MissingNode { hash: B256, path: String },
    #[error("trie node {hash} cannot be decoded: {reason}")]
    BadNode { hash: B256, reason: String },
    #[error("state of {address} is not part of this witness")]
    OutsideWitness { address: Address },
    #[error("heads are inconsistent: {reason}")]
    InvalidHeads { reason: &'static str, hash: B256 },
    #[error("head {hash} would drop the finalized block {finalized}")]
    BelowFinalized { hash: B256, finalized: u64 },
    #[error("block {hash} does not follow its parent {parent}: {reason}")]
    InvalidBlock { hash: B256, parent: B256, reason: &'static str },
    #[error("state root is {computed}, the header says {expected}")]
    RootMismatch { computed: B256, expected: B256 },
    #[error("data directory {dir} belongs to another chain: its genesis is {found}, expected {expected}")]
    GenesisMismatch { dir: PathBuf, found: B256, expected: B256 },
    #[error("data directory {dir} is in use by another process")]
    Locked { dir: PathBuf },
    #[error(
        "corrupt {what} in {file} at byte {offset}: acknowledged data is damaged; restore the data directory from a copy, or \
         move it away and let the node derive the chain from the L1 again"
    )]
    Corrupt { what: &'static str, file: PathBuf, offset: u64 },
    #[error("log search spans {blocks} blocks, the limit is {limit}")]
    LogRange { blocks: u64, limit: u64 },
    #[error("log search has more than {limit} results")]
    LogResults { limit: usize },
    #[error("log search took longer than {limit_ms} ms")]
    LogTimeout { limit_ms: u64 },
    #[error("proof at block {number} reaches {distance} blocks back, the limit is {limit}")]
    ProofDistance { number: u64, distance: u64, limit: u64 },
    #[error("{action} {path} failed: {message}{}", remedy(*.kind))]
    Io { action: &'static str, path: PathBuf, kind: ErrorKind, message: String },
    #[error(
        "history index failed: {message}; stop the node and delete the folder `index`, it is built again at the next start"
    )]
    Index { message: String },
    #[error("encoding of {what} is invalid")]
    Encoding { what: &'static str },
    #[error("the store is closed or failed earlier: {reason}")]
    Unusable { reason: String },
}

impl revm::database_interface::DBErrorMarker for StateError {}

impl StateError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { action, path, kind: error.kind(), message: error.to_string() }
    }

    /// A stable code for callers beyond Rust.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownBlock { .. } => "STATE_UNKNOWN_BLOCK",
            Self::UnknownNumber { .. } => "STATE_UNKNOWN_NUMBER",
            Self::Pruned { .. } => "STATE_PRUNED",
            Self::Unsealed { .. } => "STATE_UNSEALED",
            Self::BeforeSnapshot { .. } => "STATE_BEFORE_SNAPSHOT",
            Self::Snapshot { .. } => "STATE_SNAPSHOT",
            Self::Occupied { .. } => "STATE_OCCUPIED",
            Self::UnknownCode { .. } => "STATE_UNKNOWN_CODE",
            Self::MissingNode { .. } => "STATE_MISSING_NODE",
            Self::BadNode { .. } => "STATE_BAD_NODE",
            Self::OutsideWitness { .. } => "STATE_OUTSIDE_WITNESS",
            Self::InvalidHeads { .. } => "STATE_INVALID_HEADS",
            Self::BelowFinalized { .. } => "STATE_BELOW_FINALIZED",
            Self::InvalidBlock { .. } => "STATE_INVALID_BLOCK",
            Self::RootMismatch { .. } => "STATE_ROOT_MISMATCH",
            Self::GenesisMismatch { .. } => "STATE_GENESIS_MISMATCH",
            Self::Locked { .. } => "STATE_LOCKED",
            Self::Corrupt { .. } => "STATE_CORRUPT",
            Self::LogRange { .. } => "STATE_LOG_RANGE",
            Self::LogResults { .. } => "STATE_LOG_RESULTS",
            Self::LogTimeout { .. } => "STATE_LOG_TIMEOUT",
            Self::ProofDistance { .. } => "STATE_PROOF_DISTANCE",
            Self::Io { kind, .. } if is_full(*kind) => "STATE_DISK_FULL",
            Self::Io { kind, .. } if is_read_only(*kind) => "STATE_READ_ONLY",
            Self::Io { .. } => "STATE_IO",
            Self::Index { .. } => "STATE_INDEX",
            Self::Encoding { .. } => "STATE_ENCODING",
            Self::Unusable { .. } => "STATE_UNUSABLE",
        }
    }
}
