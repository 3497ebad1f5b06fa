//! The transaction pool: nonce-ordered per sender, priced across senders, bounded in every direction.
//!
//! - **Executable** (txpool_'s `pending`) are a sender's transactions without a gap from the account's nonce; the others
//!   wait (`queued`).
//! - **Replacement** needs 10 % more of both fee cap and tip cap.
//! - **Full**: the lowest effective tip goes, the youngest among equals; a newcomer that pays no more than it is refused.
//! - **Order** of inclusion: effective tip, then arrival. What a reorg dropped comes first, in the order it had.
//!
//! Deviation from go-ethereum: waiting transactions have no lifetime; the bounds above limit them.

pub mod admission;
mod best;
mod head;
mod journal;
#[cfg(test)]
mod journal_tests;
mod rejection;
mod sender;
mod transaction;

#[cfg(test)]
mod model_test;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use alloy_primitives::{
    Address, B256, U256,
    map::{AddressHashMap, B256HashMap},
};
pub use best::BestTransactions;
pub use head::{HeadState, PoolHead, PoolRules, SenderAccount};
pub use journal::PoolJournal;
pub use rejection::Rejection;
use sender::{Entry, Sender};
pub use transaction::PooledTransaction;

use crate::options::PoolOptions;

/// A replacement must raise fee cap and tip cap by this.
const PRICE_BUMP_PERCENT: u128 = 10;

/// Newly executable senders that candidates can catch up on; one that lags further starts over from the whole pool.
const CHANGES_KEPT: usize = 1 << 17;

/// Transactions by sender, in nonce order.
pub type Content = BTreeMap<Address, Vec<Arc<PooledTransaction>>>;

/// Position for eviction: the first goes first.
type Rank = (u128, Reverse<i64>, Address, u64);

/// Transactions that wait for a block.
pub struct Pool {
    options: PoolOptions,
    head: PoolHead,
    senders: AddressHashMap<Sender>,
    by_hash: B256HashMap<Arc<PooledTransaction>>,
    ranks: BTreeSet<Rank>,
    /// Base fee that `ranks` were made with.
    ranked_base_fee: u64,
    executable: usize,
    bytes: usize,
    next_arrival: i64,
    /// One below the last arrival number given to a transaction that a reorg put back.
    next_reinjected: i64,
    changes: VecDeque<Address>,
    /// Number of the first of `changes`.
    changes_start: u64,
}

impl Pool {
    pub fn new(options: PoolOptions, head: PoolHead) -> Self {
        Self {
            ranked_base_fee: head.rules.base_fee,
            options,
            head,
            senders: Default::default(),
            by_hash: Default::default(),
            ranks: BTreeSet::new(),
            executable: 0,
            bytes: 0,
            next_arrival: 0,
            next_reinjected: -1,
            changes: VecDeque::new(),
            changes_start: 0,
        }
    }

    pub const fn head(&self) -> &PoolHead {
        &self.head
    }

    pub fn contains(&self, hash: &B256) -> bool {
        self.by_hash.contains_key(hash)
    }

    pub fn get(&self, hash: &B256) -> Option<Arc<PooledTransaction>> {
        self.by_hash.get(hash).cloned()
    }

    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// Bytes of the pooled raw transactions.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The nonce after the sender's last executable transaction; `None` if the pool holds none of theirs.
    pub fn next_nonce(&self, sender: &Address) -> Option<u64> {
        self.senders.get(sender).map(Sender::next_nonce)
    }

    /// Whether a pooled transaction waits behind a gap: a nonce, or funds for those before it.
    pub fn is_waiting(&self, hash: &B256) -> bool {
        let waits =
            |tx: &Arc<PooledTransaction>| Some(self.senders.get(&tx.sender)?.get_executable(tx.nonce()).is_none());
        self.by_hash.get(hash).and_then(waits).unwrap_or(false)
    }

    /// Executable and waiting transactions.
    pub fn status(&self) -> (usize, usize) {
        (self.executable, self.len() - self.executable)
    }

