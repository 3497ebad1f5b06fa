//! The thread that owns the head and all open candidates. Whatever changes the chain happens here, one after the other.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    thread::JoinHandle,
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256};
use altlayer_execution::{
    ExecutionPayload, Parent, PayloadError, RecoveredTx, StateRoots, decode_all, execute_payload,
};
use altlayer_state::{Durability, ExecutedBlock, HeadsUpdate, StateError};
use crossbeam_channel::{Receiver, Sender};

use super::{
    candidate::{Base, Candidate, SealingBlock, parent_unsealed},
    guard,
    head_state::pool_head,
    publisher::{Publication, SlicePublication},
    resume::Resumable,
    sealer::SealJob,
    shared::{Failure, Shared},
    slice::{self, SliceMode},
    wire::{self, Event, PayloadStatus, WriteOperation, from_json, to_json},
};
use crate::{
    error::EngineError,
    pool::{PoolHead, PooledTransaction, Rejection},
    query::{Slice, slice_logs},
};

/// Open candidates at a time. Each holds the changes of a block in memory.
const MAX_CANDIDATES: usize = 64;

/// Blocks whose touched accounts are remembered for the pool; others are read from the journal.
const TOUCHED_KEPT: usize = 64;

/// Invalid blocks remembered, so that their descendants are refused without asking for their parents.
const INVALID_KEPT: usize = 512;

pub enum Command {
    Request {
        id: u32,
        operation: WriteOperation,
        json: String,
    },
    /// From the publisher: a candidate is a block now (its hash, the accounts it changed), or failed to become one.
    Sealed {
        candidate: u32,
        sealed: Option<(B256, Vec<Address>)>,
    },
    /// Somebody asks for the pending block, and it has grown since it was last shown.
    ShowPending,
    Close,
}

pub struct Outputs {
    pub sealer: Sender<SealJob>,
    pub publisher: Sender<Publication>,
}

pub fn spawn(
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    outputs: Outputs,
) -> Result<JoinHandle<()>, EngineError> {
    guard::spawn("engine-writer", move || {
        let mut writer = Writer {
            shared: shared.clone(),
            outputs,
            candidates: HashMap::new(),
            sealing: HashMap::new(),
            became: VecDeque::new(),
            next_candidate: 1,
            touched: VecDeque::new(),
            invalid: VecDeque::new(),
            shown: None,
        };
        for command in commands {
            let (id, done) = match command {
                Command::Close => return,
                Command::Request { id, .. } if shared.failure().is_some() => (Some(id), Ok(Err(shared.gone()))),
                Command::Request { id, operation, json } => {
                    (Some(id), guard::contain(|| writer.serve(id, operation, &json)))
                }
                Command::Sealed { candidate, sealed } => {
                    (None, guard::contain(|| writer.sealed(candidate, sealed).map(|()| None)))
                }
                Command::ShowPending => (None, guard::contain(|| writer.show_pending().map(|()| None))),
            };
            let answer = done.unwrap_or_else(|panic| {
                // Half-made changes may be anywhere: nothing after this can be trusted.
                shared.fail(format!("the engine's writer panicked: {panic}"));
                Err(shared.gone())
            });
            match (id, answer) {
                (Some(id), Ok(Some(text))) => shared.sink.answer(id, Ok(text)),
                (Some(id), Err(error)) => shared.sink.answer(id, Err(Failure::Engine(error))),
                (None, Err(error)) => shared.fail(format!("the engine's writer failed: {error}")),
                // The sealer's answer follows.
                (_, Ok(None)) | (None, Ok(Some(_))) => {}
            }
        }
    })
}

/// The candidate that queries see as the pending block.
struct Shown {
    candidate: u32,
    /// Marks what is published of it.
    epoch: u64,
    /// Transactions of the last pending block that was made of it.
    pending: usize,
}

