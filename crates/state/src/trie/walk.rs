//! Reading a trie's nodes: proofs and iteration.

use alloy_primitives::Bytes;
use alloy_trie::Nibbles;

use super::{
    edit::missing,
    node::{LeafValue, Link, Node},
};
use crate::error::StateError;

/// Nodes on the key's path in a sealed trie; embedded nodes are part of their parents.
pub fn proof<V: LeafValue>(root: Option<&Link<V>>, key: &Nibbles) -> Result<Vec<Bytes>, StateError> {
    let mut nodes = Vec::new();
    let Some(mut link) = root else { return Ok(nodes) };
    let mut depth = 0;
    loop {
        if nodes.is_empty() || link.node_ref.as_hash().is_some() {
            match link.rlp() {
                Some(rlp) => nodes.push(rlp),
                None => return Err(missing(&link.node_ref.root_hash(), key, depth)),
            }
        }
        match &link.node {
            Node::Leaf(_) | Node::Blind => return Ok(nodes),
            Node::Extension(extension) => {
                if !key.slice(depth..).starts_with(&extension.path) {
                    return Ok(nodes);
                }
                depth += extension.path.len();
                link = &extension.child;
            }
            Node::Branch(branch) => {
                if depth == key.len() {
                    return Ok(nodes);
                }
                match branch.child(key.get_unchecked(depth)) {
                    Some(child) => link = child,
                    None => return Ok(nodes),
                }
                depth += 1;
            }
        }
    }
}

/// Walks the paths of some edits side by side, only to have their nodes in the cache when they are changed: every step down
/// a big trie misses it, and the misses of different walks overlap.
pub fn warm<V, E>(root: &Link<V>, edits: &[(Nibbles, E)], depth: usize) {
    let mut walks: Vec<(&Nibbles, usize, &Link<V>)> = edits.iter().map(|(key, _)| (key, depth, root)).collect();
    let mut seen = 0;
    while walks.len() > 1 {
        walks.retain_mut(|(key, at, link)| match &link.node {
            Node::Branch(branch) => {
                // All of the children's references are hashed afterwards.
                seen ^= branch.children.iter().fold(0, |seen, child| seen ^ child.node_ref.encoded_len());
                let child = if *at < key.len() { branch.child(key.get_unchecked(*at)) } else { None };
                *at += 1;
                child.is_some_and(|child| {
                    *link = child;
                    true
                })
            }
            Node::Extension(extension) => {
                *at += extension.path.len();
                *link = &extension.child;
                true
            }
            Node::Leaf(leaf) => {
                seen ^= leaf.path.len();
                false
            }
            Node::Blind => false,
        });
    }
    std::hint::black_box(seen);
}

/// In-order iteration over keys and values.
pub struct Iter<'a, V> {
    stack: Vec<(Nibbles, Visit<'a, V>)>,
}

enum Visit<'a, V> {
    Link(&'a Link<V>),
    Value(&'a V),
}

impl<'a, V> Iter<'a, V> {
    pub fn new(root: Option<&'a Link<V>>) -> Self {
        Self { stack: root.map(|root| (Nibbles::new(), Visit::Link(root))).into_iter().collect() }
    }
}

impl<'a, V: LeafValue> Iterator for Iter<'a, V> {
    type Item = Result<(Nibbles, &'a V), StateError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, visit) = self.stack.pop()?;
            let link = match visit {
                Visit::Value(value) => return Some(Ok((path, value))),
                Visit::Link(link) => link,
            };
            match &link.node {
                Node::Leaf(leaf) => return Some(Ok((path.join(&leaf.path), &leaf.value))),
                Node::Extension(extension) => {
                    self.stack.push((path.join(&extension.path), Visit::Link(&extension.child)));
                }
                Node::Branch(branch) => {
                    for (index, child) in branch.entries().rev() {
                        let mut below = path;
                        below.push(index);
                        self.stack.push((below, Visit::Link(child)));
                    }
                    if let Some(value) = branch.value.as_deref() {
                        self.stack.push((path, Visit::Value(value)));
                    }
                }
                Node::Blind => {
                    self.stack.clear();
                    return Some(Err(missing(&link.node_ref.root_hash(), &path, path.len())));
                }
            }
        }
    }
}
