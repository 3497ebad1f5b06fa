//! Bytes of journal records, checkpoints and index values. Little-endian, lengths first.

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use op_alloy_consensus::OpReceipt;
use revm::bytecode::Bytecode;

use crate::{
    chain::types::{ExecutedBlock, StoredBlock, StoredTransaction},
    change::{Account, AccountChange, ChangeSet, SlotChange},
    error::StateError,
};

/// Reads what the `put_*` functions wrote; running short is an error, never a panic.
pub struct Reader<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, what }
    }

    const fn fail(&self) -> StateError {
        StateError::Encoding { what: self.what }
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8], StateError> {
        let (head, rest) = self.bytes.split_at_checked(length).ok_or_else(|| self.fail())?;
        self.bytes = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub fn u8(&mut self) -> Result<u8, StateError> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u32(&mut self) -> Result<u32, StateError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, StateError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub fn hash(&mut self) -> Result<B256, StateError> {
        Ok(B256::new(self.array()?))
    }

    pub fn address(&mut self) -> Result<Address, StateError> {
        Ok(Address::new(self.array()?))
    }

    /// A number with its length in one byte: most values are short.
    pub fn word(&mut self) -> Result<U256, StateError> {
        let length = self.u8()? as usize;
        if length > 32 {
            return Err(self.fail());
        }
        Ok(U256::from_be_slice(self.take(length)?))
    }

    pub fn sized(&mut self) -> Result<&'a [u8], StateError> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    /// A count of items, each at least `size` bytes: a damaged count cannot allocate more than the bytes at hand.
    pub fn count(&mut self, size: usize) -> Result<usize, StateError> {
        let count = self.u32()? as usize;
        if count.saturating_mul(size) > self.bytes.len() { Err(self.fail()) } else { Ok(count) }
    }

    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

pub fn put_word(out: &mut Vec<u8>, value: &U256) {
    let bytes = value.to_be_bytes::<32>();
    let skip = value.leading_zeros() / 8;
    out.push(32 - skip as u8);
    out.extend_from_slice(&bytes[skip..]);
}

pub fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

pub fn put_account(out: &mut Vec<u8>, account: &Option<Account>) {
    match account {
        None => out.push(0),
        Some(account) => {
            let plain = account.code_hash == alloy_trie::KECCAK_EMPTY;
            out.push(if plain { 1 } else { 2 });
            out.extend_from_slice(&account.nonce.to_le_bytes());
            put_word(out, &account.balance);
            if !plain {
                out.extend_from_slice(account.code_hash.as_slice());
            }
        }
    }
}

pub fn account(reader: &mut Reader<'_>) -> Result<Option<Account>, StateError> {
    let kind = reader.u8()?;
    if kind == 0 {
        return Ok(None);
    }
    let (nonce, balance) = (reader.u64()?, reader.word()?);
    let code_hash = if kind == 1 { alloy_trie::KECCAK_EMPTY } else { reader.hash()? };
    Ok(Some(Account { nonce, balance, code_hash }))
}

pub fn put_changes(out: &mut Vec<u8>, changes: &ChangeSet) {
    put_count(out, changes.codes.len());
    for (hash, code) in &changes.codes {
        out.extend_from_slice(hash.as_slice());
        put_sized(out, &code.original_bytes());
    }
    put_count(out, changes.accounts.len());
    for change in &changes.accounts {
        out.extend_from_slice(change.address.as_slice());
        put_account(out, &change.old);
        put_account(out, &change.new);
        put_count(out, change.storage.len());
        for slot in &change.storage {
            put_word(out, &slot.slot);
            put_word(out, &slot.old);
            put_word(out, &slot.new);
        }
    }
}

/// Code from the bytes of an account's code; malformed EIP-7702 designators cannot be among them.
pub fn bytecode(bytes: &[u8]) -> Result<Bytecode, StateError> {
    Bytecode::new_raw_checked(Bytes::copy_from_slice(bytes)).map_err(|_| StateError::Encoding { what: "code" })
}

pub fn changes(bytes: &[u8]) -> Result<ChangeSet, StateError> {
    let mut reader = Reader::new(bytes, "state changes");
    let codes = (0..reader.count(36)?)
        .map(|_| Ok((reader.hash()?, bytecode(reader.sized()?)?)))
        .collect::<Result<_, StateError>>()?;
    let mut accounts = Vec::with_capacity(reader.count(26)?);
    for _ in 0..accounts.capacity() {
        let (address, old, new) = (reader.address()?, account(&mut reader)?, account(&mut reader)?);
        let storage = (0..reader.count(3)?)
            .map(|_| Ok(SlotChange { slot: reader.word()?, old: reader.word()?, new: reader.word()? }))
            .collect::<Result<_, StateError>>()?;
        accounts.push(AccountChange { address, old, new, storage });
    }
    Ok(ChangeSet { accounts, codes })
}

/// A block record: fixed start, header, changes, transactions, receipts, each section with its length.
pub fn block_record(block: &ExecutedBlock) -> Vec<u8> {
    let bodies: usize = block.transactions.iter().map(|transaction| transaction.raw.len() + 60).sum();
    let changes = &block.state.changes;
    let mut out = Vec::with_capacity(1024 + bodies + 100 * block.receipts.len() + 100 * changes.accounts.len());
    out.extend_from_slice(block.hash.as_slice());
    out.extend_from_slice(block.header.parent_hash.as_slice());
    out.extend_from_slice(&block.header.number.to_le_bytes());
    out.extend_from_slice(block.state.message_passer_root.as_slice());
    put_sized(&mut out, &alloy_rlp::encode(&block.header));
    section(&mut out, |out| put_changes(out, changes));
    section(&mut out, |out| {
        put_count(out, block.transactions.len());
        for transaction in &block.transactions {
            out.extend_from_slice(transaction.hash.as_slice());
            out.extend_from_slice(transaction.sender.as_slice());
            put_sized(out, &transaction.raw);
        }
    });
    section(&mut out, |out| {
        put_count(out, block.receipts.len());
        for receipt in &block.receipts {
            receipt.encode(out);
        }
    });
    out
}

fn section(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// The fixed start of a block record.
#[derive(Clone, Copy)]
pub struct BlockStart {
    pub hash: B256,
    pub parent: B256,
    pub number: u64,
    pub message_passer_root: B256,
}

pub const BLOCK_START: usize = 32 + 32 + 8 + 32;

pub fn block_start(payload: &[u8]) -> Result<BlockStart, StateError> {
    start(&mut Reader::new(payload, "block record"))
}

fn start(reader: &mut Reader<'_>) -> Result<BlockStart, StateError> {
    Ok(BlockStart {
        hash: reader.hash()?,
        parent: reader.hash()?,
        number: reader.u64()?,
        message_passer_root: reader.hash()?,
    })
}

/// The header out of a record's start, checked against its hash. `Err(needed)`: that many bytes are needed.
pub fn block_header(payload: &[u8]) -> Result<Result<(BlockStart, Header), usize>, StateError> {
    let mut reader = Reader::new(payload, "block record");
    let start = start(&mut reader)?;
    let length = reader.u32()? as usize;
    if payload.len() < BLOCK_START + 4 + length {
        return Ok(Err(BLOCK_START + 4 + length));
    }
    let rlp = reader.take(length)?;
    if keccak256(rlp) != start.hash {
        return Err(StateError::Encoding { what: "stored header (its hash differs)" });
    }
    let header = Header::decode(&mut &*rlp).map_err(|_| StateError::Encoding { what: "stored header" })?;
    Ok(Ok((start, header)))
}

/// How many of a record's bytes hold its start, header and changes.
pub fn block_prefix(payload: &[u8]) -> Result<usize, StateError> {
    let mut reader = Reader::new(payload, "block record");
    start(&mut reader)?;
    reader.sized()?;
    reader.sized()?;
    Ok(payload.len() - reader.bytes.len())
}

pub fn block_changes(payload: &[u8]) -> Result<ChangeSet, StateError> {
    let mut reader = Reader::new(payload, "block record");
    start(&mut reader)?;
    reader.sized()?;
    changes(reader.sized()?)
}

/// Where a transaction's hash and its receipt are within a block record, and the checksum of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptSpan {
    /// Of the 32-byte transaction hash.
    pub hash: u32,
    pub receipt: u32,
    pub length: u32,
    /// CRC-32C of hash and receipt.
    pub crc: u32,
}

/// One for each transaction of a block record.
pub fn receipt_spans(payload: &[u8]) -> Result<Vec<ReceiptSpan>, StateError> {
    let short = StateError::Encoding { what: "stored receipts" };
    let at = |bytes: &[u8]| (payload.len() - bytes.len()) as u32;
    let mut reader = Reader::new(payload, "block record");
    start(&mut reader)?;
    reader.sized()?;
    reader.sized()?;
    let section = reader.u32()? as usize;
    let after_body = reader.bytes.get(section..).ok_or(short)?;
    let mut body = reader;
    let mut receipts = Reader::new(after_body, "stored receipts");
    receipts.u32()?;
    let count = body.count(56)?;
    receipts.u32()?;
    let mut rest = receipts.bytes;
    let mut spans = Vec::with_capacity(count);
    for _ in 0..count {
        let hash = at(body.bytes);
        let hash_bytes = body.hash()?;
        body.address()?;
        body.sized()?;
        let begin = rest;
        let header =
            alloy_rlp::Header::decode(&mut rest).map_err(|_| StateError::Encoding { what: "stored receipt" })?;
        let length = begin.len() - rest.len() + header.payload_length;
        let receipt = begin.get(..length).ok_or(StateError::Encoding { what: "stored receipt" })?;
        rest = &begin[length..];
        spans.push(ReceiptSpan {
            hash,
            receipt: at(begin),
            length: length as u32,
            crc: receipt_crc(&hash_bytes, receipt),
        });
    }
    Ok(spans)
}

pub fn receipt_crc(transaction: &B256, receipt: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(transaction.as_slice()), receipt)
}