struct Writer {
    shared: Arc<Shared>,
    outputs: Outputs,
    candidates: HashMap<u32, Candidate>,
    /// Candidates on their way to a block, for those that are opened on them.
    sealing: HashMap<u32, SealingBlock>,
    /// What candidates became of late, for a block that is opened on one just as it is sealed.
    became: VecDeque<(u32, B256)>,
    next_candidate: u32,
    touched: VecDeque<(B256, Vec<Address>)>,
    /// Invalid blocks with their latest valid ancestor.
    invalid: VecDeque<(B256, Option<B256>)>,
    shown: Option<Shown>,
}

impl Writer {
    /// The answer; `None`: the sealer answers.
    fn serve(&mut self, id: u32, operation: WriteOperation, json: &str) -> Result<Option<String>, EngineError> {
        match operation {
            WriteOperation::Open => self.open(from_json("open", json)?).map(Some),
            WriteOperation::Resume => self.resume().map(Some),
            WriteOperation::Extend => self.extend(from_json("extend", json)?).map(Some),
            WriteOperation::Seal => self.seal(id, from_json("seal", json)?).map(|()| None),
            WriteOperation::Drop => self.drop(from_json("drop", json)?).map(Some),
            WriteOperation::NewPayload => self.new_payload(from_json("newPayload", json)?).map(Some),
            WriteOperation::SetHeads => self.set_heads(from_json("setHeads", json)?).map(Some),
        }
    }

    fn open(&mut self, request: wire::OpenRequest) -> Result<String, EngineError> {
        if self.candidates.len() >= MAX_CANDIDATES {
            return Err(EngineError::new(
                "ENGINE_TOO_MANY_CANDIDATES",
                format!("{MAX_CANDIDATES} candidates are open: seal or drop one"),
            ));
        }
        let wire::OpenRequest { parent, attributes, slices, brief } = request;
        let (candidate, mut extended) = match parent {
            wire::ParentRequest::Hash(hash) => Candidate::open(&self.shared, hash, attributes, slices)?,
            wire::ParentRequest::Candidate(id) if self.became(id).is_some() => {
                Candidate::open(&self.shared, self.became(id).unwrap_or_default(), attributes, slices)?
            }
            wire::ParentRequest::Candidate(id) => {
                let sealing = self.sealing.get_mut(&id).ok_or_else(|| unknown_candidate(id))?;
                Candidate::open_on_sealing(&self.shared, (id, sealing), attributes, slices)?
            }
        };
        let id = self.keep(candidate);
        extended.candidate = Some(id);
        if brief {
            extended.included.clear();
        }
        self.consider_showing(id)?;
        Ok(to_json(&extended))
    }

    fn became(&self, candidate: u32) -> Option<B256> {
        self.became.iter().find(|(id, _)| *id == candidate).map(|(_, hash)| *hash)
    }

    fn keep(&mut self, candidate: Candidate) -> u32 {
        let id = self.next_candidate;
        self.next_candidate = self.next_candidate.wrapping_add(1).max(1);
        self.candidates.insert(id, candidate);
        id
    }

    /// Goes on with the block that the journal holds unsealed, if it stands on the head.
    fn resume(&mut self) -> Result<String, EngineError> {
        // On a wrong state its slices come out otherwise, and the record of what was promised would be given up.
        self.shared.chain.wait_until_proven()?;
        let Some(records) = self.shared.chain.take_candidate() else { return Ok("null".into()) };
        let Some(resumable) = Resumable::read(&records)? else { return Ok("null".into()) };
        if self.shared.chain.heads().unsafe_head.hash != resumable.parent_hash {
            // It was sealed, or another chain won. Whatever is in the chain by now is refused.
            let (header, slices) = (resumable.header(&self.shared)?, resumable.transactions());
            if !self.became_block(&header, &slices)? {
                self.undo_slices(&header, resumable.parent_hash, &slices, true)?;
            }
            return Ok("null".into());
        }
        match resumable.rebuild(&self.shared) {
            Ok((candidate, mut extended)) => {
                let id = self.keep(candidate);
                extended.candidate = Some(id);
                self.consider_showing(id)?;
                let Some(candidate) = self.candidates.get(&id) else { return Err(unknown_candidate(id)) };
                let (parent_hash, attributes) = (resumable.parent_hash, candidate.attributes());
                Ok(to_json(&wire::Resumed { parent_hash, attributes, extended }))
            }
            Err(error) => {
                // Another version of the rules, or another machine's clock: what was promised cannot be kept. Say so, loudly.
                tracing::error!(%error, "the half-built block of the journal cannot be built again");
                self.shared.chain.begin_candidate(&[])?;
                let header = resumable.header(&self.shared)?;
                self.undo_slices(&header, resumable.parent_hash, &resumable.transactions(), true)?;
                Ok("null".into())
            }
        }
    }

