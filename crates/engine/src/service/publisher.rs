//! The thread that tells: it syncs the journal, then shows slices and sealed blocks to whoever waits for them, in the order in
//! which they were made. What gathers during one sync shares the next.

use std::{sync::Arc, thread::JoinHandle, time::Instant};

use alloy_consensus::Header;
use alloy_primitives::B256;
use altlayer_execution::PayloadAttributes;
use crossbeam_channel::{Receiver, Sender};

use super::{
    flashblock::flashblock,
    guard,
    sealer::Sealed,
    shared::{Failure, Shared},
    wire::{Event, SliceDetail, SliceEvent, to_json},
    writer::Command,
};
use crate::{
    error::EngineError,
    query::{PendingBlock, PublishedSlices, Slice, block_receipt, slice_logs, slice_receipt},
};

/// Publications that share a sync.
const MAX_GROUP: usize = 64;

pub enum Publication {
    Slice(Box<SlicePublication>),
    /// The block in the making as of all publications before.
    Pending {
        epoch: u64,
        block: Arc<PendingBlock>,
    },
    Sealed {
        request: u32,
        candidate: u32,
        result: Box<Result<Sealed, EngineError>>,
    },
    /// Blocks that joined the chain: somebody may wait for their transactions.
    Adopted(Vec<B256>),
}

pub struct SlicePublication {
    /// Of [`Building`]: a slice of a candidate that is gone by now is shown to nobody.
    pub epoch: u64,
    pub header: Arc<Header>,
    pub slice: Arc<Slice>,
    /// Of the first slice.
    pub attributes: Option<PayloadAttributes>,
}

/// The block in the making, as far as it is published.
#[derive(Default)]
pub struct Building {
    /// Counts the candidates that were shown.
    pub epoch: u64,
    pub pending: Option<Arc<PendingBlock>>,
    /// More was executed since `pending` was made.
    pub is_stale: bool,
    pub published: Option<PublishedSlices>,
}

impl Building {
    /// Shows nothing until the next candidate publishes; returns the number that its publications carry.
    pub fn begin(&mut self) -> u64 {
        *self = Self { epoch: self.epoch + 1, ..Self::default() };
        self.epoch
    }
}

pub fn spawn(
    shared: Arc<Shared>,
    publications: Receiver<Publication>,
    writer: Sender<Command>,
) -> Result<JoinHandle<()>, EngineError> {
    guard::spawn("engine-publisher", move || {
        while let Ok(first) = publications.recv() {
            let group: Vec<_> = [first].into_iter().chain(publications.try_iter().take(MAX_GROUP - 1)).collect();
            if let Err(error) = shared.chain.sync() {
                shared.fail(format!("syncing the journal: {error}"));
            }
            for publication in group {
                if let Err(panic) = guard::contain(|| publish(&shared, &writer, publication)) {
                    shared.fail(format!("publishing panicked: {panic}"));
                }
            }
        }
    })
}

fn publish(shared: &Shared, writer: &Sender<Command>, publication: Publication) {
    match publication {
        Publication::Slice(publication) if shared.failure().is_none() => publish_slice(shared, *publication),
        Publication::Pending { epoch, block } => {
            let mut building = shared.building.lock();
            if building.epoch == epoch && shared.failure().is_none() {
                building.pending = Some(block);
                building.is_stale = false;
            }
            shared.building_moved.notify_all();
        }
        Publication::Adopted(blocks) => {
            for hash in blocks {
                answer_block(shared, hash);
            }
        }
        Publication::Slice(_) => {}
        Publication::Sealed { request, candidate, result } => {
            // A journal that could not be synced acknowledges nothing.
            let result = if shared.failure().is_some() { Err(shared.gone()) } else { *result };
            let (sealed, answer) = match result {
                Ok(Sealed { hash, payload, touched }) => (Some((hash, touched)), Ok(to_json(&payload))),
                Err(error) => (None, Err(Failure::Engine(error))),
            };
            // Before the answer: whoever awaits it may build on the block. A writer that has ended needs no word.
            let _ = writer.send(Command::Sealed { candidate, sealed });
            shared.sink.answer(request, answer);
        }
    }
}

fn publish_slice(shared: &Shared, publication: SlicePublication) {
    let SlicePublication { epoch, header, slice, attributes } = publication;
    let published = {
        let mut building = shared.building.lock();
        if building.epoch != epoch {
            return;
        }
        let published =
            building.published.get_or_insert_with(|| PublishedSlices { header: header.clone(), slices: Vec::new() });
        published.header = header.clone();
        published.slices.push(slice.clone());
        building.is_stale = true;
        building.published.clone()
    };
    let Some(published) = published else { return };
    for (index, ids) in shared.waiters.take(slice.transactions.iter().map(|tx| &tx.hash)) {
        for id in ids {
            let receipt = slice_receipt(&shared.spec, &published, &slice, index);
            shared.sink.answer(id, receipt.map(|receipt| to_json(&receipt)).map_err(Failure::Rpc));
        }
    }
    let opening = published.slices.first().map_or(slice.id, |first| first.id);
    let watched = shared.are_slices_watched().then(|| flashblock(&header, &opening, &slice).ok()).flatten();
    let detail = watched.is_some().then(|| SliceDetail {
        attributes: attributes.as_ref(),
        hashes: slice.transactions.iter().map(|transaction| transaction.hash).collect(),
        logs: slice_logs(&header, &slice),
    });
    let event = to_json(&Event::Slice(SliceEvent {
        number: header.number,
        parent_hash: header.parent_hash,
        index: slice.index,
        id: slice.id,
        previous_id: slice.previous_id,
        transaction_count: slice.transactions.len(),
        transaction_count_total: slice.first_transaction + slice.transactions.len(),
        transaction_root: slice.transaction_root,
        detail,
    }));
    match watched {
        Some(flashblock) => shared.sink.event_with(event, flashblock),
        None => shared.sink.event(event),
    }
}

/// Receipts of a block for those who wait for its transactions.
fn answer_block(shared: &Shared, hash: B256) {
    if shared.waiters.is_empty() {
        return;
    }
    // Nobody is answered if it cannot be read: they wait for their timeouts, as they would without the block.
    let Ok(Some(block)) = shared.chain.block(&hash) else { return };
    let waiting = shared.waiters.take(block.transactions.iter().map(|tx| &tx.hash));
    let context = shared.query_context(Instant::now());
    for (index, ids) in waiting {
        for id in ids {
            let receipt = block_receipt(&context, &block, index);
            shared.sink.answer(id, receipt.map(|receipt| to_json(&receipt)).map_err(Failure::Rpc));
        }
    }
}
