//! An open block.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use altlayer_execution::{
    BlockExecutor, BlockOutcome, ChainSpec, ExecuteError, Fork, Parent, PayloadAttributes, RecoveredTx, TxReject,
    decode_all,
};
use altlayer_state::StateError;

use super::{
    overlay::{Layers, Overlay},
    parent_state::ParentState,
    shared::Shared,
    slice::{self, SliceLog, SliceMode},
    wire::{Budget, Extended, Rejected, TransactionRange},
};
use crate::{
    error::EngineError,
    pool::{BestTransactions, PooledTransaction},
    query::{PendingBlock, Slice},
};

/// Transactions that do not fit the budget before an extension stops looking for smaller ones.
const MISFITS: usize = 64;

/// Gas of the smallest transaction.
const SMALLEST_GAS: u64 = 21_000;

pub struct Candidate {
    parent: Base,
    executor: BlockExecutor<ParentState>,
    state: ParentState,
    best: BestTransactions,
    attributes: PayloadAttributes,
    log: SliceLog,
    /// Closed slices, in order.
    slices: Vec<Arc<Slice>>,
    /// Slices that the journal holds: published before, and to be shown again.
    recovered: usize,
    layers: Layers,
}

/// What a candidate stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Block(B256),
    /// Another candidate, whose root is being computed.
    Sealing(u32),
}

/// A block whose root is being computed, as the next one needs it.
pub struct SealingBlock {
    /// Without roots.
    pub header: Header,
    state: ParentState,
    /// What it took from the pool; handed on to the first block that is opened on it.
    best: Option<BestTransactions>,
    /// Of its transactions, if all of them stand in slices.
    pub range: Option<TransactionRange>,
}

impl Candidate {
    /// Opens a block on a known one. One that publishes slices waits after a start until the state is proven.
    pub fn open(
        shared: &Shared,
        parent: B256,
        attributes: PayloadAttributes,
        mode: SliceMode,
    ) -> Result<(Self, Extended), EngineError> {
        if mode != SliceMode::None {
            shared.chain.wait_until_proven()?;
        }
        let header = shared
            .chain
            .header(&parent)?
            .ok_or_else(|| EngineError::new("STATE_UNKNOWN_BLOCK", format!("block {parent} is not known")))?;
        let state = ParentState::sealed(shared.chain.view(parent)?);
        let block = Parent { hash: parent, header: (*header).clone() };
        Self::begin(shared, (Base::Block(parent), block, state), None, attributes, mode)
    }

    /// Opens a block on one whose root is being computed. What asks for the parent's hash waits until it is known.
    pub fn open_on_sealing(
        shared: &Shared,
        (id, sealing): (u32, &mut SealingBlock),
        attributes: PayloadAttributes,
        mode: SliceMode,
    ) -> Result<(Self, Extended), EngineError> {
        // EIP-2935 writes the parent's hash before the first transaction.
        if shared.spec.is_active(Fork::Isthmus, attributes.timestamp) {
            return Err(parent_unsealed());
        }
        let parent = Parent { hash: B256::ZERO, header: sealing.header.clone() };
        let best = sealing.best.take();
        Self::begin(shared, (Base::Sealing(id), parent, sealing.state.clone()), best, attributes, mode)
    }

    /// Opens a block and executes the attributes' transactions, each of which must be valid.
    fn begin(
        shared: &Shared,
        (base, parent, state): (Base, Parent, ParentState),
        best: Option<BestTransactions>,
        attributes: PayloadAttributes,
        mode: SliceMode,
    ) -> Result<(Self, Extended), EngineError> {
        let executor = BlockExecutor::open(shared.spec.clone(), state.clone(), &parent, &attributes)
            .map_err(|error| failure("INVALID_ATTRIBUTES", &error))?;
        let base_fee = executor.header().base_fee_per_gas.unwrap_or_default();
        let best = best.map_or_else(|| BestTransactions::new(base_fee), |best| best.succeed(base_fee));
        let forced = decode_all(&attributes.transactions).map_err(|(index, reject)| {
            EngineError::new("INVALID_TRANSACTION", format!("attributes' transaction {index}: {reject}"))
        })?;
        let hash = slice::attributes_hash(&attributes, forced.iter().map(|tx| tx.hash));
        let log = SliceLog::new(mode, shared.spec.chain_id, hash);
        let (slices, layers) = (Vec::new(), Layers::default());
        let mut candidate = Self { parent: base, executor, state, best, attributes, log, slices, recovered: 0, layers };
        let mut extended = Extended::default();
        for (index, tx) in forced.iter().enumerate() {
            let executed = candidate.executor.execute(tx).map_err(|error| match error {
                ExecuteError::Reject(reject) => EngineError::new(
                    "INVALID_TRANSACTION",
                    format!("attributes' transaction {index} ({}): {reject}", tx.hash),
                ),
                other => failure("INVALID_ATTRIBUTES", &other),
            })?;
            candidate.note(tx);
            extended.include(tx.hash, &executed, false);
        }
        candidate.total(&mut extended);
        Ok((candidate, extended))
    }

