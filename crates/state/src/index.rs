//! The history index: written behind the tip, rebuildable from the journal.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `numbers` | number | hash, journal position, message-passer root |
//! | `hashes` | block hash | number |
//! | `transactions` | transaction hash | block hash, number, position in the block |
//! | `postings` | kind (address or topic place), 64-bit digest of the value, number | receipts, see [`LogPlace`] |
//! | `passer` | number, slot | the message passer's old value |
//! | `state` (archive only) | address, number or address, slot, number | old value |
//!
//! Postings may be stale or collide: a search checks what it reads of the block.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
    thread::JoinHandle,
};

use alloy_primitives::{Address, B256, U256};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use parking_lot::Mutex;

use crate::{
    MESSAGE_PASSER,
    chain::types::{StoredBlock, TransactionLocation},
    change::{Account, ChangeSet},
    codec::{self, Reader, ReceiptSpan, put_account, put_word},
    error::StateError,
    journal::Position,
};

pub struct Index {
    database: Database,
    meta: Keyspace,
    numbers: Keyspace,
    hashes: Keyspace,
    transactions: Keyspace,
    postings: Keyspace,
    passer: Keyspace,
    state: Keyspace,
    archive_from: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberEntry {
    pub hash: B256,
    pub position: Position,
    pub message_passer_root: B256,
}

/// What a posting is about: the emitting address, or the topic in that place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    Address(Address),
    Topic(u8, B256),
}

/// A receipt with such a log: in which place its transaction is, how many logs of the block come before, and where the
/// journal has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPlace {
    pub transaction: u32,
    pub first_log: u32,
    pub span: ReceiptSpan,
}

const PLACE_BYTES: usize = 24;
/// A posting with more receipts lists none of them: whoever wants so many reads the block. Tests have both in small blocks.
const MAX_PLACES: usize = if cfg!(test) { 1 } else { 16 };

impl LogPlace {
    fn put(&self, out: &mut Vec<u8>) {
        let ReceiptSpan { hash, receipt, length, crc } = self.span;
        for number in [self.transaction, self.first_log, hash, receipt, length, crc] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let (transaction, first_log) = (reader.u32()?, reader.u32()?);
        let (hash, receipt, length, crc) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
        Ok(Self { transaction, first_log, span: ReceiptSpan { hash, receipt, length, crc } })
    }
}

fn failed(error: impl std::fmt::Display) -> StateError {
    StateError::Index { message: error.to_string() }
}

/// An index that a thread of its own opens while recovery does what needs none: it replays its own write-ahead log.
pub struct OpeningIndex {
    thread: Mutex<Option<JoinHandle<Result<Index, StateError>>>>,
    opened: OnceLock<Index>,
}

impl OpeningIndex {
    pub fn start(dir: PathBuf, cache_bytes: u64, archive: bool) -> Result<Self, StateError> {
        let thread = std::thread::Builder::new()
            .name("state-index-open".into())
            .spawn(move || Index::open(&dir, cache_bytes, archive))
            .map_err(StateError::io("starting thread", "state-index-open"))?;
        Ok(Self { thread: Mutex::new(Some(thread)), opened: OnceLock::new() })
    }

    /// Waits for the index.
    pub fn get(&self) -> Result<&Index, StateError> {
        let mut thread = self.thread.lock();
        if let Some(opening) = thread.take() {
            let index = opening.join().map_err(|_| failed("opening it panicked"))??;
            let _ = self.opened.set(index);
        }
        self.opened.get().ok_or_else(|| failed("it could not be opened"))
    }

    pub fn into_inner(mut self) -> Result<Index, StateError> {
        self.get()?;
        self.opened.take().ok_or_else(|| failed("it could not be opened"))
    }
}

impl Drop for OpeningIndex {
    fn drop(&mut self) {
        // Whoever gives up recovery gives up the index, too: its folder is free for the next try.
        if let Some(opening) = self.thread.lock().take() {
            drop(opening.join());
        }
    }
}

