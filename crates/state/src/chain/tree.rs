//! The blocks in memory: the canonical window and the side blocks, with their changes.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use alloy_consensus::Header;
use alloy_primitives::B256;
use parking_lot::Mutex;

use super::types::{BlockRef, Heads};
use crate::{change::ChangeSet, journal::Position, state_trie::StateTrie};

/// One block in memory.
pub struct Node {
    pub block: BlockRef,
    pub header: Arc<Header>,
    pub position: Position,
    pub message_passer_root: B256,
    pub changes: Arc<ChangeSet>,
    /// Number of changed keys.
    pub size: usize,
    /// Of side blocks and of a dropped head; canonical blocks' tries follow from the head's.
    pub trie: Mutex<Option<StateTrie>>,
    /// Transaction hashes, until the block is indexed.
    pub transactions: Mutex<Option<Arc<[B256]>>>,
}

pub struct Tree {
    pub heads: Heads,
    pub nodes: HashMap<B256, Arc<Node>>,
    /// Canonical hashes from block `first` to the head.
    canonical: VecDeque<B256>,
    first: u64,
    pub head_trie: StateTrie,
}

impl Tree {
    pub fn new(heads: Heads, first: u64, canonical: VecDeque<B256>, head_trie: StateTrie) -> Self {
        Self { heads, nodes: HashMap::new(), canonical, first, head_trie }
    }

    /// The canonical hash if it is in the window; `None` may mean older.
    pub fn canonical(&self, number: u64) -> Option<B256> {
        self.canonical.get(number.checked_sub(self.first)? as usize).copied()
    }

    /// Whether a block in memory is canonical (the window covers all blocks in memory).
    pub fn is_canonical(&self, node: &Node) -> bool {
        self.canonical(node.block.number) == Some(node.block.hash)
    }

    /// The canonical node of that number, if in memory.
    pub fn node_at(&self, number: u64) -> Option<&Arc<Node>> {
        self.nodes.get(&self.canonical(number)?)
    }

    /// The canonical chain becomes: everything up to `ancestor`, then `added`.
    pub fn switch(&mut self, ancestor: u64, added: &[Arc<Node>]) {
        if ancestor < self.first {
            self.canonical.clear();
            self.first = ancestor + 1;
        } else {
            self.canonical.truncate((ancestor - self.first + 1) as usize);
        }
        self.canonical.extend(added.iter().map(|node| node.block.hash));
    }

    /// Forgets canonical hashes below `number`.
    pub fn trim(&mut self, number: u64) {
        while self.first < number && self.canonical.len() > 1 {
            self.canonical.pop_front();
            self.first += 1;
        }
    }
}
