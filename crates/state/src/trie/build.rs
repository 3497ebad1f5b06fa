//! Tries made at once: from sorted leaves, or from a witness' nodes.

use std::{collections::HashMap, sync::Arc};

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles,
    nodes::{RlpNode, TrieNode},
};
use rayon::prelude::*;

use super::{
    PARALLEL_FROM, Trie,
    node::{Branch, Extension, Leaf, LeafValue, Link, Node, NodeRef, Scratch},
};
use crate::error::StateError;

impl<V: LeafValue> Trie<V> {
    /// From leaves sorted by key, keys distinct hashes.
    pub fn from_sorted(mut leaves: Vec<(B256, V)>) -> Self {
        let changed = leaves.len();
        if changed < PARALLEL_FROM {
            return Self { root: build(&mut leaves, 0, 0), changed };
        }
        let mut parts: [Vec<(B256, V)>; 16] = Default::default();
        for (index, part) in parts.iter_mut().enumerate().rev() {
            *part = leaves.split_off(leaves.partition_point(|(key, _)| nibble(key, 0) < index as u8));
        }
        Self::from_parts(parts)
    }

    /// From leaves parted by their first nibble, in any order within; each part is sorted, built and freed in parallel.
    pub fn from_parts(parts: [Vec<(B256, V)>; 16]) -> Self {
        let changed = parts.iter().map(Vec::len).sum();
        if parts.iter().filter(|part| !part.is_empty()).count() < 2 {
            let mut all = parts.into_iter().flatten().collect::<Vec<_>>();
            all.sort_unstable_by_key(|(key, _)| *key);
            return Self { root: build(&mut all, 0, 0), changed };
        }
        let children: Vec<Option<Link<V>>> = parts
            .into_par_iter()
            .map(|mut part| {
                part.sort_unstable_by_key(|(key, _)| *key);
                let mut child = build(&mut part, 0, 1);
                if let Some(child) = &mut child {
                    child.seal(&mut Scratch::default());
                }
                child
            })
            .collect();
        let mut branch = Branch::empty();
        for (index, child) in children.into_iter().enumerate() {
            if let Some(child) = child {
                branch.add(index as u8, child);
            }
        }
        Self { root: Some(Link::branch(branch)), changed }
    }
}

fn nibble(key: &B256, at: usize) -> u8 {
    let byte = key[at / 2];
    if at.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

/// Consumes sorted leaves from the end, down to `start`.
fn build<V: LeafValue>(leaves: &mut Vec<(B256, V)>, start: usize, depth: usize) -> Option<Link<V>> {
    if leaves.len() <= start + 1 {
        let (key, value) = if leaves.len() > start { leaves.pop() } else { None }?;
        return Some(Link::leaf(Nibbles::unpack(key).slice(depth..), value));
    }
    let (first, last) = (leaves[start].0, leaves[leaves.len() - 1].0);
    let split = (depth..64).find(|at| nibble(&first, *at) != nibble(&last, *at)).unwrap_or(64);
    let mut children = Vec::with_capacity(16);
    while leaves.len() > start {
        let index = nibble(&leaves[leaves.len() - 1].0, split);
        let from = start + leaves[start..].partition_point(|(key, _)| nibble(key, split) < index);
        if let Some(child) = build(leaves, from, split + 1) {
            children.push((index, child));
        }
    }
    let mut branch = Branch::empty();
    branch.children.reserve_exact(children.len());
    for (index, child) in children.into_iter().rev() {
        branch.add(index, child);
    }
    Some(Link::extension(Nibbles::unpack(first).slice(depth..split), Link::branch(branch)))
}

/// Builds partial tries out of a witness. Every node is checked against its hash, and built once for each depth it is
/// referenced at, however often: a hostile witness cannot blow up.
pub struct WitnessBuilder<'a, V> {
    preimages: &'a HashMap<B256, Bytes>,
    built: HashMap<(B256, usize), Link<V>>,
}

