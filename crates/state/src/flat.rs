//! Current values by plain key, each with the old values of the last blocks: a reader at a fixed block needs no snapshot.
//!
//! The value at block n is the first old value recorded by a block after n, else the current value. The writer changes one
//! key at a time, so readers never see half of it. Undoing blocks is the one thing readers must notice: [`FlatState::epoch`].

use std::{
    hash::BuildHasher,
    sync::atomic::{AtomicU64, Ordering},
};

use alloy_primitives::{
    Address, B256, U256,
    map::{DefaultHashBuilder, HashMap},
};
use alloy_trie::KECCAK_EMPTY;
use indexmap::IndexMap;
use parking_lot::RwLock;
use rayon::prelude::*;
use revm::bytecode::Bytecode;

use crate::change::{Account, AccountChange, ChangeSet};

const SHARDS: usize = 64;
/// Below this many changed accounts, threads cost more than they bring.
const PARALLEL_FROM: usize = 1024;
/// Accounts that an export copies under one hold of a shard's lock: the writer waits for no more.
const EXPORT_AT_ONCE: usize = 1024;
const EXPORT_ATTEMPTS: usize = 3;

struct Entry<T> {
    current: T,
    /// (block that changed it, value before), oldest first. Boxed: most keys have none.
    #[allow(clippy::box_collection)]
    history: Option<Box<Vec<(u64, T)>>>,
}

impl<T: Copy + PartialEq> Entry<T> {
    const fn new(current: T) -> Self {
        Self { current, history: None }
    }

    fn at(&self, block: u64) -> T {
        match &self.history {
            None => self.current,
            Some(history) => {
                let index = history.partition_point(|(changed, _)| *changed <= block);
                history.get(index).map_or(self.current, |(_, old)| *old)
            }
        }
    }

    fn set(&mut self, block: u64, value: T) {
        let old = std::mem::replace(&mut self.current, value);
        self.remember(block, old);
    }

    /// Notes the value before `block`, which lies above all that is noted.
    fn remember(&mut self, block: u64, old: T) {
        let history = self.history.get_or_insert_default();
        if history.len() == history.capacity() {
            // Most keys change once or twice in a window.
            history.reserve_exact(history.len().max(1));
        }
        history.push((block, old));
    }

    /// As [`Self::remember`], for a block among or below what is noted.
    fn remember_between(&mut self, block: u64, old: T) {
        let history = self.history.get_or_insert_default();
        let at = history.partition_point(|(changed, _)| *changed < block);
        if history.len() == history.capacity() {
            history.reserve_exact(history.len().max(1));
        }
        history.insert(at, (block, old));
    }

    fn undo(&mut self, block: u64, value: T) {
        self.current = value;
        if let Some(history) = &mut self.history {
            history.retain(|(changed, _)| *changed < block);
        }
        self.shrink();
    }

    /// Old values before `block` are needed no more.
    fn prune(&mut self, block: u64) {
        if let Some(history) = &mut self.history {
            history.retain(|(changed, _)| *changed > block);
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        if self.history.as_ref().is_some_and(|history| history.is_empty()) {
            self.history = None;
        }
    }

    fn is_gone(&self, absent: T) -> bool {
        self.history.is_none() && self.current == absent
    }
}

/// An account in 48 bytes: its code is an index into the table of codes.
#[derive(Clone, Copy, PartialEq)]
struct Packed {
    balance: U256,
    nonce: u64,
    code: u32,
}

const ABSENT: Packed = Packed { balance: U256::ZERO, nonce: 0, code: u32::MAX };

#[derive(Default)]
struct Codes {
    index: HashMap<B256, u32>,
    /// Position 0 is the empty code. `None`: the hash is known from an account, its bytes are not.
    list: Vec<(B256, Option<Bytecode>)>,
}

impl Codes {
    fn intern(&mut self, hash: B256) -> u32 {
        if self.list.is_empty() {
            self.list.push((KECCAK_EMPTY, Some(Bytecode::default())));
            self.index.insert(KECCAK_EMPTY, 0);
        }
        *self.index.entry(hash).or_insert_with(|| {
            self.list.push((hash, None));
            (self.list.len() - 1) as u32
        })
    }
}

/// Dense entries beside a small table of indexes: half the memory of a hash map at its emptiest.
type Accounts = IndexMap<Address, Entry<Packed>, DefaultHashBuilder>;
type Slots = HashMap<U256, Entry<U256>>;

fn entry_of(accounts: &mut Accounts, address: Address) -> &mut Entry<Packed> {
    if accounts.len() == accounts.capacity() && !accounts.contains_key(&address) {
        // An eighth at a time instead of doubling: a million accounts are most of the memory.
        let more = accounts.len() / 8 + 16;
        accounts.reserve_exact(more);
    }
    accounts.entry(address).or_insert(Entry::new(ABSENT))
}

/// Looks accounts up only to have them in the cache: a look-up in a big table misses it several times, and look-ups that
/// follow each other closely wait for memory together.
fn warm<'a>(accounts: &Accounts, addresses: impl Iterator<Item = &'a Address>) {
    let seen = addresses.fold(0, |seen, address| seen ^ accounts.get(address).map_or(0, |entry| entry.current.nonce));
    std::hint::black_box(seen);
}

