//! What a query may look at.

use std::{sync::Arc, time::Instant};

use alloy_consensus::Header;
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
    /// When the query must have ended.
    pub deadline: Instant,
}

impl QueryContext {
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
    pub transactions: Vec<StoredTransaction>,
    pub receipts: Vec<OpReceipt>,
    /// State after the last of `transactions`.
    pub state: Arc<dyn StateRead>,
}
