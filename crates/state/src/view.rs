//! State at one block.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, U256};
use alloy_trie::KECCAK_EMPTY;
use parking_lot::RwLock;
use revm::{bytecode::Bytecode, state::AccountInfo};

use crate::{
    chain::{shared::Shared, tree::Node},
    types::{StateError, StateRead},
};

/// State after one block, canonical or not. Cheap to make and to clone; stays correct while the chain moves on, including
/// through reorgs, until the block leaves the history window ([`StateError::Pruned`]).
#[derive(Clone)]
pub struct StateView {
    shared: Arc<Shared>,
    hash: B256,
    number: u64,
    base: Arc<RwLock<Base>>,
}

/// The canonical block under the view, and the side blocks between, newest first.
struct Base {
    /// The flat state's epoch when this was true.
    epoch: u64,
    number: u64,
    layers: Vec<Arc<Node>>,
}

impl StateView {
    pub(crate) fn new(shared: Arc<Shared>, hash: B256) -> Result<Self, StateError> {
        let base = resolve(&shared, hash)?;
        let number = base.layers.first().map_or(base.number, |node| node.block.number);
        Ok(Self { shared, hash, number, base: Arc::new(RwLock::new(base)) })
    }

    /// Hash of the block whose state this is.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Has these accounts in the cache for who reads them next.
    pub(crate) fn warm<'a>(&self, addresses: impl Iterator<Item = &'a Address>) {
        self.shared.flat.warm(addresses);
    }

    /// Reads through layers and base; again if blocks were undone meanwhile.
    fn read<T>(&self, read: impl Fn(&Base) -> Result<T, StateError>) -> Result<T, StateError> {
        loop {
            {
                let base = self.base.read();
                let value = read(&base);
                // The canonical block below side blocks may leave the window when those have become canonical themselves.
                let stale = matches!(value, Err(StateError::Pruned { .. })) && !base.layers.is_empty();
                if base.epoch == self.shared.flat.epoch() && !stale {
                    return value;
                }
            }
            let fresh = resolve(&self.shared, self.hash)?;
            *self.base.write() = fresh;
        }
    }

    /// All nonzero slots of an account. Only within the history window, archive or not.
    pub(crate) fn slots(&self, address: &Address) -> Result<BTreeMap<U256, U256>, StateError> {
        self.read(|base| {
            let mut slots: BTreeMap<U256, U256> = self.shared.flat.slots(address, base.number).into_iter().collect();
            for node in base.layers.iter().rev() {
                if let Ok(at) = node.changes.accounts.binary_search_by_key(address, |change| change.address) {
                    slots.extend(node.changes.accounts[at].storage.iter().map(|slot| (slot.slot, slot.new)));
                }
            }
            let oldest = self.shared.flat.oldest();
            if base.number < oldest {
                return Err(StateError::Pruned { number: base.number, oldest });
            }
            slots.retain(|_, value| !value.is_zero());
            Ok(slots)
        })
    }
}

/// Where the block hangs on the canonical chain. Waits for an undo in progress: it holds the tree's lock.
fn resolve(shared: &Shared, hash: B256) -> Result<Base, StateError> {
    loop {
        let (epoch, cursor, layers) = {
            let tree = shared.tree.read();
            let mut layers = Vec::new();
            let mut cursor = hash;
            loop {
                match tree.nodes.get(&cursor) {
                    Some(node) if tree.is_canonical(node) => {
                        let base = Base { epoch: shared.flat.epoch(), number: node.block.number, layers };
                        drop(tree);
                        shared.check_reach(base.number)?;
                        return Ok(base);
                    }
                    Some(node) => {
                        layers.push(node.clone());
                        cursor = node.block.parent_hash;
                    }
                    None => break,
                }
            }
            (shared.flat.epoch(), cursor, layers)
        };
        let number = shared.canonical_number(&cursor)?.ok_or(StateError::UnknownBlock { hash: cursor })?;
        if epoch == shared.flat.epoch() {
            shared.check_reach(number)?;
            return Ok(Base { epoch, number, layers });
        }
    }
}

impl StateRead for StateView {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        self.read(|base| {
            for node in &base.layers {
                if let Ok(at) = node.changes.accounts.binary_search_by_key(address, |change| change.address) {
                    return Ok(node.changes.accounts[at].new.map(Into::into));
                }
            }
            Ok(self.shared.account_at(address, base.number)?.map(Into::into))
        })
    }

    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        self.read(|base| {
            for node in &base.layers {
                if let Ok(at) = node.changes.accounts.binary_search_by_key(address, |change| change.address) {
                    let storage = &node.changes.accounts[at].storage;
                    if let Ok(at) = storage.binary_search_by_key(slot, |change| change.slot) {
                        return Ok(storage[at].new);
                    }
                }
            }
            self.shared.slot_at(address, slot, base.number)
        })
    }

    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        if *code_hash == KECCAK_EMPTY || code_hash.is_zero() {
            return Ok(Bytecode::default());
        }
        if let Some(code) = self.shared.flat.code(code_hash) {
            return Ok(code);
        }
        self.read(|base| {
            let mut codes = base.layers.iter().flat_map(|node| &node.changes.codes);
            let found = codes.find(|(hash, _)| hash == code_hash).map(|(_, code)| code.clone());
            found.ok_or(StateError::UnknownCode { hash: *code_hash })
        })
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        if number > self.number {
            return Ok(B256::ZERO);
        }
        self.read(|base| {
            if let Some(node) = base.layers.iter().find(|node| node.block.number == number) {
                return Ok(node.block.hash);
            }
            Ok(self.shared.canonical_hash(number)?.unwrap_or_default())
        })
    }
}
