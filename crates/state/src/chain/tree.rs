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
    /// Of side blocks and of a dropped head; other blocks' tries follow from the line's.
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
    window: Option<Window>,
}

/// The blocks whose old values are kept: those above `lowest`, up to `head`.
#[derive(Clone, Copy)]
struct Window {
    lowest: u64,
    head: u64,
    /// Changed keys of those blocks.
    size: usize,
}

impl Tree {
    pub fn new(heads: Heads, first: u64, canonical: VecDeque<B256>) -> Self {
        Self { heads, nodes: HashMap::new(), canonical, first, window: None }
    }

    /// The oldest block whose state stays readable when its successors are at most `blocks` with at most `max_size`
    /// changed keys (but one of any size). A block on top costs what it adds and pushes out, not a walk over the window.
    pub fn advance_window(&mut self, blocks: u64, max_size: usize) -> u64 {
        let head = self.heads.unsafe_head.number;
        let known = self.window.filter(|window| window.head <= head);
        let mut window = known.unwrap_or(Window { lowest: head, head, size: 0 });
        if known.is_none() {
            while window.lowest > 0 && head - window.lowest < blocks {
                let Some(size) = self.node_at(window.lowest).map(|node| node.size) else { break };
                if window.size + size > max_size && window.lowest < head {
                    break;
                }
                window.size += size;
                window.lowest -= 1;
            }
        }
        let size_of = |number| self.node_at(number).map_or(0, |node| node.size);
        window.size += (window.head + 1..=head).map(size_of).sum::<usize>();
        window.head = head;
        while window.lowest + 1 < head && (head - window.lowest > blocks || window.size > max_size) {
            window.lowest += 1;
            window.size -= size_of(window.lowest);
        }
        self.window = Some(window);
        window.lowest
    }

    /// Takes out the blocks up to `limit`; gives the canonical ones, lowest first.
    pub fn take_up_to(&mut self, limit: u64) -> Vec<Arc<Node>> {
        let mut canonical = Vec::new();
        for number in (self.first..=limit).rev() {
            let Some(node) = self.canonical(number).and_then(|hash| self.nodes.remove(&hash)) else { break };
            canonical.push(node);
        }
        canonical.reverse();
        // What is left beyond the canonical blocks above are side blocks.
        if self.nodes.len() as u64 > self.heads.unsafe_head.number - limit {
            self.nodes.retain(|_, node| node.block.number > limit);
        }
        canonical
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
        // Below what it knows the window is measured anew.
        self.window = self.window.filter(|window| window.head <= ancestor);
        if ancestor < self.first {
            self.canonical.clear();
            self.first = ancestor + 1;
        } else {
            self.canonical.truncate((ancestor - self.first + 1) as usize);
        }
        self.canonical.extend(added.iter().map(|node| node.block.hash));
    }

    /// Canonical blocks below those in memory, the highest first; ones that are there already stay as they are.
    pub fn put_underneath(&mut self, blocks: Vec<Arc<Node>>) {
        for node in blocks {
            if node.block.number + 1 == self.first {
                self.canonical.push_front(node.block.hash);
                self.first -= 1;
                self.nodes.insert(node.block.hash, node);
            }
        }
        // Below what it knew the window is measured anew.
        self.window = None;
    }

    /// Forgets canonical hashes below `number`.
    pub fn trim(&mut self, number: u64) {
        while self.first < number && self.canonical.len() > 1 {
            self.canonical.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::StateError;

    fn node(number: u64, fork: u8, size: usize) -> Arc<Node> {
        let hash = B256::from([&[fork; 24][..], &number.to_be_bytes()[..]].concat().try_into().unwrap_or([0; 32]));
        Arc::new(Node {
            block: BlockRef { number, hash, parent_hash: B256::ZERO, timestamp: 0 },
            header: Arc::default(),
            position: Position::default(),
            message_passer_root: B256::ZERO,
            changes: Arc::default(),
            size,
            trie: None.into(),
            transactions: None.into(),
        })
    }

    #[test]
    fn the_window_kept_from_block_to_block_is_the_one_measured_anew() -> Result<(), StateError> {
        const BLOCKS: u64 = 12;
        const MAX_SIZE: usize = 40;
        let start = node(0, 0, 1);
        let heads = Heads { unsafe_head: start.block, safe: start.block, finalized: start.block };
        let mut tree = Tree::new(heads, 0, VecDeque::from([start.block.hash]));
        tree.nodes.insert(start.block.hash, start);
        let (mut seed, mut reorgs, mut pushed_out) = (7u64, 0, 0);
        for round in 0..2_000u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let head = tree.heads.unsafe_head.number;
            // Now and then some blocks are dropped; the new ones are of any size, also above the limit.
            let back = if seed >> 60 == 0 { (seed >> 50) % 4 } else { 0 }.min(head);
            reorgs += u64::from(back > 0);
            let size = if seed >> 59 & 7 == 0 { 60 } else { (seed >> 40) as usize % 9 };
            let added = node(head - back + 1, (round % 251) as u8, size);
            tree.nodes.insert(added.block.hash, added.clone());
            tree.switch(head - back, std::slice::from_ref(&added));
            tree.heads.unsafe_head = added.block;
            let lowest = tree.advance_window(BLOCKS, MAX_SIZE);
            tree.window = None;
            assert_eq!(lowest, tree.advance_window(BLOCKS, MAX_SIZE), "round {round}");
            let before = tree.nodes.len();
            let taken = tree.take_up_to(lowest);
            assert!(taken.windows(2).all(|pair| pair[0].block.number + 1 == pair[1].block.number));
            assert!(taken.iter().all(|node| tree.canonical(node.block.number) == Some(node.block.hash)));
            assert!(tree.nodes.values().all(|node| node.block.number > lowest));
            pushed_out += before - tree.nodes.len();
        }
        assert!(reorgs > 50 && pushed_out > 1_000, "{reorgs} {pushed_out}");
        Ok(())
    }
}
