//! Changing a trie in place; nodes shared with a clone are copied on the way down.

use std::{collections::HashMap, sync::Arc};

use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

use super::node::{Branch, LeafValue, Link, Node, NodeRef};
use crate::error::StateError;

/// One change of one key.
pub trait Edit<V>: Send + Sized {
    fn is_removal(&self) -> bool;
    /// The value of a key that had none. Not called for removals.
    fn create(self) -> Result<V, StateError>;
    /// Changes the value of a key that has one. Not called for removals; after an error the value is void.
    fn update(self, value: &mut V) -> Result<(), StateError> {
        *value = self.create()?;
        Ok(())
    }
}

/// Nodes that a collapse pulled up: no path leads through them, but whoever repeats the change needs them.
pub type Siblings = HashMap<B256, Bytes>;

pub fn missing(hash: &B256, key: &Nibbles, depth: usize) -> StateError {
    let path = key.iter().take(depth).map(|nibble| char::from_digit(nibble.into(), 16).unwrap_or('?')).collect();
    StateError::MissingNode { hash: *hash, path }
}

pub fn get<'a, V: LeafValue>(root: Option<&'a Link<V>>, key: &Nibbles) -> Result<Option<&'a V>, StateError> {
    let Some(mut link) = root else { return Ok(None) };
    let mut depth = 0;
    loop {
        match &link.node {
            Node::Leaf(leaf) => return Ok((leaf.path == key.slice(depth..)).then_some(&leaf.value)),
            Node::Extension(extension) => {
                if !key.slice(depth..).starts_with(&extension.path) {
                    return Ok(None);
                }
                depth += extension.path.len();
                link = &extension.child;
            }
            Node::Branch(branch) => {
                if depth == key.len() {
                    return Ok(branch.value.as_deref());
                }
                match branch.child(key.get_unchecked(depth)) {
                    Some(child) => link = child,
                    None => return Ok(None),
                }
                depth += 1;
            }
            Node::Blind => return Err(missing(&link.node_ref.root_hash(), key, depth)),
        }
    }
}

/// Inserts or changes. After an error the trie is unusable.
pub fn upsert<V: LeafValue, E: Edit<V>>(
    slot: &mut Option<Link<V>>,
    key: &Nibbles,
    depth: usize,
    edit: E,
) -> Result<(), StateError> {
    match slot {
        Some(link) => upsert_link(link, key, depth, edit),
        None => {
            *slot = Some(Link::leaf(key.slice(depth..), edit.create()?));
            Ok(())
        }
    }
}

fn upsert_link<V: LeafValue, E: Edit<V>>(
    link: &mut Link<V>,
    key: &Nibbles,
    depth: usize,
    edit: E,
) -> Result<(), StateError> {
    match &mut link.node {
        Node::Leaf(leaf) => {
            let rest = key.slice(depth..);
            if leaf.path == rest {
                link.node_ref = NodeRef::DIRTY;
                return edit.update(&mut Arc::make_mut(leaf).value);
            }
            let value = edit.create()?;
            let common = leaf.path.common_prefix_length(&rest);
            let mut branch = Branch::empty();
            // A leaf's encoding holds its remaining path, so the displaced leaf is dirty too.
            place(&mut branch, &leaf.path, common, leaf.value.clone());
            place(&mut branch, &rest, common, value);
            *link = Link::extension(rest.slice(..common), Link::branch(branch));
        }
        Node::Extension(extension) => {
            let rest = key.slice(depth..);
            let common = extension.path.common_prefix_length(&rest);
            if common == extension.path.len() {
                link.node_ref = NodeRef::DIRTY;
                return upsert_link(&mut Arc::make_mut(extension).child, key, depth + common, edit);
            }
            let value = edit.create()?;
            let mut branch = Branch::empty();
            let below = Link::extension(extension.path.slice(common + 1..), extension.child.clone());
            branch.add(extension.path.get_unchecked(common), below);
            place(&mut branch, &rest, common, value);
            *link = Link::extension(rest.slice(..common), Link::branch(branch));
        }
        Node::Branch(branch) => {
            link.node_ref = NodeRef::DIRTY;
            let branch = Arc::make_mut(branch);
            if depth == key.len() {
                match &mut branch.value {
                    Some(value) => edit.update(value)?,
                    None => branch.value = Some(Box::new(edit.create()?)),
                }
                return Ok(());
            }
            let index = key.get_unchecked(depth);
            match branch.child_mut(index) {
                Some(child) => return upsert_link(child, key, depth + 1, edit),
                None => branch.add(index, Link::leaf(key.slice(depth + 1..), edit.create()?)),
            }
        }
        Node::Blind => return Err(missing(&link.node_ref.root_hash(), key, depth)),
    }
    Ok(())
}

