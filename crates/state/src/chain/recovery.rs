//! Opening: newest valid checkpoint, then the journal's state changes; no execution. The root proves the result, once a thread
//! of its own has built the trie.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    sync::Arc,
};

use alloy_primitives::B256;
use altlayer_files::Files;
use rayon::prelude::*;

use super::{
    line::Line,
    origin::Origin,
    restore::{Missing, Restoring},
    shared::{CheckpointState, IndexJob, IndexQueue, Shared},
    tree::{Node, Tree},
    types::{BlockRef, CandidateRecords, ExecutedBlock, GenesisBlock, Heads, PreparedState, StoreOptions},
    write::{KIND_BLOCK, KIND_CANDIDATE, KIND_GENESIS, KIND_HEADS, KIND_ORIGIN, KIND_SLICE, load_node, node_of},
};
use crate::{
    MESSAGE_PASSER,
    change::{Account, AccountChange, ChangeSet, SlotChange},
    checkpoint::{self, CheckpointHead},
    codec::{self, BLOCK_START, Reader},
    error::StateError,
    flat::FlatState,
    index::{Index, OpeningIndex},
    journal::{Journal, Position, Scanned},
    state_trie::trie_of,
};

/// Takes the directory for this process; released when the file is dropped.
pub fn lock(files: &dyn Files, dir: &Path) -> Result<File, StateError> {
    files.create_dir(dir).map_err(StateError::io("creating", dir))?;
    let path = dir.join("LOCK");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(StateError::io("opening", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StateError::Locked { dir: dir.into() }),
        Err(TryLockError::Error(error)) => Err(StateError::io("locking", path)(error)),
    }
}

#[derive(Clone, Copy)]
struct Known {
    number: u64,
    parent: B256,
    position: Position,
    /// Of a record whose checksum was right in this recovery: where its transactions begin.
    prefix: Option<usize>,
}

impl Known {
    /// Without its transactions and receipts, which are most of a record: recovery needs none.
    fn node(&self, journal: &Journal) -> Result<Node, StateError> {
        match self.prefix {
            Some(prefix) => node_of(&journal.read_start(self.position, prefix)?, self.position),
            None => load_node(journal, self.position),
        }
    }
}

/// What a scan of the journal found.
#[derive(Default)]
struct Found {
    blocks: HashMap<B256, Known>,
    genesis: Option<Position>,
    /// Bytes of the genesis' record.
    genesis_bytes: u64,
    heads: Option<[B256; 3]>,
    /// The newest record that opens a block in the making, and its slices. A checkpoint never hides it: its parent is in
    /// memory, and the scan starts before what is.
    candidate: Option<CandidateRecords>,
    candidate_position: Option<Position>,
}

impl Found {
    /// Whether the head is the checkpoint's block or one above it. What a reorg left of the history below the checkpoint is
    /// not that of the chain.
    fn extends(&self, checkpoint: &CheckpointHead) -> bool {
        let mut cursor = self.heads.unwrap_or(checkpoint.heads)[0];
        while cursor != checkpoint.hash {
            match self.blocks.get(&cursor) {
                Some(known) if known.number > checkpoint.number => cursor = known.parent,
                _ => return false,
            }
        }
        true
    }
}

