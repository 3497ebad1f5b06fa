//! The hot path: two threads of lower priority that decode, recover and pool what is submitted.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, keccak256};
use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;

use super::{
    guard,
    shared::{Failure, Shared},
    wire::{Event, SubmitError, Submitted, to_json},
};
use crate::{
    error::{EngineError, RpcError},
    pool::{PooledTransaction, Rejection, admission},
    query::{query, slice_receipt},
};

const WORKERS: usize = 2;

/// Transactions that one worker takes at a time.
const CHUNK: usize = 32;

/// Bytes and transactions that may wait for recovery.
const MAX_WAITING_BYTES: usize = 64 << 20;
const MAX_WAITING: usize = 200_000;

/// What a submission is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Hashes or errors, once all are pooled or refused.
    Hashes,
    /// The receipt of the one transaction, once it is in a slice or a block.
    Receipt,
}

/// One call's transactions.
struct Batch {
    id: u32,
    reply: Reply,
    flat: Vec<u8>,
    ranges: Vec<Range<usize>>,
    first_arrival: i64,
    results: Mutex<Vec<Option<Result<B256, Rejection>>>>,
    unfinished: AtomicUsize,
}

struct Chunk {
    batch: Arc<Batch>,
    range: Range<usize>,
}

pub struct Admission {
    shared: Arc<Shared>,
    chunks: Mutex<Option<Sender<Chunk>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    waiting: Arc<Waiting>,
}

/// Transactions and bytes that wait for recovery.
#[derive(Default)]
struct Waiting(Mutex<(usize, usize)>);

impl Waiting {
    /// `false`: no room. An empty queue takes a batch of any size.
    fn enter(&self, count: usize, bytes: usize) -> bool {
        let mut held = self.0.lock();
        if held.0 > 0 && (held.0 + count > MAX_WAITING || held.1 + bytes > MAX_WAITING_BYTES) {
            return false;
        }
        *held = (held.0 + count, held.1 + bytes);
        true
    }

    fn leave(&self, count: usize, bytes: usize) {
        let mut held = self.0.lock();
        *held = (held.0.saturating_sub(count), held.1.saturating_sub(bytes));
    }
}

