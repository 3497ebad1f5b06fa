//! The half-built block that a crash left in the journal, built again slice for slice.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use altlayer_execution::{PayloadAttributes, RecoveredTx};
use altlayer_state::CandidateRecords;

use super::{
    candidate::Candidate,
    shared::Shared,
    slice::{self, SliceMode},
    wire::Extended,
};
use crate::{error::EngineError, query::Slice};

/// What the journal says of a block in the making.
pub struct Resumable {
    pub parent_hash: B256,
    attributes: PayloadAttributes,
    /// Ids and transactions; the first holds the attributes'.
    slices: Vec<(B256, Vec<Bytes>)>,
}

impl Resumable {
    /// `None`: the block was given up.
    pub fn read(records: &CandidateRecords) -> Result<Option<Self>, EngineError> {
        let Some((parent_hash, attributes)) = slice::decode_opening(&records.opening)? else { return Ok(None) };
        let slices = records.slices.iter().map(|record| slice::decode_record(record)).collect::<Result<_, _>>()?;
        Ok(Some(Self { parent_hash, attributes, slices }))
    }

    /// Executes it all again. Every slice must come out as it was published.
    pub fn rebuild(&self, shared: &Shared) -> Result<(Candidate, Extended), EngineError> {
        let differs = |what: String| EngineError::new("ENGINE_RESUME", what);
        let attributes = self.attributes.clone();
        let (mut candidate, mut extended) =
            Candidate::open(shared, self.parent_hash, attributes, SliceMode::Journalled)?;
        for (index, (id, transactions)) in self.slices.iter().enumerate() {
            let forced = index == 0 && !self.attributes.transactions.is_empty();
            if !forced {
                extended = candidate.extend_with(transactions)?;
                if let Some(rejected) = extended.rejected.first() {
                    return Err(differs(format!("slice {index} held {}: {}", rejected.hash, rejected.message)));
                }
            }
            candidate.close_slices();
            match candidate.slices().last() {
                Some(slice) if slice.id == *id => {}
                _ => return Err(differs(format!("slice {index} was {id} and comes out otherwise"))),
            }
        }
        candidate.already_published();
        Ok((candidate, extended))
    }

    /// The published transactions as one slice, for putting them back. Receipts are not known.
    pub fn transactions(&self) -> Vec<Arc<Slice>> {
        let raw = self.slices.iter().flat_map(|(_, transactions)| transactions);
        let decoded = raw.filter_map(|raw| RecoveredTx::decode(raw.clone()).ok());
        let transactions = decoded.map(|transaction| transaction.to_stored()).collect();
        vec![Arc::new(Slice { transactions, ..Slice::default() })]
    }

    /// As much of the header as naming the block takes.
    pub fn header(&self, shared: &Shared) -> Result<Header, EngineError> {
        let parent = shared.chain.header(&self.parent_hash)?;
        let number = parent.map_or(0, |parent| parent.number + 1);
        Ok(Header { number, parent_hash: self.parent_hash, timestamp: self.attributes.timestamp, ..Header::default() })
    }
}