    /// Executable (pending) and waiting (queued) transactions.
    pub fn content(&self) -> (Content, Content) {
        let mut content = (Content::new(), Content::new());
        for address in self.senders.keys() {
            let (executable, waiting) = self.content_from(address);
            if !executable.is_empty() {
                content.0.insert(*address, executable);
            }
            if !waiting.is_empty() {
                content.1.insert(*address, waiting);
            }
        }
        content
    }

    /// The same for one sender.
    pub fn content_from(&self, sender: &Address) -> (Vec<Arc<PooledTransaction>>, Vec<Arc<PooledTransaction>>) {
        self.senders.get(sender).map_or_else(Default::default, |sender| {
            (
                sender.executable().map(|entry| entry.tx.clone()).collect(),
                sender.waiting().map(|entry| entry.tx.clone()).collect(),
            )
        })
    }

    /// Every transaction, in the order in which another pool would have to take them to become this one.
    pub fn in_order(&self) -> Vec<Arc<PooledTransaction>> {
        let mut all: Vec<_> = self.senders.values().flat_map(Sender::iter).map(|e| (e.arrival, e.tx.clone())).collect();
        all.sort_unstable_by_key(|(arrival, _)| *arrival);
        all.into_iter().map(|(_, tx)| tx).collect()
    }

    /// Reserves places in the order of arrival; [`Pool::insert`] takes them.
    pub const fn reserve_arrivals(&mut self, count: usize) -> i64 {
        let first = self.next_arrival;
        self.next_arrival += count as i64;
        first
    }

    /// Admits a transaction that passed [`admission`]. `arrival` is its place in the order of arrival.
    pub fn insert(&mut self, tx: Arc<PooledTransaction>, arrival: i64) -> Result<(), Rejection> {
        if self.contains(&tx.hash) {
            return Err(Rejection::AlreadyKnown);
        }
        let cost = tx.cost().saturating_add(self.head.state.additional_cost(&tx.raw, tx.gas_limit()));
        let known = self.senders.get(&tx.sender);
        let account = match known {
            Some(sender) => sender.account,
            None => self.head.state.account(&tx.sender)?,
        };
        check_account(&tx, &account, cost, known)?;
        let replaced = known.and_then(|sender| sender.get(tx.nonce()));
        let (replaced_bytes, replaces) = match replaced {
            Some(old) if !outbids(&tx, &old.tx) => return Err(Rejection::ReplacementUnderpriced),
            Some(old) => (old.tx.raw.len(), true),
            None => (0, false),
        };
        if !replaces {
            let pooled = known.map_or(0, Sender::len);
            if pooled >= self.options.max_per_sender {
                return Err(Rejection::AccountLimit { pooled });
            }
        }
        self.make_room(&tx, usize::from(!replaces), tx.raw.len().saturating_sub(replaced_bytes))?;
        self.place(tx, arrival, cost, account);
        Ok(())
    }

    /// Puts back what a reorg dropped, in its order and before everything else; what is still pooled moves there. Call after [`Pool::reset`]. Returns
    /// what the new chain refuses.
    pub fn reinject(&mut self, dropped: Vec<Arc<PooledTransaction>>) -> Vec<(B256, Rejection)> {
        let first = self.next_reinjected - dropped.len() as i64 + 1;
        self.next_reinjected = first - 1;
        let mut refused = Vec::new();
        for (index, tx) in dropped.into_iter().enumerate() {
            let hash = tx.hash;
            if self.move_ahead(&hash, first + index as i64) {
                continue;
            }
            if let Err(rejection) = self.insert(tx, first + index as i64) {
                refused.push((hash, rejection));
            }
        }
        refused
    }

    /// Gives a pooled transaction another place in the order; `false` if it is not pooled.
    fn move_ahead(&mut self, hash: &B256, arrival: i64) -> bool {
        let Some(tx) = self.by_hash.get(hash).cloned() else { return false };
        let Some(sender) = self.senders.get(&tx.sender) else { return false };
        let Some((cost, account)) = sender.get(tx.nonce()).map(|entry| (entry.cost, sender.account)) else {
            return false;
        };
        self.take_out(tx.sender, tx.nonce());
        self.place(tx, arrival, cost, account);
        true
    }