fn scan(journal: &Journal, from: Position) -> Result<Found, StateError> {
    let mut found = Found::default();
    journal.scan(from, &mut |Scanned { position, kind, payload }| {
        match kind {
            KIND_GENESIS | KIND_BLOCK => {
                let start = codec::block_start(payload)?;
                let prefix = Some(codec::block_prefix(payload)?);
                found.blocks.insert(start.hash, Known { number: start.number, parent: start.parent, position, prefix });
                if kind == KIND_GENESIS {
                    found.genesis = Some(position);
                    found.genesis_bytes = payload.len() as u64;
                }
            }
            KIND_HEADS => {
                let mut reader = Reader::new(payload, "heads record");
                found.heads = Some([reader.hash()?, reader.hash()?, reader.hash()?]);
            }
            KIND_CANDIDATE => {
                found.candidate = Some(CandidateRecords { opening: payload.to_vec(), slices: Vec::new() });
                found.candidate_position = Some(position);
            }
            KIND_SLICE => {
                // A scan may start amid the slices of a block that was sealed long ago.
                if let Some(candidate) = &mut found.candidate {
                    candidate.slices.push(payload.to_vec());
                }
            }
            // Read by itself: a scan may start behind it.
            KIND_ORIGIN => {}
            _ => return Err(StateError::Encoding { what: "journal record kind" }),
        }
        Ok(())
    })?;
    Ok(found)
}

/// The chain's blocks by hash: from the scan, else from the index.
struct Blocks<'a> {
    journal: &'a Journal,
    index: &'a OpeningIndex,
    found: Found,
    complete: bool,
}

impl Blocks<'_> {
    fn get(&mut self, hash: &B256) -> Result<Known, StateError> {
        if let Some(known) = self.found.blocks.get(hash) {
            return Ok(*known);
        }
        if !self.complete
            && let Some(number) = self.index.get()?.number_of(hash)?
            && let Some(entry) = self.index.get()?.number(number)?.filter(|entry| entry.hash == *hash)
            // An index of another time may point anywhere.
            && let Ok(bytes) = self.journal.read_start(entry.position, BLOCK_START)
            && let Ok(start) = codec::block_start(&bytes)
            && start.hash == *hash
        {
            return Ok(Known { number, parent: start.parent, position: entry.position, prefix: None });
        }
        if !self.complete {
            // The index lost it (or was lost): the whole journal knows.
            self.complete = true;
            self.found.blocks = scan(self.journal, Journal::start())?.blocks;
            return self.get(hash);
        }
        Err(StateError::UnknownBlock { hash: *hash })
    }

    /// Of a store whose chain has a gap behind genesis: the index cannot lead there.
    fn genesis_position(&self) -> Result<Position, StateError> {
        if let Some(position) = self.found.genesis {
            return Ok(position);
        }
        let missing = StateError::Encoding { what: "journal (no genesis)" };
        scan(self.journal, Journal::start())?.genesis.ok_or(missing)
    }

    fn changes(&mut self, hash: &B256) -> Result<(Known, ChangeSet), StateError> {
        let known = self.get(hash)?;
        let (_, payload) = self.journal.read(known.position)?;
        Ok((known, codec::block_changes(&payload)?))
    }
}

/// The journal's first records, for a new directory.
fn write_genesis(journal: &Journal, genesis: &GenesisBlock, hash: B256) -> Result<(), StateError> {
    append_genesis(journal, genesis, hash)?;
    journal.append(KIND_HEADS, &[hash, hash, hash].concat())?;
    journal.sync()
}

pub fn append_genesis(journal: &Journal, genesis: &GenesisBlock, hash: B256) -> Result<(), StateError> {
    let mut trie = trie_of(&genesis.state);
    let root = trie.root();
    if root != genesis.header.state_root {
        return Err(StateError::RootMismatch { computed: root, expected: genesis.header.state_root });
    }
    let accounts = genesis.state.accounts.iter().filter_map(|(address, change)| {
        let new = Some(Account::from(change.info.as_ref()?));
        let slots = change.storage.iter().filter(|(_, value)| !value.is_zero());
        let storage = slots.map(|(slot, value)| SlotChange { slot: *slot, old: Default::default(), new: *value });
        Some(AccountChange { address: *address, old: None, new, storage: storage.collect() })
    });
    let codes = genesis.state.codes.iter().map(|(hash, code)| (*hash, code.clone()));
    let changes = Arc::new(ChangeSet { accounts: accounts.collect(), codes: codes.collect() });
    let message_passer_root = trie.storage_root(&MESSAGE_PASSER)?;
    let state = PreparedState { parent: genesis.header.parent_hash, root, message_passer_root, trie: None, changes };
    let block =
        ExecutedBlock { header: genesis.header.clone(), hash, transactions: Vec::new(), receipts: Vec::new(), state };
    journal.append(KIND_GENESIS, &codec::block_record(&block)).map(drop)
}

