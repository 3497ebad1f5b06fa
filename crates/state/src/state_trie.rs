//! The account trie, whose leaves carry the accounts' storage tries.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::{
    change::Account,
    chain::types::{Accesses, AccountProof},
    types::{StateDiff, StateError},
};

/// keccak -> node (or code, or header) bytes, as witnesses carry them.
pub type Preimages = HashMap<B256, Bytes>;

/// The state as a Merkle-Patricia trie. Cloning is O(1); clones share nodes.
#[derive(Clone, Default)]
pub struct StateTrie {}

impl StateTrie {
    pub fn new() -> Self {
        Self::default()
    }

    /// A partial trie over a witness: nodes that are not among the preimages stay hashes, and touching one is an error.
    pub fn from_witness(_root: B256, _preimages: &Preimages) -> Result<Self, StateError> {
        unimplemented!()
    }

    pub fn account(&self, _address: &Address) -> Result<Option<Account>, StateError> {
        unimplemented!()
    }

    pub fn storage(&self, _address: &Address, _slot: &U256) -> Result<U256, StateError> {
        unimplemented!()
    }

    pub fn storage_root(&self, _address: &Address) -> Result<B256, StateError> {
        unimplemented!()
    }

    /// Applies a diff. After an error the trie is unusable: clone before if it must survive.
    pub fn apply(&mut self, _diff: &StateDiff) -> Result<(), StateError> {
        unimplemented!()
    }

    pub fn root(&mut self) -> B256 {
        unimplemented!()
    }

    pub fn proof(&mut self, _address: &Address, _slots: &[U256]) -> Result<AccountProof, StateError> {
        unimplemented!()
    }

    /// Every node that re-executing a block on this (the parent's) state touches: the paths of `accesses` and of `diff`,
    /// and the siblings that deletions pull up, in whatever order a verifier applies the diff.
    pub fn witness(&mut self, _accesses: &Accesses, _diff: &StateDiff) -> Result<Preimages, StateError> {
        unimplemented!()
    }
}

/// Root of the state that holds exactly this allocation.
pub fn state_root(_state: &StateDiff) -> B256 {
    unimplemented!()
}
