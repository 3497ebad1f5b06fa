//! Changing the chain: state roots, inserts, heads.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use rayon::prelude::*;

use super::{
    ChainStore,
    shared::{IndexJob, MAX_UNINDEXED},
    tree::Node,
    types::{BlockRef, Durability, ExecutedBlock, HeadChange, Heads, HeadsUpdate, PreparedState, StoredBlock},
};
use crate::{
    MESSAGE_PASSER,
    change::{Account, AccountChange, ChangeSet, SlotChange},
    codec,
    journal::{Journal, Position},
    types::{AccountDiff, StateDiff, StateError, StateRead},
    view::StateView,
};

pub const KIND_GENESIS: u8 = 1;
pub const KIND_BLOCK: u8 = 2;
pub const KIND_HEADS: u8 = 3;
/// Opens a block in the making: what follows as [`KIND_SLICE`] belongs to it, until the next one. Opaque to this crate.
pub const KIND_CANDIDATE: u8 = 4;
/// A published part of the block in the making. Opaque to this crate.
pub const KIND_SLICE: u8 = 5;
/// The first record of a store that began from a snapshot: see [`super::origin::Origin`].
pub const KIND_ORIGIN: u8 = 6;

/// BLOCKHASH reaches 256 blocks back: so many canonical hashes, and some, stay in memory.
const HASHES_KEPT: u64 = 512;

/// With fewer changed accounts the cache has them, or few look-ups wait for memory.
const WARM_FROM: usize = 1024;

/// Old values beside the new ones; what does not change is left out, cleared storage is spelled out.
pub fn change_set(view: &StateView, diff: &StateDiff) -> Result<ChangeSet, StateError> {
    let touched: Vec<_> = diff.accounts.iter().collect();
    if touched.len() >= WARM_FROM {
        view.warm(diff.accounts.keys());
    }
    let accounts: Vec<Option<AccountChange>> = touched
        .into_par_iter()
        .with_min_len(256)
        .map(|(address, change)| account_change(view, address, change))
        .collect::<Result<_, _>>()?;
    let codes = diff.codes.iter().map(|(hash, code)| (*hash, code.clone())).collect();
    Ok(ChangeSet { accounts: accounts.into_iter().flatten().collect(), codes })
}

fn account_change(
    view: &StateView,
    address: &Address,
    change: &AccountDiff,
) -> Result<Option<AccountChange>, StateError> {
    let old = view.account(address)?.as_ref().map(Account::from);
    let new = change.info.as_ref().map(Account::from);
    let mut storage: Vec<SlotChange> = Vec::new();
    if (change.storage_cleared || new.is_none()) && old.is_some() {
        let mut before = view.slots(address)?;
        let mut after = if new.is_some() { change.storage.clone() } else { Default::default() };
        for slot in before.keys() {
            after.entry(*slot).or_default();
        }
        storage.extend(after.into_iter().map(|(slot, new)| {
            let old = before.remove(&slot).unwrap_or_default();
            SlotChange { slot, old, new }
        }));
    } else if new.is_some() {
        for (slot, new) in &change.storage {
            let old = if old.is_some() { view.storage(address, slot)? } else { U256::ZERO };
            storage.push(SlotChange { slot: *slot, old, new: *new });
        }
    }
    storage.retain(|slot| slot.old != slot.new);
    let unchanged = old == new && storage.is_empty();
    Ok((!unchanged).then_some(AccountChange { address: *address, old, new, storage }))
}

impl ChainStore {
    pub(super) fn prepare(&self, parent: B256, diff: &StateDiff) -> Result<PreparedState, StateError> {
        let changes = Arc::new(change_set(&StateView::new(self.shared.clone(), parent)?, diff)?);
        if let Some((root, message_passer_root)) = self.shared.line.lock().extend(&parent, &changes)? {
            return Ok(PreparedState { parent, root, message_passer_root, trie: None, changes });
        }
        let mut trie = self.shared.trie_at(parent)?;
        trie.apply_changes(&changes, false)?;
        let root = trie.root();
        let message_passer_root = trie.storage_root(&MESSAGE_PASSER)?;
        Ok(PreparedState { parent, root, message_passer_root, trie: Some(trie), changes })
    }

