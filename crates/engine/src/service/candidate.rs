//! An open block.

use std::time::{Duration, Instant};

use alloy_primitives::{B256, Bytes, keccak256};
use altlayer_execution::{
    BlockExecutor, ExecuteError, ExecutionPayload, Parent, PayloadAttributes, RecoveredTx, StateRoots, TxReject,
    decode_all,
};
use altlayer_state::{Durability, ExecutedBlock, StateView};

use super::{
    shared::Shared,
    wire::{Budget, Extended, Included, Rejected},
};
use crate::{
    error::EngineError,
    pool::{BestTransactions, PooledTransaction},
};

/// Transactions that do not fit the budget before an extension stops looking for smaller ones.
const MISFITS: usize = 64;

/// Gas of the smallest transaction.
const SMALLEST_GAS: u64 = 21_000;

pub struct Candidate {
    pub parent: B256,
    executor: BlockExecutor<StateView>,
    view: StateView,
    best: BestTransactions,
    no_tx_pool: bool,
}

impl Candidate {
    /// Opens a block and executes the attributes' transactions, each of which must be valid.
    pub fn open(
        shared: &Shared,
        parent: B256,
        attributes: &PayloadAttributes,
    ) -> Result<(Self, Extended), EngineError> {
        let header = shared
            .chain
            .header(&parent)?
            .ok_or_else(|| EngineError::new("STATE_UNKNOWN_BLOCK", format!("block {parent} is not known")))?;
        let view = shared.chain.view(parent)?;
        let parent_block = Parent { hash: parent, header: (*header).clone() };
        let executor = BlockExecutor::open(shared.spec.clone(), view.clone(), &parent_block, attributes)
            .map_err(|error| failure("INVALID_ATTRIBUTES", &error))?;
        let base_fee = executor.header().base_fee_per_gas.unwrap_or_default();
        let mut candidate =
            Self { parent, executor, view, best: BestTransactions::new(base_fee), no_tx_pool: attributes.no_tx_pool };
        let forced = decode_all(&attributes.transactions).map_err(|(index, reject)| {
            EngineError::new("INVALID_TRANSACTION", format!("attributes' transaction {index}: {reject}"))
        })?;
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
            extended.included.push(Included { hash: tx.hash, gas_used: executed.gas_used, success: executed.success });
        }
        candidate.total(&mut extended);
        Ok((candidate, extended))
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
                    extended.included.push(Included {
                        hash: tx.hash,
                        gas_used: executed.gas_used,
                        success: executed.success,
                    });
                }
                Err(ExecuteError::Reject(reject)) => extended.rejected.push(Rejected::new(tx.hash, &reject)),
                Err(other) => return Err(failure("ENGINE_EXECUTION", &other)),
            }
        }
        self.total(&mut extended);
        Ok(extended)
    }

    /// Appends the pool's best transactions within the budget.
    pub fn extend_from_pool(&mut self, shared: &Shared, budget: Budget) -> Result<Extended, EngineError> {
        if self.no_tx_pool {
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
        let mut misfits: Vec<std::sync::Arc<PooledTransaction>> = Vec::new();
        let mut last: Option<std::sync::Arc<PooledTransaction>> = None;
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
            let misfit = budget.max_gas.is_some_and(|max| gas.saturating_add(tx.gas_limit()) > max)
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
                    extended.included.push(Included {
                        hash: tx.hash,
                        gas_used: executed.gas_used,
                        success: executed.success,
                    });
                    last = Some(tx);
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

    /// Ends the block: root, header, journal. Durable on return.
    pub fn seal(self, shared: &Shared) -> Result<Sealed, EngineError> {
        let outcome = self.executor.finish();
        let prepared = shared.chain.root_after(self.parent, &outcome.diff)?;
        let roots = StateRoots { state: prepared.root(), message_passer: prepared.message_passer_root() };
        let header = outcome.assemble_header(&shared.spec, roots);
        let hash = header.hash_slow();
        let raw = outcome.transactions.iter().map(|tx| tx.raw.clone());
        let payload = ExecutionPayload::from_block(&header, hash, raw);
        let touched = outcome.diff.accounts.keys().copied().collect();
        let block = ExecutedBlock {
            header,
            hash,
            transactions: outcome.transactions,
            receipts: outcome.receipts,
            state: prepared,
        };
        shared.chain.insert(block, Durability::Synced)?;
        Ok(Sealed { hash, payload, touched })
    }

    /// The block so far, for queries.
    pub fn snapshot(&mut self) -> crate::query::PendingBlock {
        let diff = self.executor.diff();
        let mut header = self.executor.header().clone();
        header.gas_used = self.executor.gas_used();
        crate::query::PendingBlock {
            header,
            transactions: self.executor.transactions().to_vec(),
            receipts: self.executor.receipts().to_vec(),
            state: std::sync::Arc::new(super::overlay::Overlay { base: self.view.clone(), diff }),
        }
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

/// A block that stands in the journal.
pub struct Sealed {
    pub hash: B256,
    pub payload: ExecutionPayload,
    /// Accounts that it changed.
    pub touched: Vec<alloy_primitives::Address>,
}

fn decode_each(transactions: &[Bytes]) -> Vec<Result<RecoveredTx, TxReject>> {
    use rayon::prelude::*;
    transactions.par_iter().with_min_len(8).map(|raw| RecoveredTx::decode(raw.clone())).collect()
}

fn failure(code: &'static str, error: &ExecuteError) -> EngineError {
    match error {
        ExecuteError::State(error) => error.clone().into(),
        ExecuteError::Evm(message) => EngineError::new("ENGINE_EXECUTION", format!("EVM failed: {message}")),
        other => EngineError::new(code, other.to_string()),
    }
}