    pub const fn base(&self) -> Base {
        self.parent
    }

    pub const fn mode(&self) -> SliceMode {
        self.log.mode
    }

    /// It takes transactions from the pool.
    pub const fn is_open(&self) -> bool {
        !self.attributes.no_tx_pool
    }

    pub const fn attributes(&self) -> &PayloadAttributes {
        &self.attributes
    }

    pub fn slices(&self) -> &[Arc<Slice>] {
        &self.slices
    }

    /// The parent has its root.
    pub fn parent_sealed(&mut self, shared: &Shared, hash: B256) -> Result<(), EngineError> {
        self.state.seal(shared.chain.view(hash)?);
        self.executor.set_parent_hash(hash);
        self.parent = Base::Block(hash);
        Ok(())
    }

    /// Everything so far stands in the journal.
    pub fn already_published(&mut self) {
        self.recovered = self.slices.len();
    }

    /// Slices of before a crash, once: shown again, but not journalled again.
    pub fn take_recovered(&mut self) -> Vec<Arc<Slice>> {
        let recovered = std::mem::take(&mut self.recovered);
        self.slices[..recovered].to_vec()
    }

    /// Whether somebody may wait for its next slice: transactions beyond the attributes' stand in none yet.
    pub fn holds_more(&self) -> bool {
        self.executor.transactions().len() > self.log.closed().max(self.attributes.transactions.len())
    }

    /// Closes slices over what was executed since the last: the attributes' transactions are one of their own.
    pub fn close_slices(&mut self) -> Vec<Arc<Slice>> {
        let Base::Block(parent) = self.parent else { return Vec::new() };
        let forced = self.attributes.transactions.len();
        let mut closed = Vec::new();
        while self.log.closed() < self.executor.transactions().len() {
            let end = if self.log.is_fresh() && forced > 0 { forced } else { self.executor.transactions().len() };
            let count = end - self.log.closed();
            let block = (self.executor.transactions(), self.executor.receipts());
            closed.push(Arc::new(self.log.close(parent, block, count)));
        }
        self.slices.extend_from_slice(&closed);
        closed
    }

    /// The header as far as it is known.
    pub fn header(&self) -> Header {
        let mut header = self.executor.header().clone();
        header.gas_used = self.executor.gas_used();
        header
    }

    /// The block as far as its slices are closed, for queries.
    pub fn pending(&mut self) -> PendingBlock {
        let layers = self.layers.advance(self.executor.state());
        PendingBlock {
            header: self.header(),
            slices: self.slices.clone(),
            state: Arc::new(Overlay { base: self.state.clone(), layers }),
        }
    }

    /// Appends transactions in their order; the valid ones stay in.
    pub fn extend_with(&mut self, transactions: &[Bytes]) -> Result<Extended, EngineError> {
        let mut extended = Extended::default();
        for (raw, tx) in transactions.iter().zip(decode_each(transactions)) {
            let tx = match tx {
                Ok(tx) => tx,
                Err(reject) => {
                    extended.rejected.push(Rejected::new(keccak256(raw), &reject));
                    continue;
                }
            };
            // specs/protocol/deposits.md: deposits come from derivation, by the attributes.
            if tx.is_deposit() {
                extended
                    .rejected
                    .push(Rejected::new(tx.hash, &TxReject::UnsupportedType(altlayer_execution::DEPOSIT_TYPE)));
                continue;
            }
            match self.executor.execute(&tx) {
                Ok(executed) => {
                    self.note(&tx);
                    extended.include(tx.hash, &executed, false);
                }
                Err(ExecuteError::Reject(reject)) => extended.rejected.push(Rejected::new(tx.hash, &reject)),
                Err(ExecuteError::State(StateError::Unsealed { .. })) => return Err(parent_unsealed()),
                Err(other) => return Err(failure("ENGINE_EXECUTION", &other)),
            }
        }
        self.total(&mut extended);
        Ok(extended)
    }

