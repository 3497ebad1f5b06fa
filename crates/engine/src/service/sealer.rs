//! The thread that turns finished candidates into blocks: roots, header, journal record. The writer goes on meanwhile.

use std::{sync::Arc, thread::JoinHandle};

use alloy_primitives::{Address, B256};
use altlayer_execution::{BlockOutcome, ExecutionPayload, StateRoots};
use altlayer_state::{Durability, ExecutedBlock};
use crossbeam_channel::{Receiver, Sender};

use super::{guard, publisher::Publication, shared::Shared};
use crate::error::EngineError;

pub struct SealJob {
    /// The request that gets the block as its answer.
    pub request: u32,
    pub candidate: u32,
    pub parent: B256,
    pub outcome: BlockOutcome,
    /// The answer holds the first transaction only.
    pub brief: bool,
}

/// A block that stands in the journal.
pub struct Sealed {
    pub hash: B256,
    pub payload: ExecutionPayload,
    /// Accounts that it changed.
    pub touched: Vec<Address>,
}

pub fn spawn(
    shared: Arc<Shared>,
    jobs: Receiver<SealJob>,
    publisher: Sender<Publication>,
) -> Result<JoinHandle<()>, EngineError> {
    guard::spawn("engine-sealer", move || {
        for job in jobs {
            let (request, candidate) = (job.request, job.candidate);
            let result = guard::contain(|| seal(&shared, job)).unwrap_or_else(|panic| {
                shared.fail(format!("sealing a block panicked: {panic}"));
                Err(shared.gone())
            });
            if publisher.send(Publication::Sealed { request, candidate, result: Box::new(result) }).is_err() {
                return;
            }
        }
    })
}

/// Root, header, journal. Durable once the publisher has synced.
fn seal(shared: &Shared, job: SealJob) -> Result<Sealed, EngineError> {
    let SealJob { parent, outcome, brief, .. } = job;
    let prepared = shared.chain.root_after(parent, &outcome.diff)?;
    let roots = StateRoots { state: prepared.root(), message_passer: prepared.message_passer_root() };
    let header = outcome.assemble_header(&shared.spec, roots);
    let hash = header.hash_slow();
    let shown = if brief { 1 } else { usize::MAX };
    let raw = outcome.transactions.iter().take(shown).map(|tx| tx.raw.clone());
    let payload = ExecutionPayload::from_block(&header, hash, raw);
    let touched = outcome.diff.accounts.keys().copied().collect();
    let block =
        ExecutedBlock { header, hash, transactions: outcome.transactions, receipts: outcome.receipts, state: prepared };
    shared.chain.insert(block, Durability::Buffered)?;
    Ok(Sealed { hash, payload, touched })
}
