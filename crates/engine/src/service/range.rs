//! Merkle mountain ranges over transactions: what MACH signs of a block in the making (docs/spec/mach.md, sections 2 and 3).

use std::collections::VecDeque;

use alloy_consensus::TxReceipt;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Keccak256, keccak256};
use altlayer_state::StoredBlock;
use op_alloy_consensus::OpReceipt;
use parking_lot::Mutex;

use super::wire::TransactionRange;

/// First byte of what is hashed: of a leaf, of an inner node.
const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// keccak256 of a receipt's EIP-2718 bytes, its bloom included, as the receipts trie holds it. `buffer` is overwritten.
pub fn receipt_hash(receipt: &OpReceipt, buffer: &mut Vec<u8>) -> B256 {
    buffer.clear();
    receipt.clone().into_with_bloom().encode_2718(buffer);
    keccak256(buffer)
}

pub fn transaction_leaf(transaction: B256, receipt_hash: B256) -> B256 {
    let mut leaf = Keccak256::new();
    leaf.update(LEAF);
    leaf.update(transaction);
    leaf.update(receipt_hash);
    leaf.finalize()
}

/// The tree of RFC 9162 section 2.1.1 with keccak256, as far as it takes to append leaves and to know the root.
#[derive(Debug, Clone, Default)]
pub struct MountainRange {
    count: u64,
    /// Roots of the perfect subtrees, the largest first: one for each bit that is set in `count`.
    peaks: Vec<B256>,
}

impl MountainRange {
    pub fn append(&mut self, leaf: B256) {
        let mut node = leaf;
        for _ in 0..self.count.trailing_ones() {
            // One peak for each bit, so there is one.
            let left = self.peaks.pop().unwrap_or_default();
            node = join(left, node);
        }
        self.peaks.push(node);
        self.count += 1;
    }

    pub fn summary(&self) -> TransactionRange {
        TransactionRange { count: self.count, root: self.root() }
    }

    /// Zero of an empty range.
    pub fn root(&self) -> B256 {
        self.peaks.iter().rev().copied().reduce(|right, left| join(left, right)).unwrap_or_default()
    }
}

fn join(left: B256, right: B256) -> B256 {
    let mut node = Keccak256::new();
    node.update(NODE);
    node.update(left);
    node.update(right);
    node.finalize()
}

/// Blocks whose ranges are kept: those that were sealed of late are asked for at once.
const KEPT: usize = 64;

/// Ranges of blocks that were built in slices, and need not be hashed again.
#[derive(Default)]
pub struct SealedRanges(Mutex<VecDeque<(B256, TransactionRange)>>);

impl SealedRanges {
    pub fn put(&self, block: B256, range: TransactionRange) {
        let mut kept = self.0.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((block, range));
    }

    pub fn get(&self, block: &B256) -> Option<TransactionRange> {
        self.0.lock().iter().rev().find(|(hash, _)| hash == block).map(|(_, range)| *range)
    }
}

/// The leaves of a sealed block, in its order.
pub fn block_leaves(block: &StoredBlock) -> impl Iterator<Item = B256> + '_ {
    let mut buffer = Vec::with_capacity(512);
    let receipts = block.transactions.iter().zip(&block.receipts);
    receipts.map(move |(transaction, receipt)| transaction_leaf(transaction.hash, receipt_hash(receipt, &mut buffer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        leaves: Vec<B256>,
        roots: Vec<B256>,
    }

    #[test]
    fn roots_are_those_of_the_vectors_after_every_leaf() {
        let vectors: Vectors = serde_json::from_str(include_str!("../../../../test/vectors/mach/ranges.json")).unwrap();
        assert_eq!(vectors.roots.len(), vectors.leaves.len() + 1);
        let mut range = MountainRange::default();
        assert_eq!(range.root(), vectors.roots[0]);
        for (leaf, root) in vectors.leaves.iter().zip(&vectors.roots[1..]) {
            range.append(*leaf);
            assert_eq!(range.root(), *root, "after {} leaves", range.count);
        }
    }
}