    fn extend(&mut self, request: wire::ExtendRequest) -> Result<String, EngineError> {
        let id = request.candidate;
        let candidate = self.candidates.get_mut(&id).ok_or_else(|| unknown_candidate(id))?;
        let result = match request.source {
            wire::ExtendSource::Pool(budget) => candidate.extend_from_pool(&self.shared, budget),
            wire::ExtendSource::Transactions { transactions } => candidate.extend_with(&transactions),
        };
        match result {
            Ok(extended) => {
                if extended.included_count > 0 {
                    self.grown(id)?;
                }
                Ok(to_json(&extended))
            }
            Err(error) => {
                // A failed execution leaves a half-made block; a bad request does not.
                if error.code != "ENGINE_BAD_REQUEST" && error.code != "ENGINE_PARENT_UNSEALED" {
                    self.forget(id)?;
                }
                Err(error)
            }
        }
    }

    /// Hands the candidate to the sealer. From now on the next block can be opened on it.
    fn seal(&mut self, request: u32, wanted: wire::SealRequest) -> Result<(), EngineError> {
        let id = wanted.candidate;
        let candidate = self.candidates.get(&id).ok_or_else(|| unknown_candidate(id))?;
        if matches!(candidate.base(), Base::Sealing(_)) {
            return Err(parent_unsealed());
        }
        let Some(candidate) = self.candidates.remove(&id) else { return Err(unknown_candidate(id)) };
        let (parent, outcome, sealing) = candidate.finish(&self.shared.spec)?;
        self.sealing.insert(id, sealing);
        let job = SealJob { request, candidate: id, parent, outcome, brief: wanted.brief };
        self.outputs.sealer.send(job).map_err(|_| self.shared.gone())
    }

    /// A candidate's block stands in the journal, or failed.
    fn sealed(&mut self, candidate: u32, sealed: Option<(B256, Vec<Address>)>) -> Result<(), EngineError> {
        let sealing = self.sealing.remove(&candidate);
        let children = self.candidates.iter().filter(|(_, child)| child.base() == Base::Sealing(candidate));
        let children: Vec<u32> = children.map(|(id, _)| *id).collect();
        match sealed {
            Some((hash, touched)) => {
                self.remember_touched(hash, touched);
                if self.became.len() == MAX_CANDIDATES {
                    self.became.pop_front();
                }
                self.became.push_back((candidate, hash));
                if let Some(range) = sealing.and_then(|sealing| sealing.range) {
                    self.shared.ranges.put(hash, range);
                }
                for id in children {
                    if let Some(child) = self.candidates.get_mut(&id) {
                        child.parent_sealed(&self.shared, hash)?;
                    }
                }
            }
            None => self.candidates.retain(|id, _| !children.contains(id)),
        }
        Ok(())
    }

    fn drop(&mut self, request: wire::CandidateRequest) -> Result<String, EngineError> {
        if !self.candidates.contains_key(&request.candidate) {
            return Err(unknown_candidate(request.candidate));
        }
        self.forget(request.candidate)?;
        Ok("null".into())
    }

    /// Drops a candidate; what it had published is undone.
    fn forget(&mut self, id: u32) -> Result<(), EngineError> {
        if self.shown.as_ref().is_some_and(|shown| shown.candidate == id) {
            self.shown = None;
            self.shared.building.lock().begin();
        }
        let Some(candidate) = self.candidates.remove(&id) else { return Ok(()) };
        if let (Base::Block(parent), [_, ..]) = (candidate.base(), candidate.slices())
            && candidate.mode() != SliceMode::None
        {
            if candidate.mode() == SliceMode::Journalled {
                self.shared.chain.begin_candidate(&[])?;
            }
            let header = candidate.header();
            if !self.became_block(&header, candidate.slices())? {
                let repool = candidate.mode() == SliceMode::Journalled;
                self.undo_slices(&header, parent, candidate.slices(), repool)?;
            }
        }
        Ok(())
    }

