//! One sender's transactions, in nonce order.

use std::{collections::VecDeque, sync::Arc};

use alloy_primitives::U256;

use super::{head::SenderAccount, transaction::PooledTransaction};

/// A pooled transaction with what the pool keeps beside it.
#[derive(Clone)]
pub(super) struct Entry {
    pub tx: Arc<PooledTransaction>,
    /// Order of arrival. Negative: put back by a reorg, in the order of the dropped chain.
    pub arrival: i64,
    /// Cost with the L1 fee of the head it was admitted at.
    pub cost: U256,
    /// Effective tip it is ranked by for eviction.
    pub ranked_tip: u128,
}

/// Entries sorted by nonce, none below the account's. Those without a gap from there are executable.
#[derive(Default)]
pub(super) struct Sender {
    pub account: SenderAccount,
    entries: VecDeque<Entry>,
    executable: usize,
    /// Cost of the executable ones.
    executable_cost: U256,
}

impl Sender {
    pub fn new(account: SenderAccount) -> Self {
        Self { account, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn executable_len(&self) -> usize {
        self.executable
    }

    pub const fn executable_cost(&self) -> U256 {
        self.executable_cost
    }

    /// The nonce that would extend the executable run.
    pub fn next_nonce(&self) -> u64 {
        self.account.nonce.saturating_add(self.executable as u64)
    }

    pub fn executable(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().take(self.executable)
    }

    pub fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().skip(self.executable)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }

    fn position(&self, nonce: u64) -> Result<usize, usize> {
        // Nearly always the sender's next nonce.
        match self.entries.back() {
            None => Err(0),
            Some(last) if last.tx.nonce() < nonce => Err(self.entries.len()),
            Some(_) => self.entries.binary_search_by_key(&nonce, |entry| entry.tx.nonce()),
        }
    }

    pub fn get(&self, nonce: u64) -> Option<&Entry> {
        self.position(nonce).ok().map(|index| &self.entries[index])
    }

    /// The executable transaction of that nonce.
    pub fn get_executable(&self, nonce: u64) -> Option<&Entry> {
        let index = usize::try_from(nonce.checked_sub(self.account.nonce)?).ok()?;
        (index < self.executable).then(|| &self.entries[index])
    }

    /// Puts an entry in, replacing the one of the same nonce.
    pub fn insert(&mut self, entry: Entry) -> Option<Entry> {
        match self.position(entry.tx.nonce()) {
            Ok(index) => {
                if index < self.executable {
                    self.executable_cost =
                        self.executable_cost.saturating_sub(self.entries[index].cost).saturating_add(entry.cost);
                }
                Some(std::mem::replace(&mut self.entries[index], entry))
            }
            Err(index) => {
                self.entries.insert(index, entry);
                if index == self.executable {
                    self.extend_executable();
                }
                None
            }
        }
    }

    pub fn remove(&mut self, nonce: u64) -> Option<Entry> {
        let index = self.position(nonce).ok()?;
        let removed = self.entries.remove(index);
        if index < self.executable {
            self.executable = index;
            self.executable_cost =
                self.entries.iter().take(index).fold(U256::ZERO, |sum, e| sum.saturating_add(e.cost));
        }
        removed
    }

    /// Takes over the account as a new head left it; what cannot execute any more goes out.
    pub fn update(&mut self, account: SenderAccount, transaction_gas_limit: u64) -> Vec<Entry> {
        self.account = account;
        let mut removed = Vec::new();
        while self.entries.front().is_some_and(|entry| entry.tx.nonce() < account.nonce) {
            removed.extend(self.entries.pop_front());
        }
        if account.forbidding_code.is_some() {
            removed.extend(self.entries.drain(..));
        }
        let unfit = |entry: &Entry| entry.cost > account.balance || entry.tx.gas_limit() > transaction_gas_limit;
        if self.entries.iter().any(unfit) {
            let (out, kept) = self.entries.drain(..).partition::<VecDeque<_>, _>(unfit);
            self.entries = kept;
            removed.extend(out);
        }
        self.executable = 0;
        self.executable_cost = U256::ZERO;
        self.extend_executable();
        removed
    }

    fn extend_executable(&mut self) {
        while let Some(entry) = self.entries.get(self.executable) {
            if entry.tx.nonce() != self.next_nonce() {
                break;
            }
            self.executable_cost = self.executable_cost.saturating_add(entry.cost);
            self.executable += 1;
        }
    }
}