/// The state as recovery has it so far.
struct Recovered {
    flat: FlatState,
    /// Canonical nodes of the history window, lowest first; the last is the head.
    window: Vec<Node>,
    heads: [B256; 3],
    checkpoint: CheckpointState,
    missing: Option<Missing>,
}

pub fn open(mut options: StoreOptions, genesis: GenesisBlock) -> Result<Shared, StateError> {
    if let super::types::History::Blocks(blocks) = &mut options.history {
        // The head itself always stays in memory.
        *blocks = (*blocks).max(1);
    }
    let dir = options.dir.clone();
    let hash = genesis.header.hash_slow();
    let journal = Journal::open(options.files.clone(), &dir, hash, options.segment_bytes)?;
    let origin = Origin::read(&journal)?;
    let archive = options.history == super::types::History::Archive;
    let index = OpeningIndex::start(dir.join("index"), options.index_cache_bytes, archive)?;
    let genesis_ref = BlockRef::new(hash, &genesis.header);
    let checkpoints = checkpoint::list(&*options.files, &dir)?;
    let mut last_error = None;
    let mut recovered = None;
    let window = match options.history {
        super::types::History::Blocks(blocks) => blocks,
        super::types::History::Archive => 128,
    };
    let limits = WindowLimits { blocks: window, changes: options.max_history_changes };
    let mut blocks = Blocks { journal: &journal, index: &index, found: Found::default(), complete: false };
    for candidate in checkpoints.iter().map(Some).chain([None]) {
        if candidate.is_none() && origin.is_some() {
            // The state at the origin is nowhere but in checkpoints.
            last_error.get_or_insert(StateError::Corrupt {
                what: "checkpoint (all of them)",
                file: dir.clone(),
                offset: 0,
            });
            continue;
        }
        let flat = FlatState::new();
        let head = match candidate.map(|path| checkpoint::load(&*options.files, path, &flat)).transpose() {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::warn!(%error, "skipping an unreadable checkpoint");
                continue;
            }
        };
        if let Some((head, _)) = &head
            && head.genesis != hash
        {
            return Err(StateError::GenesisMismatch { dir, found: head.genesis, expected: hash });
        }
        // An archive's old values come from the index, which must have them before anybody asks.
        let mut from = match &head {
            Some((head, _)) if archive => head.scan_from,
            Some((head, _)) => head.tail_from,
            None => Journal::start(),
        };
        blocks.found = scan(&journal, from)?;
        if let Some((head, _)) = &head
            && !blocks.found.extends(head)
        {
            from = head.scan_from;
            blocks.found = scan(&journal, from)?;
        }
        blocks.complete = from == Journal::start();
        if head.is_none() && blocks.found.genesis.is_none() {
            // A journal that lost everything must not pass for a new one.
            if !blocks.found.blocks.is_empty() || !checkpoints.is_empty() {
                return Err(StateError::Corrupt { what: "journal (no genesis)", file: dir, offset: 0 });
            }
            write_genesis(&journal, &genesis, hash)?;
            blocks.found = scan(&journal, Journal::start())?;
        }
        match recover_state(&mut blocks, flat, head.as_ref(), from, (hash, limits, origin)) {
            Ok(state) => {
                recovered = Some(state);
                break;
            }
            Err(error @ (StateError::RootMismatch { .. } | StateError::UnknownBlock { .. })) => {
                tracing::warn!(%error, "a checkpoint does not lead to the head's state root, trying an older one");
                last_error = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    let Some(recovered) = recovered else {
        return Err(last_error.unwrap_or(StateError::UnknownBlock { hash }));
    };
    let parts = finish(options, genesis_ref, blocks, recovered, window, origin)?;
    Ok(parts.into_shared(journal, index.into_inner()?))
}

/// How much history is kept in memory; as [`Tree::advance_window`] has it.
#[derive(Clone, Copy)]
struct WindowLimits {
    blocks: u64,
    /// Changed keys.
    changes: usize,
}

/// Blocks that are read side by side.
const READ_AT_ONCE: usize = 32;

/// The chain's newest blocks above `lowest`, as many as may change `max_changes` keys together, but at least `head`.
/// Lowest first.
fn newest(
    blocks: &mut Blocks<'_>,
    head: B256,
    lowest: u64,
    first: u64,
    max_changes: usize,
) -> Result<Vec<Node>, StateError> {
    let journal = blocks.journal;
    let (mut nodes, mut changes) = (Vec::new(), 0);
    let mut next = Some(head);
    while next.is_some() {
        let mut batch = Vec::new();
        while batch.len() < READ_AT_ONCE
            && let Some(cursor) = next
        {
            let known = blocks.get(&cursor)?;
            if known.number <= lowest && cursor != head {
                next = None;
                break;
            }
            batch.push(known);
            next = (known.number != first).then_some(known.parent);
        }
        let read: Vec<Node> = batch.into_par_iter().map(|known| known.node(journal)).collect::<Result<_, _>>()?;
        for node in read {
            if changes + node.size > max_changes && !nodes.is_empty() {
                next = None;
                break;
            }
            changes += node.size;
            nodes.push(node);
        }
    }
    nodes.reverse();
    Ok(nodes)
}

fn recover_state(
    blocks: &mut Blocks<'_>,
    flat: FlatState,
    loaded: Option<&(CheckpointHead, u64)>,
    scanned_from: Position,
    (genesis, limits, origin): (B256, WindowLimits, Option<Origin>),
) -> Result<Recovered, StateError> {
    let checkpoint = loaded.map(|(head, _)| head);
    let first = origin.map_or(0, |origin| origin.first_block);
    let heads = blocks.found.heads.or(checkpoint.map(|head| head.heads)).unwrap_or([genesis; 3]);
    let target = heads[0];
    let mut base = match checkpoint {
        Some(head) => head.hash,
        None => {
            flat.apply_without_history(&blocks.changes(&genesis)?.1);
            genesis
        }
    };
    // From the base down and from the target down to where they meet.
    let mut up = Vec::new();
    let mut cursor = target;
    while cursor != base {
        let (ahead, below) = (blocks.get(&cursor)?, blocks.get(&base)?);
        if ahead.number >= below.number && ahead.number > 0 {
            up.push(cursor);
            cursor = ahead.parent;
        } else {
            let (known, changes) = blocks.changes(&base)?;
            flat.undo(known.number, &changes);
            base = known.parent;
        }
    }
    let head_number = blocks.get(&target)?.number;
    let wanted = head_number.saturating_sub(limits.blocks).max(origin.map_or(0, |origin| origin.state_block));
    // Below the checkpoint the scan may have read nothing: the state can be read from there on, until the rest is restored.
    let unread = checkpoint.filter(|head| head.scan_from < scanned_from);
    let lowest = unread.map_or(wanted, |head| wanted.max(head.number.min(head_number.saturating_sub(1))));
    let nodes = newest(blocks, target, lowest, first, limits.changes)?;
    let oldest = nodes.first().map_or(lowest, |node| node.block.number.saturating_sub(1)).max(lowest);
    let missing = match unread {
        Some(head) if wanted < head.number && oldest <= head.number => {
            let changes = limits.changes.saturating_sub(nodes.iter().map(|node| node.size).sum());
            let base_position = blocks.get(&base)?.position;
            let (from, base_number) = (head.scan_from, head.number);
            Some(Missing { from, base, base_number, base_position, oldest: wanted, changes })
        }
        _ => None,
    };
    // What is above the checkpoint comes on top, also where it is older than the window; what is below it goes underneath.
    let below = nodes.len().saturating_sub(up.len());
    for hash in up.iter().skip(nodes.len()).rev() {
        flat.apply_without_history(&blocks.changes(hash)?.1);
    }
    // A head that is as old as the window remembers nothing of before.
    let silent = nodes.iter().take_while(|node| node.block.number <= oldest || node.block.number == 0).count();
    let changes: Vec<_> = nodes[silent..].iter().map(|node| (node.block.number, &*node.changes)).collect();
    if !flat.replay(&changes, below.saturating_sub(silent)) {
        return Err(StateError::RootMismatch { computed: B256::ZERO, expected: target });
    }
    flat.set_oldest(oldest);
    let checkpoint = match loaded {
        Some((head, bytes)) => CheckpointState {
            last_number: head.number,
            last_position: head.tail_from,
            last_bytes: *bytes,
            ..Default::default()
        },
        // A genesis is read as quickly as a checkpoint.
        None => CheckpointState {
            last_position: Journal::start() + blocks.found.genesis_bytes,
            last_bytes: blocks.found.genesis_bytes,
            ..Default::default()
        },
    };
    Ok(Recovered { flat, window: nodes, heads, checkpoint, missing })
}

fn load(blocks: &mut Blocks<'_>, hash: &B256) -> Result<Node, StateError> {
    blocks.get(hash)?.node(blocks.journal)
}

/// Everything of [`Shared`] but what recovery borrows.
struct Parts {
    options: StoreOptions,
    genesis: BlockRef,
    origin: Option<Origin>,
    flat: FlatState,
    tree: Tree,
    line: Line,
    queue: IndexQueue,
    checkpoint: CheckpointState,
    candidate: Option<CandidateRecords>,
    candidate_position: Option<Position>,
    missing: Option<Missing>,
}

impl Parts {
    fn into_shared(self, journal: Journal, index: Index) -> Shared {
        Shared {
            options: self.options,
            genesis: self.genesis,
            origin: self.origin,
            journal,
            index,
            flat: self.flat,
            tree: self.tree.into(),
            line: self.line.into(),
            proven: Default::default(),
            writing: Default::default(),
            queue: self.queue.into(),
            queue_moved: Default::default(),
            checkpoint: self.checkpoint.into(),
            checkpoint_wanted: Default::default(),
            checkpoint_writing: Default::default(),
            stopping: Default::default(),
            candidate: self.candidate.into(),
            candidate_position: self.candidate_position.into(),
            missing: self.missing,
            restoring: self.missing.map_or(Restoring::Done, |_| Restoring::Running).into(),
            restored: Default::default(),
            blocks: Default::default(),
            tries: Default::default(),
        }
    }
}

/// Indexes a block out of the journal, on top of the last.
fn index_block(blocks: &Blocks<'_>, position: Position) -> Result<(), StateError> {
    let (_, payload) = blocks.journal.read(position)?;
    let root = codec::block_start(&payload)?.message_passer_root;
    let block = codec::block(&payload)?;
    let spans = codec::receipt_spans(&payload)?;
    blocks.index.get()?.add(&block, &spans, position, &root, &codec::block_changes(&payload)?)
}

/// Brings the index to the chain, and the chain's blocks into memory.
fn finish(
    options: StoreOptions,
    genesis: BlockRef,
    mut blocks: Blocks<'_>,
    recovered: Recovered,
    window: u64,
    origin: Option<Origin>,
) -> Result<Parts, StateError> {
    let Recovered { flat, window: nodes, heads, checkpoint, missing } = recovered;
    let head = nodes.last().map_or(genesis, |node| node.block);
    let nodes: Vec<Arc<Node>> = nodes.into_iter().map(Arc::new).collect();

    // Canonical hashes from the head down to where the index agrees; blocks of another chain leave the index.
    let mut progress = blocks.index.get()?.progress()?;
    let first = origin.map_or(0, |origin| origin.first_block);
    if first > 0 && progress.is_none() {
        index_block(&blocks, blocks.genesis_position()?)?;
    }
    let mut canonical: Vec<(B256, Known)> = Vec::new();
    let mut cursor = head.hash;
    loop {
        let known = blocks.get(&cursor)?;
        while let Some((number, hash)) = progress
            && (number > known.number || (number == known.number && hash != cursor))
        {
            let position = match blocks.get(&hash) {
                Ok(known) => known.position,
                // Only what the journal held durably was ever indexed.
                Err(StateError::UnknownBlock { .. }) => {
                    let what = "journal (it lacks blocks that the index has)";
                    return Err(StateError::Corrupt { what, file: options.dir, offset: 0 });
                }
                Err(error) => return Err(error),
            };
            let (_, payload) = blocks.journal.read(position)?;
            let block = codec::block(&payload)?;
            blocks.index.get()?.remove(&block, &codec::block_changes(&payload)?)?;
            progress = number.checked_sub(1).map(|number| (number, block.header.parent_hash));
        }
        if progress == Some((known.number, cursor)) {
            break;
        }
        canonical.push((cursor, known));
        if known.number == first {
            break;
        }
        cursor = known.parent;
    }
    canonical.reverse();
    // What has left the window is indexed now, the rest in the background.
    let mut queue = IndexQueue { indexed: progress, ..Default::default() };
    let by_hash: HashMap<B256, &Arc<Node>> = nodes.iter().map(|node| (node.block.hash, node)).collect();
    for (hash, known) in canonical {
        match by_hash.get(&hash).copied() {
            Some(node) if known.number + window > head.number || node.block.number == head.number => {
                queue.pending.insert(hash, node.clone());
                queue.jobs.push_back(IndexJob::Add(node.clone()));
            }
            _ => {
                index_block(&blocks, known.position)?;
                queue.indexed = Some((known.number, hash));
            }
        }
    }

    let refer =
        |blocks: &mut Blocks<'_>, hash: &B256| -> Result<BlockRef, StateError> { Ok(load(blocks, hash)?.block) };
    let heads =
        Heads { unsafe_head: head, safe: refer(&mut blocks, &heads[1])?, finalized: refer(&mut blocks, &heads[2])? };
    let first = nodes.first().map_or(0, |node| node.block.number);
    let hashes = nodes.iter().map(|node| node.block.hash).collect();
    let mut tree = Tree::new(heads, first, hashes);
    for node in &nodes {
        tree.nodes.insert(node.block.hash, node.clone());
    }
    // Side blocks that can still become canonical; parents come first.
    let lowest = missing.map_or(first, |missing| first.min(missing.oldest + 1));
    let mut sides: Vec<(B256, Known)> = blocks
        .found
        .blocks
        .iter()
        .filter(|(hash, known)| known.number > lowest && !tree.nodes.contains_key(*hash))
        .map(|(hash, known)| (*hash, *known))
        .collect();
    sides.sort_unstable_by_key(|(_, known)| known.number);
    for (hash, known) in sides {
        // Canonical blocks whose history follows later are known to the index; it holds none of other chains any more.
        let is_below = known.number <= first && blocks.index.get()?.number_of(&known.parent)? == Some(known.number - 1);
        if (is_below && blocks.index.get()?.number_of(&hash)?.is_none()) || tree.nodes.contains_key(&known.parent) {
            tree.nodes.insert(hash, Arc::new(known.node(blocks.journal)?));
        }
    }
    let Found { candidate, candidate_position, .. } = blocks.found;
    let line = Line::unbuilt(head.hash, nodes.last().map_or(B256::ZERO, |node| node.header.state_root));
    Ok(Parts { options, genesis, origin, flat, tree, line, queue, checkpoint, candidate, candidate_position, missing })
}
