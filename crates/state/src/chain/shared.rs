//! What the store, its views and its background threads share.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, U256};
use parking_lot::{Condvar, Mutex, RwLock};

use super::{
    line::Line,
    origin::Origin,
    restore::{Missing, Restoring},
    tree::{Node, Tree},
    types::{BlockRef, CandidateRecords, History, StoreOptions, StoredBlock},
};
use crate::{
    change::{Account, AccountChange, ChangeSet, SlotChange},
    codec,
    error::StateError,
    flat::FlatState,
    index::Index,
    journal::{Journal, Position},
    state_trie::StateTrie,
};

/// Blocks kept decoded for readers at the tip.
const CACHED_BLOCKS: usize = 16;
const CACHED_TRANSACTIONS: usize = 100_000;
/// Tries kept for repeated proofs and side chains at blocks behind the head.
const CACHED_TRIES: usize = 4;
/// `set_heads` waits for the index when it is this many blocks behind.
pub const MAX_UNINDEXED: usize = 2048;

pub enum IndexJob {
    Add(Arc<Node>),
    Remove(Arc<Node>),
}

#[derive(Default)]
pub struct IndexQueue {
    pub jobs: VecDeque<IndexJob>,
    /// Canonical blocks that are not yet indexed.
    pub pending: HashMap<B256, Arc<Node>>,
    pub indexed: Option<(u64, B256)>,
    pub busy: bool,
    pub failed: Option<StateError>,
}

#[derive(Default)]
pub struct CheckpointState {
    pub wanted: bool,
    pub last_number: u64,
    pub last_position: Position,
    /// Size of the last one: as much must be journalled before the next is worth its writing.
    pub last_bytes: u64,
}

pub struct Shared {
    pub options: StoreOptions,
    pub genesis: BlockRef,
    /// Of a store that began from a snapshot.
    pub origin: Option<Origin>,
    pub journal: Journal,
    pub index: Index,
    pub flat: FlatState,
    pub tree: RwLock<Tree>,
    pub line: Mutex<Line>,
    /// The trie was built once: what was read at the start is the head's state.
    pub proven: AtomicBool,
    /// Serialises changes of the chain.
    pub writing: Mutex<()>,
    pub queue: Mutex<IndexQueue>,
    pub queue_moved: Condvar,
    pub checkpoint: Mutex<CheckpointState>,
    pub checkpoint_wanted: Condvar,
    pub checkpoint_writing: Mutex<()>,
    pub stopping: AtomicBool,
    /// As recovery found it, until it is taken.
    pub candidate: Mutex<Option<CandidateRecords>>,
    /// Of the record that opened the newest block in the making.
    pub candidate_position: Mutex<Option<Position>>,
    /// The history from before the checkpoint that recovery left out.
    pub missing: Option<Missing>,
    pub restoring: Mutex<Restoring>,
    pub restored: Condvar,
    pub blocks: Mutex<VecDeque<Arc<StoredBlock>>>,
    pub tries: Mutex<VecDeque<(B256, StateTrie)>>,
}

/// A trie, and what leads from it to the one that is wanted: first back to canonical block `below.0` from the head
/// `below.1`, then the changes of side blocks, the last of them first.
struct TrieBase {
    trie: StateTrie,
    below: Option<(u64, u64)>,
    forward: Vec<Arc<ChangeSet>>,
}

