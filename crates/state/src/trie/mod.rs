//! A persistent Merkle-Patricia trie: clones are O(1) and share nodes, hashes are cached in the nodes, nodes may be
//! missing (witnesses). Big batches are applied and hashed in parallel over the root's sixteen subtries.
//!
//! Deviation from the yellow paper: none. Values in branches are supported for keys that are prefixes of others; state
//! tries, whose keys are hashes, never have them.

mod build;
mod edit;
mod node;
#[cfg(test)]
mod tests;
mod walk;

use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use node::{Branch, Node, Scratch};
use rayon::prelude::*;

pub use build::WitnessBuilder;
pub use edit::{Edit, Siblings};
pub use node::LeafValue;
use node::Link;

use crate::error::StateError;

/// Below this many changes since the last root, threads cost more than they bring.
const PARALLEL_FROM: usize = 256;

/// A trie with values `V`, whose keys are nibble paths.
#[derive(Clone)]
pub struct Trie<V> {
    root: Option<Link<V>>,
    /// Changes since the last root: whether hashing in parallel pays.
    changed: usize,
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { root: None, changed: 0 }
    }
}

impl<V: LeafValue> Trie<V> {
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    pub fn get(&self, key: &Nibbles) -> Result<Option<&V>, StateError> {
        edit::get(self.root.as_ref(), key)
    }

    /// One change. A removal that fails leaves the trie unusable.
    pub fn edit<E: Edit<V>>(&mut self, key: &Nibbles, edit: E) -> Result<(), StateError> {
        self.changed += 1;
        if edit.is_removal() {
            edit::remove(&mut self.root, key, 0, &mut None)
        } else {
            edit::upsert(&mut self.root, key, 0, edit)
        }
    }

    /// Many changes of distinct keys, in parallel if they are many. After an error the trie is unusable.
    ///
    /// Removals come last: an insertion beside them can spare a collapse, and with it the need of a missing sibling.
    pub fn edit_all<E: Edit<V>>(&mut self, edits: Vec<(Nibbles, E)>) -> Result<(), StateError> {
        let Some(Link { node: Node::Branch(root), .. }) = &mut self.root else {
            self.changed += edits.len();
            return apply_group(&mut self.root, edits, 0);
        };
        if edits.len() < PARALLEL_FROM {
            self.changed += edits.len();
            return apply_group(&mut self.root, edits, 0);
        }
        let branch = Arc::make_mut(root);
        let mut groups: [Group<V, E>; 16] = Default::default();
        let mut children = std::mem::take(&mut branch.children).into_iter();
        for (index, group) in groups.iter_mut().enumerate() {
            if branch.mask & (1 << index) != 0 {
                group.0 = children.next();
            }
        }
        let mut own = None;
        for (key, edit) in edits {
            match key.first() {
                Some(first) => groups[first as usize].1.push((key, edit)),
                None => own = Some(edit),
            }
        }
        let results: Vec<Result<Option<Link<V>>, StateError>> = groups
            .into_par_iter()
            .map(|(mut child, mut edits)| {
                // Neighbours share most of their paths.
                edits.sort_unstable_by_key(|(key, _)| *key);
                apply_group(&mut child, edits, 1)?;
                if let Some(child) = &mut child {
                    child.seal(&mut Scratch::default());
                }
                Ok(child)
            })
            .collect();
        let mut rebuilt = Branch { value: branch.value.take(), ..Branch::empty() };
        for (index, child) in results.into_iter().enumerate() {
            if let Some(child) = child? {
                rebuilt.add(index as u8, child);
            }
        }
        if let Some(edit) = own {
            rebuilt.value = match edit.is_removal() {
                true => None,
                false => Some(Box::new(edit.create()?)),
            };
        }
        self.root = match edit::collapse(&mut rebuilt, &Nibbles::new(), 0, &mut None)? {
            Some(collapsed) => collapsed,
            None => Some(Link::branch(rebuilt)),
        };
        Ok(())
    }

    /// Removes keys one by one, collecting the nodes that collapses pulled up. The trie must be sealed.
    pub fn remove_collecting(&mut self, keys: &[Nibbles], siblings: &mut Siblings) -> Result<(), StateError> {
        self.changed += keys.len();
        for key in keys {
            edit::remove(&mut self.root, key, 0, &mut Some(siblings))?;
        }
        Ok(())
    }

    /// The root's hash; computes what changed since the last call.
    pub fn root(&mut self) -> B256 {
        let parallel = self.changed >= PARALLEL_FROM;
        self.changed = 0;
        let Some(root) = &mut self.root else { return EMPTY_ROOT_HASH };
        if parallel
            && root.node_ref.is_dirty()
            && let Node::Branch(branch) = &mut root.node
        {
            Arc::make_mut(branch).children.par_iter_mut().for_each(|child| {
                child.seal(&mut Scratch::default());
            });
        }
        root.seal(&mut Scratch::default()).root_hash()
    }

    /// The root's hash if nothing changed since it was computed.
    pub fn cached_root(&self) -> Option<B256> {
        match &self.root {
            None => Some(EMPTY_ROOT_HASH),
            Some(root) => Some(root.node_ref).filter(|node_ref| !node_ref.is_dirty()).map(|r| r.root_hash()),
        }
    }

    /// Nodes from the root to where the key's path ends (`eth_getProof`). Seals.
    pub fn proof(&mut self, key: &Nibbles) -> Result<Vec<Bytes>, StateError> {
        self.root();
        walk::proof(self.root.as_ref(), key)
    }

    /// Values in key order. Missing nodes are an error.
    pub fn iter(&self) -> walk::Iter<'_, V> {
        walk::Iter::new(self.root.as_ref())
    }
}

/// One child of the root, with the edits below it.
type Group<V, E> = (Option<Link<V>>, Vec<(Nibbles, E)>);

/// Edits whose paths are walked together.
const WALKS: usize = 32;

fn apply_group<V: LeafValue, E: Edit<V>>(
    slot: &mut Option<Link<V>>,
    edits: Vec<(Nibbles, E)>,
    depth: usize,
) -> Result<(), StateError> {
    let mut removals = Vec::new();
    let mut edits = edits.into_iter();
    while !edits.as_slice().is_empty() {
        let next = &edits.as_slice()[..edits.len().min(WALKS)];
        if let Some(link) = slot {
            walk::warm(link, next, depth);
        }
        for (key, edit) in edits.by_ref().take(WALKS) {
            if edit.is_removal() {
                removals.push(key);
            } else {
                edit::upsert(slot, &key, depth, edit)?;
            }
        }
    }
    for key in removals {
        edit::remove(slot, &key, depth, &mut None)?;
    }
    Ok(())
}
