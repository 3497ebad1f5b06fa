//! The chain: journal, canonical state, side blocks, history.

mod line;
pub(crate) mod origin;
#[cfg(test)]
mod power_tests;
pub(crate) mod recovery;
mod restore;
mod search;
pub(crate) mod shared;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
pub mod types;
mod worker;
pub(crate) mod write;

use std::{
    fs::File,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256};
use parking_lot::Mutex;
use shared::Shared;
use types::*;

use crate::{
    journal::Journal,
    state_trie::StateTrie,
    types::{AccountDiff, StateDiff, StateError},
    view::StateView,
};

/// What replays in well under a second is left to the next start.
const CLOSE_BLOCKS: u64 = 1000;
const CLOSE_BYTES: u64 = 16 << 20;

/// One rollup's chain in one directory. All methods take `&self`; share it in an `Arc`. One thread at a time changes the
/// chain (`insert`, `set_heads`); any number reads.
///
/// The directory is free for another process once the store and all its views are dropped.
pub struct ChainStore {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: File,
}

impl ChainStore {
    /// Opens or creates the directory. An existing one is recovered: newest valid checkpoint, then the journal's diffs.
    pub fn open(options: StoreOptions, genesis: GenesisBlock) -> Result<Arc<Self>, StateError> {
        let lock = recovery::lock(&*options.files, &options.dir)?;
        let shared = Arc::new(recovery::open(options, genesis)?);
        let threads = Mutex::new(worker::start(&shared)?);
        Ok(Arc::new(Self { shared, threads, lock }))
    }

    pub fn genesis(&self) -> BlockRef {
        self.shared.genesis
    }

    pub fn heads(&self) -> Heads {
        self.shared.tree.read().heads
    }

    /// State after the block, canonical or not.
    pub fn view(&self, hash: B256) -> Result<StateView, StateError> {
        StateView::new(self.shared.clone(), hash)
    }

    /// State after a canonical block.
    pub fn view_at(&self, number: u64) -> Result<StateView, StateError> {
        self.view(self.canonical_hash(number)?.ok_or(StateError::UnknownNumber { number })?)
    }

    /// State root (and what `insert` needs) of `diff` on top of the parent's state, for a block that is to be inserted: quick
    /// on the head and on what was prepared last. Runs on the caller's thread and rayon's.
    pub fn root_after(&self, parent: B256, diff: &StateDiff) -> Result<PreparedState, StateError> {
        self.prepare(parent, diff)
    }

    /// The same root for a block that will never be: keeps nobody who prepares a real one waiting.
    pub fn root_beside(&self, parent: B256, diff: &StateDiff) -> Result<B256, StateError> {
        let changes = write::change_set(&StateView::new(self.shared.clone(), parent)?, diff)?;
        let mut trie = self.shared.trie_at(parent)?;
        trie.apply_changes(&changes, false)?;
        Ok(trie.root())
    }