impl Shared {
    pub const fn window(&self) -> u64 {
        match self.options.history {
            History::Blocks(blocks) => blocks,
            History::Archive => 128,
        }
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub fn canonical_hash(&self, number: u64) -> Result<Option<B256>, StateError> {
        {
            let tree = self.tree.read();
            if number > tree.heads.unsafe_head.number {
                return Ok(None);
            }
            if let Some(hash) = tree.canonical(number) {
                return Ok(Some(hash));
            }
        }
        if let Some(Origin { first_block: first, .. }) = self.origin
            && number < first
            && number > 0
        {
            return Err(StateError::BeforeSnapshot { number, first });
        }
        Ok(self.index.number(number)?.map(|entry| entry.hash))
    }

    /// What only the state tells of a block: unknown of those before a snapshot.
    pub fn check_origin(&self, hash: &B256) -> Result<(), StateError> {
        let Some(Origin { state_block: oldest, .. }) = self.origin else { return Ok(()) };
        match self.canonical_number(hash)? {
            Some(number) if number > 0 && number < oldest => Err(StateError::Pruned { number, oldest }),
            _ => Ok(()),
        }
    }

    /// What a block changed: unknown of a snapshot's own block, too.
    pub fn check_origin_changes(&self, hash: &B256) -> Result<(), StateError> {
        let Some(Origin { state_block, .. }) = self.origin else { return Ok(()) };
        match self.canonical_number(hash)? {
            Some(number) if number > 0 && number <= state_block => {
                Err(StateError::Pruned { number, oldest: state_block + 1 })
            }
            _ => Ok(()),
        }
    }

    /// The oldest block whose state can be read, if only after a wait.
    pub fn oldest_state(&self) -> u64 {
        let readable = self.readable_from();
        self.missing.filter(|_| self.is_restoring()).map_or(readable, |missing| readable.min(missing.oldest))
    }

    /// The oldest block whose state can be read now.
    fn readable_from(&self) -> u64 {
        let oldest = self.flat.oldest();
        let oldest = self.index.archive_from().map_or(oldest, |from| from.min(oldest));
        self.origin.map_or(oldest, |origin| oldest.max(origin.state_block))
    }

    /// The number of a canonical block; `None` for side blocks and unknown ones.
    pub fn canonical_number(&self, hash: &B256) -> Result<Option<u64>, StateError> {
        {
            let tree = self.tree.read();
            if let Some(node) = tree.nodes.get(hash) {
                return Ok(tree.is_canonical(node).then_some(node.block.number));
            }
        }
        let Some(number) = self.index.number_of(hash)? else { return Ok(None) };
        Ok((self.canonical_hash(number)? == Some(*hash)).then_some(number))
    }

    pub fn position(&self, hash: &B256) -> Result<Option<Position>, StateError> {
        if let Some(node) = self.tree.read().nodes.get(hash) {
            return Ok(Some(node.position));
        }
        let Some(number) = self.canonical_number(hash)? else { return Ok(None) };
        Ok(self.index.number(number)?.filter(|entry| entry.hash == *hash).map(|entry| entry.position))
    }

    pub fn block(&self, hash: &B256) -> Result<Option<Arc<StoredBlock>>, StateError> {
        if let Some(block) = self.blocks.lock().iter().find(|block| block.hash == *hash) {
            return Ok(Some(block.clone()));
        }
        let Some(position) = self.position(hash)? else { return Ok(None) };
        let block = Arc::new(self.block_at(position)?);
        self.cache_block(block.clone());
        Ok(Some(block))
    }

    pub fn block_at(&self, position: Position) -> Result<StoredBlock, StateError> {
        let (_, payload) = self.journal.read(position)?;
        codec::block(&payload)
    }

    pub fn cache_block(&self, block: Arc<StoredBlock>) {
        let mut blocks = self.blocks.lock();
        blocks.push_back(block);
        let total = |blocks: &VecDeque<Arc<StoredBlock>>| blocks.iter().map(|b| b.transactions.len()).sum::<usize>();
        while blocks.len() > CACHED_BLOCKS || (blocks.len() > 1 && total(&blocks) > CACHED_TRANSACTIONS) {
            blocks.pop_front();
        }
    }

    pub fn header(&self, hash: &B256) -> Result<Option<Arc<Header>>, StateError> {
        if let Some(node) = self.tree.read().nodes.get(hash) {
            return Ok(Some(node.header.clone()));
        }
        let Some(position) = self.position(hash)? else { return Ok(None) };
        Ok(Some(Arc::new(self.header_at(position)?)))
    }

    pub fn header_at(&self, position: Position) -> Result<Header, StateError> {
        let mut length = 1024;
        loop {
            let bytes = self.journal.read_start(position, length)?;
            match codec::block_header(&bytes) {
                Ok(Ok((_, header))) => return Ok(header),
                Ok(Err(needed)) if needed > bytes.len() && bytes.len() == length => length = needed,
                // The checksum of the whole record tells where the damage is.
                failed => {
                    self.journal.read(position)?;
                    return Err(failed.err().unwrap_or(StateError::Encoding { what: "stored header (cut short)" }));
                }
            }
        }
    }

    /// Changes of a canonical block, from memory or from the journal.
    pub fn changes_at(&self, number: u64) -> Result<Arc<ChangeSet>, StateError> {
        if let Some(node) = self.tree.read().node_at(number) {
            return Ok(node.changes.clone());
        }
        let entry = self.index.number(number)?.ok_or(StateError::UnknownNumber { number })?;
        let (_, payload) = self.journal.read(entry.position)?;
        Ok(Arc::new(codec::block_changes(&payload)?))
    }

    /// What turns the head's state into that of canonical block `number`.
    fn backwards(&self, number: u64, head: u64) -> Result<ChangeSet, StateError> {
        let distance = head - number;
        if let Some(Origin { state_block: oldest, .. }) = self.origin
            && number < oldest
        {
            return Err(StateError::Pruned { number, oldest });
        }
        if distance > self.options.max_proof_distance {
            let limit = self.options.max_proof_distance;
            return Err(StateError::ProofDistance { number, distance, limit });
        }
        // Going down, the lowest block's old value wins.
        let mut merged: BTreeMap<Address, (Option<Account>, BTreeMap<U256, U256>)> = BTreeMap::new();
        for block in (number + 1..=head).rev() {
            for change in &self.changes_at(block)?.accounts {
                let entry = merged.entry(change.address).or_default();
                entry.0 = change.old;
                entry.1.extend(change.storage.iter().map(|slot| (slot.slot, slot.old)));
            }
        }
        let accounts = merged.into_iter().map(|(address, (new, slots))| {
            let storage = slots.into_iter().map(|(slot, new)| SlotChange { slot, old: U256::ZERO, new }).collect();
            AccountChange { address, old: None, new, storage }
        });
        Ok(ChangeSet { accounts: accounts.collect(), codes: Vec::new() })
    }

    /// The state trie after any known block.
    pub fn trie_at(&self, hash: B256) -> Result<StateTrie, StateError> {
        self.find_trie(hash, &mut || self.base_of(&self.line.lock(), hash))
    }

    /// As [`Self::trie_at`], for whoever holds the line.
    pub fn trie_beside(&self, line: &Line, hash: B256) -> Result<StateTrie, StateError> {
        self.find_trie(hash, &mut || self.base_of(line, hash))
    }

    fn find_trie(
        &self,
        hash: B256,
        base: &mut dyn FnMut() -> Result<TrieBase, StateError>,
    ) -> Result<StateTrie, StateError> {
        // The head may move between the look at the tree and the reading of diffs: then the root tells.
        for attempt in 0.. {
            if let Some((_, trie)) = self.tries.lock().iter().find(|(known, _)| *known == hash) {
                return Ok(trie.clone());
            }
            let TrieBase { mut trie, below, forward } = base()?;
            if forward.is_empty() && below.is_none() {
                return Ok(trie);
            }
            if let Some((number, head)) = below {
                match self.backwards(number, head) {
                    Ok(changes) => trie.apply_changes(&changes, false)?,
                    Err(StateError::UnknownNumber { .. }) if attempt < 3 => continue,
                    Err(error) => return Err(error),
                }
            }
            for changes in forward.iter().rev() {
                trie.apply_changes(changes, false)?;
            }
            let root = trie.root();
            let expected = self.header(&hash)?.ok_or(StateError::UnknownBlock { hash })?.state_root;
            if root == expected {
                let mut tries = self.tries.lock();
                tries.push_back((hash, trie.clone()));
                if tries.len() > CACHED_TRIES {
                    tries.pop_front();
                }
                return Ok(trie);
            }
            if attempt == 3 {
                return Err(StateError::RootMismatch { computed: root, expected });
            }
        }
        Err(StateError::UnknownBlock { hash })
    }

    /// The trie from which that of a block follows.
    fn base_of(&self, line: &Line, hash: B256) -> Result<TrieBase, StateError> {
        let mut forward = Vec::new();
        let mut cursor = hash;
        loop {
            if let Some(trie) = line.clone_at(&cursor)? {
                return Ok(TrieBase { trie, below: None, forward });
            }
            let (head, node) = {
                let tree = self.tree.read();
                let head = tree.heads.unsafe_head;
                let node = tree.nodes.get(&cursor).map(|node| (node.clone(), tree.is_canonical(node)));
                (head, node)
            };
            let number = match node {
                Some((node, true)) => node.block.number,
                Some((node, false)) => {
                    if let Some(trie) = node.trie.lock().clone() {
                        return Ok(TrieBase { trie, below: None, forward });
                    }
                    forward.push(node.changes.clone());
                    cursor = node.block.parent_hash;
                    continue;
                }
                None => self.canonical_number(&cursor)?.ok_or(StateError::UnknownBlock { hash: cursor })?,
            };
            let trie = line.clone_at(&head.hash)?.ok_or(StateError::UnknownBlock { hash: head.hash })?;
            return Ok(TrieBase { trie, below: (number < head.number).then_some((number, head.number)), forward });
        }
    }

    /// The account after canonical block `block`.
    pub fn account_at(&self, address: &Address, block: u64) -> Result<Option<Account>, StateError> {
        self.read_at(block, |at| self.flat.account(address, at), || self.index.account_before_change(address, block))
    }

    /// The slot after canonical block `block`.
    pub fn slot_at(&self, address: &Address, slot: &U256, block: u64) -> Result<U256, StateError> {
        self.read_at(
            block,
            |at| self.flat.slot(address, slot, at),
            || self.index.slot_before_change(address, slot, block),
        )
    }

    /// In the window the flat state answers. Below it (archive) the first recorded change does, or, if the key has not
    /// changed since, the flat state at the window's start. Pruning moves that start before it drops anything.
    fn read_at<T>(
        &self,
        block: u64,
        flat: impl Fn(u64) -> T,
        archived: impl Fn() -> Result<Option<T>, StateError>,
    ) -> Result<T, StateError> {
        loop {
            let oldest = self.flat.oldest();
            if block >= oldest {
                let value = flat(block);
                if block >= self.flat.oldest() {
                    return Ok(value);
                }
                continue;
            }
            self.check_reach(block)?;
            if block >= self.flat.oldest() {
                continue;
            }
            if let Some(value) = archived()? {
                return Ok(value);
            }
            let value = flat(oldest);
            if self.flat.oldest() == oldest {
                return Ok(value);
            }
        }
    }

    /// Whether the state of a canonical block can be read at all.
    pub fn check_reach(&self, block: u64) -> Result<(), StateError> {
        if block >= self.readable_from() {
            return Ok(());
        }
        self.wait_for_history(block)?;
        if block >= self.readable_from() {
            return Ok(());
        }
        Err(StateError::Pruned { number: block, oldest: self.oldest_state() })
    }
}