impl Index {
    pub fn open(dir: &Path, cache_bytes: u64, archive: bool) -> Result<Self, StateError> {
        match Self::try_open(dir, cache_bytes, archive) {
            Err(StateError::Index { message }) => {
                tracing::warn!(message, "history index is unreadable, rebuilding it from the journal");
                std::fs::remove_dir_all(dir).map_err(StateError::io("removing", dir))?;
                Self::try_open(dir, cache_bytes, archive)
            }
            result => result,
        }
    }

    fn try_open(dir: &Path, cache_bytes: u64, archive: bool) -> Result<Self, StateError> {
        let builder = Database::builder(dir).cache_size(cache_bytes).worker_threads(1);
        // The least there can be: an opening reads all of its write-ahead log.
        let database = builder.max_journaling_size(64 << 20).open().map_err(|error| match error {
            fjall::Error::Locked => StateError::Locked { dir: dir.into() },
            error => failed(error),
        })?;
        let keyspace = |name: &str| {
            let options = || KeyspaceCreateOptions::default().max_memtable_size(8 << 20);
            database.keyspace(name, options).map_err(failed)
        };
        let mut index = Self {
            meta: keyspace("meta")?,
            numbers: keyspace("numbers")?,
            hashes: keyspace("hashes")?,
            transactions: keyspace("transactions")?,
            postings: keyspace("postings")?,
            passer: keyspace("passer")?,
            state: keyspace("state")?,
            database,
            archive_from: None,
        };
        index.archive_from = index.open_archive(archive)?;
        Ok(index)
    }

    /// Old values are complete only from the block on since which archiving was never off.
    fn open_archive(&self, archive: bool) -> Result<Option<u64>, StateError> {
        if !archive {
            self.meta.remove("archive_from").map_err(failed)?;
            return Ok(None);
        }
        if let Some(value) = self.meta.get("archive_from").map_err(failed)? {
            return Ok(Some(Reader::new(&value, "index").u64()?));
        }
        let from = self.progress()?.map_or(0, |(number, _)| number);
        self.meta.insert("archive_from", from.to_le_bytes()).map_err(failed)?;
        Ok(Some(from))
    }

    /// In archive mode: the oldest block whose state can be read.
    pub const fn archive_from(&self) -> Option<u64> {
        self.archive_from
    }

    /// The highest indexed block.
    pub fn progress(&self) -> Result<Option<(u64, B256)>, StateError> {
        let Some(value) = self.meta.get("progress").map_err(failed)? else { return Ok(None) };
        let mut reader = Reader::new(&value, "index");
        Ok(Some((reader.u64()?, reader.hash()?)))
    }

    fn set_progress(&self, batch: &mut OwnedWriteBatch, number: u64, hash: &B256) {
        let value = [&number.to_le_bytes()[..], hash.as_slice()].concat();
        batch.insert(&self.meta, "progress", value);
    }

    /// Indexes a canonical block on top of the last. `spans`: of its receipts; may be left out when there are no logs.
    pub fn add(
        &self,
        block: &StoredBlock,
        spans: &[ReceiptSpan],
        position: Position,
        message_passer_root: &B256,
        changes: &ChangeSet,
    ) -> Result<(), StateError> {
        let number = block.header.number;
        let mut batch = self.database.batch();
        let mut entry = block.hash.to_vec();
        entry.extend_from_slice(&position.to_le_bytes());
        entry.extend_from_slice(message_passer_root.as_slice());
        batch.insert(&self.numbers, number.to_be_bytes(), entry);
        batch.insert(&self.hashes, block.hash.as_slice(), number.to_le_bytes());
        for (place, transaction) in block.transactions.iter().enumerate() {
            let mut location = block.hash.to_vec();
            location.extend_from_slice(&number.to_le_bytes());
            location.extend_from_slice(&(place as u32).to_le_bytes());
            batch.insert(&self.transactions, transaction.hash.as_slice(), location);
        }
        for (key, places) in postings(block, spans) {
            let listed = if places.len() > MAX_PLACES { &[] } else { &places[..] };
            let mut value = Vec::with_capacity(listed.len() * PLACE_BYTES);
            listed.iter().for_each(|place| place.put(&mut value));
            batch.insert(&self.postings, key, value);
        }
        if let Ok(at) = changes.accounts.binary_search_by_key(&MESSAGE_PASSER, |change| change.address) {
            for slot in &changes.accounts[at].storage {
                let mut old = Vec::new();
                put_word(&mut old, &slot.old);
                batch.insert(&self.passer, passer_key(number, &slot.slot), old);
            }
        }
        if self.archive_from.is_some() && number > 0 {
            for change in &changes.accounts {
                if change.old != change.new {
                    let mut old = Vec::new();
                    put_account(&mut old, &change.old);
                    batch.insert(&self.state, account_key(&change.address, number), old);
                }
                for slot in &change.storage {
                    let mut old = Vec::new();
                    put_word(&mut old, &slot.old);
                    batch.insert(&self.state, slot_key(&change.address, &slot.slot, number), old);
                }
            }
        }
        self.set_progress(&mut batch, number, &block.hash);
        batch.commit().map_err(failed)
    }

