//! Bounded pools of threads that answer reads. Cheap and expensive methods have their own, so that endless calls keep
//! nobody from reading a block.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use altlayer_execution::{DEPOSIT_TYPE, ExecutionPayload};
use crossbeam_channel::{Sender, TrySendError};
use parking_lot::Mutex;

use super::{
    guard,
    range::{MountainRange, block_leaves},
    shared::{Answer, Failure, Shared},
    wire::{self, ReadOperation, from_json, to_json},
};
use crate::{
    error::{EngineError, RpcError},
    query::query,
};

const LIGHT_THREADS: usize = 2;
const LIGHT_QUEUE: usize = 16_384;
const HEAVY_THREADS: usize = 4;
const HEAVY_QUEUE: usize = 1_024;

/// A method beyond these prefixes takes microseconds.
const HEAVY: [&str; 9] = [
    "eth_call",
    "eth_estimateGas",
    "eth_createAccessList",
    "eth_simulate",
    "eth_getLogs",
    "eth_getProof",
    "eth_feeHistory",
    "debug_trace",
    "debug_executionWitness",
];

enum Job {
    Query { id: u32, method: String, params: String, asked: Instant },
    Read { id: u32, operation: ReadOperation, json: String },
}

pub struct Readers {
    light: Pool,
    heavy: Pool,
    shared: Arc<Shared>,
}

struct Pool {
    jobs: Mutex<Option<Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub fn spawn(shared: &Arc<Shared>) -> Result<Self, EngineError> {
        Ok(Self {
            light: Pool::spawn(shared, "engine-reader", LIGHT_THREADS, LIGHT_QUEUE, 1)?,
            heavy: Pool::spawn(shared, "engine-caller", HEAVY_THREADS, HEAVY_QUEUE, 5)?,
            shared: shared.clone(),
        })
    }

    pub fn query(&self, id: u32, method: String, params: String) -> Result<(), Failure> {
        let pool = if HEAVY.iter().any(|prefix| method.starts_with(prefix)) { &self.heavy } else { &self.light };
        pool.submit(Job::Query { id, method, params, asked: Instant::now() }).map_err(|refused| match refused {
            Refused::Full => {
                Failure::Rpc(RpcError::new(RpcError::LIMIT, "too many requests are waiting, try again later"))
            }
            Refused::Closed => Failure::Engine(self.shared.gone()),
        })
    }

    pub fn request(&self, id: u32, operation: ReadOperation, json: String) -> Result<(), EngineError> {
        // A snapshot reads everything there is.
        let pool = if operation == ReadOperation::WriteSnapshot { &self.heavy } else { &self.light };
        pool.submit(Job::Read { id, operation, json }).map_err(|refused| match refused {
            Refused::Full => EngineError::new("ENGINE_BUSY", "too many reads are waiting"),
            Refused::Closed => self.shared.gone(),
        })
    }

    pub fn close(&self) {
        self.light.close();
        self.heavy.close();
    }
}

enum Refused {
    Full,
    Closed,
}