    /// Follows the chain to a new head. `touched`: every account whose nonce, balance or code may have changed.
    pub fn reset(&mut self, head: PoolHead, touched: impl IntoIterator<Item = Address>) -> Result<(), Rejection> {
        let limit_fell = head.rules.transaction_gas_limit() < self.head.rules.transaction_gas_limit();
        self.head = head;
        if limit_fell {
            let all: Vec<Address> = self.senders.keys().copied().collect();
            self.update(all)?;
        } else {
            self.update(touched)?;
        }
        let (base_fee, ranked) = (self.head.rules.base_fee, self.ranked_base_fee);
        if base_fee.abs_diff(ranked) > ranked / 8 {
            self.rerank();
        }
        Ok(())
    }

    /// Removes a transaction that no block can include.
    pub fn remove(&mut self, hash: &B256) -> Option<Arc<PooledTransaction>> {
        let tx = self.by_hash.get(hash)?.clone();
        self.take_out(tx.sender, tx.nonce());
        Some(tx)
    }

    fn update(&mut self, touched: impl IntoIterator<Item = Address>) -> Result<(), Rejection> {
        let limit = self.head.rules.transaction_gas_limit();
        for address in touched {
            let Some(sender) = self.senders.get_mut(&address) else { continue };
            let account = self.head.state.account(&address)?;
            let before = sender.executable_len();
            let removed = sender.update(account, limit);
            let after = sender.executable_len();
            let empty = sender.is_empty();
            self.executable = self.executable + after - before;
            for entry in &removed {
                self.forget(entry);
            }
            if empty {
                self.senders.remove(&address);
            } else {
                self.changed(address);
            }
        }
        Ok(())
    }

    /// Evicts until `count` transactions of `bytes` more fit, or refuses.
    fn make_room(&mut self, tx: &PooledTransaction, count: usize, bytes: usize) -> Result<(), Rejection> {
        let fits = |pool: &Self, out: usize, out_bytes: usize| {
            pool.len() - out + count <= pool.options.max_transactions
                && pool.bytes - out_bytes + bytes <= pool.options.max_bytes
        };
        if fits(self, 0, 0) {
            return Ok(());
        }
        let tip = self.ranked_tip(tx);
        let (mut victims, mut out_bytes) = (Vec::new(), 0);
        for rank in &self.ranks {
            if fits(self, victims.len(), out_bytes) {
                break;
            }
            let (victim_tip, _, sender, nonce) = *rank;
            if victim_tip >= tip {
                return Err(Rejection::Underpriced);
            }
            // The own earlier nonces must stay, or the newcomer cannot execute; its own slot is replaced, not evicted.
            if sender == tx.sender {
                continue;
            }
            if let Some(entry) = self.senders.get(&sender).and_then(|s| s.get(nonce)) {
                out_bytes += entry.tx.raw.len();
                victims.push((sender, nonce));
            }
        }
        if !fits(self, victims.len(), out_bytes) {
            return Err(Rejection::Full);
        }
        let next = match self.senders.get(&tx.sender) {
            Some(sender) => sender.next_nonce(),
            None => self.head.state.account(&tx.sender)?.nonce,
        };
        let replaces_pending = |(sender, nonce): &(Address, u64)| {
            self.senders.get(sender).is_some_and(|s| s.get_executable(*nonce).is_some())
        };
        if tx.nonce() > next && victims.iter().any(replaces_pending) {
            return Err(Rejection::FutureReplacesPending);
        }
        for (sender, nonce) in victims {
            self.take_out(sender, nonce);
        }
        Ok(())
    }