    /// Takes back the topmost indexed block.
    pub fn remove(&self, block: &StoredBlock, changes: &ChangeSet) -> Result<(), StateError> {
        let number = block.header.number;
        let mut batch = self.database.batch();
        batch.remove(&self.numbers, number.to_be_bytes());
        batch.remove(&self.hashes, block.hash.as_slice());
        for transaction in &block.transactions {
            batch.remove(&self.transactions, transaction.hash.as_slice());
        }
        for key in postings(block, &[]).into_keys() {
            batch.remove(&self.postings, key);
        }
        for change in &changes.accounts {
            if change.address == MESSAGE_PASSER {
                for slot in &change.storage {
                    batch.remove(&self.passer, passer_key(number, &slot.slot));
                }
            }
            if self.archive_from.is_some() {
                batch.remove(&self.state, account_key(&change.address, number));
                for slot in &change.storage {
                    batch.remove(&self.state, slot_key(&change.address, &slot.slot, number));
                }
            }
        }
        self.set_progress(&mut batch, number.saturating_sub(1), &block.header.parent_hash);
        batch.commit().map_err(failed)
    }

    pub fn number(&self, number: u64) -> Result<Option<NumberEntry>, StateError> {
        let Some(value) = self.numbers.get(number.to_be_bytes()).map_err(failed)? else { return Ok(None) };
        let mut reader = Reader::new(&value, "index");
        Ok(Some(NumberEntry { hash: reader.hash()?, position: reader.u64()?, message_passer_root: reader.hash()? }))
    }

    pub fn number_of(&self, hash: &B256) -> Result<Option<u64>, StateError> {
        let Some(value) = self.hashes.get(hash.as_slice()).map_err(failed)? else { return Ok(None) };
        Ok(Some(Reader::new(&value, "index").u64()?))
    }

    pub fn transaction(&self, hash: &B256) -> Result<Option<TransactionLocation>, StateError> {
        let Some(value) = self.transactions.get(hash.as_slice()).map_err(failed)? else { return Ok(None) };
        let mut reader = Reader::new(&value, "index");
        let (block_hash, block_number, index) = (reader.hash()?, reader.u64()?, reader.u32()?);
        Ok(Some(TransactionLocation { block_hash, block_number, index }))
    }

