//! Background threads: one indexes history behind the tip, one writes checkpoints. A third
//! builds the trie after a start, a fourth brings history back (see `restore.rs`).

use std::{collections::HashSet, sync::Arc, thread::JoinHandle, time::Duration};

use alloy_primitives::B256;

use super::{
    line::Line,
    restore,
    shared::{IndexJob, Shared},
};
use crate::{
    checkpoint::{self, CheckpointHead},
    codec,
    error::StateError,
};

pub fn start(shared: &Arc<Shared>) -> Result<Vec<JoinHandle<()>>, StateError> {
    let spawn = |name: &str, run: fn(&Shared)| {
        let shared = shared.clone();
        std::thread::Builder::new()
            .name(name.into())
            .spawn(move || run(&shared))
            .map_err(StateError::io("starting thread", name))
    };
    let mut threads = vec![spawn("state-index", index_loop)?, spawn("state-checkpoint", checkpoint_loop)?];
    // Whoever needs the trie waits for the line: nobody may have it first.
    let (taken, is_taken) = crossbeam_channel::bounded::<()>(1);
    let builds = shared.clone();
    let builder = std::thread::Builder::new().name("state-trie".into()).spawn(move || {
        let mut line = builds.line.lock();
        let _ = taken.send(());
        build_trie(&builds, &mut line);
    });
    threads.push(builder.map_err(StateError::io("starting thread", "state-trie"))?);
    let _ = is_taken.recv();
    if shared.is_restoring() {
        threads.push(spawn("state-history", restore::run)?);
    }
    Ok(threads)
}

/// A start does not wait for the trie: hashing every account takes longer than reading them, and only the next block and
/// proofs need it. What it proves is that the state which was read is the head's.
fn build_trie(shared: &Shared, line: &mut Line) {
    if let Err(error) = line.build(&shared.flat) {
        tracing::error!(%error, "the state that was read is not the head's; nothing more is written");
        let number = shared.checkpoint.lock().last_number;
        match checkpoint::disown(&*shared.options.files, &shared.options.dir, number) {
            Ok(true) => {
                tracing::error!("its checkpoint is put aside: start again to read an older one or the whole journal")
            }
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "its checkpoint cannot be put aside"),
        }
    }
}

fn index_loop(shared: &Shared) {
    loop {
        let job = {
            let mut queue = shared.queue.lock();
            loop {
                if shared.is_stopping() || queue.failed.is_some() {
                    // What is left is indexed after the next start.
                    return;
                }
                if let Some(job) = queue.jobs.pop_front() {
                    queue.busy = true;
                    break job;
                }
                shared.queue_moved.wait_for(&mut queue, Duration::from_secs(1));
            }
        };
        let result = run_job(shared, &job);
        let mut queue = shared.queue.lock();
        queue.busy = false;
        match (result, job) {
            (Ok(()), IndexJob::Add(node)) => {
                // The same block can be queued again behind its own removal.
                if !queue.jobs.iter().any(|job| matches!(job, IndexJob::Add(n) if n.block.hash == node.block.hash)) {
                    queue.pending.remove(&node.block.hash);
                    *node.transactions.lock() = None;
                }
                queue.indexed = Some((node.block.number, node.block.hash));
            }
            (Ok(()), IndexJob::Remove(node)) => {
                queue.indexed = Some((node.block.number.saturating_sub(1), node.block.parent_hash));
            }
            (Err(error), _) => {
                tracing::error!(%error, "history index stopped");
                queue.failed = Some(error);
            }
        }
        shared.queue_moved.notify_all();
    }
}

