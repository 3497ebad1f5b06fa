//! The state's history from before the checkpoint, brought back beside a store that already serves.
//!
//! A restart needs the checkpoint and what the journal holds after it. The old values of the blocks before are asked for
//! seldom: a thread of its own reads them, checks every record on the way, and puts them underneath. Until it is done,
//! questions about these blocks wait, and so do reorgs, which would undo what it puts there. Damage that it meets makes the
//! store refuse all writes, with its place.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::B256;

use super::{
    shared::Shared,
    tree::Node,
    write::{KIND_BLOCK, KIND_GENESIS, load_node, node_of},
};
use crate::{
    codec,
    error::StateError,
    journal::{Position, Scanned},
};

/// A question about a block whose history is not there after this long is answered as if it were no longer kept.
const WAIT: Duration = Duration::from_secs(30);

/// What recovery left out.
#[derive(Debug, Clone, Copy)]
pub struct Missing {
    /// Where its records begin in the journal: a block's comes after its parent's.
    pub from: Position,
    /// The block of the checkpoint, from which the state can be read already, and its record.
    pub base: B256,
    pub base_number: u64,
    pub base_position: Position,
    /// Blocks up to this one are not wanted.
    pub oldest: u64,
    /// Most changed keys that are.
    pub changes: usize,
}

#[derive(Debug)]
pub enum Restoring {
    /// Everything is there that will be.
    Done,
    Running,
    /// The journal is damaged.
    Failed(StateError),
}

impl Shared {
    /// Waits, but not forever, while the history that `block` needs is being restored. Damage is an error.
    pub fn wait_for_history(&self, block: u64) -> Result<(), StateError> {
        let Some(missing) = self.missing else { return Ok(()) };
        let mut restoring = self.restoring.lock();
        let end = Instant::now() + WAIT;
        loop {
            match &*restoring {
                Restoring::Failed(error) => return Err(error.clone()),
                Restoring::Running if block >= missing.oldest && !self.is_stopping() => {}
                Restoring::Done | Restoring::Running => return Ok(()),
            }
            if self.restored.wait_until(&mut restoring, end).timed_out() {
                return Ok(());
            }
        }
    }

    /// Waits until nothing is being restored. Damage is an error.
    pub fn wait_until_restored(&self) -> Result<(), StateError> {
        let mut restoring = self.restoring.lock();
        while matches!(*restoring, Restoring::Running) && !self.is_stopping() {
            self.restored.wait_for(&mut restoring, Duration::from_secs(1));
        }
        match &*restoring {
            Restoring::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    pub fn is_restoring(&self) -> bool {
        matches!(*self.restoring.lock(), Restoring::Running)
    }

    /// The damage that restoring met.
    pub fn check_restored(&self) -> Result<(), StateError> {
        match &*self.restoring.lock() {
            Restoring::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

/// The thread's work.
pub fn run(shared: &Shared) {
    let Some(missing) = shared.missing else { return };
    let outcome = match restore(shared, &missing) {
        Ok(()) => Restoring::Done,
        // Whoever closes a store wants no more of it.
        Err(_) if shared.is_stopping() => Restoring::Done,
        Err(error) => {
            tracing::error!(%error, "the state's history cannot be restored; nothing more is written");
            Restoring::Failed(error)
        }
    };
    *shared.restoring.lock() = outcome;
    shared.restored.notify_all();
}

fn restore(shared: &Shared, missing: &Missing) -> Result<(), StateError> {
    let mut found = read(shared, missing)?;
    let base = load_node(&shared.journal, missing.base_position)?;
    // The head itself stands in memory already, with its old values.
    let stands = shared.tree.read().nodes.contains_key(&missing.base);
    // Down from the base; what lies beside the chain was dropped before the checkpoint.
    let mut size = if stands { 0 } else { base.size };
    let mut parent = base.block.parent_hash;
    let mut chain = if size > missing.changes { Vec::new() } else { vec![Arc::new(base)] };
    while !chain.is_empty()
        && let Some(at) = found.iter().rposition(|node| node.block.hash == parent)
    {
        let Some(node) = found.remove(at) else { break };
        found.truncate(at);
        size += node.size;
        if size > missing.changes {
            break;
        }
        parent = node.block.parent_hash;
        chain.push(Arc::new(node));
    }
    for node in chain.iter().skip(usize::from(stands)) {
        if shared.is_stopping() {
            return Ok(());
        }
        shared.flat.remember(node.block.number, &node.changes);
    }
    let Some(lowest) = chain.iter().map(|node| node.block.number).min() else { return Ok(()) };
    shared.tree.write().put_underneath(chain);
    shared.flat.set_oldest(lowest.saturating_sub(1).max(missing.oldest));
    Ok(())
}

/// The blocks of the journal's stretch, as many of the newest as the history may hold. Every record is checked.
fn read(shared: &Shared, missing: &Missing) -> Result<VecDeque<Node>, StateError> {
    let mut found = VecDeque::new();
    let mut size = 0;
    shared.journal.visit(missing.from, missing.base_position, &mut |Scanned { position, kind, payload }| {
        if shared.is_stopping() {
            return Err(StateError::Unusable { reason: "closed".into() });
        }
        if kind != KIND_BLOCK && kind != KIND_GENESIS {
            return Ok(());
        }
        let number = codec::block_start(payload)?.number;
        if number > missing.oldest && number < missing.base_number {
            let node = node_of(payload, position)?;
            size += node.size;
            found.push_back(node);
        }
        while size > missing.changes
            && let Some(oldest) = found.pop_front()
        {
            size -= oldest.size;
        }
        Ok(())
    })?;
    Ok(found)
}
