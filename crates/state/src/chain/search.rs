//! Log search and history proofs.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, Log, U256};

use super::{
    ChainStore,
    shared::Shared,
    types::{BlockRef, FoundLog, LogFilter, LogLimits, StorageProof, StoredBlock},
};
use crate::{
    MESSAGE_PASSER, codec,
    error::StateError,
    index::{Criterion, LogPlace},
    state_trie::{set_slots, storage_proofs},
};

impl LogFilter {
    fn matches(&self, log: &Log) -> bool {
        let topics = log.topics();
        (self.addresses.is_empty() || self.addresses.contains(&log.address))
            && self.topics.iter().enumerate().all(|(place, wanted)| {
                wanted.is_empty() || topics.get(place).is_some_and(|topic| wanted.contains(topic))
            })
    }

    /// The alternatives of each condition.
    fn criteria(&self) -> Vec<Vec<Criterion>> {
        let mut criteria = Vec::new();
        if !self.addresses.is_empty() {
            criteria.push(self.addresses.iter().map(|address| Criterion::Address(*address)).collect());
        }
        for (place, topics) in self.topics.iter().enumerate().filter(|(_, topics)| !topics.is_empty()) {
            criteria.push(topics.iter().map(|topic| Criterion::Topic(place as u8, *topic)).collect());
        }
        criteria
    }
}

/// Matching logs of one block, appended; the block need not be canonical.
pub fn block_logs(block: &StoredBlock, filter: &LogFilter, found: &mut Vec<FoundLog>) {
    let mut log_index = 0;
    for (place, (transaction, receipt)) in block.transactions.iter().zip(&block.receipts).enumerate() {
        for log in &receipt.as_receipt().logs {
            if filter.matches(log) {
                found.push(FoundLog {
                    log: log.clone(),
                    block_hash: block.hash,
                    block_number: block.header.number,
                    block_timestamp: block.header.timestamp,
                    transaction_hash: transaction.hash,
                    transaction_index: place as u32,
                    log_index,
                });
            }
            log_index += 1;
        }
    }
}

/// Deadline and result limit of one search.
struct Budget<'a> {
    limits: &'a LogLimits,
    deadline: Instant,
}

impl Budget<'_> {
    fn check(&self, found: usize) -> Result<(), StateError> {
        if found > self.limits.max_results {
            return Err(StateError::LogResults { limit: self.limits.max_results });
        }
        if Instant::now() > self.deadline {
            return Err(StateError::LogTimeout { limit_ms: self.limits.max_ms });
        }
        Ok(())
    }
}

impl ChainStore {
    pub(super) fn search_logs(&self, filter: &LogFilter, limits: &LogLimits) -> Result<Vec<FoundLog>, StateError> {
        let shared = &*self.shared;
        let head = shared.tree.read().heads.unsafe_head.number;
        let to = filter.to.min(head);
        if let Some(origin) = shared.origin
            && filter.from < origin.first_block
        {
            return Err(StateError::BeforeSnapshot { number: filter.from, first: origin.first_block });
        }
        let mut found = Vec::new();
        if filter.from > to {
            return Ok(found);
        }
        let blocks = to - filter.from + 1;
        if blocks > limits.max_blocks {
            return Err(StateError::LogRange { blocks, limit: limits.max_blocks });
        }
        let budget = Budget { limits, deadline: Instant::now() + Duration::from_millis(limits.max_ms) };
        // Blocks the index does not have yet are looked at one by one; there are few.
        let mut pending: Vec<u64> = shared.queue.lock().pending.values().map(|node| node.block.number).collect();
        pending.retain(|number| (filter.from..=to).contains(number));
        pending.sort_unstable();
        let mut pending = pending.into_iter().peekable();
        let criteria = filter.criteria();
        let mut next = filter.from;
        while next <= to {
            budget.check(found.len())?;
            let indexed = self.next_candidate(&criteria, next, to, &budget, found.len())?;
            while pending.peek().is_some_and(|number| *number < next) {
                pending.next();
            }
            let candidate = match (indexed, pending.peek().copied()) {
                (Some(a), Some(b)) => a.min(b),
                (Some(a), None) => a,
                (None, Some(b)) => b,
                (None, None) => break,
            };
            if let Some(hash) = shared.canonical_hash(candidate)? {
                // An unfiltered search meets many blocks without logs: the header says so.
                let header = shared.header(&hash)?;
                if let Some(header) = header.filter(|header| !header.logs_bloom.is_zero()) {
                    let block = BlockRef::new(hash, &header);
                    let listed =
                        indexed == Some(candidate) && self.listed_logs(&criteria, block, filter, &mut found)?;
                    if !listed && let Some(block) = shared.block(&hash)? {
                        block_logs(&block, filter, &mut found);
                    }
                }
            }
            next = candidate + 1;
        }
        budget.check(found.len())?;
        Ok(found)
    }