fn run_job(shared: &Shared, job: &IndexJob) -> Result<(), StateError> {
    let (IndexJob::Add(node) | IndexJob::Remove(node)) = job;
    let cached = shared.blocks.lock().iter().find(|block| block.hash == node.block.hash).cloned();
    let block = match cached {
        Some(block) => block,
        None => Arc::new(shared.block_at(node.position)?),
    };
    match job {
        IndexJob::Add(_) => {
            let spans = match block.header.logs_bloom.is_zero() {
                true => Vec::new(),
                false => codec::receipt_spans(&shared.journal.read(node.position)?.1)?,
            };
            shared.index.add(&block, &spans, node.position, &node.message_passer_root, &node.changes)
        }
        IndexJob::Remove(_) => shared.index.remove(&block, &node.changes),
    }
}

fn checkpoint_loop(shared: &Shared) {
    loop {
        let wanted = {
            let mut state = shared.checkpoint.lock();
            while !state.wanted && !shared.is_stopping() {
                shared.checkpoint_wanted.wait_for(&mut state, Duration::from_secs(1));
            }
            std::mem::take(&mut state.wanted)
        };
        if shared.is_stopping() {
            return;
        }
        if wanted && let Err(error) = write_checkpoint(shared) {
            // The journal still has everything: only the next start takes longer.
            tracing::error!(%error, "checkpoint failed");
        }
    }
}

/// Writes a checkpoint of the head.
pub fn write_checkpoint(shared: &Shared) -> Result<(), StateError> {
    let _one_at_a_time = shared.checkpoint_writing.lock();
    // The history that is not in memory would be missing after the next start.
    shared.wait_until_restored()?;
    // A state that is not the head's would replace one that is.
    shared.line.lock().check()?;
    // A head that leaves the history window while its state is written is tried again with the next one.
    for _ in 0..8 {
        let (head, end, epoch) = {
            let tree = shared.tree.read();
            let heads = tree.heads;
            let end = shared.journal.end();
            let scan_from = tree.nodes.values().map(|node| node.position).min().unwrap_or(end);
            // What recovery cannot do without: the head, what may become canonical or is not indexed yet, the block in the
            // making. The index only ever gets ahead of what is looked at here.
            let pending: HashSet<B256> = shared.queue.lock().pending.keys().copied().collect();
            let needed = tree.nodes.values().filter(|node| {
                let hash = node.block.hash;
                hash == heads.unsafe_head.hash || pending.contains(&hash) || !tree.is_canonical(node)
            });
            let opened = *shared.candidate_position.lock();
            let tail_from = needed.map(|node| node.position).chain(opened).min().unwrap_or(end).max(scan_from);
            let head = CheckpointHead {
                genesis: shared.genesis.hash,
                number: heads.unsafe_head.number,
                hash: heads.unsafe_head.hash,
                heads: [heads.unsafe_head.hash, heads.safe.hash, heads.finalized.hash],
                scan_from,
                tail_from,
            };
            // Under the lock: no block is being undone, and the head is what the flat state holds.
            (head, end, shared.flat.epoch())
        };
        // The index must not fall behind what the checkpoint lets recovery skip, and the journal must hold the head.
        shared.journal.sync()?;
        shared.index.sync()?;
        let options = &shared.options;
        if let Some(bytes) = checkpoint::write(&*options.files, &options.dir, &head, epoch, &shared.flat)? {
            let mut state = shared.checkpoint.lock();
            state.last_bytes = bytes;
            state.last_number = head.number;
            state.last_position = end;
            return Ok(());
        }
    }
    tracing::warn!("no checkpoint: the history window is too short to write one meanwhile");
    Ok(())
}

/// Transaction hashes of a block that is not indexed yet.
pub fn transaction_hashes(
    shared: &Shared,
    node: &super::tree::Node,
) -> Result<Arc<[alloy_primitives::B256]>, StateError> {
    if let Some(hashes) = &*node.transactions.lock() {
        return Ok(hashes.clone());
    }
    let (_, payload) = shared.journal.read(node.position)?;
    let hashes = codec::block(&payload)?.transactions.iter().map(|transaction| transaction.hash).collect::<Arc<[_]>>();
    *node.transactions.lock() = Some(hashes.clone());
    Ok(hashes)
}