    /// The lowest block from `from` to `to` that (perhaps) has such a log.
    pub fn next_posting(&self, criterion: &Criterion, from: u64, to: u64) -> Result<Option<u64>, StateError> {
        let range = posting_key(criterion, from)..=posting_key(criterion, to);
        match self.postings.range(range).next() {
            None => Ok(None),
            Some(entry) => {
                let key = entry.key().map_err(failed)?;
                Ok(key.get(9..17).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes))
            }
        }
    }

    /// The receipts of block `number` with (perhaps) such a log, in their order; `None`: there may be any number.
    pub fn places(&self, criterion: &Criterion, number: u64) -> Result<Option<Vec<LogPlace>>, StateError> {
        let Some(value) = self.postings.get(posting_key(criterion, number)).map_err(failed)? else {
            return Ok(Some(Vec::new()));
        };
        if value.is_empty() {
            return Ok(None);
        }
        let mut reader = Reader::new(&value, "index");
        (0..value.len() / PLACE_BYTES).map(|_| LogPlace::read(&mut reader)).collect::<Result<_, _>>().map(Some)
    }

    /// The message passer's (block, slot, old value) of blocks in that range, newest first.
    pub fn passer_changes(&self, from: u64, to: u64) -> Result<Vec<(U256, U256)>, StateError> {
        if from > to {
            return Ok(Vec::new());
        }
        let range = passer_key(from, &U256::ZERO)..=passer_key(to, &U256::MAX);
        let mut changes = Vec::new();
        for entry in self.passer.range(range).rev() {
            let (key, old) = entry.into_inner().map_err(failed)?;
            let slot = key.get(8..40).ok_or(StateError::Encoding { what: "index" })?;
            changes.push((U256::from_be_slice(slot), Reader::new(&old, "index").word()?));
        }
        Ok(changes)
    }

    /// The account before its first change after `block`; `None`: no change is recorded.
    pub fn account_before_change(&self, address: &Address, block: u64) -> Result<Option<Option<Account>>, StateError> {
        let range = account_key(address, block + 1)..=account_key(address, u64::MAX);
        match self.state.range(range).next() {
            None => Ok(None),
            Some(entry) => {
                let value = entry.value().map_err(failed)?;
                Ok(Some(codec::account(&mut Reader::new(&value, "index"))?))
            }
        }
    }

    /// As [`Self::account_before_change`], of a slot.
    pub fn slot_before_change(&self, address: &Address, slot: &U256, block: u64) -> Result<Option<U256>, StateError> {
        let range = slot_key(address, slot, block + 1)..=slot_key(address, slot, u64::MAX);
        match self.state.range(range).next() {
            None => Ok(None),
            Some(entry) => Ok(Some(Reader::new(&entry.value().map_err(failed)?, "index").word()?)),
        }
    }

    /// Makes everything indexed so far durable.
    pub fn sync(&self) -> Result<(), StateError> {
        self.database.persist(PersistMode::SyncAll).map_err(failed)
    }
}

fn passer_key(number: u64, slot: &U256) -> Vec<u8> {
    [&number.to_be_bytes()[..], &slot.to_be_bytes::<32>()].concat()
}

fn account_key(address: &Address, number: u64) -> Vec<u8> {
    [b"a", address.as_slice(), &number.to_be_bytes()].concat()
}

fn slot_key(address: &Address, slot: &U256, number: u64) -> Vec<u8> {
    [b"s", address.as_slice(), &slot.to_be_bytes::<32>(), &number.to_be_bytes()].concat()
}

type PostingKey = [u8; 17];

fn posting_key(criterion: &Criterion, number: u64) -> PostingKey {
    let (kind, digest) = match criterion {
        Criterion::Address(address) => (0, digest(address.as_slice())),
        Criterion::Topic(place, topic) => (1 + place, digest(topic.as_slice())),
    };
    let mut key = [kind; 17];
    key[1..9].copy_from_slice(&digest.to_be_bytes());
    key[9..].copy_from_slice(&number.to_be_bytes());
    key
}

/// FNV-1a. Whoever makes collisions makes searches read a few blocks in vain.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn postings(block: &StoredBlock, spans: &[ReceiptSpan]) -> BTreeMap<PostingKey, Vec<LogPlace>> {
    let number = block.header.number;
    let mut postings: BTreeMap<PostingKey, Vec<LogPlace>> = BTreeMap::new();
    let mut first_log = 0;
    for (transaction, receipt) in block.receipts.iter().enumerate() {
        let place =
            spans.get(transaction).map(|span| LogPlace { transaction: transaction as u32, first_log, span: *span });
        let logs = &receipt.as_receipt().logs;
        first_log += logs.len() as u32;
        for log in logs {
            let topics = log.topics().iter().enumerate().map(|(at, topic)| Criterion::Topic(at as u8, *topic));
            for criterion in std::iter::once(Criterion::Address(log.address)).chain(topics) {
                let places = postings.entry(posting_key(&criterion, number)).or_default();
                if let Some(place) = place
                    && places.last() != Some(&place)
                    && places.len() <= MAX_PLACES
                {
                    places.push(place);
                }
            }
        }
    }
    postings
}
