//! The state's trie at the head and above it, changed in place.
//!
//! A node that somebody else holds too is copied before it changes, and a copy counts up every child, each of which is in no
//! cache: that costs more than the change itself. So there is one trie, which nobody else holds. It stands after the last of
//! the blocks that were prepared on top of the head, and goes back along their changes when another block is prepared on an
//! older state. Whoever wants to keep a trie takes a clone: correct at any time, and what it shares is copied as long as it lives.

use std::sync::Arc;

use alloy_primitives::B256;

use crate::{MESSAGE_PASSER, change::ChangeSet, error::StateError, flat::FlatState, state_trie::StateTrie};

/// Locked before the tree, never after.
pub struct Line {
    /// `None` until it is built and while it is being changed: what failed or panicked leaves it so.
    trie: Option<StateTrie>,
    /// The head, where the steps begin, and its state's root.
    base: (B256, B256),
    steps: Vec<Step>,
}

/// A state on top of the one before.
struct Step {
    changes: Arc<ChangeSet>,
    root: B256,
    /// Of the block with this state; unknown until it is inserted.
    block: Option<B256>,
}

/// State root, and storage root of the message passer.
pub type Roots = (B256, B256);

impl Line {
    /// Of a head with this state root; its trie is still to be built.
    pub const fn unbuilt(head: B256, root: B256) -> Self {
        Self { trie: None, base: (head, root), steps: Vec::new() }
    }

    fn new(head: B256, mut trie: StateTrie) -> Self {
        let root = trie.root();
        Self { trie: Some(trie), base: (head, root), steps: Vec::new() }
    }

    /// Builds the trie from the head's state. [`StateError::RootMismatch`]: that is not the head's state.
    pub fn build(&mut self, flat: &FlatState) -> Result<(), StateError> {
        let mut trie = StateTrie::from_flat(flat);
        let (computed, expected) = (trie.root(), self.base.1);
        if computed != expected {
            return Err(StateError::RootMismatch { computed, expected });
        }
        self.trie = Some(trie);
        Ok(())
    }

    /// An error if there is no trie that could be trusted.
    pub fn check(&self) -> Result<(), StateError> {
        self.trie.as_ref().map(drop).ok_or_else(broken)
    }

    /// How many steps lead to a block's state.
    fn depth(&self, block: &B256) -> Option<usize> {
        if self.base.0 == *block {
            return Some(0);
        }
        self.steps.iter().position(|step| step.block == Some(*block)).map(|at| at + 1)
    }

    pub fn has(&self, block: &B256) -> bool {
        self.depth(block).is_some()
    }

    /// The trie after a block of the line; `None` for other blocks.
    pub fn clone_at(&self, block: &B256) -> Result<Option<StateTrie>, StateError> {
        let Some(depth) = self.depth(block) else { return Ok(None) };
        let mut trie = self.trie.clone().ok_or_else(broken)?;
        self.undo(&mut trie, depth)?;
        Ok(Some(trie))
    }

    /// Changes the trie to the state that `changes` make of a block's; `None`, and nothing changes, for blocks that are not
    /// of the line. States that were prepared on the same block before are no longer of it.
    pub fn extend(&mut self, parent: &B256, changes: &Arc<ChangeSet>) -> Result<Option<Roots>, StateError> {
        let Some(depth) = self.depth(parent) else { return Ok(None) };
        let mut trie = self.trie.take().ok_or_else(broken)?;
        self.undo(&mut trie, depth)?;
        self.steps.truncate(depth);
        trie.apply_changes(changes, false)?;
        let roots = (trie.root(), trie.storage_root(&MESSAGE_PASSER)?);
        self.steps.push(Step { changes: changes.clone(), root: roots.0, block: None });
        self.trie = Some(trie);
        Ok(Some(roots))
    }

    /// Tells which block has the state that these changes made, if it is of the line.
    pub fn name(&mut self, changes: &Arc<ChangeSet>, block: B256) {
        if let Some(step) = self.steps.iter_mut().rev().find(|step| Arc::ptr_eq(&step.changes, changes)) {
            step.block = Some(block);
        }
    }

    /// A block of the line becomes the head.
    pub fn advance(&mut self, head: &B256) {
        let depth = self.depth(head).unwrap_or_default();
        if let Some(step) = self.steps.drain(..depth).next_back() {
            self.base = (*head, step.root);
        }
    }

    /// Goes back to the head's own state.
    pub fn rewind(&mut self) -> Result<(), StateError> {
        let mut trie = self.trie.take().ok_or_else(broken)?;
        self.undo(&mut trie, 0)?;
        self.steps.clear();
        self.trie = Some(trie);
        Ok(())
    }

    /// Another block becomes the head; gives back the trie as it stood.
    pub fn replace(&mut self, head: B256, trie: StateTrie) -> Option<StateTrie> {
        std::mem::replace(self, Self::new(head, trie)).trie
    }

    /// Turns the trie after all steps into the one after `depth` of them.
    fn undo(&self, trie: &mut StateTrie, depth: usize) -> Result<(), StateError> {
        if depth == self.steps.len() {
            return Ok(());
        }
        for step in self.steps[depth..].iter().rev() {
            trie.apply_changes(&step.changes, true)?;
        }
        let expected = depth.checked_sub(1).map_or(self.base.1, |last| self.steps[last].root);
        let computed = trie.root();
        if computed == expected { Ok(()) } else { Err(StateError::RootMismatch { computed, expected }) }
    }
}

fn broken() -> StateError {
    StateError::Unusable { reason: "the state's trie could not be built or changed; the log says why".into() }
}
