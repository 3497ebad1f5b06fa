//! What the engine's threads have in common.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use altlayer_execution::ChainSpec;
use altlayer_state::ChainStore;
use parking_lot::Mutex;

use super::wire::{Event, to_json};
use crate::{
    error::{EngineError, RpcError},
    options::{EngineOptions, QueryLimits},
    pool::{Pool, PoolJournal},
    query::{PendingBlock, QueryContext},
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
}

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
    pub pending: Mutex<Option<Arc<PendingBlock>>>,
    pub sink: Arc<dyn Sink>,
    started: Instant,
    /// Milliseconds after `started` at which somebody last asked for the pending block, plus one; zero for never.
    pending_asked: AtomicU64,
    failure: OnceLock<String>,
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
            pending: Mutex::new(None),
            sink,
            started: Instant::now(),
            pending_asked: AtomicU64::new(0),
            failure: OnceLock::new(),
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

    pub fn query_context(&self, timeout: Duration) -> QueryContext {
        QueryContext {
            spec: self.spec.clone(),
            chain: self.chain.clone(),
            pool: self.pool.clone(),
            limits: self.limits.clone(),
            pending: self.pending.lock().clone(),
            deadline: Instant::now() + timeout,
        }
    }

    pub fn note_pending_asked(&self) {
        self.pending_asked.store(self.started.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
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
