//! The JSON that goes in and out (packages/engine/src/types.ts has the same shapes).

use alloy_primitives::{B256, Bytes};
use altlayer_execution::{ExecutionPayload, PayloadAttributes, TxReject};
use altlayer_state as state;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::EngineError;

pub fn to_json<T: Serialize>(value: &T) -> String {
    // Our own types: maps have string keys and nothing fails to serialize.
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"unserializable\":\"{error}\"}}"))
}

pub fn from_json<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, EngineError> {
    serde_json::from_str(json).map_err(|error| EngineError::bad_request(format!("{what}: {error}")))
}

/// What a request asks for, by who serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Write(WriteOperation),
    Read(ReadOperation),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOperation {
    Open,
    Extend,
    Seal,
    Drop,
    NewPayload,
    SetHeads,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOperation {
    PayloadByHash,
    PayloadByNumber,
    MessagePasserRoot,
    Stats,
}

impl Operation {
    pub fn parse(name: &str) -> Result<Self, EngineError> {
        Ok(match name {
            "open" => Self::Write(WriteOperation::Open),
            "extend" => Self::Write(WriteOperation::Extend),
            "seal" => Self::Write(WriteOperation::Seal),
            "drop" => Self::Write(WriteOperation::Drop),
            "newPayload" => Self::Write(WriteOperation::NewPayload),
            "setHeads" => Self::Write(WriteOperation::SetHeads),
            "payloadByHash" => Self::Read(ReadOperation::PayloadByHash),
            "payloadByNumber" => Self::Read(ReadOperation::PayloadByNumber),
            "messagePasserRoot" => Self::Read(ReadOperation::MessagePasserRoot),
            "stats" => Self::Read(ReadOperation::Stats),
            other => return Err(EngineError::bad_request(format!("unknown operation {other}"))),
        })
    }
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub struct BlockRef {
    pub number: u64,
    pub hash: B256,
    pub parent_hash: B256,
    pub timestamp: u64,
}

impl From<state::BlockRef> for BlockRef {
    fn from(block: state::BlockRef) -> Self {
        Self { number: block.number, hash: block.hash, parent_hash: block.parent_hash, timestamp: block.timestamp }
    }
}

#[derive(Serialize)]
pub struct Heads {
    #[serde(rename = "unsafe")]
    unsafe_head: BlockRef,
    safe: BlockRef,
    finalized: BlockRef,
}

impl From<state::Heads> for Heads {
    fn from(heads: state::Heads) -> Self {
        Self { unsafe_head: heads.unsafe_head.into(), safe: heads.safe.into(), finalized: heads.finalized.into() }
    }
}

#[derive(Serialize)]
pub struct HeadChange {
    heads: Heads,
    dropped: Vec<BlockRef>,
    added: Vec<BlockRef>,
}

impl From<&state::HeadChange> for HeadChange {
    fn from(change: &state::HeadChange) -> Self {
        let blocks = |list: &[state::BlockRef]| list.iter().map(|block| (*block).into()).collect();
        Self { heads: change.heads.into(), dropped: blocks(&change.dropped), added: blocks(&change.added) }
    }
}

#[derive(Serialize)]
pub struct Opened {
    pub genesis: BlockRef,
    pub heads: Heads,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event<'a> {
    Heads { change: &'a HeadChange },
    Pooled { hashes: &'a [B256] },
    Fatal { message: &'a str },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenRequest {
    pub parent_hash: B256,
    pub attributes: PayloadAttributes,
}

#[derive(Deserialize)]
pub struct ExtendRequest {
    pub candidate: u32,
    pub source: ExtendSource,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ExtendSource {
    Pool(Budget),
    Transactions { transactions: Vec<Bytes> },
}

/// Most that one extension may take.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    pub max_gas: Option<u64>,
    pub max_bytes: Option<u64>,
    pub max_ms: Option<f64>,
}

#[derive(Deserialize)]
pub struct CandidateRequest {
    pub candidate: u32,
}

#[derive(Deserialize)]
pub struct PayloadRequest {
    pub payload: ExecutionPayload,
}

#[derive(Deserialize)]
pub struct HeadsRequest {
    #[serde(rename = "unsafe")]
    pub unsafe_head: B256,
    pub safe: Option<B256>,
    pub finalized: Option<B256>,
}

#[derive(Deserialize)]
pub struct HashRequest {
    pub hash: B256,
}

#[derive(Deserialize)]
pub struct NumberRequest {
    pub number: u64,
}

/// What a monitor asks for, as plain numbers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    pub journal_bytes: u64,
    pub checkpoint_block: u64,
    pub checkpoint_age_blocks: u64,
    pub checkpoint_age_bytes: u64,
    pub oldest_state_block: u64,
    pub accounts: usize,
    pub blocks_in_memory: usize,
    pub unindexed_blocks: usize,
    pub pool_executable: usize,
    pub pool_waiting: usize,
    pub pool_bytes: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Included {
    pub hash: B256,
    pub gas_used: u64,
    pub success: bool,
}

#[derive(Serialize)]
pub struct Rejected {
    pub hash: B256,
    pub code: &'static str,
    pub message: String,
}

impl Rejected {
    pub fn new(hash: B256, reject: &TxReject) -> Self {
        Self { hash, code: reject.code(), message: reject.to_string() }
    }
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Extended {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<u32>,
    pub included: Vec<Included>,
    pub rejected: Vec<Rejected>,
    pub gas_used: u64,
    pub transaction_bytes: usize,
    pub transaction_count: usize,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all_fields = "camelCase")]
pub enum PayloadStatus {
    #[serde(rename = "VALID")]
    Valid { latest_valid_hash: B256 },
    #[serde(rename = "INVALID")]
    Invalid { latest_valid_hash: Option<B256>, validation_error: String },
    #[serde(rename = "SYNCING")]
    Syncing,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Submitted {
    Hash { hash: B256 },
    Error { error: SubmitError },
}

#[derive(Serialize)]
pub struct SubmitError {
    pub code: i64,
    pub message: String,
}
