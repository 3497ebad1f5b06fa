//! The transaction pool.

mod transaction;

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256};
pub use transaction::PooledTransaction;

/// Transactions by sender, in nonce order.
pub type Content = BTreeMap<Address, Vec<Arc<PooledTransaction>>>;

/// Transactions that wait for a block.
pub struct Pool {}

impl Pool {
    pub fn get(&self, _hash: &B256) -> Option<Arc<PooledTransaction>> {
        None
    }

    /// The nonce after the sender's last executable transaction; `None` if the pool holds none of theirs.
    pub fn next_nonce(&self, _sender: &Address) -> Option<u64> {
        None
    }

    /// Executable and waiting transactions.
    pub fn status(&self) -> (usize, usize) {
        (0, 0)
    }

    /// Executable (pending) and waiting (queued) transactions.
    pub fn content(&self) -> (Content, Content) {
        Default::default()
    }

    /// The same for one sender.
    pub fn content_from(&self, _sender: &Address) -> (Vec<Arc<PooledTransaction>>, Vec<Arc<PooledTransaction>>) {
        Default::default()
    }
}