    /// Whether the chain's block of that height begins with what was published.
    fn became_block(&self, header: &Header, slices: &[Arc<Slice>]) -> Result<bool, EngineError> {
        let Some(hash) = self.shared.chain.canonical_hash(header.number)? else { return Ok(false) };
        let block = self.block(hash)?;
        let mut published = slices.iter().flat_map(|slice| &slice.transactions).map(|transaction| transaction.hash);
        let mut held = block.transactions.iter().map(|transaction| transaction.hash);
        Ok(block.header.parent_hash == header.parent_hash && published.all(|hash| held.next() == Some(hash)))
    }

    /// Puts the transactions of published slices back into the pool in their order, and tells what cannot be put back.
    fn undo_slices(
        &mut self,
        header: &Header,
        parent_hash: B256,
        slices: &[Arc<Slice>],
        repool: bool,
    ) -> Result<(), EngineError> {
        let mut pooled = Vec::new();
        for stored in slices.iter().flat_map(|slice| &slice.transactions).filter(|_| repool) {
            if stored.raw.first() != Some(&altlayer_execution::DEPOSIT_TYPE) {
                pooled.push(Arc::new(PooledTransaction(from_stored(stored)?)));
            }
        }
        let refused = self.put_back(pooled)?;
        let reasons: Vec<_> = refused.iter().map(|(hash, reason)| (*hash, reason.to_string())).collect();
        let mut logs = Vec::new();
        if self.shared.are_slices_watched() {
            logs = slices.iter().flat_map(|slice| slice_logs(header, slice)).collect();
            logs.iter_mut().for_each(|log| log.removed = true);
        }
        self.shared.sink.event(to_json(&Event::Undone(wire::UndoneEvent {
            number: header.number,
            parent_hash,
            slices: slices.len(),
            lost: reasons.iter().map(|(hash, reason)| wire::Lost { hash: *hash, reason }).collect(),
            logs,
        })));
        Ok(())
    }

    /// Whether queries see this candidate as the pending block from now on.
    fn consider_showing(&mut self, id: u32) -> Result<(), EngineError> {
        let Some(candidate) = self.candidates.get(&id) else { return Ok(()) };
        let head = self.shared.chain.heads().unsafe_head.hash;
        if !candidate.is_open() || candidate.base() != Base::Block(head) {
            return Ok(());
        }
        let mut building = self.shared.building.lock();
        let epoch = building.begin();
        building.is_stale = true;
        drop(building);
        self.shown = Some(Shown { candidate: id, epoch, pending: 0 });
        // A half-built block goes out as it was published, and so does what was held back while the parent was sealed; an
        // empty block only if somebody looks at its beginning.
        if !candidate.slices().is_empty() || candidate.holds_more() || self.shared.are_slices_watched() {
            self.publish_slices()?;
        }
        if self.shared.is_pending_wanted() {
            self.show_pending()?;
        }
        Ok(())
    }

    /// A candidate has more transactions.
    fn grown(&mut self, id: u32) -> Result<(), EngineError> {
        if self.shown.as_ref().is_none_or(|shown| shown.candidate != id) {
            return Ok(());
        }
        self.shared.building.lock().is_stale = true;
        self.publish_slices()?;
        if self.shared.is_pending_wanted() {
            self.show_pending()?;
        }
        Ok(())
    }

