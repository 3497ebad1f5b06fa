//! The thread that owns the head and all open candidates. Whatever changes the chain happens here, one after the other.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256};
use altlayer_execution::{
    ExecutionPayload, Parent, PayloadError, RecoveredTx, StateRoots, decode_all, execute_payload,
};
use altlayer_state::{Durability, ExecutedBlock, HeadsUpdate, StateError};
use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::{
    candidate::Candidate,
    guard,
    head_state::pool_head,
    shared::{Failure, Shared},
    wire::{self, Event, PayloadStatus, WriteOperation, from_json, to_json},
};
use crate::{error::EngineError, pool::PooledTransaction};

/// Open candidates at a time. Each holds the changes of a block in memory.
const MAX_CANDIDATES: usize = 64;

/// Blocks whose touched accounts are remembered for the pool; others are read from the journal.
const TOUCHED_KEPT: usize = 64;

/// Invalid blocks remembered, so that their descendants are refused without asking for their parents.
const INVALID_KEPT: usize = 512;

/// Least time between two snapshots of the pending block.
const PENDING_INTERVAL: Duration = Duration::from_millis(50);

pub enum Command {
    Request { id: u32, operation: WriteOperation, json: String },
    Close,
}

pub fn spawn(shared: Arc<Shared>, commands: Receiver<Command>) -> Result<JoinHandle<()>, EngineError> {
    guard::spawn("engine-writer", move || {
        let mut writer = Writer {
            shared: shared.clone(),
            candidates: HashMap::new(),
            next_candidate: 1,
            touched: VecDeque::new(),
            invalid: VecDeque::new(),
            pending_candidate: None,
            pending_is_stale: false,
            pending_published: None,
        };
        loop {
            // A pending block that nobody has seen is looked at again soon, even if nothing more happens to it.
            let command = if writer.pending_is_stale {
                match commands.recv_timeout(PENDING_INTERVAL) {
                    Err(RecvTimeoutError::Timeout) => {
                        if let Err(panic) = guard::contain(|| writer.publish_pending()) {
                            shared.fail(format!("the engine's writer panicked: {panic}"));
                        }
                        continue;
                    }
                    command => command.ok(),
                }
            } else {
                commands.recv().ok()
            };
            let Some(Command::Request { id, operation, json }) = command else { return };
            if shared.failure().is_some() {
                shared.sink.answer(id, Err(Failure::Engine(shared.gone())));
                continue;
            }
            let answer = guard::contain(|| writer.serve(operation, &json)).unwrap_or_else(|panic| {
                // Half-made changes may be anywhere: nothing after this can be trusted.
                shared.fail(format!("the engine's writer panicked: {panic}"));
                Err(shared.gone())
            });
            shared.sink.answer(id, answer.map_err(Failure::Engine));
        }
    })
}

struct Writer {
    shared: Arc<Shared>,
    candidates: HashMap<u32, Candidate>,
    next_candidate: u32,
    touched: VecDeque<(B256, Vec<Address>)>,
    /// Invalid blocks with their latest valid ancestor.
    invalid: VecDeque<(B256, Option<B256>)>,
    /// The candidate that queries see as the pending block.
    pending_candidate: Option<u32>,
    /// It has changed since it was last published.
    pending_is_stale: bool,
    pending_published: Option<Instant>,
}

impl Writer {
    fn serve(&mut self, operation: WriteOperation, json: &str) -> Result<String, EngineError> {
        match operation {
            WriteOperation::Open => self.open(from_json("open", json)?),
            WriteOperation::Extend => self.extend(from_json("extend", json)?),
            WriteOperation::Seal => self.seal(from_json("seal", json)?),
            WriteOperation::Drop => self.drop(from_json("drop", json)?),
            WriteOperation::NewPayload => self.new_payload(from_json("newPayload", json)?),
            WriteOperation::SetHeads => self.set_heads(from_json("setHeads", json)?),
        }
    }

