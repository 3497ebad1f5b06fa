//! The chain: journal, canonical state, side blocks, history.

pub mod types;

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256};
use types::*;

use crate::{
    state_trie::StateTrie,
    types::{StateDiff, StateError},
    view::StateView,
};

/// One rollup's chain in one directory. All methods take `&self`; share it in an `Arc`. One thread at a time changes the
/// chain (`insert`, `set_heads`); any number reads.
pub struct ChainStore {}

impl ChainStore {
    /// Opens or creates the directory. An existing one is recovered: newest valid checkpoint, then the journal's diffs.
    pub fn open(_options: StoreOptions, _genesis: GenesisBlock) -> Result<Arc<Self>, StateError> {
        unimplemented!()
    }

    pub fn genesis(&self) -> BlockRef {
        unimplemented!()
    }

    pub fn heads(&self) -> Heads {
        unimplemented!()
    }

    /// State after the block, canonical or not.
    pub fn view(&self, _hash: B256) -> Result<StateView, StateError> {
        unimplemented!()
    }

    /// State after a canonical block.
    pub fn view_at(&self, _number: u64) -> Result<StateView, StateError> {
        unimplemented!()
    }

    /// State root (and what `insert` needs) of `diff` on top of the parent's state. Runs on the caller's thread and rayon's.
    pub fn root_after(&self, _parent: B256, _diff: &StateDiff) -> Result<PreparedState, StateError> {
        unimplemented!()
    }

    /// Journals a block beside the canonical chain; it becomes canonical by [`Self::set_heads`]. Known blocks are accepted
    /// and ignored.
    pub fn insert(&self, _block: ExecutedBlock, _durability: Durability) -> Result<(), StateError> {
        unimplemented!()
    }

    /// Makes everything written so far durable.
    pub fn sync(&self) -> Result<(), StateError> {
        unimplemented!()
    }

    /// Moves the heads, durable on return. Unknown head: [`StateError::UnknownBlock`].
    pub fn set_heads(&self, _update: HeadsUpdate) -> Result<HeadChange, StateError> {
        unimplemented!()
    }

    /// Whether the block is known, canonical or not.
    pub fn contains(&self, _hash: &B256) -> Result<bool, StateError> {
        unimplemented!()
    }

    /// Hash of the canonical block of that number.
    pub fn canonical_hash(&self, _number: u64) -> Result<Option<B256>, StateError> {
        unimplemented!()
    }

    pub fn is_canonical(&self, _hash: &B256) -> Result<bool, StateError> {
        unimplemented!()
    }

    pub fn header(&self, _hash: &B256) -> Result<Option<Arc<Header>>, StateError> {
        unimplemented!()
    }

    /// The whole block: header, transactions, receipts; canonical or not.
    pub fn block(&self, _hash: &B256) -> Result<Option<Arc<StoredBlock>>, StateError> {
        unimplemented!()
    }

    /// Where a transaction stands in the canonical chain.
    pub fn transaction(&self, _hash: &B256) -> Result<Option<TransactionLocation>, StateError> {
        unimplemented!()
    }

    /// Logs of canonical blocks.
    pub fn logs(&self, _filter: &LogFilter, _limits: &LogLimits) -> Result<Vec<FoundLog>, StateError> {
        unimplemented!()
    }

    /// EIP-1186 proof at a block, canonical or not.
    pub fn proof(&self, _hash: B256, _address: &Address, _slots: &[U256]) -> Result<AccountProof, StateError> {
        unimplemented!()
    }

    /// Storage root of the L2ToL1MessagePasser after the block; kept for every block.
    pub fn message_passer_root(&self, _hash: &B256) -> Result<B256, StateError> {
        unimplemented!()
    }

    /// Proofs of the message passer's slots after a canonical block of any age.
    pub fn message_passer_proof(&self, _hash: &B256, _slots: &[U256]) -> Result<(B256, Vec<StorageProof>), StateError> {
        unimplemented!()
    }

    /// A clone of the state trie after a block (for witnesses and proofs off-thread).
    pub fn state_trie(&self, _hash: B256) -> Result<StateTrie, StateError> {
        unimplemented!()
    }

    /// The block's own state changes, as execution reported them (old values dropped).
    pub fn state_diff(&self, _hash: &B256) -> Result<StateDiff, StateError> {
        unimplemented!()
    }

    /// Code by hash, whichever block brought it.
    pub fn code(&self, _hash: &B256) -> Result<Option<Bytes>, StateError> {
        unimplemented!()
    }

    /// Waits until the history index has caught up with the head (tests, orderly shutdown).
    pub fn flush_index(&self) -> Result<(), StateError> {
        unimplemented!()
    }

    /// Writes a checkpoint of the head's state now, on the caller's thread.
    pub fn checkpoint(&self) -> Result<(), StateError> {
        unimplemented!()
    }

    /// Stops background work and makes everything durable. Dropping the last `Arc` does the same, errors aside.
    pub fn close(&self) -> Result<(), StateError> {
        unimplemented!()
    }
}
