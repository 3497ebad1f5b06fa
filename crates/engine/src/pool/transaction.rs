//! A transaction as the pool carries it: decoded, hashed and recovered once, at admission.

use std::ops::Deref;

use alloy_consensus::Transaction;
use alloy_primitives::U256;
use altlayer_execution::RecoveredTx;

#[derive(Debug, Clone)]
pub struct PooledTransaction(pub RecoveredTx);

impl Deref for PooledTransaction {
    type Target = RecoveredTx;

    fn deref(&self) -> &RecoveredTx {
        &self.0
    }
}

impl PooledTransaction {
    pub fn nonce(&self) -> u64 {
        self.tx.nonce()
    }

    pub fn gas_limit(&self) -> u64 {
        self.tx.gas_limit()
    }

    /// Highest price per gas; a legacy transaction's gas price.
    pub fn fee_cap(&self) -> u128 {
        self.tx.max_fee_per_gas()
    }

    /// Highest tip per gas; a legacy transaction's gas price.
    pub fn tip_cap(&self) -> u128 {
        self.tx.max_priority_fee_per_gas().unwrap_or_else(|| self.tx.max_fee_per_gas())
    }

    /// What the block's producer earns per gas, or `None` if the base fee is above the fee cap.
    pub fn effective_tip(&self, base_fee: u64) -> Option<u128> {
        Some(self.tip_cap().min(self.fee_cap().checked_sub(u128::from(base_fee))?))
    }

    /// Most that execution can take from the sender on L2: gas limit times fee cap, plus value.
    pub fn cost(&self) -> U256 {
        (U256::from(self.gas_limit()) * U256::from(self.fee_cap())).saturating_add(self.tx.value())
    }
}