    pub(super) fn insert_block(&self, block: ExecutedBlock, durability: Durability) -> Result<(), StateError> {
        let shared = &*self.shared;
        self.check_usable()?;
        let parent = block.header.parent_hash;
        let invalid = |reason| StateError::InvalidBlock { hash: block.hash, parent, reason };
        if block.header.hash_slow() != block.hash {
            return Err(invalid("the hash is not the header's"));
        }
        if block.state.parent != parent {
            return Err(invalid("the state was prepared on another parent"));
        }
        if block.state.root != block.header.state_root {
            return Err(StateError::RootMismatch { computed: block.state.root, expected: block.header.state_root });
        }
        if block.transactions.len() != block.receipts.len() {
            return Err(invalid("transactions and receipts differ in number"));
        }
        let known_parent = shared.tree.read().nodes.get(&parent).map(|node| node.block.number);
        let parent_number = match known_parent {
            Some(number) => number,
            None => shared.canonical_number(&parent)?.ok_or(StateError::UnknownBlock { hash: parent })?,
        };
        if block.header.number != parent_number + 1 {
            return Err(invalid("the number does not follow"));
        }
        {
            let _writing = shared.writing.lock();
            if shared.position(&block.hash)?.is_none() {
                let position = shared.journal.append(KIND_BLOCK, &codec::block_record(&block))?;
                let ExecutedBlock { header, hash, transactions, receipts, state } = block;
                shared.line.lock().name(&state.changes, hash);
                let node = Node {
                    block: BlockRef::new(hash, &header),
                    header: Arc::new(header.clone()),
                    position,
                    message_passer_root: state.message_passer_root,
                    size: state.changes.size(),
                    changes: state.changes,
                    trie: state.trie.into(),
                    transactions: Some(transactions.iter().map(|transaction| transaction.hash).collect()).into(),
                };
                shared.cache_block(Arc::new(StoredBlock { hash, header, transactions, receipts }));
                shared.tree.write().nodes.insert(hash, Arc::new(node));
            }
        }
        match durability {
            Durability::Synced => shared.journal.sync(),
            Durability::Buffered => Ok(()),
        }
    }

    pub(super) fn move_heads(&self, update: HeadsUpdate) -> Result<HeadChange, StateError> {
        let shared = &*self.shared;
        self.check_usable()?;
        let _writing = shared.writing.lock();
        let (mut change, ancestor, added) = self.plan(&update)?;
        let old = shared.tree.read().heads;
        if change.heads == old {
            // What was buffered may be what makes this head: the caller relies on it being durable.
            shared.journal.sync()?;
            return Ok(change);
        }
        let heads = change.heads;
        let mut dropped = Vec::new();
        if ancestor.number < old.unsafe_head.number {
            // Their old values may just be being put into place.
            shared.wait_until_restored()?;
        }
        for number in ancestor.number + 1..=old.unsafe_head.number {
            dropped.push(self.canonical_node(number)?);
        }
        change.dropped = dropped.iter().map(|node| node.block).collect();
        self.wait_for_index()?;
        // Whatever can fail comes before the record, and the record before the change.
        let head = heads.unsafe_head.hash;
        let mut line = shared.line.lock();
        line.check()?;
        let beside = match line.has(&head) {
            true => None,
            false => {
                line.rewind()?;
                Some(shared.trie_beside(&line, head)?)
            }
        };
        let record = [heads.unsafe_head.hash, heads.safe.hash, heads.finalized.hash].concat();
        shared.journal.append(KIND_HEADS, &record)?;
        shared.journal.sync()?;

        self.queue_index_jobs(&dropped, &added);
        // Readers at fixed blocks do not notice blocks coming on top: values change before the lock is taken.
        if dropped.is_empty() {
            for node in &added {
                shared.flat.apply(node.block.number, &node.changes);
            }
        }
        {
            let mut tree = shared.tree.write();
            if !dropped.is_empty() {
                shared.flat.begin_undo();
                for node in dropped.iter().rev() {
                    shared.flat.undo(node.block.number, &node.changes);
                    tree.nodes.entry(node.block.hash).or_insert_with(|| node.clone());
                }
                for node in &added {
                    shared.flat.apply(node.block.number, &node.changes);
                }
            }
            tree.switch(ancestor.number, &added);
            tree.heads = heads;
            match beside {
                None => line.advance(&head),
                Some(trie) => {
                    let before = line.replace(head, trie);
                    if let Some(top) = dropped.last() {
                        *top.trie.lock() = before;
                    }
                }
            }
        }
        drop(line);
        for node in &added {
            node.trie.lock().take();
        }
        self.evict()?;
        self.consider_checkpoint();
        Ok(change)
    }