    /// Journals and publishes what the shown candidate has executed since its last slice.
    fn publish_slices(&mut self) -> Result<(), EngineError> {
        let Some(shown) = &self.shown else { return Ok(()) };
        let Some(candidate) = self.candidates.get_mut(&shown.candidate) else { return Ok(()) };
        let Base::Block(parent_hash) = candidate.base() else { return Ok(()) };
        if candidate.mode() == SliceMode::None {
            return Ok(());
        }
        let header = Arc::new(candidate.header());
        let recovered = candidate.take_recovered();
        let journalled = recovered.len() as u64;
        for slice in recovered.into_iter().chain(candidate.close_slices()) {
            if candidate.mode() == SliceMode::Journalled && slice.index >= journalled {
                if slice.index == 0 {
                    self.shared.chain.begin_candidate(&slice::encode_opening(parent_hash, candidate.attributes()))?;
                }
                self.shared.chain.append_slice(&slice::encode_record(&slice))?;
            }
            let attributes = (slice.index == 0).then(|| candidate.attributes().clone());
            let publication = SlicePublication { epoch: shown.epoch, header: header.clone(), slice, attributes };
            self.outputs.publisher.send(Publication::Slice(Box::new(publication))).map_err(|_| self.shared.gone())?;
        }
        Ok(())
    }

    /// Shows queries the pending block as it is.
    fn show_pending(&mut self) -> Result<(), EngineError> {
        self.publish_slices()?;
        let Some(shown) = &mut self.shown else { return Ok(()) };
        let Some(candidate) = self.candidates.get_mut(&shown.candidate) else { return Ok(()) };
        if candidate.mode() == SliceMode::None {
            candidate.close_slices();
        }
        let block = Arc::new(candidate.pending());
        if shown.pending == block.transaction_count() && shown.pending > 0 {
            return Ok(());
        }
        shown.pending = block.transaction_count();
        let publication = Publication::Pending { epoch: shown.epoch, block };
        self.outputs.publisher.send(publication).map_err(|_| self.shared.gone())
    }

    fn new_payload(&mut self, request: wire::PayloadRequest) -> Result<String, EngineError> {
        let payload = request.payload;
        // The form comes first: nothing may be remembered under a hash that is not the payload's own.
        if let Err(error) = payload.check_form(&self.shared.spec) {
            let latest_valid_hash = match error {
                // "INVALID_BLOCK_HASH": nothing is said about the chain.
                PayloadError::BlockHash { .. } => None,
                _ => self.latest_valid(payload.parent_hash)?,
            };
            let validation_error = error.to_string();
            return Ok(to_json(&PayloadStatus::Invalid { latest_valid_hash, validation_error }));
        }
        let status = self.judge(&payload)?;
        if let PayloadStatus::Invalid { latest_valid_hash, .. } = &status {
            if self.invalid.len() == INVALID_KEPT {
                self.invalid.pop_front();
            }
            self.invalid.push_back((payload.block_hash, *latest_valid_hash));
        }
        Ok(to_json(&status))
    }

    /// engine_newPayload (execution-apis, src/engine/paris.md, "Payload validation") for a payload of good form.
    fn judge(&mut self, payload: &ExecutionPayload) -> Result<PayloadStatus, EngineError> {
        let chain = &self.shared.chain;
        if chain.contains(&payload.block_hash)? {
            return Ok(PayloadStatus::Valid { latest_valid_hash: payload.block_hash });
        }
        if let Some((_, ancestor)) = self.invalid.iter().find(|(hash, _)| *hash == payload.parent_hash) {
            return Ok(PayloadStatus::Invalid {
                latest_valid_hash: *ancestor,
                validation_error: "links to previously rejected block".into(),
            });
        }
        let Some(header) = chain.header(&payload.parent_hash)? else { return Ok(PayloadStatus::Syncing) };
        let parent = Parent { hash: payload.parent_hash, header: (*header).clone() };
        let invalid = |error: String| PayloadStatus::Invalid {
            latest_valid_hash: Some(payload.parent_hash),
            validation_error: error,
        };
        let transactions = match self.decode(payload) {
            Ok(transactions) => transactions,
            Err(error) => return Ok(invalid(error)),
        };
        let view = match chain.view(payload.parent_hash) {
            Ok(view) => view,
            // The parent is so far back that its state is gone: the Engine API calls that syncing.
            Err(StateError::Pruned { .. }) => return Ok(PayloadStatus::Syncing),
            Err(error) => return Err(error.into()),
        };
        let executed = execute_payload(&self.shared.spec, view, &parent, payload, &transactions, |diff| {
            let prepared = chain.root_after(parent.hash, diff)?;
            Ok((StateRoots { state: prepared.root(), message_passer: prepared.message_passer_root() }, prepared))
        });
        let executed = match executed {
            Ok(executed) => executed,
            Err(error) if error.is_verdict() => return Ok(invalid(error.to_string())),
            Err(PayloadError::State(error)) => return Err(error.into()),
            Err(error) => return Err(EngineError::new("ENGINE_EXECUTION", error.to_string())),
        };
        let touched = executed.outcome.diff.accounts.keys().copied().collect();
        let block = ExecutedBlock {
            header: executed.header,
            hash: executed.hash,
            transactions: executed.outcome.transactions,
            receipts: executed.outcome.receipts,
            state: executed.prepared,
        };
        chain.insert(block, Durability::Synced)?;
        self.remember_touched(executed.hash, touched);
        Ok(PayloadStatus::Valid { latest_valid_hash: executed.hash })
    }