    /// Appends the pool's best transactions within the budget.
    pub fn extend_from_pool(&mut self, shared: &Shared, budget: Budget) -> Result<Extended, EngineError> {
        if self.attributes.no_tx_pool {
            return Err(EngineError::bad_request("the candidate's attributes say noTxPool"));
        }
        let deadline = match budget.max_ms {
            Some(ms) if ms.is_finite() && ms >= 0.0 => {
                Some(Instant::now() + Duration::from_secs_f64((ms / 1e3).min(3600.0)))
            }
            Some(_) => return Err(EngineError::bad_request("maxMs must be a number, zero or above")),
            None => None,
        };
        let (start_gas, start_bytes) = (self.executor.gas_used(), self.executor.transaction_bytes());
        let mut extended = Extended::default();
        let mut misfits: Vec<Arc<PooledTransaction>> = Vec::new();
        let mut last: Option<Arc<PooledTransaction>> = None;
        loop {
            let next = {
                let pool = shared.pool.lock();
                if let Some(tx) = last.take() {
                    self.best.included(&pool, &tx);
                }
                self.best.next(&pool)
            };
            let Some(tx) = next else { break };
            let gas = self.executor.gas_used() - start_gas;
            let bytes = (self.executor.transaction_bytes() - start_bytes) as u64;
            let over_time = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            // One transaction is always taken, so that a large one need not wait for a budget of its size.
            let over_gas = budget.max_gas.is_some_and(|max| gas.saturating_add(tx.gas_limit()) > max);
            let misfit = (over_gas && extended.included_count > 0)
                || budget.max_bytes.is_some_and(|max| bytes.saturating_add(tx.raw.len() as u64) > max);
            if misfit || over_time {
                misfits.push(tx);
                if over_time || misfits.len() >= MISFITS {
                    break;
                }
                continue;
            }
            match self.executor.execute(&tx.0) {
                Ok(executed) => {
                    extended.include(tx.hash, &executed, budget.brief);
                    last = Some(tx);
                }
                // It asks for the parent's hash: it and what follows it wait until that is known.
                Err(ExecuteError::State(StateError::Unsealed { .. })) => {
                    misfits.push(tx);
                    break;
                }
                Err(ExecuteError::Reject(reject)) => {
                    if !self.reject(shared, &tx, &reject, &mut extended) {
                        break;
                    }
                }
                Err(other) => return Err(failure("ENGINE_EXECUTION", &other)),
            }
        }
        let pool = shared.pool.lock();
        if let Some(tx) = last {
            self.best.included(&pool, &tx);
        }
        for tx in &misfits {
            self.best.put_back(&pool, tx);
        }
        drop(pool);
        self.total(&mut extended);
        Ok(extended)
    }

    /// Decides what a refused transaction means for its sender. `false`: the block is full.
    fn reject(&mut self, shared: &Shared, tx: &PooledTransaction, reject: &TxReject, extended: &mut Extended) -> bool {
        match reject {
            // The candidate stands on another state than the pool's head, or included it otherwise.
            TxReject::NonceTooLow { state, .. } => self.best.advance(&shared.pool.lock(), tx.sender, *state),
            TxReject::GasLimitReached { left, .. } => {
                self.best.block(tx.sender);
                return *left >= SMALLEST_GAS;
            }
            TxReject::NonceTooHigh { .. } | TxReject::FeeCapTooLow { .. } | TxReject::DaFootprintReached { .. } => {
                self.best.block(tx.sender);
            }
            other => {
                self.best.block(tx.sender);
                extended.rejected.push(Rejected::new(tx.hash, other));
                if other.is_permanent() {
                    shared.pool.lock().remove(&tx.hash);
                }
            }
        }
        true
    }

    /// Ends the block: what is left to do needs no candidate, and what the next block needs is there at once.
    pub fn finish(self, spec: &ChainSpec) -> Result<(B256, BlockOutcome, SealingBlock), EngineError> {
        let (Base::Block(parent), Some(view)) = (self.parent, self.state.view()) else { return Err(parent_unsealed()) };
        let range = (self.log.closed() == self.executor.transactions().len()).then(|| self.log.range());
        let outcome = self.executor.finish();
        let header = outcome.provisional_header(spec);
        let state = ParentState::unsealed(header.number, view, outcome.diff.clone());
        Ok((parent, outcome, SealingBlock { header, state, best: Some(self.best), range }))
    }

    fn note(&mut self, tx: &RecoveredTx) {
        if !tx.is_deposit() {
            self.best.note_included(tx.sender, alloy_consensus::Transaction::nonce(&tx.tx));
        }
    }

    fn total(&self, extended: &mut Extended) {
        extended.gas_used = self.executor.gas_used();
        extended.transaction_bytes = self.executor.transaction_bytes();
        extended.transaction_count = self.executor.transactions().len();
    }
}

fn decode_each(transactions: &[Bytes]) -> Vec<Result<RecoveredTx, TxReject>> {
    use rayon::prelude::*;
    transactions.par_iter().with_min_len(8).map(|raw| RecoveredTx::decode(raw.clone())).collect()
}

pub fn parent_unsealed() -> EngineError {
    EngineError::new("ENGINE_PARENT_UNSEALED", "the parent's root is still being computed: await its seal")
}

fn failure(code: &'static str, error: &ExecuteError) -> EngineError {
    match error {
        ExecuteError::State(error) => error.clone().into(),
        ExecuteError::Evm(message) => EngineError::new("ENGINE_EXECUTION", format!("EVM failed: {message}")),
        other => EngineError::new(code, other.to_string()),
    }
}