    pub(super) fn plan_drops(&self, update: &HeadsUpdate) -> Result<Vec<BlockRef>, StateError> {
        let (_, ancestor, _) = self.plan(update)?;
        let head = self.shared.tree.read().heads.unsafe_head.number;
        (ancestor.number + 1..=head).map(|number| Ok(self.canonical_node(number)?.block)).collect()
    }

    /// Checks an update against the tree: the change without `dropped`, the common ancestor, the nodes to add.
    fn plan(&self, update: &HeadsUpdate) -> Result<(HeadChange, BlockRef, Vec<Arc<Node>>), StateError> {
        let shared = &*self.shared;
        let tree = shared.tree.read();
        let old = tree.heads;
        let mut added: Vec<Arc<Node>> = Vec::new();
        let mut cursor = update.unsafe_head;
        let old_ancestor = loop {
            match tree.nodes.get(&cursor) {
                Some(node) if tree.is_canonical(node) => break Some(node.block),
                Some(node) => {
                    added.push(node.clone());
                    cursor = node.block.parent_hash;
                }
                None => break None,
            }
        };
        drop(tree);
        let ancestor = match old_ancestor {
            Some(block) => block,
            None => {
                let header = shared.header(&cursor)?.ok_or(StateError::UnknownBlock { hash: cursor })?;
                if shared.canonical_hash(header.number)? != Some(cursor) {
                    return Err(StateError::UnknownBlock { hash: cursor });
                }
                BlockRef::new(cursor, &header)
            }
        };
        added.reverse();
        let head = added.last().map_or(ancestor, |node| node.block);
        if ancestor.number < old.finalized.number {
            return Err(StateError::BelowFinalized { hash: update.unsafe_head, finalized: old.finalized.number });
        }
        let resolve = |hash: Option<B256>, old: BlockRef| -> Result<BlockRef, StateError> {
            let Some(hash) = hash else {
                // A safe head above the fork is no longer part of the chain.
                return Ok(if old.number > ancestor.number { ancestor } else { old });
            };
            if let Some(node) = added.iter().find(|node| node.block.hash == hash) {
                return Ok(node.block);
            }
            let header = shared.header(&hash)?.ok_or(StateError::UnknownBlock { hash })?;
            if header.number > ancestor.number || shared.canonical_hash(header.number)? != Some(hash) {
                return Err(StateError::InvalidHeads {
                    reason: "safe or finalized is not on the unsafe head's chain",
                    hash,
                });
            }
            Ok(BlockRef::new(hash, &header))
        };
        let finalized = resolve(update.finalized, old.finalized)?;
        let mut safe = resolve(update.safe, old.safe)?;
        if update.safe.is_none() && safe.number < finalized.number {
            safe = finalized;
        }
        if safe.number < finalized.number {
            return Err(StateError::InvalidHeads { reason: "safe is below finalized", hash: safe.hash });
        }
        if finalized.number < old.finalized.number {
            return Err(StateError::InvalidHeads { reason: "finalized moves back", hash: finalized.hash });
        }
        let heads = Heads { unsafe_head: head, safe, finalized };
        let change = HeadChange { heads, dropped: Vec::new(), added: added.iter().map(|node| node.block).collect() };
        Ok((change, ancestor, added))
    }

