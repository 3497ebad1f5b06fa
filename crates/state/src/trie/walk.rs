//! Reading a trie's nodes: proofs and iteration.

use alloy_primitives::Bytes;
use alloy_trie::Nibbles;

use super::{
    edit::missing,
    node::{LeafValue, Link},
};
use crate::error::StateError;

/// Nodes on the key's path in a sealed trie; embedded nodes are part of their parents.
pub fn proof<V: LeafValue>(root: Option<&Link<V>>, key: &Nibbles) -> Result<Vec<Bytes>, StateError> {
    let mut nodes = Vec::new();
    let Some(mut link) = root else { return Ok(nodes) };
    let mut depth = 0;
    loop {
        if nodes.is_empty() || link.node_ref().as_hash().is_some() {
            match link.rlp() {
                Some(rlp) => nodes.push(rlp),
                None => {
                    let Link::Blind(hash) = link else { return Ok(nodes) };
                    return Err(missing(hash, key, depth));
                }
            }
        }
        match link {
            Link::Leaf(_) | Link::Blind(_) => return Ok(nodes),
            Link::Extension(extension) => {
                if !key.slice(depth..).starts_with(&extension.path) {
                    return Ok(nodes);
                }
                depth += extension.path.len();
                link = &extension.child;
            }
            Link::Branch(branch) => {
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

/// In-order iteration over keys and values.
pub struct Iter<'a, V> {
    stack: Vec<(Nibbles, Visit<'a, V>)>,
}

enum Visit<'a, V> {
    Node(&'a Link<V>),
    Value(&'a V),
}

impl<'a, V> Iter<'a, V> {
    pub fn new(root: Option<&'a Link<V>>) -> Self {
        Self { stack: root.map(|root| (Nibbles::new(), Visit::Node(root))).into_iter().collect() }
    }
}

impl<'a, V: LeafValue> Iterator for Iter<'a, V> {
    type Item = Result<(Nibbles, &'a V), StateError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, visit) = self.stack.pop()?;
            match visit {
                Visit::Value(value) => return Some(Ok((path, value))),
                Visit::Node(Link::Leaf(leaf)) => return Some(Ok((path.join(&leaf.path), &leaf.value))),
                Visit::Node(Link::Extension(extension)) => {
                    self.stack.push((path.join(&extension.path), Visit::Node(&extension.child)));
                }
                Visit::Node(Link::Branch(branch)) => {
                    for (index, child) in branch.entries().rev() {
                        let mut below = path;
                        below.push(index);
                        self.stack.push((below, Visit::Node(child)));
                    }
                    if let Some(value) = branch.value.as_deref() {
                        self.stack.push((path, Visit::Value(value)));
                    }
                }
                Visit::Node(Link::Blind(hash)) => {
                    self.stack.clear();
                    return Some(Err(missing(hash, &path, path.len())));
                }
            }
        }
    }
}
