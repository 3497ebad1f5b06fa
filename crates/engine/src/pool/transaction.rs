//! A transaction as the pool carries it: decoded, hashed and recovered once, at admission.

use alloy_consensus::Transaction;
use alloy_primitives::{Address, B256, Bytes, U256};
use op_alloy_consensus::OpTxEnvelope;

#[derive(Debug, Clone)]
pub struct PooledTransaction {
    pub hash: B256,
    pub sender: Address,
    /// EIP-2718 bytes.
    pub raw: Bytes,
    pub envelope: OpTxEnvelope,
}

impl PooledTransaction {
    pub fn nonce(&self) -> u64 {
        self.envelope.nonce()
    }

    pub fn gas_limit(&self) -> u64 {
        self.envelope.gas_limit()
    }

    /// Highest price per gas; a legacy transaction's gas price.
    pub fn fee_cap(&self) -> u128 {
        self.envelope.max_fee_per_gas()
    }

    /// Highest tip per gas; a legacy transaction's gas price.
    pub fn tip_cap(&self) -> u128 {
        self.envelope.max_priority_fee_per_gas().unwrap_or_else(|| self.envelope.max_fee_per_gas())
    }

    /// What the block's producer earns per gas, or `None` if the base fee is above the fee cap.
    pub fn effective_tip(&self, base_fee: u64) -> Option<u128> {
        Some(self.tip_cap().min(self.fee_cap().checked_sub(u128::from(base_fee))?))
    }

    /// Most that execution can take from the sender on L2: gas limit times fee cap, plus value.
    pub fn cost(&self) -> U256 {
        (U256::from(self.gas_limit()) * U256::from(self.fee_cap())).saturating_add(self.envelope.value())
    }
}