    /// Waits until the root has proven, after a start, that the state which was read is the head's. Whoever promises something
    /// that no root stands behind yet, as the slices of a block in the making are, asks before. An error: it is not, or the store
    /// is broken otherwise. Costs nothing later.
    pub fn wait_until_proven(&self) -> Result<(), StateError> {
        if !self.shared.proven.load(Ordering::Acquire) {
            self.shared.line.lock().check()?;
            self.shared.proven.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Journals a block beside the canonical chain; it becomes canonical by [`Self::set_heads`]. Known blocks are accepted
    /// and ignored.
    pub fn insert(&self, block: ExecutedBlock, durability: Durability) -> Result<(), StateError> {
        self.insert_block(block, durability)
    }

    /// Makes everything written so far durable.
    pub fn sync(&self) -> Result<(), StateError> {
        self.shared.journal.sync()
    }

    /// Moves the heads, durable on return. Unknown head: [`StateError::UnknownBlock`].
    pub fn set_heads(&self, update: HeadsUpdate) -> Result<HeadChange, StateError> {
        self.move_heads(update)
    }

    /// The canonical blocks that [`Self::set_heads`] would drop, lowest first: whoever must not lose what is in them can
    /// save it before.
    pub fn dropped_by(&self, update: &HeadsUpdate) -> Result<Vec<BlockRef>, StateError> {
        self.plan_drops(update)
    }

    /// Whether the block is known, canonical or not.
    pub fn contains(&self, hash: &B256) -> Result<bool, StateError> {
        Ok(self.shared.position(hash)?.is_some())
    }

    /// Hash of the canonical block of that number.
    pub fn canonical_hash(&self, number: u64) -> Result<Option<B256>, StateError> {
        self.shared.canonical_hash(number)
    }

    pub fn is_canonical(&self, hash: &B256) -> Result<bool, StateError> {
        Ok(self.shared.canonical_number(hash)?.is_some())
    }

    pub fn header(&self, hash: &B256) -> Result<Option<Arc<Header>>, StateError> {
        self.shared.header(hash)
    }

    /// The whole block: header, transactions, receipts; canonical or not.
    pub fn block(&self, hash: &B256) -> Result<Option<Arc<StoredBlock>>, StateError> {
        self.shared.block(hash)
    }

    /// Where a transaction stands in the canonical chain.
    pub fn transaction(&self, hash: &B256) -> Result<Option<TransactionLocation>, StateError> {
        let pending: Vec<_> = self.shared.queue.lock().pending.values().cloned().collect();
        for node in pending {
            let hashes = worker::transaction_hashes(&self.shared, &node)?;
            if let Some(index) = hashes.iter().position(|known| known == hash)
                && self.is_canonical(&node.block.hash)?
            {
                let (block_hash, block_number) = (node.block.hash, node.block.number);
                return Ok(Some(TransactionLocation { block_hash, block_number, index: index as u32 }));
            }
        }
        let Some(location) = self.shared.index.transaction(hash)? else { return Ok(None) };
        Ok(self.is_canonical(&location.block_hash)?.then_some(location))
    }

    /// Logs of canonical blocks.
    pub fn logs(&self, filter: &LogFilter, limits: &LogLimits) -> Result<Vec<FoundLog>, StateError> {
        self.search_logs(filter, limits)
    }

    /// Logs of one block, canonical or not (`blockHash` filters); numbers in the filter are ignored.
    pub fn logs_of(&self, hash: &B256, filter: &LogFilter, limits: &LogLimits) -> Result<Vec<FoundLog>, StateError> {
        let block = self.block(hash)?.ok_or(StateError::UnknownBlock { hash: *hash })?;
        let mut found = Vec::new();
        search::block_logs(&block, filter, &mut found);
        if found.len() > limits.max_results {
            return Err(StateError::LogResults { limit: limits.max_results });
        }
        Ok(found)
    }

    /// EIP-1186 proof at a block, canonical or not.
    pub fn proof(&self, hash: B256, address: &Address, slots: &[U256]) -> Result<AccountProof, StateError> {
        self.shared.trie_at(hash)?.proof(address, slots)
    }

    /// Storage root of the L2ToL1MessagePasser after the block; kept for every block.
    pub fn message_passer_root(&self, hash: &B256) -> Result<B256, StateError> {
        self.shared.check_origin(hash)?;
        if let Some(node) = self.shared.tree.read().nodes.get(hash) {
            return Ok(node.message_passer_root);
        }
        let unknown = StateError::UnknownBlock { hash: *hash };
        let number = self.shared.canonical_number(hash)?.ok_or(unknown.clone())?;
        let entry = self.shared.index.number(number)?.filter(|entry| entry.hash == *hash);
        Ok(entry.ok_or(unknown)?.message_passer_root)
    }

    /// Proofs of the message passer's slots after a block; for canonical ones of any age.
    pub fn message_passer_proof(&self, hash: &B256, slots: &[U256]) -> Result<(B256, Vec<StorageProof>), StateError> {
        self.passer_proof(hash, slots)
    }

    /// A clone of the state trie after a block (for witnesses and proofs off-thread).
    pub fn state_trie(&self, hash: B256) -> Result<StateTrie, StateError> {
        self.shared.trie_at(hash)
    }

    /// The block's own state changes, as execution reported them (old values dropped).
    pub fn state_diff(&self, hash: &B256) -> Result<StateDiff, StateError> {
        self.shared.check_origin_changes(hash)?;
        let node = self.shared.tree.read().nodes.get(hash).cloned();
        let changes = match node {
            Some(node) => node.changes.clone(),
            None => {
                let position = self.shared.position(hash)?.ok_or(StateError::UnknownBlock { hash: *hash })?;
                write::load_node(&self.shared.journal, position)?.changes
            }
        };
        let mut diff = StateDiff { codes: changes.codes.iter().cloned().collect(), ..Default::default() };
        for change in &changes.accounts {
            let storage = match change.new {
                Some(_) => change.storage.iter().map(|slot| (slot.slot, slot.new)).collect(),
                None => Default::default(),
            };
            let change_diff = AccountDiff { info: change.new.map(Into::into), storage_cleared: false, storage };
            diff.accounts.insert(change.address, change_diff);
        }
        Ok(diff)
    }

    /// Code by hash, whichever block brought it.
    pub fn code(&self, hash: &B256) -> Result<Option<Bytes>, StateError> {
        Ok(self.shared.flat.code(hash).map(|code| code.original_bytes()))
    }

    /// Records that a block in the making was opened. Durable after the next [`Self::sync`].
    pub fn begin_candidate(&self, opening: &[u8]) -> Result<(), StateError> {
        self.check_usable()?;
        let mut newest = self.shared.candidate_position.lock();
        *newest = Some(self.shared.journal.append(write::KIND_CANDIDATE, opening)?);
        Ok(())
    }

    /// Records a slice of the block opened last. Durable after the next [`Self::sync`].
    pub fn append_slice(&self, slice: &[u8]) -> Result<(), StateError> {
        self.check_usable()?;
        self.shared.journal.append(write::KIND_SLICE, slice).map(drop)
    }

    /// The block in the making that the journal held when it was opened; once.
    pub fn take_candidate(&self) -> Option<CandidateRecords> {
        self.shared.candidate.lock().take()
    }

    /// The oldest block whose state can be read.
    pub fn oldest_state(&self) -> u64 {
        self.shared.oldest_state()
    }

    /// Whether the state after the block can be read, waiting for what a start still brings back.
    pub(crate) fn check_reach(&self, block: u64) -> Result<(), StateError> {
        self.shared.check_reach(block)
    }

    pub(crate) fn flat(&self) -> &crate::flat::FlatState {
        &self.shared.flat
    }

    /// Sizes and ages, read without holding anybody up.
    pub fn stats(&self) -> StoreStats {
        let (head, blocks_in_memory) = {
            let tree = self.shared.tree.read();
            (tree.heads.unsafe_head.number, tree.nodes.len())
        };
        let (checkpoint_block, position) = {
            let state = self.shared.checkpoint.lock();
            (state.last_number, state.last_position)
        };
        let end = self.shared.journal.end();
        StoreStats {
            journal_bytes: self.shared.journal.bytes_between(Journal::start(), end),
            checkpoint_block,
            checkpoint_age_blocks: head.saturating_sub(checkpoint_block),
            checkpoint_age_bytes: self.shared.journal.bytes_between(position, end),
            oldest_state_block: self.oldest_state(),
            accounts: self.shared.flat.account_count(),
            blocks_in_memory,
            unindexed_blocks: self.shared.queue.lock().pending.len(),
        }
    }

    /// Waits until the history index has caught up with the head (tests, orderly shutdown).
    pub fn flush_index(&self) -> Result<(), StateError> {
        let mut queue = self.shared.queue.lock();
        while (queue.busy || !queue.jobs.is_empty()) && queue.failed.is_none() && !self.shared.is_stopping() {
            self.shared.queue_moved.wait_for(&mut queue, std::time::Duration::from_millis(100));
        }
        queue.failed.clone().map_or(Ok(()), Err)
    }

    /// Writes a checkpoint of the head's state now, on the caller's thread.
    pub fn checkpoint(&self) -> Result<(), StateError> {
        self.check_usable()?;
        worker::write_checkpoint(&self.shared)
    }

    /// Stops background work and makes everything durable; later writes are refused. If much was written since the last
    /// checkpoint, another one makes the next start quick. Dropping the store does the same without the checkpoint.
    pub fn close(&self) -> Result<(), StateError> {
        if !self.shared.is_stopping() {
            let (head, end) = (self.heads().unsafe_head.number, self.shared.journal.end());
            let (number, position) = {
                let state = self.shared.checkpoint.lock();
                (state.last_number, state.last_position)
            };
            let bytes = self.shared.journal.bytes_between(position, end);
            if head > number && (head - number >= CLOSE_BLOCKS || bytes >= CLOSE_BYTES) {
                worker::write_checkpoint(&self.shared)?;
            }
        }
        self.stop();
        self.shared.journal.sync()?;
        self.shared.index.sync()
    }

    fn stop(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Taking the locks first: a thread between its check and its wait would miss the call.
        drop(self.shared.queue.lock());
        self.shared.queue_moved.notify_all();
        drop(self.shared.checkpoint.lock());
        self.shared.checkpoint_wanted.notify_all();
        drop(self.shared.restoring.lock());
        self.shared.restored.notify_all();
        for thread in std::mem::take(&mut *self.threads.lock()) {
            if thread.join().is_err() {
                tracing::error!("a background thread of the store panicked");
            }
        }
    }

    fn check_usable(&self) -> Result<(), StateError> {
        if self.shared.is_stopping() {
            return Err(StateError::Unusable { reason: "closed".into() });
        }
        self.shared.check_restored()
    }
}

impl Drop for ChainStore {
    fn drop(&mut self) {
        self.stop();
        if let Err(error) = self.shared.journal.sync() {
            tracing::error!(%error, "the journal could not be synced at the end");
        }
        if let Err(error) = self.lock.unlock() {
            tracing::error!(%error, "the lock file could not be unlocked");
        }
    }
}