impl Admission {
    pub fn spawn(shared: &Arc<Shared>) -> Result<Self, EngineError> {
        let (sender, chunks) = crossbeam_channel::unbounded::<Chunk>();
        let waiting = Arc::new(Waiting::default());
        let threads = (0..WORKERS)
            .map(|_| {
                let (shared, chunks, waiting) = (shared.clone(), chunks.clone(), waiting.clone());
                guard::spawn("engine-recovery", move || {
                    guard::yield_priority(5);
                    work(&shared, &chunks, &waiting);
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { shared: shared.clone(), chunks: Mutex::new(Some(sender)), threads: Mutex::new(threads), waiting })
    }

    pub fn submit(&self, id: u32, flat: Vec<u8>, reply: Reply) -> Result<(), EngineError> {
        let ranges = split(&flat)?;
        if ranges.is_empty() {
            self.shared.sink.answer(id, Ok("[]".into()));
            return Ok(());
        }
        let (count, bytes) = (ranges.len(), flat.len());
        // The queue itself is unbounded; this bounds it.
        if !self.waiting.enter(count, bytes) {
            let full = || Submitted::Error {
                error: SubmitError { code: RpcError::SERVER, message: Rejection::Full.to_string() },
            };
            if reply == Reply::Receipt {
                let error = RpcError::new(RpcError::SERVER, Rejection::Full.to_string());
                self.shared.sink.answer(id, Err(Failure::Rpc(error)));
                return Ok(());
            }
            self.shared.sink.answer(id, Ok(to_json(&(0..count).map(|_| full()).collect::<Vec<_>>())));
            return Ok(());
        }
        let first_arrival = self.shared.pool.lock().reserve_arrivals(count);
        let batch = Arc::new(Batch {
            id,
            reply,
            flat,
            ranges,
            first_arrival,
            results: Mutex::new(vec![None; count]),
            unfinished: AtomicUsize::new(count),
        });
        let sender = self.chunks.lock();
        let Some(sender) = sender.as_ref() else { return Err(self.shared.gone()) };
        for start in (0..count).step_by(CHUNK) {
            let chunk = Chunk { batch: batch.clone(), range: start..count.min(start + CHUNK) };
            if sender.send(chunk).is_err() {
                return Err(self.shared.gone());
            }
        }
        Ok(())
    }

    /// Admits what waits, then ends the threads.
    pub fn close(&self) {
        self.chunks.lock().take();
        for thread in self.threads.lock().drain(..) {
            let _ = thread.join();
        }
    }
}

/// Where each transaction stands.
fn split(flat: &[u8]) -> Result<Vec<Range<usize>>, EngineError> {
    let mut ranges = Vec::new();
    let mut position = 0;
    while position < flat.len() {
        let malformed = || EngineError::bad_request("submit: a length runs beyond the buffer");
        let head = flat.get(position..position + 4).ok_or_else(malformed)?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let start = position + 4;
        let end = start.checked_add(length).filter(|end| *end <= flat.len()).ok_or_else(malformed)?;
        ranges.push(start..end);
        position = end;
    }
    Ok(ranges)
}

fn work(shared: &Shared, chunks: &Receiver<Chunk>, waiting: &Waiting) {
    for chunk in chunks {
        let batch = &chunk.batch;
        if let Err(panic) = guard::contain(|| admit(shared, &chunk)) {
            // The pool may be torn; acknowledged transactions could be lost.
            shared.fail(format!("admission panicked: {panic}"));
        }
        if batch.unfinished.fetch_sub(chunk.range.len(), Ordering::AcqRel) == chunk.range.len() {
            waiting.leave(batch.ranges.len(), batch.flat.len());
            finish(shared, batch);
        }
    }
}

/// Admits a chunk: everything but the last step without a lock.
fn admit(shared: &Shared, chunk: &Chunk) {
    let batch = &chunk.batch;
    let rules = shared.pool.lock().head().rules;
    let prepared: Vec<_> = chunk
        .range
        .clone()
        .map(|index| {
            let raw = &batch.flat[batch.ranges[index].clone()];
            let decoded = admission::decode(raw)?;
            if shared.pool.lock().contains(&decoded.hash) {
                return Err(Rejection::AlreadyKnown);
            }
            admission::check_static(&decoded, &rules)?;
            let tx = admission::recover(decoded)?;
            admission::check_fees(&tx, &rules)?;
            // Before it is pooled: a slice may hold it a moment later.
            if batch.reply == Reply::Receipt && !shared.waiters.add(tx.hash, batch.id) {
                return Err(Rejection::Full);
            }
            Ok(Arc::new(tx))
        })
        .collect();
    // One lock around both: who is told that a transaction is known may rely on its being in the file, too.
    let mut journal = shared.pool_journal.lock();
    let mut admitted: Vec<Arc<PooledTransaction>> = Vec::new();
    let results: Vec<Result<B256, Rejection>> = {
        let mut pool = shared.pool.lock();
        chunk
            .range
            .clone()
            .zip(prepared)
            .map(|(index, tx)| {
                let tx = tx?;
                let hash = tx.hash;
                pool.insert(tx.clone(), batch.first_arrival + index as i64)?;
                admitted.push(tx);
                Ok(hash)
            })
            .collect()
    };
    let mut bloated = false;
    if !admitted.is_empty()
        && let Some(journal) = journal.as_mut()
    {
        if let Err(error) = journal.append(&admitted) {
            shared.fail(format!("writing the pool's journal: {error}"));
        }
        bloated = journal.is_bloated(shared.pool.lock().bytes());
    }
    drop(journal);
    if !admitted.is_empty() {
        if bloated {
            shared.compact_pool_journal();
        }
        // Mostly the event only wakes the sequencer: without a listener for hashes, JavaScript has none to parse.
        let named = if shared.is_pool_watched() { &admitted[..] } else { &[] };
        let hashes: Vec<B256> = named.iter().map(|tx| tx.hash).collect();
        shared.sink.event(to_json(&Event::Pooled { hashes: &hashes }));
    }
    if batch.reply == Reply::Receipt {
        for tx in &admitted {
            answer_if_waiting(shared, batch.id, &tx.hash);
        }
    }
    let mut stored = batch.results.lock();
    for (index, result) in chunk.range.clone().zip(results) {
        stored[index] = Some(result);
    }
}

fn finish(shared: &Shared, batch: &Batch) {
    if shared.failure().is_some() {
        shared.sink.answer(batch.id, Err(Failure::Engine(shared.gone())));
        return;
    }
    let results = std::mem::take(&mut *batch.results.lock());
    if batch.reply == Reply::Receipt {
        if let Some(Some(Err(rejection))) = results.into_iter().next() {
            refuse(shared, batch, &rejection);
        }
        return;
    }
    let answers: Vec<Submitted> = results
        .into_iter()
        .map(|result| match result {
            Some(Ok(hash)) => Submitted::Hash { hash },
            Some(Err(rejection)) => {
                Submitted::Error { error: SubmitError { code: rejection.rpc_code(), message: rejection.to_string() } }
            }
            None => Submitted::Error {
                error: SubmitError { code: RpcError::INTERNAL, message: "the transaction was not looked at".into() },
            },
        })
        .collect();
    shared.sink.answer(batch.id, Ok(to_json(&answers)));
}

/// A transaction that cannot be pooled may be in already; else its submitter is told why not.
fn refuse(shared: &Shared, batch: &Batch, rejection: &Rejection) {
    let hash = keccak256(&batch.flat[batch.ranges[0].clone()]);
    // It waits first and looks then, or it could miss the moment.
    shared.waiters.remove(batch.id);
    let may_be_in = matches!(rejection, Rejection::AlreadyKnown | Rejection::NonceTooLow { .. });
    if may_be_in && shared.waiters.add(hash, batch.id) {
        let found = find_receipt(shared, &hash);
        if found.is_none() && *rejection == Rejection::AlreadyKnown && shared.pool.lock().contains(&hash) {
            answer_if_waiting(shared, batch.id, &hash);
            return;
        }
        // Whoever takes the waiter out answers it.
        if shared.waiters.remove(batch.id) {
            let refused = || Err(Failure::Rpc(RpcError::new(rejection.rpc_code(), rejection.to_string())));
            shared.sink.answer(batch.id, found.map_or_else(refused, |receipt| receipt.map_err(Failure::Rpc)));
        }
        return;
    }
    shared.sink.answer(batch.id, Err(Failure::Rpc(RpcError::new(rejection.rpc_code(), rejection.to_string()))));
}

/// EIP-7966's error 5: what waits behind a gap is pooled, but no receipt is to be expected until its sender closes the gap.
fn answer_if_waiting(shared: &Shared, id: u32, hash: &B256) {
    // Whoever takes the waiter out answers it: a slice may have it by now.
    if shared.pool.lock().is_waiting(hash) && shared.waiters.remove(id) {
        let message = "The transaction was added to the transaction pool but cannot be processed yet: an earlier nonce or the funds for all before it are missing.";
        let error = match serde_json::value::to_raw_value(hash) {
            Ok(data) => RpcError::with_data(RpcError::NOT_READY, message, data),
            Err(_) => RpcError::new(RpcError::NOT_READY, message),
        };
        shared.sink.answer(id, Err(Failure::Rpc(error)));
    }
}

/// The receipt of a transaction that a published slice or a block of the chain holds.
fn find_receipt(shared: &Shared, hash: &B256) -> Option<Result<String, RpcError>> {
    let context = shared.query_context(Instant::now() + Duration::from_millis(shared.limits.call_timeout_ms));
    if let Some((published, (slice, index))) =
        context.published.as_ref().and_then(|published| Some((published, published.locate(hash)?)))
    {
        return Some(slice_receipt(&shared.spec, published, slice, index).map(|receipt| to_json(&receipt)));
    }
    let raw = query(&context, "eth_getTransactionReceipt", &format!("[\"{hash}\"]"));
    match raw {
        Ok(raw) if raw.get() == "null" => None,
        raw => Some(raw.map(|raw| String::from(Box::<str>::from(raw)))),
    }
}