/// Puts a value into a fresh branch: below it, or into it when the path ends there.
fn place<V: LeafValue>(branch: &mut Branch<V>, path: &Nibbles, at: usize, value: V) {
    if path.len() == at {
        branch.value = Some(Box::new(value));
    } else {
        branch.add(path.get_unchecked(at), Link::leaf(path.slice(at + 1..), value));
    }
}

/// Removes a key if it is there. After an error the trie is unusable.
pub fn remove<V: LeafValue>(
    slot: &mut Option<Link<V>>,
    key: &Nibbles,
    depth: usize,
    siblings: &mut Option<&mut Siblings>,
) -> Result<(), StateError> {
    let Some(link) = slot else { return Ok(()) };
    if !contains(link, key, depth)? {
        return Ok(());
    }
    if remove_present(link, key, depth, siblings)? {
        *slot = None;
    }
    Ok(())
}

fn contains<V: LeafValue>(link: &Link<V>, key: &Nibbles, depth: usize) -> Result<bool, StateError> {
    // `get` walks from a root; from inside, the key is what remains of it.
    match get(Some(link), &key.slice(depth..)) {
        Ok(found) => Ok(found.is_some()),
        Err(StateError::MissingNode { hash, path }) => Err(missing(&hash, key, depth + path.len())),
        Err(error) => Err(error),
    }
}

/// Removes a key that is there; true: nothing is left of the node.
fn remove_present<V: LeafValue>(
    link: &mut Link<V>,
    key: &Nibbles,
    depth: usize,
    siblings: &mut Option<&mut Siblings>,
) -> Result<bool, StateError> {
    match &mut link.node {
        Node::Leaf(_) => return Ok(true),
        Node::Extension(extension) => {
            link.node_ref = NodeRef::DIRTY;
            let extension = Arc::make_mut(extension);
            let length = extension.path.len();
            if remove_present(&mut extension.child, key, depth + length, siblings)? {
                return Ok(true);
            }
            if !matches!(extension.child.node, Node::Branch(_)) {
                let path = extension.path;
                let child = extension.child.clone();
                *link = prepend(path, child).map_err(|hash| missing(&hash, key, depth + length))?;
            }
        }
        Node::Branch(branch) => {
            link.node_ref = NodeRef::DIRTY;
            let branch = Arc::make_mut(branch);
            if depth == key.len() {
                branch.value = None;
            } else {
                let index = key.get_unchecked(depth);
                if let Some(child) = branch.child_mut(index)
                    && remove_present(child, key, depth + 1, siblings)?
                {
                    branch.remove(index);
                }
            }
            if let Some(collapsed) = collapse(branch, key, depth, siblings)? {
                match collapsed {
                    Some(node) => *link = node,
                    None => return Ok(true),
                }
            }
        }
        Node::Blind => return Err(missing(&link.node_ref.root_hash(), key, depth)),
    }
    Ok(false)
}

/// What a branch turns into when less than two entries remain: `None` it stays, `Some(None)` it is empty.
pub fn collapse<V: LeafValue>(
    branch: &mut Branch<V>,
    key: &Nibbles,
    depth: usize,
    siblings: &mut Option<&mut Siblings>,
) -> Result<Option<Option<Link<V>>>, StateError> {
    match (branch.children.len(), branch.value.take()) {
        (0, None) => Ok(Some(None)),
        (0, Some(value)) => Ok(Some(Some(Link::leaf(Nibbles::new(), *value)))),
        (1, None) => {
            let Some(child) = branch.children.pop() else { return Ok(None) };
            let index = branch.mask.trailing_zeros() as u8;
            if let Some(siblings) = siblings
                && let Some(hash) = child.node_ref.as_hash()
                && let Some(rlp) = child.rlp()
            {
                siblings.insert(hash, rlp);
            }
            let path = Nibbles::from_nibbles_unchecked([index]);
            Ok(Some(Some(prepend(path, child).map_err(|hash| missing(&hash, key, depth + 1))?)))
        }
        (_, value) => {
            branch.value = value;
            Ok(None)
        }
    }
}

/// A node one path further up. A blind one is an error: its kind decides the result.
fn prepend<V: LeafValue>(path: Nibbles, child: Link<V>) -> Result<Link<V>, B256> {
    match &child.node {
        Node::Leaf(leaf) => Ok(Link::leaf(path.join(&leaf.path), leaf.value.clone())),
        Node::Extension(extension) => Ok(Link::extension(path.join(&extension.path), extension.child.clone())),
        Node::Branch(_) => Ok(Link::extension(path, child)),
        Node::Blind => Err(child.node_ref.root_hash()),
    }
}
