//! Bounded pools of threads that answer reads, by what a read may take, so that nobody waits behind endless calls and traces:
//! - light ones take microseconds;
//! - quick ones mostly take a millisecond. Which do not nobody knows before, so each is given a few. Who needs more begins
//!   anew among the patient;
//! - patient ones have seconds, and the processor when nobody else wants it.

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
const QUICK_THREADS: usize = 2;
const QUICK_QUEUE: usize = 1_024;
/// What a quick read is given.
const QUICK_TIME: Duration = Duration::from_millis(10);
const PATIENT_THREADS: usize = 4;
const PATIENT_QUEUE: usize = 1_024;

/// Methods that all look at their deadline.
const QUICK: [&str; 5] = ["eth_call", "eth_estimateGas", "eth_createAccessList", "eth_getLogs", "eth_feeHistory"];

/// Prefixes of those that may take seconds. What is in neither list takes microseconds.
const PATIENT: [&str; 4] = ["eth_simulate", "eth_getProof", "debug_trace", "debug_executionWitness"];

enum Job {
    Query { id: u32, method: String, params: String, asked: Instant },
    Read { id: u32, operation: ReadOperation, json: String },
}

pub struct Readers {
    light: Pool,
    quick: Pool,
    patient: Arc<Pool>,
    shared: Arc<Shared>,
}

struct Pool {
    jobs: Mutex<Option<Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub fn spawn(shared: &Arc<Shared>) -> Result<Self, EngineError> {
        let patient = Arc::new(Pool::spawn(shared, "engine-caller", PATIENT_THREADS, PATIENT_QUEUE, 10, serve)?);
        let slow = patient.clone();
        let quickly = move |shared: &Shared, job| serve_quickly(shared, job, &slow);
        Ok(Self {
            light: Pool::spawn(shared, "engine-reader", LIGHT_THREADS, LIGHT_QUEUE, 1, serve)?,
            quick: Pool::spawn(shared, "engine-quick", QUICK_THREADS, QUICK_QUEUE, 2, quickly)?,
            patient,
            shared: shared.clone(),
        })
    }

    pub fn query(&self, id: u32, method: String, params: String) -> Result<(), Failure> {
        let pool = if QUICK.contains(&&*method) {
            &self.quick
        } else if PATIENT.iter().any(|prefix| method.starts_with(prefix)) {
            &self.patient
        } else {
            &self.light
        };
        let job = Job::Query { id, method, params, asked: Instant::now() };
        pool.submit(job).map_err(|refused| refused.of_query(&self.shared))
    }

    pub fn request(&self, id: u32, operation: ReadOperation, json: String) -> Result<(), EngineError> {
        // A snapshot reads everything there is.
        let pool = if operation == ReadOperation::WriteSnapshot { &*self.patient } else { &self.light };
        pool.submit(Job::Read { id, operation, json }).map_err(|refused| match refused {
            Refused::Full => EngineError::new("ENGINE_BUSY", "too many reads are waiting"),
            Refused::Closed => self.shared.gone(),
        })
    }

    pub fn close(&self) {
        self.light.close();
        self.quick.close();
        self.patient.close();
    }
}

enum Refused {
    Full,
    Closed,
}

impl Refused {
    fn of_query(self, shared: &Shared) -> Failure {
        match self {
            Self::Full => {
                Failure::Rpc(RpcError::new(RpcError::LIMIT, "too many requests are waiting, try again later"))
            }
            Self::Closed => Failure::Engine(shared.gone()),
        }
    }
}

impl Pool {
    fn spawn(
        shared: &Arc<Shared>,
        name: &str,
        threads: usize,
        queue: usize,
        nice: i32,
        serve: impl Fn(&Shared, Job) + Clone + Send + 'static,
    ) -> Result<Self, EngineError> {
        let (sender, jobs) = crossbeam_channel::bounded::<Job>(queue);
        let threads = (0..threads)
            .map(|_| {
                let (shared, jobs, serve) = (shared.clone(), jobs.clone(), serve.clone());
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
        Job::Query { id, method, params, asked } => {
            (id, answer_query(shared, &method, &params, asked, shared.limits.call_timeout()))
        }
        Job::Read { id, operation, json } => {
            let answer = guard::contain(|| read(shared, operation, &json))
                .unwrap_or_else(|panic| Err(EngineError::new("ENGINE_PANIC", format!("a read panicked: {panic}"))));
            (id, answer.map_err(Failure::Engine))
        }
    };
    shared.sink.answer(id, answer);
}

fn serve_quickly(shared: &Shared, job: Job, patient: &Pool) {
    let Job::Query { id, method, params, asked } = job else { return serve(shared, job) };
    let time = shared.limits.call_timeout().min(QUICK_TIME);
    let started = Instant::now();
    let mut answer = answer_query(shared, &method, &params, asked, time);
    // A late error may be the time's (a search counts whole milliseconds): what else it is shows when there is more of it.
    if answer.is_err() && started.elapsed() >= QUICK_TIME / 2 {
        match patient.submit(Job::Query { id, method, params, asked }) {
            Ok(()) => return,
            Err(refused) => answer = Err(refused.of_query(shared)),
        }
    }
    shared.sink.answer(id, answer);
}

/// `time`: what the execution may take.
fn answer_query(shared: &Shared, method: &str, params: &str, asked: Instant, time: Duration) -> Answer {
    if asked.elapsed() > shared.limits.call_timeout() {
        return Err(Failure::Rpc(RpcError::new(RpcError::LIMIT, "request timed out while waiting")));
    }
    if params.contains("pending") {
        shared.await_pending();
    }
    let context = shared.query_context(Instant::now() + time);
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
