//! What a query may look at.

use std::{sync::Arc, time::Instant};

use alloy_consensus::Header;
use alloy_primitives::B256;
use altlayer_execution::ChainSpec;
use altlayer_state::{ChainStore, StateRead, StoredTransaction};
use op_alloy_consensus::OpReceipt;
use parking_lot::Mutex;

use crate::{error::RpcError, options::QueryLimits, pool::Pool};

/// Everything a query reads. Cheap to clone; made afresh for each query, so `deadline` is its own.
#[derive(Clone)]
pub struct QueryContext {
    pub spec: Arc<ChainSpec>,
    pub chain: Arc<ChainStore>,
    /// Lock shortly: admission waits for it.
    pub pool: Arc<Mutex<Pool>>,
    pub limits: Arc<QueryLimits>,
    /// The block being built on the head, if the engine builds one.
    pub pending: Option<Arc<PendingBlock>>,
    pub published: Option<PublishedSlices>,
    /// When the query must have ended.
    pub deadline: Instant,
}

impl QueryContext {
    /// Milliseconds until the query must have ended.
    pub fn left_ms(&self) -> u64 {
        self.deadline.saturating_duration_since(Instant::now()).as_millis() as u64
    }

    /// An error once the query's time is over.
    pub fn check_deadline(&self) -> Result<(), RpcError> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(RpcError::server(format!("execution aborted (timeout = {}ms)", self.limits.call_timeout_ms)))
    }
}

/// An unsealed block on the head, as far as it is built.
pub struct PendingBlock {
    /// Roots, bloom and extra data are not final.
    pub header: Header,
    pub slices: Vec<Arc<Slice>>,
    /// State after the last transaction.
    pub state: Arc<dyn StateRead>,
}

impl PendingBlock {
    pub fn transactions(&self) -> impl Iterator<Item = &StoredTransaction> + Clone {
        self.slices.iter().flat_map(|slice| &slice.transactions)
    }

    pub fn transaction_count(&self) -> usize {
        self.slices.last().map_or(0, |slice| slice.first_transaction + slice.transactions.len())
    }

    pub fn transaction(&self, index: usize) -> Option<&StoredTransaction> {
        let at = self.slices.partition_point(|slice| slice.first_transaction + slice.transactions.len() <= index);
        let slice = self.slices.get(at)?;
        slice.transactions.get(index - slice.first_transaction)
    }
}

/// A part of a block in the making: consecutive transactions with their receipts.
#[derive(Default)]
pub struct Slice {
    pub index: u64,
    pub id: B256,
    pub previous_id: B256,
    /// Place in the block of its first transaction.
    pub first_transaction: usize,
    /// Gas and logs of the transactions before.
    pub gas_before: u64,
    pub logs_before: u64,
    /// Range root over all of the block's transactions up to the last of this slice (docs/spec/mach.md, section 2).
    pub transaction_root: B256,
    pub transactions: Vec<StoredTransaction>,
    pub receipts: Vec<OpReceipt>,
}

/// The published slices of the block in the making: durable where this node sequences.
#[derive(Clone)]
pub struct PublishedSlices {
    pub header: Arc<Header>,
    pub slices: Vec<Arc<Slice>>,
}

impl PublishedSlices {
    /// The slice that holds a transaction, and its place there.
    pub fn locate(&self, hash: &B256) -> Option<(&Slice, usize)> {
        self.slices.iter().find_map(|slice| {
            let at = slice.transactions.iter().position(|transaction| transaction.hash == *hash)?;
            Some((&**slice, at))
        })
    }
}
