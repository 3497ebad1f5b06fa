//! The data the chain store takes and gives.

use std::{path::PathBuf, sync::Arc};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Log, U256};
use altlayer_files::{Files, SystemFiles};
use op_alloy_consensus::OpReceipt;

use crate::{change::ChangeSet, state_trie::StateTrie, types::StateDiff};

/// A block, by what every consumer of a head needs. Timestamps are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockRef {
    pub number: u64,
    pub hash: B256,
    pub parent_hash: B256,
    pub timestamp: u64,
}

impl BlockRef {
    pub const fn new(hash: B256, header: &Header) -> Self {
        Self { number: header.number, hash, parent_hash: header.parent_hash, timestamp: header.timestamp }
    }
}

/// The three heads. `safe` and `finalized` never lead `unsafe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heads {
    pub unsafe_head: BlockRef,
    pub safe: BlockRef,
    pub finalized: BlockRef,
}

/// A change of heads by hash; absent ones stay (and are pulled back if the new chain does not contain them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeadsUpdate {
    pub unsafe_head: B256,
    pub safe: Option<B256>,
    pub finalized: Option<B256>,
}

/// What a change of heads did to the canonical chain; lists run from the lowest block up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeadChange {
    pub heads: Heads,
    pub dropped: Vec<BlockRef>,
    pub added: Vec<BlockRef>,
}

/// How far back state can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// This many blocks behind the head.
    Blocks(u64),
    /// Every block.
    Archive,
}

#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Created if absent.
    pub dir: PathBuf,
    /// The disk that holds journal and checkpoints. The history index, a cache of the journal, is always on the
    /// operating system's.
    pub files: Arc<dyn Files>,
    pub history: History,
    /// A new journal segment starts beyond this size.
    pub segment_bytes: u64,
    /// A checkpoint is written in the background after this many blocks ...
    pub checkpoint_blocks: u64,
    /// ... or this many journal bytes since the last.
    pub checkpoint_bytes: u64,
    /// Most changed keys the history window may hold in memory: big blocks make it shorter (about 300 bytes a key).
    pub max_history_changes: usize,
    /// Most blocks a proof may reach back by reverse diffs.
    pub max_proof_distance: u64,
    /// Memory for the history index' block cache, in bytes.
    pub index_cache_bytes: u64,
}

impl StoreOptions {
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            files: Arc::new(SystemFiles),
            history: History::Blocks(128),
            segment_bytes: 256 << 20,
            checkpoint_blocks: 10_000,
            checkpoint_bytes: 256 << 20,
            max_history_changes: 1_000_000,
            max_proof_distance: 100_000,
            index_cache_bytes: 32 << 20,
        }
    }
}

/// Block zero: its header (with the root of `state`, see [`crate::state_root`]) and its allocation.
#[derive(Debug, Clone)]
pub struct GenesisBlock {
    pub header: Header,
    pub state: StateDiff,
}

/// A transaction as the journal keeps it: never decode, hash or recover twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTransaction {
    pub hash: B256,
    pub sender: Address,
    /// EIP-2718 bytes.
    pub raw: Bytes,
}

/// What the journal holds of a block in the making. The contents are the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateRecords {
    pub opening: Vec<u8>,
    /// In the order in which they were written.
    pub slices: Vec<Vec<u8>>,
}

/// A block's state changes after [`super::ChainStore::root_after`]: root computed, old values known.
#[derive(Clone)]
pub struct PreparedState {
    pub(crate) parent: B256,
    pub(crate) root: B256,
    pub(crate) message_passer_root: B256,
    /// Of a state beside the line of the head (see `chain/line.rs`).
    pub(crate) trie: Option<StateTrie>,
    pub(crate) changes: Arc<ChangeSet>,
}

impl PreparedState {
    pub const fn root(&self) -> B256 {
        self.root
    }

    /// Storage root of the L2ToL1MessagePasser after the block (Isthmus puts it into the header's withdrawals root).
    pub const fn message_passer_root(&self) -> B256 {
        self.message_passer_root
    }
}

/// An executed and sealed block, ready for the journal.
pub struct ExecutedBlock {
    pub header: Header,
    pub hash: B256,
    pub transactions: Vec<StoredTransaction>,
    pub receipts: Vec<OpReceipt>,
    pub state: PreparedState,
}

/// The store in numbers, for monitoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreStats {
    pub journal_bytes: u64,
    pub checkpoint_block: u64,
    /// What a restart replays: blocks, and bytes of the journal, since the last checkpoint.
    pub checkpoint_age_blocks: u64,
    pub checkpoint_age_bytes: u64,
    pub oldest_state_block: u64,
    pub accounts: usize,
    pub blocks_in_memory: usize,
    /// Canonical blocks that the history index does not have yet.
    pub unindexed_blocks: usize,
}

/// When an insert counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On disk (fdatasync) on return.
    Synced,
    /// Written, but durable only after the next `sync`, `set_heads` or synced insert: several blocks share one fdatasync.
    Buffered,
}

/// A stored block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    pub hash: B256,
    pub header: Header,
    pub transactions: Vec<StoredTransaction>,
    pub receipts: Vec<OpReceipt>,
}

/// Where a canonical transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionLocation {
    pub block_hash: B256,
    pub block_number: u64,
    pub index: u32,
}

/// `eth_getLogs`: empty lists match everything; a list matches any of its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Inclusive block numbers.
    pub from: u64,
    pub to: u64,
    pub addresses: Vec<Address>,
    pub topics: [Vec<B256>; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    pub max_blocks: u64,
    pub max_results: usize,
    pub max_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLog {
    pub log: Log,
    pub block_hash: B256,
    pub block_number: u64,
    pub block_timestamp: u64,
    pub transaction_hash: B256,
    pub transaction_index: u32,
    /// Position among the block's logs.
    pub log_index: u32,
}

/// EIP-1186.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProof {
    pub address: Address,
    pub nonce: u64,
    pub balance: U256,
    pub code_hash: B256,
    pub storage_root: B256,
    /// Nodes from the root down; ends where the path ends.
    pub proof: Vec<Bytes>,
    pub storage: Vec<StorageProof>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageProof {
    pub slot: U256,
    pub value: U256,
    pub proof: Vec<Bytes>,
}

/// What an execution read, for witnesses: every account, and the slots of each.
pub type Accesses = std::collections::BTreeMap<Address, std::collections::BTreeSet<U256>>;
