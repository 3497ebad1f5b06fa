//! The pool's file: what was admitted, so that a restart (or kill -9) loses nothing acknowledged.
//!
//! Records are appended before the answer leaves and handed to the operating system, not synced: a power cut may lose
//! the newest ones, which were never promised a block. Removals are not written; a record that no longer applies is
//! dropped when read. Beyond twice the pool's size the file is rewritten. Layout of a record: length of the rest (u32, little
//! endian), CRC-32C of the rest (u32), sender (20 bytes), EIP-2718 bytes. The checksum is why the sender needs no second
//! recovery.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, Bytes, keccak256};
use altlayer_execution::RecoveredTx;
use op_alloy_consensus::OpTxEnvelope;

use super::{admission::MAX_TRANSACTION_BYTES, transaction::PooledTransaction};

/// Bytes that the file may exceed twice the pool's size by before it is rewritten.
const SLACK_BYTES: u64 = 16 << 20;

pub struct PoolJournal {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl PoolJournal {
    /// Opens or creates the file and reads what it holds, oldest first. A torn or damaged end is cut off.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<PooledTransaction>)> {
        let content = match fs::read(path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let (transactions, valid) = read_records(&content);
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(valid as u64)?;
        Ok((Self { path: path.to_owned(), file, bytes: valid as u64 }, transactions))
    }

    /// Appends what was admitted.
    pub fn append(&mut self, transactions: &[Arc<PooledTransaction>]) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(transactions.iter().map(|tx| tx.raw.len() + 28).sum());
        for tx in transactions {
            write_record(&mut buffer, tx);
        }
        self.file.write_all(&buffer)?;
        self.bytes += buffer.len() as u64;
        Ok(())
    }

    /// Whether so much of the file is stale that it should be rewritten.
    pub const fn is_bloated(&self, pool_bytes: usize) -> bool {
        self.bytes > 2 * pool_bytes as u64 + SLACK_BYTES
    }

    /// Replaces the file's content, in one step.
    pub fn rewrite(&mut self, transactions: &[Arc<PooledTransaction>]) -> io::Result<()> {
        let mut buffer = Vec::new();
        for tx in transactions {
            write_record(&mut buffer, tx);
        }
        let temporary = self.path.with_extension("journal.new");
        fs::write(&temporary, &buffer)?;
        fs::rename(&temporary, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.bytes = buffer.len() as u64;
        Ok(())
    }
}

fn write_record(buffer: &mut Vec<u8>, tx: &PooledTransaction) {
    let length = (Address::len_bytes() + tx.raw.len()) as u32;
    buffer.extend_from_slice(&length.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(tx.sender.as_slice()), &tx.raw);
    buffer.extend_from_slice(&checksum.to_le_bytes());
    buffer.extend_from_slice(tx.sender.as_slice());
    buffer.extend_from_slice(&tx.raw);
}

/// The readable records, and how many bytes they take.
fn read_records(content: &[u8]) -> (Vec<PooledTransaction>, usize) {
    let mut transactions = Vec::new();
    let mut position = 0;
    while let Some((body, end)) = read_record(content, position) {
        let (sender, raw) = body.split_at(Address::len_bytes());
        let mut rest = raw;
        // A record of an older version whose type is no longer known is skipped, not the end of the file.
        if let Ok(tx) = OpTxEnvelope::decode_2718(&mut rest) {
            transactions.push(PooledTransaction(RecoveredTx {
                hash: keccak256(raw),
                sender: Address::from_slice(sender),
                raw: Bytes::copy_from_slice(raw),
                tx,
            }));
        }
        position = end;
    }
    (transactions, position)
}

fn read_record(content: &[u8], position: usize) -> Option<(&[u8], usize)> {
    let head = content.get(position..position + 8)?;
    let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    let checksum = u32::from_le_bytes(head[4..].try_into().ok()?);
    if !(Address::len_bytes() + 1..=Address::len_bytes() + MAX_TRANSACTION_BYTES).contains(&length) {
        return None;
    }
    let end = position + 8 + length;
    let body = content.get(position + 8..end)?;
    (crc32c::crc32c(body) == checksum).then_some((body, end))
}
