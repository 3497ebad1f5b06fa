//! A block's state changes with old and new values: journalled, layered over the parent, undone in reorgs.

use alloy_primitives::{Address, B256, U256};
use revm::bytecode::Bytecode;

/// An account without its code and storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub nonce: u64,
    pub balance: U256,
    pub code_hash: B256,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotChange {
    pub slot: U256,
    pub old: U256,
    pub new: U256,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    pub address: Address,
    pub old: Option<Account>,
    pub new: Option<Account>,
    /// Sorted by slot. Cleared storage is spelled out, so that a change can be undone by itself.
    pub storage: Vec<SlotChange>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// Sorted by address.
    pub accounts: Vec<AccountChange>,
    pub codes: Vec<(B256, Bytecode)>,
}
