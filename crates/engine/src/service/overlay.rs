//! A state with changes on top, to read from.

use alloy_primitives::{Address, B256, U256};
use altlayer_state::{StateDiff, StateError, StateRead};
use revm::{bytecode::Bytecode, state::AccountInfo};

pub struct Overlay<S> {
    pub base: S,
    pub diff: StateDiff,
}

impl<S: StateRead> StateRead for Overlay<S> {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        match self.diff.accounts.get(address) {
            Some(changed) => Ok(changed.info.clone()),
            None => self.base.account(address),
        }
    }

    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        match self.diff.accounts.get(address) {
            Some(changed) => match changed.storage.get(slot) {
                Some(value) => Ok(*value),
                None if changed.storage_cleared || changed.info.is_none() => Ok(U256::ZERO),
                None => self.base.storage(address, slot),
            },
            None => self.base.storage(address, slot),
        }
    }

    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        match self.diff.codes.get(code_hash) {
            Some(code) => Ok(code.clone()),
            None => self.base.code(code_hash),
        }
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.base.block_hash(number)
    }
}
