//! The order in which a candidate block takes transactions from the pool.

use std::{cmp::Ordering, collections::BinaryHeap, sync::Arc};

use alloy_primitives::{
    Address,
    map::{AddressHashMap, AddressHashSet},
};

use super::{Pool, sender::Entry, transaction::PooledTransaction};

/// A candidate's view of the pool: what it took, and what comes next. The pool may change between calls; changes since the
/// last call are caught up on, so a slice costs what is new, not what is pooled.
pub struct BestTransactions {
    base_fee: u64,
    heap: BinaryHeap<Offer>,
    /// Nonce that follows what the candidate included, where it included something.
    next_nonces: AddressHashMap<u64>,
    /// Senders whose next transaction does not fit this candidate.
    blocked: AddressHashSet,
    /// Number of the first change in the pool that is not yet seen; `None` before the first call.
    seen: Option<u64>,
}

struct Offer {
    tip: u128,
    arrival: i64,
    tx: Arc<PooledTransaction>,
}

impl Offer {
    /// Reorged transactions first, in their order; then the higher tip; then the earlier arrival.
    fn key(&self) -> (bool, u128, std::cmp::Reverse<i64>) {
        let reinjected = self.arrival < 0;
        (reinjected, if reinjected { 0 } else { self.tip }, std::cmp::Reverse(self.arrival))
    }
}

impl PartialEq for Offer {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Offer {}
impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl BestTransactions {
    /// For a block with that base fee.
    pub fn new(base_fee: u64) -> Self {
        Self {
            base_fee,
            heap: BinaryHeap::new(),
            next_nonces: Default::default(),
            blocked: Default::default(),
            seen: None,
        }
    }

    /// For the block after this one, while this one is not yet the pool's head: what it included is not offered again.
    pub fn succeed(self, base_fee: u64) -> Self {
        Self { next_nonces: self.next_nonces, ..Self::new(base_fee) }
    }

    /// The best transaction that is executable after what the candidate included; not offered again by itself.
    pub fn next(&mut self, pool: &Pool) -> Option<Arc<PooledTransaction>> {
        self.catch_up(pool);
        while let Some(offer) = self.heap.pop() {
            let tx = offer.tx;
            // The heap may hold what was replaced, evicted or included since.
            if self.expected_nonce(pool, &tx.sender) != Some(tx.nonce())
                || self.blocked.contains(&tx.sender)
                || !pool.contains(&tx.hash)
            {
                continue;
            }
            return Some(tx);
        }
        None
    }

    /// The candidate included it: the sender's next one may follow.
    pub fn included(&mut self, pool: &Pool, tx: &PooledTransaction) {
        self.advance(pool, tx.sender, tx.nonce().saturating_add(1));
    }

    /// The candidate's state wants this nonce next of the sender.
    pub fn advance(&mut self, pool: &Pool, sender: Address, nonce: u64) {
        self.next_nonces.insert(sender, nonce);
        self.offer(pool, sender);
    }

    /// Nothing more of this sender fits the candidate.
    pub fn block(&mut self, sender: Address) {
        self.blocked.insert(sender);
    }

    /// Offers a transaction again that [`Self::next`] gave and that was not used.
    pub fn put_back(&mut self, pool: &Pool, tx: &PooledTransaction) {
        self.offer(pool, tx.sender);
    }

    /// Takes over what another candidate (or derivation) included outside of this order.
    pub fn note_included(&mut self, sender: Address, nonce: u64) {
        let next = self.next_nonces.entry(sender).or_default();
        *next = (*next).max(nonce.saturating_add(1));
    }

    fn expected_nonce(&self, pool: &Pool, sender: &Address) -> Option<u64> {
        self.next_nonces.get(sender).copied().or_else(|| Some(pool.senders.get(sender)?.account.nonce))
    }

    fn offer(&mut self, pool: &Pool, sender: Address) {
        if self.blocked.contains(&sender) {
            return;
        }
        let Some(nonce) = self.expected_nonce(pool, &sender) else { return };
        if let Some(entry) = pool.senders.get(&sender).and_then(|s| s.get_executable(nonce)) {
            self.push(entry);
        }
    }

    fn push(&mut self, entry: &Entry) {
        if let Some(tip) = entry.tx.effective_tip(self.base_fee) {
            self.heap.push(Offer { tip, arrival: entry.arrival, tx: entry.tx.clone() });
        }
    }

    fn catch_up(&mut self, pool: &Pool) {
        let end = pool.changes_start + pool.changes.len() as u64;
        match self.seen {
            Some(seen) if seen >= pool.changes_start => {
                for index in (seen - pool.changes_start) as usize..pool.changes.len() {
                    self.offer(pool, pool.changes[index]);
                }
            }
            _ => {
                self.heap.clear();
                for sender in pool.senders.keys() {
                    self.offer(pool, *sender);
                }
            }
        }
        self.seen = Some(end);
    }
}