    fn decode(&self, payload: &ExecutionPayload) -> Result<Vec<RecoveredTx>, String> {
        decode_all(&payload.transactions).map_err(|(index, reject)| format!("invalid transaction {index}: {reject}"))
    }

    fn latest_valid(&self, parent: B256) -> Result<Option<B256>, EngineError> {
        if let Some((_, ancestor)) = self.invalid.iter().find(|(hash, _)| *hash == parent) {
            return Ok(*ancestor);
        }
        Ok(self.shared.chain.contains(&parent)?.then_some(parent))
    }

    /// engine_forkchoiceUpdated without attributes.
    fn set_heads(&mut self, request: wire::HeadsRequest) -> Result<String, EngineError> {
        let update = HeadsUpdate { unsafe_head: request.unsafe_head, safe: request.safe, finalized: request.finalized };
        self.save_dropped(&update)?;
        let change = match self.shared.chain.set_heads(update) {
            Ok(change) => change,
            Err(StateError::UnknownBlock { hash }) if hash == request.unsafe_head => return Ok("null".into()),
            Err(error) => return Err(error.into()),
        };
        let moved = !change.added.is_empty() || !change.dropped.is_empty();
        if moved && let Err(error) = self.follow(&change) {
            // The heads moved, the pool did not: it would offer what is mined and refuse what is next.
            self.shared.fail(format!("the pool cannot follow the head: {error}"));
            return Err(error);
        }
        let wire = wire::HeadChange::from(&change);
        // Before the answer: whoever awaits it finds the listeners told.
        self.shared.sink.event(to_json(&Event::Heads { change: &wire }));
        if moved {
            self.show_after(&change)?;
        }
        Ok(to_json(&wire))
    }

    /// What is in blocks that are about to be dropped goes into the pool's file first: a crash after the heads' move and
    /// before the pool's would lose it.
    fn save_dropped(&self, update: &HeadsUpdate) -> Result<(), EngineError> {
        // What is wrong with the update is for the move itself to say.
        let Ok(dropped) = self.shared.chain.dropped_by(update) else { return Ok(()) };
        if dropped.is_empty() {
            return Ok(());
        }
        let transactions = self.transactions_of(&dropped, &HashSet::new())?;
        if let Some(journal) = self.shared.pool_journal.lock().as_mut() {
            journal
                .append(&transactions)
                .map_err(|error| EngineError::new("ENGINE_POOL_JOURNAL", format!("writing {error}")))?;
        }
        Ok(())
    }

    /// The transactions of blocks without deposits and without those in `except`.
    fn transactions_of(
        &self,
        blocks: &[altlayer_state::BlockRef],
        except: &HashSet<B256>,
    ) -> Result<Vec<Arc<PooledTransaction>>, EngineError> {
        let mut transactions = Vec::new();
        for block in blocks {
            for stored in &self.block(block.hash)?.transactions {
                if stored.raw.first() == Some(&altlayer_execution::DEPOSIT_TYPE) || except.contains(&stored.hash) {
                    continue;
                }
                transactions.push(Arc::new(PooledTransaction(from_stored(stored)?)));
            }
        }
        Ok(transactions)
    }