impl<'a, V: LeafValue> WitnessBuilder<'a, V> {
    pub fn new(preimages: &'a HashMap<B256, Bytes>) -> Self {
        Self { preimages, built: HashMap::new() }
    }

    /// `decode` turns a leaf's bytes into its value.
    pub fn trie(&mut self, root: B256, decode: &mut Decode<'_, V>) -> Result<Trie<V>, StateError> {
        if root == EMPTY_ROOT_HASH {
            return Ok(Trie::default());
        }
        Ok(Trie { root: Some(self.link(root, 0, decode)?), changed: 0 })
    }

    fn link(&mut self, hash: B256, depth: usize, decode: &mut Decode<'_, V>) -> Result<Link<V>, StateError> {
        if let Some(link) = self.built.get(&(hash, depth)) {
            return Ok(link.clone());
        }
        let Some(rlp) = self.preimages.get(&hash) else { return Ok(Link::blind(hash)) };
        if keccak256(rlp) != hash {
            return Err(bad(hash, "its hash differs"));
        }
        let link = self.node(rlp, NodeRef::hash(hash), hash, depth, decode)?;
        self.built.insert((hash, depth), link.clone());
        Ok(link)
    }

    fn node(
        &mut self,
        rlp: &[u8],
        node_ref: NodeRef,
        hash: B256,
        depth: usize,
        decode: &mut Decode<'_, V>,
    ) -> Result<Link<V>, StateError> {
        // Keys are hashes: nothing real is deeper than 64 nibbles.
        if depth > 64 {
            return Err(bad(hash, "deeper than any key"));
        }
        let mut rest = rlp;
        let node = TrieNode::decode(&mut rest).map_err(|_| bad(hash, "not a trie node"))?;
        if !rest.is_empty() {
            return Err(bad(hash, "trailing bytes"));
        }
        match node {
            TrieNode::EmptyRoot => Err(bad(hash, "an empty node inside a trie")),
            TrieNode::Leaf(leaf) => {
                if leaf.key.len() + depth > 64 {
                    return Err(bad(hash, "deeper than any key"));
                }
                let value = decode(&leaf.value).ok_or_else(|| bad(hash, "its value"))?;
                Ok(Link { node_ref, node: Node::Leaf(Arc::new(Leaf { path: leaf.key, value })) })
            }
            TrieNode::Extension(extension) => {
                if extension.key.is_empty() {
                    return Err(bad(hash, "an empty extension"));
                }
                let child = self.child(&extension.child, hash, depth + extension.key.len(), decode)?;
                if !matches!(child.node, Node::Branch(_) | Node::Blind) {
                    return Err(bad(hash, "an extension not above a branch"));
                }
                Ok(Link { node_ref, node: Node::Extension(Arc::new(Extension { path: extension.key, child })) })
            }
            TrieNode::Branch(node) => {
                if node.stack.len() < 2 {
                    return Err(bad(hash, "a branch of less than two"));
                }
                let mut branch = Branch::empty();
                let mut stack = node.stack.iter();
                for index in (0..16u8).filter(|index| node.state_mask.is_bit_set(*index)) {
                    let Some(child) = stack.next() else { break };
                    let child = self.child(child, hash, depth + 1, decode)?;
                    branch.add(index, child);
                }
                Ok(Link { node_ref, node: Node::Branch(Arc::new(branch)) })
            }
        }
    }

    fn child(
        &mut self,
        child: &RlpNode,
        parent: B256,
        depth: usize,
        decode: &mut Decode<'_, V>,
    ) -> Result<Link<V>, StateError> {
        if let Some(hash) = child.as_hash() {
            return self.link(hash, depth, decode);
        }
        if child.len() >= 32 {
            return Err(bad(parent, "an embedded child that is too long"));
        }
        self.node(child, NodeRef::of_rlp(child), parent, depth, decode)
    }
}

/// A leaf's value from its bytes; `None` if they are malformed.
pub type Decode<'a, V> = dyn FnMut(&[u8]) -> Option<V> + 'a;

fn bad(hash: B256, reason: &str) -> StateError {
    StateError::BadNode { hash, reason: reason.into() }
}