pub fn receipt(mut bytes: &[u8]) -> Result<OpReceipt, StateError> {
    OpReceipt::decode(&mut bytes).map_err(|_| StateError::Encoding { what: "stored receipt" })
}

pub fn block(payload: &[u8]) -> Result<StoredBlock, StateError> {
    let mut reader = Reader::new(payload, "block record");
    let start = start(&mut reader)?;
    let header = Header::decode(&mut reader.sized()?).map_err(|_| StateError::Encoding { what: "stored header" })?;
    reader.sized()?;
    let mut body = Reader::new(reader.sized()?, "stored transactions");
    let transactions = (0..body.count(56)?)
        .map(|_| {
            let (hash, sender) = (body.hash()?, body.address()?);
            Ok(StoredTransaction { hash, sender, raw: Bytes::copy_from_slice(body.sized()?) })
        })
        .collect::<Result<_, StateError>>()?;
    let mut rest = Reader::new(reader.sized()?, "stored receipts");
    let count = rest.count(5)?;
    let mut bytes = rest.bytes;
    let receipts = (0..count)
        .map(|_| OpReceipt::decode(&mut bytes).map_err(|_| StateError::Encoding { what: "stored receipt" }))
        .collect::<Result<_, StateError>>()?;
    Ok(StoredBlock { hash: start.hash, header, transactions, receipts })
}