    /// A canonical block's node, from the journal if it has left memory.
    fn canonical_node(&self, number: u64) -> Result<Arc<Node>, StateError> {
        let shared = &*self.shared;
        if let Some(node) = shared.tree.read().node_at(number) {
            return Ok(node.clone());
        }
        let entry = shared.index.number(number)?.ok_or(StateError::UnknownNumber { number })?;
        Ok(Arc::new(load_node(&shared.journal, entry.position)?))
    }

    /// A chain that runs away from its index waits.
    fn wait_for_index(&self) -> Result<(), StateError> {
        let shared = &*self.shared;
        let mut queue = shared.queue.lock();
        while queue.jobs.len() >= MAX_UNINDEXED && queue.failed.is_none() && !shared.is_stopping() {
            shared.queue_moved.wait(&mut queue);
        }
        queue.failed.clone().map_or(Ok(()), Err)
    }

    fn queue_index_jobs(&self, dropped: &[Arc<Node>], added: &[Arc<Node>]) {
        let mut queue = self.shared.queue.lock();
        for node in dropped.iter().rev() {
            queue.pending.remove(&node.block.hash);
            queue.jobs.push_back(IndexJob::Remove(node.clone()));
        }
        for node in added {
            queue.pending.insert(node.block.hash, node.clone());
            queue.jobs.push_back(IndexJob::Add(node.clone()));
        }
        self.shared.queue_moved.notify_all();
    }

    /// Lets go of blocks behind the history window (once the index has them) and of side blocks nobody can return to.
    fn evict(&self) -> Result<(), StateError> {
        let shared = &*self.shared;
        if shared.is_restoring() {
            return Ok(());
        }
        let head = shared.tree.read().heads.unsafe_head.number;
        let indexed = {
            let queue = shared.queue.lock();
            // While removals are queued the index speaks of another chain.
            if queue.jobs.iter().any(|job| matches!(job, IndexJob::Remove(_))) {
                return Ok(());
            }
            let Some((indexed, _)) = queue.indexed else { return Ok(()) };
            indexed
        };
        let mut tree = shared.tree.write();
        let lowest = tree.advance_window(shared.window(), shared.options.max_history_changes);
        let limit = lowest.min(indexed).min(head.saturating_sub(1));
        let canonical = tree.take_up_to(limit);
        tree.trim(limit.saturating_sub(HASHES_KEPT));
        drop(tree);
        for node in canonical {
            shared.flat.prune(node.block.number, &node.changes);
        }
        Ok(())
    }

    fn consider_checkpoint(&self) {
        let shared = &*self.shared;
        let head = shared.tree.read().heads.unsafe_head.number;
        let end = shared.journal.end();
        let mut state = shared.checkpoint.lock();
        let bytes = shared.journal.bytes_between(state.last_position, end);
        let blocks = head.saturating_sub(state.last_number);
        // Of a big state fewer: what is written stays within twice the journal's bytes, and a start within twice its own.
        let enough = shared.options.checkpoint_bytes.max(state.last_bytes);
        let due = blocks >= shared.options.checkpoint_blocks || (blocks > 0 && bytes >= enough);
        if due {
            state.wanted = true;
            shared.checkpoint_wanted.notify_one();
        }
    }
}

/// A block out of the journal as a node (without its trie).
pub fn load_node(journal: &Journal, position: Position) -> Result<Node, StateError> {
    node_of(&journal.read(position)?.1, position)
}

/// A node out of its record, of which the transactions and receipts may be missing.
pub fn node_of(payload: &[u8], position: Position) -> Result<Node, StateError> {
    let start = codec::block_start(payload)?;
    let header = match codec::block_header(payload)? {
        Ok((_, header)) => header,
        Err(_) => return Err(StateError::Encoding { what: "block record" }),
    };
    let changes = codec::block_changes(payload)?;
    Ok(Node {
        block: BlockRef::new(start.hash, &header),
        header: Arc::new(header),
        position,
        message_passer_root: start.message_passer_root,
        size: changes.size(),
        changes: Arc::new(changes),
        trie: None.into(),
        transactions: None.into(),
    })
}
