//! A block's state changes with old and new values: journalled, layered over the parent, undone in reorgs.

use alloy_primitives::{Address, B256, U256};
use revm::{bytecode::Bytecode, state::AccountInfo};

/// An account without its code and storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub nonce: u64,
    pub balance: U256,
    pub code_hash: B256,
}

impl From<&AccountInfo> for Account {
    fn from(info: &AccountInfo) -> Self {
        Self { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash }
    }
}

impl From<Account> for AccountInfo {
    fn from(account: Account) -> Self {
        let Account { nonce, balance, code_hash } = account;
        Self { balance, nonce, code_hash, account_id: None, code: None }
    }
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

impl ChangeSet {
    /// Number of changed accounts and slots.
    pub fn size(&self) -> usize {
        self.accounts.iter().map(|change| 1 + change.storage.len()).sum()
    }
}
