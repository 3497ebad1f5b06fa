//! Submissions that wait for their receipts (EIP-7966).

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use alloy_primitives::{B256, map::B256Map};
use parking_lot::Mutex;

/// Submissions that may wait at a time.
const MAX_WAITING: usize = 100_000;

/// Which requests wait for which transaction.
#[derive(Default)]
pub struct Waiters {
    waiting: Mutex<Waiting>,
    /// Requests that wait: a block's transactions need no look-up while it is zero.
    count: AtomicUsize,
}

#[derive(Default)]
struct Waiting {
    by_hash: B256Map<Vec<u32>>,
    by_id: HashMap<u32, B256>,
}

impl Waiters {
    /// `false`: no room.
    pub fn add(&self, hash: B256, id: u32) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.by_id.len() >= MAX_WAITING {
            return false;
        }
        waiting.by_hash.entry(hash).or_default().push(id);
        waiting.by_id.insert(id, hash);
        self.count.store(waiting.by_id.len(), Ordering::SeqCst);
        true
    }

    /// Forgets one request; `false` if it did not wait any more.
    pub fn remove(&self, id: u32) -> bool {
        let mut waiting = self.waiting.lock();
        let Some(hash) = waiting.by_id.remove(&id) else { return false };
        if let Some(ids) = waiting.by_hash.get_mut(&hash) {
            ids.retain(|waiting| *waiting != id);
            if ids.is_empty() {
                waiting.by_hash.remove(&hash);
            }
        }
        self.count.store(waiting.by_id.len(), Ordering::SeqCst);
        true
    }

    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// Takes the requests that wait for any of the transactions, by the transaction's place.
    pub fn take<'a>(&self, hashes: impl IntoIterator<Item = &'a B256>) -> HashMap<usize, Vec<u32>> {
        if self.is_empty() {
            return HashMap::new();
        }
        let mut waiting = self.waiting.lock();
        let taken: HashMap<usize, Vec<u32>> = hashes
            .into_iter()
            .enumerate()
            .filter_map(|(index, hash)| Some((index, waiting.by_hash.remove(hash)?)))
            .collect();
        for id in taken.values().flatten() {
            waiting.by_id.remove(id);
        }
        self.count.store(waiting.by_id.len(), Ordering::SeqCst);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_taken_once() {
        let waiters = Waiters::default();
        let (one, two) = (B256::repeat_byte(1), B256::repeat_byte(2));
        assert!(waiters.add(one, 1) && waiters.add(one, 2) && waiters.add(two, 3));
        assert!(waiters.remove(1));
        assert!(!waiters.remove(1));
        assert_eq!(waiters.take([&two, &one]), HashMap::from([(0, vec![3]), (1, vec![2])]));
        assert!(waiters.is_empty());
        assert!(waiters.take([&one]).is_empty());
    }

    #[test]
    fn there_is_a_limit() {
        let waiters = Waiters::default();
        for id in 0..MAX_WAITING as u32 {
            assert!(waiters.add(B256::repeat_byte(1), id));
        }
        assert!(!waiters.add(B256::repeat_byte(2), u32::MAX));
        assert!(waiters.remove(7));
        assert!(waiters.add(B256::repeat_byte(2), u32::MAX));
    }
}
