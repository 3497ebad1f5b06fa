//! What the engine's threads have in common.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use altlayer_execution::ChainSpec;
use altlayer_state::ChainStore;
use crossbeam_channel::Sender;
use parking_lot::{Condvar, Mutex};

use super::{
    publisher::Building,
    range::SealedRanges,
    waiters::Waiters,
    wire::{Event, Watched, to_json},
    writer::Command,
};
use crate::{
    error::{EngineError, RpcError},
    options::{EngineOptions, QueryLimits},
    pool::{Pool, PoolJournal},
    query::QueryContext,
};

/// Why a request failed.
#[derive(Debug)]
pub enum Failure {
    /// Of the engine's own interface.
    Engine(EngineError),
    /// Of a JSON-RPC method.
    Rpc(RpcError),
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// JSON text, or why there is none.
pub type Answer = Result<String, Failure>;

/// Where answers and events go. Called from the engine's threads; must return at once.
pub trait Sink: Send + Sync {
    fn answer(&self, id: u32, answer: Answer);
    fn event(&self, json: String);
    /// An event, and a text that goes with it as it is.
    fn event_with(&self, json: String, attachment: String);
}

/// How long a query waits for the pending block to be brought up to date; after that it sees what is there.
const PENDING_WAIT: Duration = Duration::from_millis(500);

/// How long after the last query for the pending block the writer keeps publishing it.
const PENDING_INTEREST: Duration = Duration::from_secs(10);

pub(super) struct Shared {
    pub spec: Arc<ChainSpec>,
    pub chain: Arc<ChainStore>,
    pub pool: Arc<Mutex<Pool>>,
    /// Lock it before `pool`, never after.
    pub pool_journal: Mutex<Option<PoolJournal>>,
    pub options: EngineOptions,
    pub limits: Arc<QueryLimits>,
    pub building: Mutex<Building>,
    /// Told when the pending block is shown anew.
    pub building_moved: Condvar,
    pub waiters: Waiters,
    pub ranges: SealedRanges,
    slices_watched: AtomicBool,
    pool_watched: AtomicBool,
    pub sink: Arc<dyn Sink>,
    started: Instant,
    /// Milliseconds after `started` at which somebody last asked for the pending block, plus one; zero for never.
    pending_asked: AtomicU64,
    failure: OnceLock<String>,
    /// The writer's queue, once it runs.
    pub writer: OnceLock<Sender<Command>>,
}

impl Shared {
    pub fn new(
        spec: Arc<ChainSpec>,
        chain: Arc<ChainStore>,
        pool: Pool,
        journal: Option<PoolJournal>,
        options: EngineOptions,
        sink: Arc<dyn Sink>,
    ) -> Self {
        Self {
            spec,
            chain,
            pool: Arc::new(Mutex::new(pool)),
            pool_journal: Mutex::new(journal),
            limits: Arc::new(options.limits.clone()),
            options,
            building: Mutex::default(),
            building_moved: Condvar::new(),
            waiters: Waiters::default(),
            ranges: SealedRanges::default(),
            slices_watched: AtomicBool::new(false),
            pool_watched: AtomicBool::new(false),
            sink,
            started: Instant::now(),
            pending_asked: AtomicU64::new(0),
            failure: OnceLock::new(),
            writer: OnceLock::new(),
        }
    }

    /// Takes the engine out of service: its state can no longer be trusted to be what was acknowledged.
    pub fn fail(&self, message: String) {
        tracing::error!(%message, "engine failed");
        if self.failure.set(message.clone()).is_ok() {
            self.sink.event(to_json(&Event::Fatal { message: &message }));
        }
    }

    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// The error of requests to an engine that is closed or failed.
    pub fn gone(&self) -> EngineError {
        match self.failure() {
            Some(message) => EngineError::new("ENGINE_FAILED", format!("the engine failed earlier: {message}")),
            None => EngineError::new("ENGINE_CLOSED", "the engine is closed"),
        }
    }

    pub fn query_context(&self, deadline: Instant) -> QueryContext {
        let (pending, published) = {
            let building = self.building.lock();
            (building.pending.clone(), building.published.clone())
        };
        QueryContext {
            spec: self.spec.clone(),
            chain: self.chain.clone(),
            pool: self.pool.clone(),
            limits: self.limits.clone(),
            pending,
            published,
            deadline,
        }
    }

    pub fn watch(&self, part: Watched, watched: bool) {
        match part {
            Watched::Slices => &self.slices_watched,
            Watched::Pool => &self.pool_watched,
        }
        .store(watched, Ordering::Relaxed);
    }

    pub fn is_pool_watched(&self) -> bool {
        self.pool_watched.load(Ordering::Relaxed)
    }

    pub fn are_slices_watched(&self) -> bool {
        self.slices_watched.load(Ordering::Relaxed)
    }

    pub fn note_pending_asked(&self) {
        self.pending_asked.store(self.started.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
    }

    /// Makes the pending block show everything that is published. Waits for the writer only if nobody asked lately: while
    /// somebody does, every slice brings its own.
    pub fn await_pending(&self) {
        self.note_pending_asked();
        let mut building = self.building.lock();
        let (epoch, deadline) = (building.epoch, Instant::now() + PENDING_WAIT);
        if !building.is_stale {
            return;
        }
        if self.writer.get().is_none_or(|writer| writer.try_send(Command::ShowPending).is_err()) {
            return;
        }
        while building.is_stale && building.epoch == epoch && self.failure().is_none() {
            if self.building_moved.wait_until(&mut building, deadline).timed_out() {
                return;
            }
        }
    }

    pub fn is_pending_wanted(&self) -> bool {
        let asked = self.pending_asked.load(Ordering::Relaxed);
        asked != 0 && self.started.elapsed() < Duration::from_millis(asked) + PENDING_INTEREST
    }

    /// Rewrites the pool's journal if it holds too much that is gone.
    pub fn compact_pool_journal(&self) {
        let mut journal = self.pool_journal.lock();
        let Some(journal) = journal.as_mut() else { return };
        // Admission appends under the journal's lock after inserting, so nothing that is pooled can be missed.
        let pooled = self.pool.lock().in_order();
        if let Err(error) = journal.rewrite(&pooled) {
            self.fail(format!("rewriting the pool's journal: {error}"));
        }
    }
}