    fn open(&mut self, request: wire::OpenRequest) -> Result<String, EngineError> {
        if self.candidates.len() >= MAX_CANDIDATES {
            return Err(EngineError::new(
                "ENGINE_TOO_MANY_CANDIDATES",
                format!("{MAX_CANDIDATES} candidates are open: seal or drop one"),
            ));
        }
        let (candidate, mut extended) = Candidate::open(&self.shared, request.parent_hash, &request.attributes)?;
        let id = self.next_candidate;
        self.next_candidate = self.next_candidate.wrapping_add(1).max(1);
        self.candidates.insert(id, candidate);
        extended.candidate = Some(id);
        if request.parent_hash == self.shared.chain.heads().unsafe_head.hash && !request.attributes.no_tx_pool {
            self.pending_candidate = Some(id);
            self.pending_is_stale = true;
            self.pending_published = None;
            self.publish_pending();
        }
        Ok(to_json(&extended))
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
                if self.pending_candidate == Some(id) && !extended.included.is_empty() {
                    self.pending_is_stale = true;
                    self.publish_pending();
                }
                Ok(to_json(&extended))
            }
            Err(error) => {
                // A failed execution leaves a half-made block; a bad request does not.
                if error.code != "ENGINE_BAD_REQUEST" {
                    self.forget(id);
                }
                Err(error)
            }
        }
    }

    fn seal(&mut self, request: wire::CandidateRequest) -> Result<String, EngineError> {
        let candidate = self.forget(request.candidate).ok_or_else(|| unknown_candidate(request.candidate))?;
        let sealed = candidate.seal(&self.shared)?;
        self.remember_touched(sealed.hash, sealed.touched);
        Ok(to_json(&sealed.payload))
    }

    fn drop(&mut self, request: wire::CandidateRequest) -> Result<String, EngineError> {
        let was_pending = self.pending_candidate == Some(request.candidate);
        self.forget(request.candidate).ok_or_else(|| unknown_candidate(request.candidate))?;
        if was_pending {
            *self.shared.pending.lock() = None;
        }
        Ok("null".into())
    }

    fn forget(&mut self, id: u32) -> Option<Candidate> {
        if self.pending_candidate == Some(id) {
            self.pending_candidate = None;
            self.pending_is_stale = false;
        }
        self.candidates.remove(&id)
    }

    /// Shows queries the pending block as it is, unless nobody asks for it or they saw it a moment ago.
    fn publish_pending(&mut self) {
        if !self.pending_is_stale
            || !self.shared.is_pending_wanted()
            || self.pending_published.is_some_and(|at| at.elapsed() < PENDING_INTERVAL)
        {
            return;
        }
        self.pending_is_stale = false;
        let Some(candidate) = self.pending_candidate.and_then(|id| self.candidates.get_mut(&id)) else { return };
        let snapshot = Arc::new(candidate.snapshot());
        *self.shared.pending.lock() = Some(snapshot);
        self.pending_published = Some(Instant::now());
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
        let change = match self.shared.chain.set_heads(update) {
            Ok(change) => change,
            Err(StateError::UnknownBlock { hash }) if hash == request.unsafe_head => return Ok("null".into()),
            Err(error) => return Err(error.into()),
        };
        if !change.added.is_empty() || !change.dropped.is_empty() {
            self.pending_candidate = None;
            self.pending_is_stale = false;
            *self.shared.pending.lock() = None;
            if let Err(error) = self.follow(&change) {
                // The heads moved, the pool did not: it would offer what is mined and refuse what is next.
                self.shared.fail(format!("the pool cannot follow the head: {error}"));
                return Err(error);
            }
        }
        let wire = wire::HeadChange::from(&change);
        // Before the answer: whoever awaits it finds the listeners told.
        self.shared.sink.event(to_json(&Event::Heads { change: &wire }));
        Ok(to_json(&wire))
    }

    /// Brings the pool to the new head, and puts back what was dropped.
    fn follow(&mut self, change: &altlayer_state::HeadChange) -> Result<(), EngineError> {
        let shared = self.shared.clone();
        let mut touched: HashSet<Address> = HashSet::new();
        for block in change.added.iter().chain(&change.dropped) {
            touched.extend(self.touched_by(block.hash)?);
        }
        let mut dropped = Vec::new();
        if !change.dropped.is_empty() {
            let mut added = HashSet::new();
            for block in &change.added {
                let block = self.block(block.hash)?;
                added.extend(block.transactions.iter().map(|tx| tx.hash));
            }
            for block in &change.dropped {
                for stored in &self.block(block.hash)?.transactions {
                    if stored.raw.first() == Some(&altlayer_execution::DEPOSIT_TYPE) || added.contains(&stored.hash) {
                        continue;
                    }
                    let tx = RecoveredTx::from_stored(stored)
                        .map_err(|reject| EngineError::new("ENGINE_STORED_TRANSACTION", reject.to_string()))?;
                    dropped.push(Arc::new(PooledTransaction(tx)));
                }
            }
        }
        let head =
            pool_head(&shared.spec, &shared.chain, change.heads.unsafe_head.hash, shared.options.pool.min_tip_wei)?;
        let refused = {
            let mut journal = shared.pool_journal.lock();
            let mut pool = shared.pool.lock();
            pool.reset(head, touched).map_err(|error| EngineError::new("ENGINE_POOL", error.to_string()))?;
            let refused = pool.reinject(dropped.clone());
            drop(pool);
            if let Some(journal) = journal.as_mut()
                && let Err(error) = journal.append(&dropped)
            {
                shared.fail(format!("writing the pool's journal: {error}"));
            }
            refused
        };
        for (hash, rejection) in refused {
            tracing::warn!(%hash, %rejection, "a transaction of a dropped block cannot be pooled again");
        }
        Ok(())
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

fn unknown_candidate(id: u32) -> EngineError {
    EngineError::new("ENGINE_UNKNOWN_CANDIDATE", format!("candidate {id} is not open"))
}
