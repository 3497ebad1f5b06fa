//! The JSON that goes in and out (packages/engine/src/types.ts has the same shapes).

use std::path::PathBuf;

use alloy_primitives::{B256, Bytes};
use altlayer_execution::{Executed, ExecutionPayload, PayloadAttributes, TxReject};
use altlayer_state as state;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::slice::SliceMode;
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
    Watch(Watched),
}

/// Which events carry their contents only while somebody wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    Slices,
    /// The hashes of what was pooled.
    Pool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOperation {
    Open,
    Resume,
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
    TransactionRange,
    TransactionLeaves,
    Stats,
    /// Forgets a submission that waited for its receipt.
    StopWaiting,
    WriteSnapshot,
}

impl Operation {
    pub fn parse(name: &str) -> Result<Self, EngineError> {
        Ok(match name {
            "open" => Self::Write(WriteOperation::Open),
            "resume" => Self::Write(WriteOperation::Resume),
            "extend" => Self::Write(WriteOperation::Extend),
            "seal" => Self::Write(WriteOperation::Seal),
            "drop" => Self::Write(WriteOperation::Drop),
            "newPayload" => Self::Write(WriteOperation::NewPayload),
            "setHeads" => Self::Write(WriteOperation::SetHeads),
            "payloadByHash" => Self::Read(ReadOperation::PayloadByHash),
            "payloadByNumber" => Self::Read(ReadOperation::PayloadByNumber),
            "messagePasserRoot" => Self::Read(ReadOperation::MessagePasserRoot),
            "transactionRange" => Self::Read(ReadOperation::TransactionRange),
            "transactionLeaves" => Self::Read(ReadOperation::TransactionLeaves),
            "stats" => Self::Read(ReadOperation::Stats),
            "stopWaiting" => Self::Read(ReadOperation::StopWaiting),
            "watchSlices" => Self::Watch(Watched::Slices),
            "watchPool" => Self::Watch(Watched::Pool),
            "writeSnapshot" => Self::Read(ReadOperation::WriteSnapshot),
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
#[serde(rename_all = "camelCase")]
pub struct Opened<'a> {
    pub genesis: BlockRef,
    pub heads: Heads,
    /// `config` of genesis.json, as it stands there.
    pub chain_config: &'a RawValue,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event<'a> {
    Heads {
        change: &'a HeadChange,
    },
    Pooled {
        hashes: &'a [B256],
    },
    Slice(SliceEvent<'a>),
    /// Published slices that will not become a block; what they held is pooled again.
    Undone(UndoneEvent<'a>),
    Fatal {
        message: &'a str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenRequest {
    pub parent: ParentRequest,
    pub attributes: PayloadAttributes,
    pub slices: SliceMode,
    /// Leave the list of the attributes' transactions out of the answer.
    #[serde(default)]
    pub brief: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ParentRequest {
    Hash(B256),
    /// A candidate whose seal was asked for.
    Candidate(u32),
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
    /// Leaves the list of what was included out of the answer.
    #[serde(default)]
    pub brief: bool,
}

#[derive(Deserialize)]
pub struct CandidateRequest {
    pub candidate: u32,
}

#[derive(Deserialize)]
pub struct SealRequest {
    pub candidate: u32,
    /// Leaves the transactions after the first out of the answer.
    #[serde(default)]
    pub brief: bool,
}

#[derive(Deserialize)]
pub struct StopRequest {
    /// The request that no longer waits.
    pub id: u32,
}

pub fn is_watched(json: &str) -> Result<bool, EngineError> {
    #[derive(Deserialize)]
    struct Request {
        watched: bool,
    }
    Ok(from_json::<Request>("watch", json)?.watched)
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
pub struct PayloadByHashRequest {
    pub hash: B256,
    /// Only the deposits at the block's head go into the answer.
    #[serde(default)]
    pub brief: bool,
}

#[derive(Deserialize)]
pub struct PayloadByNumberRequest {
    pub number: u64,
    #[serde(default)]
    pub brief: bool,
}

#[derive(Deserialize)]
pub struct SnapshotRequest {
    pub path: PathBuf,
    pub number: u64,
    /// The oldest block to go with it.
    pub first: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotAnswer {
    genesis: B256,
    block: BlockRef,
    state_root: B256,
    message_passer_root: B256,
    first_block: u64,
    accounts: u64,
    bytes: u64,
}

pub fn snapshot_json(info: &state::snapshot::SnapshotInfo) -> String {
    to_json(&SnapshotAnswer {
        genesis: info.genesis,
        block: info.block.into(),
        state_root: info.state_root,
        message_passer_root: info.message_passer_root,
        first_block: info.first_block,
        accounts: info.accounts,
        bytes: info.bytes,
    })
}

/// All transactions of a sealed block, as MACH commits to them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TransactionRange {
    pub count: u64,
    pub root: B256,
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
    pub included_count: usize,
    pub rejected: Vec<Rejected>,
    pub gas_used: u64,
    pub transaction_bytes: usize,
    pub transaction_count: usize,
}

impl Extended {
    pub fn include(&mut self, hash: B256, executed: &Executed, brief: bool) {
        self.included_count += 1;
        if !brief {
            self.included.push(Included { hash, gas_used: executed.gas_used, success: executed.success });
        }
    }
}

/// A candidate that goes on where a crash left it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resumed<'a> {
    pub parent_hash: B256,
    pub attributes: &'a PayloadAttributes,
    #[serde(flatten)]
    pub extended: Extended,
}

/// A slice that is published.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SliceEvent<'a> {
    pub number: u64,
    pub parent_hash: B256,
    pub index: u64,
    pub id: B256,
    pub previous_id: B256,
    pub transaction_count: usize,
    /// Of the block, up to and with this slice.
    pub transaction_count_total: usize,
    pub transaction_root: B256,
    /// Only while somebody watches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<SliceDetail<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SliceDetail<'a> {
    /// Of the block's first slice: what the block was opened with, for whoever executes along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<&'a PayloadAttributes>,
    pub hashes: Vec<B256>,
    pub logs: Vec<alloy_rpc_types_eth::Log>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoneEvent<'a> {
    pub number: u64,
    pub parent_hash: B256,
    pub slices: usize,
    /// Transactions that cannot be pooled again, and why.
    pub lost: Vec<Lost<'a>>,
    /// Only while somebody watches: the logs that were published, marked as removed.
    pub logs: Vec<alloy_rpc_types_eth::Log>,
}

#[derive(Serialize)]
pub struct Lost<'a> {
    pub hash: B256,
    pub reason: &'a str,
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