impl Pool {
    fn spawn(shared: &Arc<Shared>, name: &str, threads: usize, queue: usize, nice: i32) -> Result<Self, EngineError> {
        let (sender, jobs) = crossbeam_channel::bounded::<Job>(queue);
        let threads = (0..threads)
            .map(|_| {
                let (shared, jobs) = (shared.clone(), jobs.clone());
                guard::spawn(name, move || {
                    guard::yield_priority(nice);
                    for job in jobs {
                        serve(&shared, job);
                    }
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { jobs: Mutex::new(Some(sender)), threads: Mutex::new(threads) })
    }

    fn submit(&self, job: Job) -> Result<(), Refused> {
        match self.jobs.lock().as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(Refused::Full),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Refused::Closed),
        }
    }

    /// Serves what is queued, then ends the threads.
    fn close(&self) {
        self.jobs.lock().take();
        for thread in self.threads.lock().drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve(shared: &Shared, job: Job) {
    let (id, answer) = match job {
        Job::Query { id, method, params, asked } => (id, answer_query(shared, &method, &params, asked)),
        Job::Read { id, operation, json } => {
            let answer = guard::contain(|| read(shared, operation, &json))
                .unwrap_or_else(|panic| Err(EngineError::new("ENGINE_PANIC", format!("a read panicked: {panic}"))));
            (id, answer.map_err(Failure::Engine))
        }
    };
    shared.sink.answer(id, answer);
}

fn answer_query(shared: &Shared, method: &str, params: &str, asked: Instant) -> Answer {
    let timeout = Duration::from_millis(shared.limits.call_timeout_ms);
    if asked.elapsed() > timeout {
        return Err(Failure::Rpc(RpcError::new(RpcError::LIMIT, "request timed out while waiting")));
    }
    if params.contains("pending") {
        shared.await_pending();
    }
    let context = shared.query_context(Instant::now() + timeout);
    match guard::contain(|| query(&context, method, params)) {
        // `Box<str>` to `String` moves.
        Ok(Ok(raw)) => Ok(String::from(Box::<str>::from(raw))),
        Ok(Err(error)) => Err(Failure::Rpc(error)),
        Err(panic) => {
            tracing::error!(method, panic, "a query panicked");
            Err(Failure::Rpc(RpcError::new(RpcError::INTERNAL, "method handler crashed")))
        }
    }
}

fn read(shared: &Shared, operation: ReadOperation, json: &str) -> Result<String, EngineError> {
    match operation {
        ReadOperation::PayloadByHash => {
            let request: wire::PayloadByHashRequest = from_json("payloadByHash", json)?;
            payload(shared, Some(request.hash), request.brief)
        }
        ReadOperation::PayloadByNumber => {
            let request: wire::PayloadByNumberRequest = from_json("payloadByNumber", json)?;
            payload(shared, shared.chain.canonical_hash(request.number)?, request.brief)
        }
        ReadOperation::StopWaiting => {
            let request: wire::StopRequest = from_json("stopWaiting", json)?;
            Ok(to_json(&shared.waiters.remove(request.id)))
        }
        ReadOperation::MessagePasserRoot => {
            let request: wire::HashRequest = from_json("messagePasserRoot", json)?;
            Ok(to_json(&shared.chain.message_passer_root(&request.hash)?))
        }
        ReadOperation::TransactionRange => {
            let request: wire::HashRequest = from_json("transactionRange", json)?;
            if let Some(range) = shared.ranges.get(&request.hash) {
                return Ok(to_json(&range));
            }
            let range = shared.chain.block(&request.hash)?.map(|block| {
                let mut range = MountainRange::default();
                block_leaves(&block).for_each(|leaf| range.append(leaf));
                range.summary()
            });
            Ok(to_json(&range))
        }
        ReadOperation::TransactionLeaves => {
            let request: wire::HashRequest = from_json("transactionLeaves", json)?;
            let block = shared.chain.block(&request.hash)?;
            Ok(to_json(&block.map(|block| block_leaves(&block).collect::<Vec<_>>())))
        }
        ReadOperation::WriteSnapshot => {
            let request: wire::SnapshotRequest = from_json("writeSnapshot", json)?;
            let info = shared.chain.write_snapshot(&request.path, request.number, request.first)?;
            Ok(wire::snapshot_json(&info))
        }
        ReadOperation::Stats => Ok(to_json(&stats(shared))),
    }
}

fn stats(shared: &Shared) -> wire::Stats {
    let chain = shared.chain.stats();
    let (pool_executable, pool_waiting, pool_bytes) = {
        let pool = shared.pool.lock();
        let (executable, waiting) = pool.status();
        (executable, waiting, pool.bytes())
    };
    wire::Stats {
        journal_bytes: chain.journal_bytes,
        checkpoint_block: chain.checkpoint_block,
        checkpoint_age_blocks: chain.checkpoint_age_blocks,
        checkpoint_age_bytes: chain.checkpoint_age_bytes,
        oldest_state_block: chain.oldest_state_block,
        accounts: chain.accounts,
        blocks_in_memory: chain.blocks_in_memory,
        unindexed_blocks: chain.unindexed_blocks,
        pool_executable,
        pool_waiting,
        pool_bytes,
    }
}

fn payload(shared: &Shared, hash: Option<alloy_primitives::B256>, brief: bool) -> Result<String, EngineError> {
    let Some(hash) = hash else { return Ok("null".into()) };
    let Some(block) = shared.chain.block(&hash)? else { return Ok("null".into()) };
    let shown = block.transactions.iter().take_while(|tx| !brief || tx.raw.first() == Some(&DEPOSIT_TYPE));
    let raw = shown.map(|tx| tx.raw.clone());
    Ok(to_json(&ExecutionPayload::from_block(&block.header, hash, raw)))
}
