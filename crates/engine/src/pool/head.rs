//! What the pool knows of the head it admits transactions for.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use altlayer_state::StateError;

/// Gas that the L1 attributes deposit takes from every block, by op-geth's reckoning.
const L1_INFO_GAS: u64 = 70_000;

/// Rules of the next block that admission applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolRules {
    pub chain_id: u64,
    pub block_gas_limit: u64,
    pub base_fee: u64,
    /// Lowest tip cap in wei.
    pub min_tip: u128,
    /// Canyon: EIP-3860.
    pub shanghai: bool,
    /// Isthmus: EIP-7623.
    pub prague: bool,
}

impl PoolRules {
    /// Most gas of one transaction.
    pub const fn transaction_gas_limit(&self) -> u64 {
        self.block_gas_limit.saturating_sub(L1_INFO_GAS)
    }
}

/// An account, by what admission asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderAccount {
    pub nonce: u64,
    pub balance: U256,
    /// Hash of code that forbids the account to send (EIP-3607).
    pub forbidding_code: Option<B256>,
}

/// The head's state, as far as the pool looks into it.
pub trait HeadState: Send + Sync {
    fn account(&self, address: &Address) -> Result<SenderAccount, StateError>;
    /// What a transaction pays beyond `gas * price + value` at most (L1 data fee, operator fee), by its EIP-2718 bytes.
    fn additional_cost(&self, raw: &[u8], gas_limit: u64) -> U256;
}

/// A head: rules and state.
#[derive(Clone)]
pub struct PoolHead {
    pub rules: PoolRules,
    pub state: Arc<dyn HeadState>,
}
