//! The border between state and execution: how state is read, and what an executed block changes.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use revm::{bytecode::Bytecode, state::AccountInfo};

pub use crate::error::StateError;

/// State as one block left it. Implementations answer for a fixed block, however far the chain moves on.
pub trait StateRead: Send + Sync {
    /// The account, or `None` if it does not exist. `code` may be `None`: fetch it by its hash with [`StateRead::code`].
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError>;
    /// The slot's value; zero if it was never written.
    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError>;
    /// Analysed code by its hash; empty code for the empty hash.
    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError>;
    /// Hash of the ancestor with that number (or of the block itself); zero for unknown numbers.
    fn block_hash(&self, number: u64) -> Result<B256, StateError>;
}

impl<T: StateRead + ?Sized> StateRead for &T {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        (**self).account(address)
    }
    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        (**self).storage(address, slot)
    }
    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        (**self).code(code_hash)
    }
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        (**self).block_hash(number)
    }
}

impl<T: StateRead + ?Sized> StateRead for std::sync::Arc<T> {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        (**self).account(address)
    }
    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        (**self).storage(address, slot)
    }
    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        (**self).code(code_hash)
    }
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        (**self).block_hash(number)
    }
}

/// What a block (or a genesis) changes, relative to its parent's state. Ordered maps, so that encodings are deterministic.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct StateDiff {
    pub accounts: BTreeMap<Address, AccountDiff>,
    /// Codes that appear for the first time (repeating a known one is harmless).
    pub codes: BTreeMap<B256, Bytecode>,
}

/// The final state of one touched account.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct AccountDiff {
    /// `None`: the account does not exist any more, and neither does its storage.
    pub info: Option<AccountInfo>,
    /// The old storage is dropped before `storage` applies.
    pub storage_cleared: bool,
    /// Final values of written slots; zero removes the slot.
    pub storage: BTreeMap<U256, U256>,
}

impl StateDiff {
    /// The diff that creates a genesis allocation on the empty state.
    pub fn from_genesis_alloc<'a>(
        alloc: impl IntoIterator<Item = (&'a Address, &'a alloy_genesis::GenesisAccount)>,
    ) -> Self {
        let mut diff = Self::default();
        for (address, account) in alloc {
            let code_hash = match &account.code {
                Some(code) if !code.is_empty() => {
                    let bytecode = Bytecode::new_raw(code.clone());
                    let hash = bytecode.hash_slow();
                    diff.codes.insert(hash, bytecode);
                    hash
                }
                _ => alloy_trie::KECCAK_EMPTY,
            };
            let info = AccountInfo {
                balance: account.balance,
                nonce: account.nonce.unwrap_or_default(),
                code_hash,
                account_id: None,
                code: None,
            };
            let storage = account
                .storage
                .iter()
                .flatten()
                .map(|(slot, value)| (U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0)))
                .filter(|(_, value)| !value.is_zero())
                .collect();
            diff.accounts.insert(*address, AccountDiff { info: Some(info), storage_cleared: false, storage });
        }
        diff
    }
}