pub struct FlatState {
    hasher: DefaultHashBuilder,
    accounts: Vec<RwLock<Accounts>>,
    /// How often an account was removed from each shard.
    removed: Vec<AtomicU64>,
    storage: Vec<RwLock<HashMap<Address, Slots>>>,
    codes: RwLock<Codes>,
    /// The oldest block whose state can be read.
    oldest: AtomicU64,
    /// Changes before blocks are undone: values read across a change are void.
    epoch: AtomicU64,
}

/// One account of an export.
pub struct Exported {
    pub address: Address,
    pub account: Account,
    pub storage: Vec<(U256, U256)>,
}

impl FlatState {
    pub fn new() -> Self {
        let mut codes = Codes::default();
        codes.intern(KECCAK_EMPTY);
        Self {
            hasher: DefaultHashBuilder::default(),
            accounts: (0..SHARDS).map(|_| RwLock::default()).collect(),
            removed: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(),
            storage: (0..SHARDS).map(|_| RwLock::default()).collect(),
            codes: RwLock::new(codes),
            oldest: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
        }
    }

    fn shard(&self, address: &Address) -> usize {
        // The upper half: the maps inside use the same hash's other bits.
        (self.hasher.hash_one(address) >> 20) as usize % SHARDS
    }

    /// Has these accounts in the cache for who looks them up next; in parallel.
    pub fn warm<'a>(&self, addresses: impl Iterator<Item = &'a Address>) {
        let mut shards: Vec<Vec<&Address>> = vec![Vec::new(); SHARDS];
        addresses.for_each(|address| shards[self.shard(address)].push(address));
        shards.into_par_iter().enumerate().for_each(|(shard, addresses)| {
            warm(&self.accounts[shard].read(), addresses.into_iter());
        });
    }

    pub fn account(&self, address: &Address, block: u64) -> Option<Account> {
        let packed = self.accounts[self.shard(address)].read().get(address)?.at(block);
        self.unpack(packed)
    }

    pub fn slot(&self, address: &Address, slot: &U256, block: u64) -> U256 {
        let shard = self.storage[self.shard(address)].read();
        shard.get(address).and_then(|slots| slots.get(slot)).map_or(U256::ZERO, |entry| entry.at(block))
    }

    /// All nonzero slots of an account.
    pub fn slots(&self, address: &Address, block: u64) -> Vec<(U256, U256)> {
        let shard = self.storage[self.shard(address)].read();
        let slots = shard.get(address).into_iter().flatten();
        slots.map(|(slot, entry)| (*slot, entry.at(block))).filter(|(_, value)| !value.is_zero()).collect()
    }

    pub fn code(&self, hash: &B256) -> Option<Bytecode> {
        let codes = self.codes.read();
        codes.list.get(*codes.index.get(hash)? as usize)?.1.clone()
    }

    /// The hash of a code that an account has and nobody brought.
    pub fn missing_code(&self) -> Option<B256> {
        self.codes.read().list.iter().find(|(_, code)| code.is_none()).map(|(hash, _)| *hash)
    }

    pub fn add_code(&self, hash: B256, code: Bytecode) {
        let mut codes = self.codes.write();
        let index = codes.intern(hash) as usize;
        if let Some((_, known)) = codes.list.get_mut(index)
            && known.is_none()
        {
            *known = Some(code);
        }
    }

    pub fn codes(&self) -> Vec<(B256, Bytecode)> {
        let codes = self.codes.read();
        codes.list.iter().skip(1).filter_map(|(hash, code)| Some((*hash, code.clone()?))).collect()
    }

    fn unpack(&self, packed: Packed) -> Option<Account> {
        if packed.code == u32::MAX {
            return None;
        }
        let code_hash = match packed.code {
            0 => KECCAK_EMPTY,
            index => self.codes.read().list.get(index as usize).map_or(KECCAK_EMPTY, |(hash, _)| *hash),
        };
        Some(Account { nonce: packed.nonce, balance: packed.balance, code_hash })
    }

    fn pack(&self, account: &Option<Account>) -> Packed {
        match account {
            None => ABSENT,
            Some(account) => {
                let code = if account.code_hash == KECCAK_EMPTY {
                    0
                } else {
                    let known = self.codes.read().index.get(&account.code_hash).copied();
                    known.unwrap_or_else(|| self.codes.write().intern(account.code_hash))
                };
                Packed { balance: account.balance, nonce: account.nonce, code }
            }
        }
    }

    /// Visits the keys of a change set under their shards' locks, big sets in parallel; entries that hold nothing any more
    /// are dropped.
    fn change(
        &self,
        changes: &ChangeSet,
        account: impl Fn(&mut Entry<Packed>, Packed, Packed) + Sync,
        slot: impl Fn(&mut Entry<U256>, U256, U256) + Sync,
    ) {
        let mut shards: Vec<Vec<&AccountChange>> = vec![Vec::new(); SHARDS];
        for change in &changes.accounts {
            shards[self.shard(&change.address)].push(change);
        }
        let visit = |shard: usize| {
            if !shards[shard].is_empty() {
                self.change_shard(shard, &shards[shard], &account, &slot);
            }
        };
        // What takes long are cache misses, one after the other: two threads wait for two of them.
        if changes.accounts.len() < PARALLEL_FROM {
            (0..SHARDS).for_each(visit);
        } else {
            (0..SHARDS).into_par_iter().for_each(visit);
        }
    }

    fn change_shard(
        &self,
        shard: usize,
        changes: &[&AccountChange],
        account: &impl Fn(&mut Entry<Packed>, Packed, Packed),
        slot: &impl Fn(&mut Entry<U256>, U256, U256),
    ) {
        let mut accounts = self.accounts[shard].write();
        warm(&accounts, changes.iter().map(|change| &change.address));
        for change in changes.iter().filter(|change| change.old != change.new) {
            let (old, new) = (self.pack(&change.old), self.pack(&change.new));
            let entry = entry_of(&mut accounts, change.address);
            account(entry, old, new);
            if entry.is_gone(ABSENT) {
                accounts.swap_remove(&change.address);
                self.removed[shard].fetch_add(1, Ordering::SeqCst);
            }
        }
        drop(accounts);
        let mut with_storage = changes.iter().filter(|change| !change.storage.is_empty()).peekable();
        if with_storage.peek().is_none() {
            return;
        }
        let mut storage = self.storage[shard].write();
        for change in with_storage {
            let slots = storage.entry(change.address).or_default();
            for change in &change.storage {
                let entry = slots.entry(change.slot).or_insert(Entry::new(U256::ZERO));
                slot(entry, change.old, change.new);
                if entry.is_gone(U256::ZERO) {
                    slots.remove(&change.slot);
                }
            }
            if slots.is_empty() {
                storage.remove(&change.address);
            }
        }
    }

    /// The block becomes canonical on top.
    pub fn apply(&self, block: u64, changes: &ChangeSet) {
        for (hash, code) in &changes.codes {
            self.add_code(*hash, code.clone());
        }
        self.change(changes, |entry, _, new| entry.set(block, new), |entry, _, new| entry.set(block, new));
    }

    /// As [`Self::apply`], for blocks whose predecessors' state nobody may ask for.
    pub fn apply_without_history(&self, changes: &ChangeSet) {
        for (hash, code) in &changes.codes {
            self.add_code(*hash, code.clone());
        }
        self.change(changes, |entry, _, new| entry.current = new, |entry, _, new| entry.current = new);
    }

    /// Brings a state without history to the last of these blocks, which follow each other: the values of the first `below`
    /// blocks stand already, only their old ones are recorded; the others are applied. `false`: a block's old values are not
    /// what stands, and the state is unusable. In parallel: a restart waits for it.
    pub fn replay(&self, blocks: &[(u64, &ChangeSet)], below: usize) -> bool {
        for (hash, code) in blocks.iter().flat_map(|(_, changes)| &changes.codes) {
            self.add_code(*hash, code.clone());
        }
        let mut shards: Vec<Vec<(usize, &AccountChange)>> = (0..SHARDS).map(|_| Vec::new()).collect();
        for (place, (_, changes)) in blocks.iter().enumerate() {
            for change in &changes.accounts {
                shards[self.shard(&change.address)].push((place, change));
            }
        }
        shards.into_par_iter().enumerate().all(|(shard, changes)| self.replay_shard(shard, blocks, &changes, below))
    }

    fn replay_shard(
        &self,
        shard: usize,
        blocks: &[(u64, &ChangeSet)],
        changes: &[(usize, &AccountChange)],
        below: usize,
    ) -> bool {
        fn step<T: Copy + PartialEq>(entry: &mut Entry<T>, block: u64, old: T, new: T, stands: bool) -> bool {
            if stands {
                entry.remember(block, old);
                return true;
            }
            // The root at the end would not notice a wrong value that a later block overwrites; history would.
            let as_expected = entry.current == old;
            entry.set(block, new);
            as_expected
        }
        let mut accounts = self.accounts[shard].write();
        let mut storage = self.storage[shard].write();
        changes.iter().all(|&(place, change)| {
            let (block, stands) = (blocks[place].0, place < below);
            let mut as_expected = true;
            if change.old != change.new {
                let (old, new) = (self.pack(&change.old), self.pack(&change.new));
                let entry = entry_of(&mut accounts, change.address);
                as_expected &= step(entry, block, old, new, stands);
            } else if !stands {
                let packed = accounts.get(&change.address).map_or(ABSENT, |entry| entry.current);
                as_expected &= packed == self.pack(&change.old);
            }
            if !change.storage.is_empty() {
                let slots = storage.entry(change.address).or_default();
                for change in &change.storage {
                    let entry = slots.entry(change.slot).or_insert(Entry::new(U256::ZERO));
                    as_expected &= step(entry, block, change.old, change.new, stands);
                }
            }
            as_expected
        })
    }

    /// Undoes the topmost block. The caller has announced it by [`Self::begin_undo`].
    pub fn undo(&self, block: u64, changes: &ChangeSet) {
        self.change(changes, |entry, old, _| entry.undo(block, old), |entry, old, _| entry.undo(block, old));
        self.oldest.fetch_min(block.saturating_sub(1), Ordering::SeqCst);
    }

    /// Notes the values before `block`, whose changes these are, beneath what came after it.
    pub fn remember(&self, block: u64, changes: &ChangeSet) {
        let remember = |entry: &mut Entry<Packed>, old, _| entry.remember_between(block, old);
        self.change(changes, remember, |entry, old, _| entry.remember_between(block, old));
    }

    /// Gives up the state before `block`, whose changes these are.
    pub fn prune(&self, block: u64, changes: &ChangeSet) {
        // None of its old values are kept: it came with a checkpoint, or is the genesis, which changes every account.
        if self.oldest.fetch_max(block, Ordering::SeqCst) >= block {
            return;
        }
        self.change(changes, |entry, _, _| entry.prune(block), |entry, _, _| entry.prune(block));
    }

    pub fn begin_undo(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    pub fn oldest(&self) -> u64 {
        self.oldest.load(Ordering::SeqCst)
    }

    pub fn set_oldest(&self, block: u64) {
        self.oldest.store(block, Ordering::SeqCst);
    }

    /// Adds an account of a checkpoint.
    pub fn load(&self, exported: Exported) {
        let shard = self.shard(&exported.address);
        let packed = self.pack(&Some(exported.account));
        self.accounts[shard].write().insert(exported.address, Entry::new(packed));
        if !exported.storage.is_empty() {
            let slots = exported.storage.into_iter().map(|(slot, value)| (slot, Entry::new(value))).collect();
            self.storage[shard].write().insert(exported.address, slots);
        }
    }

    /// Makes room for that many accounts, evenly spread.
    pub fn reserve(&self, accounts: usize) {
        for shard in &self.accounts {
            shard.write().reserve_exact(accounts / SHARDS + accounts / SHARDS / 32 + 16);
        }
    }

    pub fn shards(&self) -> std::ops::Range<usize> {
        0..SHARDS
    }

    /// One shard's accounts at a block, sorted. The caller checks [`Self::oldest`] and the epoch afterwards.
    pub fn export(&self, shard: usize, block: u64) -> Vec<Exported> {
        let mut all = None;
        for _ in 0..EXPORT_ATTEMPTS {
            all = self.copy_shard(shard, block, EXPORT_AT_ONCE);
            if all.is_some() {
                break;
            }
        }
        let mut all = all.or_else(|| self.copy_shard(shard, block, usize::MAX)).unwrap_or_default();
        all.sort_unstable_by_key(|exported| exported.address);
        for exported in &mut all {
            exported.storage = self.slots(&exported.address, block);
            exported.storage.sort_unstable();
        }
        all
    }

    /// A shard's accounts at a block, so many under one hold of its lock. `None`: one was removed meanwhile, which puts
    /// another into its place. Those that are added go to the end, and were absent at the block.
    fn copy_shard(&self, shard: usize, block: u64, at_once: usize) -> Option<Vec<Exported>> {
        let mut all = Vec::new();
        let mut from = 0_usize;
        let mut removed = None;
        loop {
            let accounts = self.accounts[shard].read();
            let now = self.removed[shard].load(Ordering::SeqCst);
            if *removed.get_or_insert(now) != now {
                return None;
            }
            let to = from.saturating_add(at_once).min(accounts.len());
            let Some(part) = accounts.get_range(from..to) else { return Some(all) };
            all.extend(part.iter().filter_map(|(address, entry)| {
                let account = self.unpack(entry.at(block))?;
                Some(Exported { address: *address, account, storage: Vec::new() })
            }));
            from = to;
            if from == accounts.len() {
                return Some(all);
            }
        }
    }

    /// One shard's current accounts.
    pub fn visit(
        &self,
        shard: usize,
        mut visit: impl FnMut(&Address, Account, &mut dyn Iterator<Item = (U256, U256)>),
    ) {
        let storage = self.storage[shard].read();
        for (address, entry) in self.accounts[shard].read().iter() {
            if let Some(account) = self.unpack(entry.current) {
                let slots = storage.get(address).into_iter().flatten();
                visit(address, account, &mut slots.map(|(slot, entry)| (*slot, entry.current)));
            }
        }
    }

    pub fn account_count(&self) -> usize {
        self.accounts.iter().map(|shard| shard.read().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_values_are_kept_for_as_long_as_their_blocks_can_be_read() {
        let flat = FlatState::new();
        let address = Address::repeat_byte(1);
        let account = |nonce| Some(Account { nonce, balance: U256::from(7), code_hash: KECCAK_EMPTY });
        let changes = |old, new| ChangeSet {
            accounts: vec![AccountChange { address, old, new, storage: Vec::new() }],
            codes: Vec::new(),
        };
        let blocks = [changes(None, account(1)), changes(account(1), account(2)), changes(account(2), None)];
        flat.apply_without_history(&blocks[0]);
        flat.apply(1, &blocks[1]);
        flat.apply(2, &blocks[2]);
        // The genesis has no old values.
        flat.prune(0, &blocks[0]);
        assert_eq!([0, 1, 2].map(|block| flat.account(&address, block)), [account(1), account(2), None]);
        flat.prune(1, &blocks[1]);
        assert_eq!([1, 2].map(|block| flat.account(&address, block)), [account(2), None]);
        assert_eq!((flat.oldest(), flat.account_count()), (1, 1));
        flat.prune(2, &blocks[2]);
        assert_eq!((flat.oldest(), flat.account_count()), (2, 0));
        // An undone block is written again, and its old values are let go of again.
        flat.begin_undo();
        flat.undo(2, &blocks[2]);
        flat.apply(2, &blocks[2]);
        assert_eq!((flat.oldest(), flat.account(&address, 1)), (1, account(2)));
        flat.prune(2, &blocks[2]);
        assert_eq!((flat.oldest(), flat.account_count()), (2, 0));
    }
}
