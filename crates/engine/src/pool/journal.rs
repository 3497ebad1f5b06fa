//! The pool's file: what was admitted, so that a restart (or kill -9) loses nothing acknowledged.
//!
//! Records are appended before the answer leaves and handed to the operating system, not synced: a power cut may lose
//! the newest ones, which were never promised a block (docs/promises.md). Removals are not written; a record that no longer
//! applies is dropped when read. Beyond twice the pool's size the file is rewritten. Layout of a record: length of the rest
//! (u32, little endian), CRC-32C of the rest (u32), sender (20 bytes), EIP-2718 bytes. The checksum is why the sender needs no
//! second recovery.
//!
//! Damage is stepped over: what follows it is found again by its checksum. There the sender *is* recovered, since a
//! transaction's data could hold what looks like a record of somebody else's.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, Bytes, keccak256};
use altlayer_execution::RecoveredTx;
use altlayer_files::{Files, Open, StoredFile, remedy, sync_parent};
use op_alloy_consensus::OpTxEnvelope;

use super::{admission::MAX_TRANSACTION_BYTES, transaction::PooledTransaction};

/// Bytes that the file may exceed twice the pool's size by before it is rewritten.
const SLACK_BYTES: u64 = 16 << 20;

#[derive(Debug)]
pub struct PoolJournal {
    files: Arc<dyn Files>,
    path: PathBuf,
    file: Arc<dyn StoredFile>,
    bytes: u64,
}

/// What a pool's file held.
#[derive(Debug, Default)]
pub struct Pooled {
    /// Oldest first.
    pub transactions: Vec<PooledTransaction>,
    /// Bytes that hold no readable record. At the very end, a crash explains it.
    pub damages: Vec<Range<usize>>,
}

impl PoolJournal {
    /// Opens or creates the file and reads what it holds. A torn or damaged file is mended, and kept beside as
    /// `pool.journal.damaged`.
    pub fn open(files: Arc<dyn Files>, path: &Path) -> io::Result<(Self, Pooled)> {
        let file = files.open(path, Open::Create)?;
        let mut content = vec![0; file.length()? as usize];
        file.read_exact_at(&mut content, 0)?;
        let pooled = read_records(&content);
        let mut journal = Self { files, path: path.to_owned(), file, bytes: content.len() as u64 };
        if pooled.damages.is_empty() {
            return Ok((journal, pooled));
        }
        let kept = path.with_extension("journal.damaged");
        journal.write_beside(&kept, &content)?;
        for Range { start, end } in &pooled.damages {
            let (file, kept) = (path.display(), kept.display());
            let bytes = end - start;
            if *end == content.len() {
                tracing::warn!(%file, offset = start, bytes, %kept, "cut the unreadable end of the pool's file: torn by a crash, or damaged");
            } else {
                tracing::error!(%file, offset = start, bytes, %kept, "the pool's file is damaged: transactions in these bytes must be sent again");
            }
        }
        let readable: Vec<_> = pooled.transactions.iter().cloned().map(Arc::new).collect();
        journal.rewrite(&readable)?;
        Ok((journal, pooled))
    }

    /// Appends what was admitted.
    pub fn append(&mut self, transactions: &[Arc<PooledTransaction>]) -> io::Result<()> {
        let buffer = records(transactions);
        if let Err(error) = self.file.write_all_at(&buffer, self.bytes) {
            return Err(self.explain(error));
        }
        self.bytes += buffer.len() as u64;
        Ok(())
    }

    /// Whether so much of the file is stale that it should be rewritten.
    pub const fn is_bloated(&self, pool_bytes: usize) -> bool {
        self.bytes > 2 * pool_bytes as u64 + SLACK_BYTES
    }

    /// Replaces the file's content, in one step. Durable on return.
    pub fn rewrite(&mut self, transactions: &[Arc<PooledTransaction>]) -> io::Result<()> {
        self.replace(transactions).map_err(|error| self.explain(error))
    }

    fn replace(&mut self, transactions: &[Arc<PooledTransaction>]) -> io::Result<()> {
        let buffer = records(transactions);
        let temporary = self.path.with_extension("journal.new");
        // Without the sync, a power cut could leave the new name on a file without bytes.
        self.file = self.write_beside(&temporary, &buffer)?;
        self.files.rename(&temporary, &self.path)?;
        self.bytes = buffer.len() as u64;
        sync_parent(&*self.files, &self.path)
    }

    /// The error with its file and what the operator can do.
    fn explain(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}{}", self.path.display(), remedy(error.kind())))
    }

    fn write_beside(&self, path: &Path, bytes: &[u8]) -> io::Result<Arc<dyn StoredFile>> {
        let file = self.files.open(path, Open::Truncate)?;
        file.write_all_at(bytes, 0)?;
        file.sync_all()?;
        Ok(file)
    }
}

fn records(transactions: &[Arc<PooledTransaction>]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(transactions.iter().map(|tx| tx.raw.len() + 28).sum());
    for tx in transactions {
        let length = (Address::len_bytes() + tx.raw.len()) as u32;
        buffer.extend_from_slice(&length.to_le_bytes());
        let checksum = crc32c::crc32c_append(crc32c::crc32c(tx.sender.as_slice()), &tx.raw);
        buffer.extend_from_slice(&checksum.to_le_bytes());
        buffer.extend_from_slice(tx.sender.as_slice());
        buffer.extend_from_slice(&tx.raw);
    }
    buffer
}

fn read_records(content: &[u8]) -> Pooled {
    let mut pooled = Pooled::default();
    let mut position = 0;
    while position < content.len() {
        let Some((body, end)) = read_record(content, position) else {
            let next = (position + 1..content.len()).find(|start| read_record(content, *start).is_some());
            let next = next.unwrap_or(content.len());
            pooled.damages.push(position..next);
            position = next;
            continue;
        };
        position = end;
        let (sender, raw) = body.split_at(Address::len_bytes());
        let raw = Bytes::copy_from_slice(raw);
        if pooled.damages.is_empty() {
            // A record of an older version whose type is no longer known is skipped, not the end of the file.
            if let Ok(tx) = OpTxEnvelope::decode_2718(&mut &raw[..]) {
                let (hash, sender) = (keccak256(&raw), Address::from_slice(sender));
                pooled.transactions.push(PooledTransaction(RecoveredTx { hash, sender, raw, tx }));
            }
        } else if let Ok(tx) = RecoveredTx::decode(raw)
            && tx.sender.as_slice() == sender
        {
            pooled.transactions.push(PooledTransaction(tx));
        }
    }
    pooled
}

/// The length of a record's body, if it can be one.
fn body_length(content: &[u8], position: usize) -> Option<usize> {
    let length = u32::from_le_bytes(content.get(position..position + 4)?.try_into().ok()?) as usize;
    (Address::len_bytes() + 1..=Address::len_bytes() + MAX_TRANSACTION_BYTES).contains(&length).then_some(length)
}

fn read_record(content: &[u8], position: usize) -> Option<(&[u8], usize)> {
    let length = body_length(content, position)?;
    let checksum = u32::from_le_bytes(content.get(position + 4..position + 8)?.try_into().ok()?);
    let end = position + 8 + length;
    let body = content.get(position + 8..end)?;
    (crc32c::crc32c(body) == checksum).then_some((body, end))
}
