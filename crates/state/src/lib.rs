//! State and history of one rollup: flat state, Merkle-Patricia tries, the append-only journal, blocks and their indexes.
//!
//! Execution sees only [`StateRead`] and [`StateDiff`]; everything else hangs off [`ChainStore`].

mod chain;
mod change;
mod checkpoint;
mod chunks;
mod codec;
mod error;
mod flat;
mod index;
mod journal;
#[cfg(test)]
mod journal_tests;
pub mod snapshot;
mod state_trie;
#[cfg(test)]
mod state_trie_tests;
mod trie;
mod types;
mod view;

pub use chain::{ChainStore, types::*};
pub use change::Account;
pub use error::StateError;
pub use state_trie::{Preimages, StateTrie, state_root};
pub use types::{AccountDiff, StateDiff, StateRead};
pub use view::StateView;

/// The bare trie, for conformance runs against vectors of any key and value.
pub mod raw_trie {
    pub use crate::trie::{Edit, LeafValue, Trie};
    pub use alloy_trie::Nibbles;
}

/// The L2ToL1MessagePasser predeploy (OP Stack specs, protocol/predeploys.md), whose storage root withdrawals are proven
/// against.
pub const MESSAGE_PASSER: alloy_primitives::Address =
    alloy_primitives::address!("4200000000000000000000000000000000000016");
