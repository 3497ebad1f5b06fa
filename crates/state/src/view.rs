//! State at one block.

use alloy_primitives::{Address, B256, U256};
use revm::{bytecode::Bytecode, state::AccountInfo};

use crate::types::{StateError, StateRead};

/// State after one block, canonical or not. Cheap to make and to clone; stays correct while the chain moves on, including
/// through reorgs, until the block leaves the history window ([`StateError::Pruned`]).
#[derive(Clone)]
pub struct StateView {}

impl StateRead for StateView {
    fn account(&self, _address: &Address) -> Result<Option<AccountInfo>, StateError> {
        unimplemented!()
    }
    fn storage(&self, _address: &Address, _slot: &U256) -> Result<U256, StateError> {
        unimplemented!()
    }
    fn code(&self, _code_hash: &B256) -> Result<Bytecode, StateError> {
        unimplemented!()
    }
    fn block_hash(&self, _number: u64) -> Result<B256, StateError> {
        unimplemented!()
    }
}
