//! Where a store begins that did not begin at genesis.

use crate::{
    chain::write::KIND_ORIGIN,
    codec::Reader,
    error::StateError,
    journal::{Journal, Position},
};

/// The first record of the journal of a store that was made from a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The oldest block that is known (besides genesis).
    pub first_block: u64,
    /// The snapshot's own block: the oldest whose state is known.
    pub state_block: u64,
}

impl Origin {
    const POSITION: Position = Journal::start();

    pub fn encode(&self) -> Vec<u8> {
        [self.first_block.to_le_bytes(), self.state_block.to_le_bytes()].concat()
    }

    /// `None`: the store began at genesis (or is empty).
    pub fn read(journal: &Journal) -> Result<Option<Self>, StateError> {
        match journal.read(Self::POSITION) {
            Ok((KIND_ORIGIN, payload)) => {
                let mut reader = Reader::new(&payload, "origin record");
                Ok(Some(Self { first_block: reader.u64()?, state_block: reader.u64()? }))
            }
            Ok(_) => Ok(None),
            // Nothing yet, the torn start of a new journal, which the scan cuts, or damage, which it names.
            Err(StateError::Corrupt { .. } | StateError::Io { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