    /// The head moved: the pending block is the one that is being built on it, if any.
    fn show_after(&mut self, change: &altlayer_state::HeadChange) -> Result<(), EngineError> {
        // Published slices whose block did not come stay with their candidate, until its owner drops or seals it.
        if self.shown.take().is_some() {
            self.shared.building.lock().begin();
        }
        let adopted = change.added.iter().map(|block| block.hash).collect();
        self.outputs.publisher.send(Publication::Adopted(adopted)).map_err(|_| self.shared.gone())?;
        let head = Base::Block(change.heads.unsafe_head.hash);
        let next = self.candidates.iter().filter(|(_, candidate)| candidate.base() == head).map(|(id, _)| *id).max();
        next.map_or(Ok(()), |id| self.consider_showing(id))
    }

    /// Brings the pool to the new head, and puts back what was dropped.
    fn follow(&mut self, change: &altlayer_state::HeadChange) -> Result<(), EngineError> {
        let shared = self.shared.clone();
        let mut touched: HashSet<Address> = HashSet::new();
        for block in change.added.iter().chain(&change.dropped) {
            touched.extend(self.touched_by(block.hash)?);
        }
        let mut added = HashSet::new();
        if !change.dropped.is_empty() {
            for block in &change.added {
                added.extend(self.block(block.hash)?.transactions.iter().map(|tx| tx.hash));
            }
        }
        let dropped = self.transactions_of(&change.dropped, &added)?;
        let head =
            pool_head(&shared.spec, &shared.chain, change.heads.unsafe_head.hash, shared.options.pool.min_tip_wei)?;
        let _ = self.reinject(Some((head, touched)), dropped)?;
        Ok(())
    }

    /// Puts transactions back into the pool, before all others and in their order. Returns those that cannot be, and why.
    fn put_back(&mut self, transactions: Vec<Arc<PooledTransaction>>) -> Result<Vec<(B256, Rejection)>, EngineError> {
        self.reinject(None, transactions)
    }

    fn reinject(
        &mut self,
        reset: Option<(PoolHead, HashSet<Address>)>,
        transactions: Vec<Arc<PooledTransaction>>,
    ) -> Result<Vec<(B256, Rejection)>, EngineError> {
        let shared = self.shared.clone();
        let mut journal = shared.pool_journal.lock();
        let mut pool = shared.pool.lock();
        if let Some((head, touched)) = reset {
            pool.reset(head, touched).map_err(|error| EngineError::new("ENGINE_POOL", error.to_string()))?;
        }
        let refused = pool.reinject(transactions.clone());
        drop(pool);
        if let Some(journal) = journal.as_mut()
            && let Err(error) = journal.append(&transactions)
        {
            shared.fail(format!("writing the pool's journal: {error}"));
        }
        for (hash, rejection) in &refused {
            tracing::warn!(%hash, %rejection, "a transaction that was ordered before cannot be pooled again");
        }
        Ok(refused)
    }

    fn block(&self, hash: B256) -> Result<Arc<altlayer_state::StoredBlock>, EngineError> {
        Ok(self.shared.chain.block(&hash)?.ok_or(StateError::UnknownBlock { hash })?)
    }

    fn touched_by(&self, hash: B256) -> Result<Vec<Address>, EngineError> {
        match self.touched.iter().find(|(known, _)| *known == hash) {
            Some((_, touched)) => Ok(touched.clone()),
            None => Ok(self.shared.chain.state_diff(&hash)?.accounts.into_keys().collect()),
        }
    }

    fn remember_touched(&mut self, hash: B256, touched: Vec<Address>) {
        if self.touched.len() == TOUCHED_KEPT {
            self.touched.pop_front();
        }
        self.touched.push_back((hash, touched));
    }
}

fn from_stored(stored: &altlayer_state::StoredTransaction) -> Result<RecoveredTx, EngineError> {
    RecoveredTx::from_stored(stored).map_err(|reject| EngineError::new("ENGINE_STORED_TRANSACTION", reject.to_string()))
}

fn unknown_candidate(id: u32) -> EngineError {
    EngineError::new("ENGINE_UNKNOWN_CANDIDATE", format!("candidate {id} is not open"))
}