    fn place(&mut self, tx: Arc<PooledTransaction>, arrival: i64, cost: U256, account: SenderAccount) {
        let ranked_tip = self.ranked_tip(&tx);
        let (address, nonce) = (tx.sender, tx.nonce());
        self.ranks.insert((ranked_tip, Reverse(arrival), address, nonce));
        self.bytes += tx.raw.len();
        self.by_hash.insert(tx.hash, tx.clone());
        let sender = self.senders.entry(address).or_insert_with(|| Sender::new(account));
        let before = sender.executable_len();
        let old = sender.insert(Entry { tx, arrival, cost, ranked_tip });
        let after = sender.executable_len();
        let executable = sender.next_nonce() > nonce;
        self.executable += after - before;
        if let Some(old) = old {
            self.forget(&old);
        }
        if executable {
            self.changed(address);
        }
    }

    fn take_out(&mut self, address: Address, nonce: u64) {
        let Some(sender) = self.senders.get_mut(&address) else { return };
        let before = sender.executable_len();
        let removed = sender.remove(nonce);
        self.executable -= before - sender.executable_len();
        if sender.is_empty() {
            self.senders.remove(&address);
        }
        if let Some(entry) = removed {
            self.forget(&entry);
        }
    }

    /// Removes an entry that is no longer its sender's from the indexes.
    fn forget(&mut self, entry: &Entry) {
        self.by_hash.remove(&entry.tx.hash);
        self.ranks.remove(&(entry.ranked_tip, Reverse(entry.arrival), entry.tx.sender, entry.tx.nonce()));
        self.bytes -= entry.tx.raw.len();
    }

    fn changed(&mut self, sender: Address) {
        if self.changes.len() == CHANGES_KEPT {
            self.changes.pop_front();
            self.changes_start += 1;
        }
        self.changes.push_back(sender);
    }

    fn ranked_tip(&self, tx: &PooledTransaction) -> u128 {
        tx.effective_tip(self.ranked_base_fee).unwrap_or(0)
    }

    fn rerank(&mut self) {
        let base_fee = self.head.rules.base_fee;
        self.ranked_base_fee = base_fee;
        let mut ranks = Vec::with_capacity(self.ranks.len());
        for (address, sender) in &mut self.senders {
            for entry in sender.iter_mut() {
                entry.ranked_tip = entry.tx.effective_tip(base_fee).unwrap_or(0);
                ranks.push((entry.ranked_tip, Reverse(entry.arrival), *address, entry.tx.nonce()));
            }
        }
        self.ranks = ranks.into_iter().collect();
    }
}

/// Nonce, funds and nature of the sender, in go-ethereum's order and words. The L1 fee is part of `cost`.
fn check_account(
    tx: &PooledTransaction,
    account: &SenderAccount,
    cost: U256,
    known: Option<&Sender>,
) -> Result<(), Rejection> {
    let nonce = tx.nonce();
    if account.nonce > nonce {
        return Err(Rejection::NonceTooLow { next: account.nonce, nonce });
    }
    // EIP-3607. go-ethereum finds this only when it executes.
    if let Some(code_hash) = account.forbidding_code {
        return Err(Rejection::SenderNotEoa { sender: tx.sender, code_hash });
    }
    let balance = account.balance;
    if balance < cost {
        return Err(Rejection::Funds { balance, cost });
    }
    let Some(sender) = known else { return Ok(()) };
    let queued = sender.executable_cost();
    match sender.get_executable(nonce) {
        Some(old) => {
            if queued.saturating_sub(old.cost).saturating_add(cost) > balance {
                return Err(Rejection::FundsBumped { balance, queued, bump: cost.saturating_sub(old.cost) });
            }
        }
        None => {
            if queued.saturating_add(cost) > balance {
                return Err(Rejection::FundsQueued { balance, queued, cost });
            }
        }
    }
    Ok(())
}

/// Whether the price rises enough to replace: both caps by the bump, and strictly.
fn outbids(new: &PooledTransaction, old: &PooledTransaction) -> bool {
    let raised = |new: u128, old: u128| {
        let threshold = U256::from(old) * U256::from(100 + PRICE_BUMP_PERCENT) / U256::from(100);
        new > old && U256::from(new) >= threshold
    };
    raised(new.fee_cap(), old.fee_cap()) && raised(new.tip_cap(), old.tip_cap())
}
