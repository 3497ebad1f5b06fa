//! A state with changes on top, to read from.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use altlayer_execution::{BlockState, StatePoint};
use altlayer_state::{StateDiff, StateError, StateRead};
use revm::{bytecode::Bytecode, state::AccountInfo};

pub struct Overlay<S> {
    pub base: S,
    /// The newest is last.
    pub layers: Vec<Arc<StateDiff>>,
}

impl<S: StateRead> StateRead for Overlay<S> {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        match self.layers.iter().rev().find_map(|layer| layer.accounts.get(address)) {
            Some(changed) => Ok(changed.info.clone()),
            None => self.base.account(address),
        }
    }

    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        for changed in self.layers.iter().rev().filter_map(|layer| layer.accounts.get(address)) {
            if let Some(value) = changed.storage.get(slot) {
                return Ok(*value);
            }
            if changed.storage_cleared || changed.info.is_none() {
                return Ok(U256::ZERO);
            }
        }
        self.base.storage(address, slot)
    }

    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        match self.layers.iter().rev().find_map(|layer| layer.codes.get(code_hash)) {
            Some(code) => Ok(code.clone()),
            None => self.base.code(code_hash),
        }
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.base.block_hash(number)
    }
}

/// The changes of a block in the making as layers, so that a snapshot costs what is new since the last one. Small layers are
/// merged into older ones of about their size: reads pass through a handful, and each change is copied a few times at most.
pub struct Layers {
    layers: Vec<Arc<StateDiff>>,
    point: StatePoint,
}

impl Default for Layers {
    fn default() -> Self {
        Self { layers: Vec::new(), point: StatePoint::START }
    }
}

impl Layers {
    /// Takes over what was written since the last call, and returns all of it.
    pub fn advance<S: StateRead>(&mut self, state: &BlockState<S>) -> Vec<Arc<StateDiff>> {
        if state.point() != self.point {
            let mut newest = state.diff_since(self.point);
            self.point = state.point();
            while let Some(older) = self.layers.pop_if(|older| older.accounts.len() <= 2 * newest.accounts.len()) {
                newest = merge(Arc::unwrap_or_clone(older), newest);
            }
            self.layers.push(Arc::new(newest));
        }
        self.layers.clone()
    }
}

/// One layer that reads like `newer` over `older`.
fn merge(mut older: StateDiff, newer: StateDiff) -> StateDiff {
    for (address, mut change) in newer.accounts {
        if let Some(below) = older.accounts.remove(&address)
            && !change.storage_cleared
            && change.info.is_some()
        {
            change.storage_cleared = below.storage_cleared || below.info.is_none();
            if below.info.is_some() {
                let mut storage = below.storage;
                storage.extend(change.storage);
                change.storage = storage;
            }
        }
        older.accounts.insert(address, change);
    }
    older.codes.extend(newer.codes);
    older
}

#[cfg(test)]
mod tests {
    use altlayer_execution::BlockState;
    use proptest::prelude::*;
    use revm::{Database, bytecode::Bytecode};

    use super::*;

    /// An account with nonce 1 and slot `n` holding `n + 1`, at addresses 0 to 3.
    struct Base;

    impl StateRead for Base {
        fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
            Ok((address[19] < 4).then(|| AccountInfo { nonce: 1, ..Default::default() }))
        }
        fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
            Ok(if address[19] < 4 { slot + U256::from(1) } else { U256::ZERO })
        }
        fn code(&self, _: &B256) -> Result<Bytecode, StateError> {
            Ok(Bytecode::default())
        }
        fn block_hash(&self, _: u64) -> Result<B256, StateError> {
            Ok(B256::ZERO)
        }
    }

    #[derive(Debug, Clone)]
    enum Write {
        Nonce(u8, u64),
        Slot(u8, u8, u8),
        Clear(u8),
        Snapshot,
    }

    fn write() -> impl Strategy<Value = Write> {
        prop_oneof![
            (0..6u8, any::<u64>()).prop_map(|(address, nonce)| Write::Nonce(address, nonce)),
            (0..6u8, 0..4u8, any::<u8>()).prop_map(|(address, slot, value)| Write::Slot(address, slot, value)),
            (0..6u8).prop_map(Write::Clear),
            Just(Write::Snapshot),
        ]
    }

    proptest! {
        /// Whatever is written between snapshots, the layers read like the block's own state.
        #[test]
        fn layers_read_like_the_state(writes in prop::collection::vec(write(), 1..60)) {
            let mut state = BlockState::new(Base);
            let mut layers = Layers::default();
            for step in writes.into_iter().chain([Write::Snapshot]) {
                let at = Address::with_last_byte;
                match step {
                    Write::Nonce(address, nonce) => {
                        state.set_account(at(address), AccountInfo { nonce, ..Default::default() }).unwrap();
                    }
                    Write::Slot(address, slot, value) => {
                        state.set_account(at(address), AccountInfo { nonce: 9, ..Default::default() }).unwrap();
                        state.set_storage(at(address), U256::from(slot), U256::from(value)).unwrap();
                    }
                    Write::Clear(address) => state.clear_storage(at(address)).unwrap(),
                    Write::Snapshot => {
                        let overlay = Overlay { base: Base, layers: layers.advance(&state) };
                        for address in (0..7).map(at) {
                            let own = state.basic(address).unwrap();
                            prop_assert_eq!(overlay.account(&address).unwrap(), own);
                            for slot in (0..5).map(|slot: u8| U256::from(slot)) {
                                let own = state.storage(address, slot).unwrap();
                                prop_assert_eq!(overlay.storage(&address, &slot).unwrap(), own);
                            }
                        }
                    }
                }
            }
        }
    }
}
