//! The state under a block in the making.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use altlayer_state::{StateDiff, StateError, StateRead, StateView};
use parking_lot::RwLock;
use revm::{bytecode::Bytecode, state::AccountInfo};

use super::overlay::Overlay;

/// The parent's state. The parent may still be on its way to a root: then its hash is not known, and asking for it is
/// [`StateError::Unsealed`]. All clones learn of the seal.
#[derive(Clone)]
pub struct ParentState(Arc<RwLock<Source>>);

enum Source {
    Sealed(StateView),
    Unsealed { number: u64, state: Overlay<StateView> },
}

impl ParentState {
    pub fn sealed(view: StateView) -> Self {
        Self(Arc::new(RwLock::new(Source::Sealed(view))))
    }

    /// Block `number`, which changes `base` by `diff`.
    pub fn unsealed(number: u64, base: StateView, diff: Arc<StateDiff>) -> Self {
        let state = Overlay { base, layers: vec![diff] };
        Self(Arc::new(RwLock::new(Source::Unsealed { number, state })))
    }

    /// The parent has its root and is known by its hash.
    pub fn seal(&self, view: StateView) {
        *self.0.write() = Source::Sealed(view);
    }

    /// The sealed parent's state.
    pub fn view(&self) -> Option<StateView> {
        match &*self.0.read() {
            Source::Sealed(view) => Some(view.clone()),
            Source::Unsealed { .. } => None,
        }
    }
}

impl StateRead for ParentState {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        match &*self.0.read() {
            Source::Sealed(view) => view.account(address),
            Source::Unsealed { state, .. } => state.account(address),
        }
    }

    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        match &*self.0.read() {
            Source::Sealed(view) => view.storage(address, slot),
            Source::Unsealed { state, .. } => state.storage(address, slot),
        }
    }

    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        match &*self.0.read() {
            Source::Sealed(view) => view.code(code_hash),
            Source::Unsealed { state, .. } => state.code(code_hash),
        }
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        match &*self.0.read() {
            Source::Sealed(view) => view.block_hash(number),
            Source::Unsealed { number: parent, .. } if number == *parent => Err(StateError::Unsealed { number }),
            Source::Unsealed { state, .. } => state.block_hash(number),
        }
    }
}