    /// Matching logs of one canonical block by the receipts that the index lists; false: the index lists too many, or of
    /// another block, and nothing was appended.
    fn listed_logs(
        &self,
        criteria: &[Vec<Criterion>],
        block: BlockRef,
        filter: &LogFilter,
        found: &mut Vec<FoundLog>,
    ) -> Result<bool, StateError> {
        let Shared { index, journal, .. } = &*self.shared;
        let mut fewest: Option<Vec<LogPlace>> = None;
        'conditions: for alternatives in criteria {
            let mut places = Vec::new();
            for criterion in alternatives {
                match index.places(criterion, block.number)? {
                    Some(some) => places.extend(some),
                    None => continue 'conditions,
                }
            }
            if fewest.as_ref().is_none_or(|fewest| places.len() < fewest.len()) {
                fewest = Some(places);
            }
        }
        let Some(mut places) = fewest else { return Ok(false) };
        places.sort_unstable_by_key(|place| place.transaction);
        places.dedup_by_key(|place| place.transaction);
        let Some(entry) = index.number(block.number)?.filter(|entry| entry.hash == block.hash) else {
            return Ok(false);
        };
        let before = found.len();
        for LogPlace { transaction, first_log, span } in places {
            let part = |start, length| journal.read_part(entry.position, start, length);
            let (Ok(hash), Ok(receipt)) = (part(span.hash, 32), part(span.receipt, span.length)) else {
                found.truncate(before);
                return Ok(false);
            };
            let hash = B256::from_slice(&hash);
            if codec::receipt_crc(&hash, &receipt) != span.crc {
                // Stale, or the journal is damaged: the whole record tells.
                found.truncate(before);
                return Ok(false);
            }
            for (at, log) in codec::receipt(&receipt)?.as_receipt().logs.iter().enumerate() {
                if filter.matches(log) {
                    found.push(FoundLog {
                        log: log.clone(),
                        block_hash: block.hash,
                        block_number: block.number,
                        block_timestamp: block.timestamp,
                        transaction_hash: hash,
                        transaction_index: transaction,
                        log_index: first_log + at as u32,
                    });
                }
            }
        }
        Ok(true)
    }

    /// The next block with a posting for every condition: conditions take turns jumping ahead.
    fn next_candidate(
        &self,
        criteria: &[Vec<Criterion>],
        from: u64,
        to: u64,
        budget: &Budget<'_>,
        found: usize,
    ) -> Result<Option<u64>, StateError> {
        let mut next = from;
        'again: loop {
            budget.check(found)?;
            for alternatives in criteria {
                let mut lowest = None;
                for criterion in alternatives {
                    let upper = lowest.unwrap_or(to);
                    let at = self.shared.index.next_posting(criterion, next, upper)?;
                    lowest = at.or(lowest);
                    if lowest == Some(next) {
                        break;
                    }
                }
                match lowest {
                    None => return Ok(None),
                    Some(block) if block > next => {
                        next = block;
                        continue 'again;
                    }
                    Some(_) => {}
                }
            }
            return Ok(Some(next));
        }
    }

    pub(super) fn passer_proof(&self, hash: &B256, slots: &[U256]) -> Result<(B256, Vec<StorageProof>), StateError> {
        let shared = &*self.shared;
        let root = self.message_passer_root(hash)?;
        let Some(number) = shared.canonical_number(hash)? else {
            let trie = shared.trie_at(*hash)?;
            let mut storage = trie.storage_trie(&MESSAGE_PASSER)?.cloned().unwrap_or_default();
            return Ok((root, storage_proofs(&mut storage, slots)?));
        };
        // If the chain moves between the steps the root tells.
        for _ in 0..4 {
            let (head, newer, lowest) = {
                let tree = shared.tree.read();
                let mut newer = Vec::new();
                let mut block = tree.heads.unsafe_head.number;
                while block > number
                    && let Some(node) = tree.node_at(block)
                {
                    newer.push(Arc::clone(&node.changes));
                    block -= 1;
                }
                (tree.heads.unsafe_head.hash, newer, block)
            };
            let trie = shared.trie_at(head)?;
            let mut old = std::collections::BTreeMap::new();
            for changes in newer {
                if let Ok(at) = changes.accounts.binary_search_by_key(&MESSAGE_PASSER, |change| change.address) {
                    old.extend(changes.accounts[at].storage.iter().map(|slot| (slot.slot, slot.old)));
                }
            }
            old.extend(shared.index.passer_changes(number + 1, lowest)?);
            let mut storage = trie.storage_trie(&MESSAGE_PASSER)?.cloned().unwrap_or_default();
            set_slots(&mut storage, &old.into_iter().collect::<Vec<_>>())?;
            if storage.root() == root {
                return Ok((root, storage_proofs(&mut storage, slots)?));
            }
        }
        Err(StateError::Index { message: format!("message passer history before block {number} is incomplete") })
    }
}
