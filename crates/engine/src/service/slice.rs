//! Slices: the parts in which a block in the making is ordered, journalled and published (docs/spec/slices.md).
//!
//! A slice's id commits to everything that its order means: the chain, the parent, the attributes that the block was opened
//! with, the slices before it, its transactions, and all receipts so far. Whoever executes the same slices gets the same ids.

use alloy_consensus::TxReceipt;
use alloy_primitives::{B256, Bytes, Keccak256, U256, keccak256};
use altlayer_execution::PayloadAttributes;
use altlayer_state::StoredTransaction;
use op_alloy_consensus::OpReceipt;

use super::{
    range::{MountainRange, receipt_hash, transaction_leaf},
    wire::{TransactionRange, to_json},
};
use crate::{error::EngineError, query::Slice};

/// First word of every slice id.
const ID_DOMAIN: &[u8] = b"altlayer.slice.v1";

/// What is done with the slices of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SliceMode {
    /// None are made (payload building for a consensus client, derivation).
    None,
    /// Published once journalled and synced: a sequencer.
    Journalled,
    /// Published without being written: a follower repeats what the sequencer promises.
    Volatile,
}

/// Hash over everything that is frozen when a block is opened.
pub fn attributes_hash(attributes: &PayloadAttributes, forced: impl IntoIterator<Item = B256>) -> B256 {
    let mut transactions = Keccak256::new();
    for hash in forced {
        transactions.update(hash);
    }
    let word = |value: u64| B256::from(U256::from(value));
    let mut words = Keccak256::new();
    words.update(word(attributes.timestamp));
    words.update(attributes.prev_randao);
    words.update(attributes.suggested_fee_recipient.into_word());
    words.update(attributes.parent_beacon_block_root.unwrap_or_default());
    words.update(word(attributes.gas_limit));
    words.update(attributes.eip1559_params.map_or(B256::ZERO, |params| B256::left_padding_from(params.as_slice())));
    words.update(word(attributes.min_base_fee.unwrap_or_default()));
    words.update(word(u64::from(attributes.no_tx_pool)));
    words.update(transactions.finalize());
    words.finalize()
}

/// The slices of one candidate so far, and what the next id builds on.
pub struct SliceLog {
    pub mode: SliceMode,
    chain_id: u64,
    attributes_hash: B256,
    next_index: u64,
    last_id: B256,
    receipts: B256,
    range: MountainRange,
    /// Transactions, gas and logs that stand in closed slices.
    transactions: usize,
    gas_used: u64,
    logs: u64,
}

impl SliceLog {
    pub fn new(mode: SliceMode, chain_id: u64, attributes_hash: B256) -> Self {
        Self {
            mode,
            chain_id,
            attributes_hash,
            next_index: 0,
            last_id: B256::ZERO,
            receipts: B256::ZERO,
            range: MountainRange::default(),
            transactions: 0,
            gas_used: 0,
            logs: 0,
        }
    }

    /// Transactions that stand in no slice yet begin here.
    pub const fn closed(&self) -> usize {
        self.transactions
    }

    /// Over the transactions that stand in closed slices.
    pub fn range(&self) -> TransactionRange {
        self.range.summary()
    }

    /// Nothing was published yet.
    pub const fn is_fresh(&self) -> bool {
        self.next_index == 0
    }

    /// Closes a slice over the next `count` transactions of the block.
    pub fn close(&mut self, parent: B256, block: (&[StoredTransaction], &[OpReceipt]), count: usize) -> Slice {
        let range = self.transactions..self.transactions + count;
        let (transactions, receipts) = (&block.0[range.clone()], &block.1[range]);
        let mut hashes = Keccak256::new();
        let mut encoded = Vec::with_capacity(512);
        let mut logs = 0;
        for (transaction, receipt) in transactions.iter().zip(receipts) {
            hashes.update(transaction.hash);
            let receipt_hash = receipt_hash(receipt, &mut encoded);
            let mut step = Keccak256::new();
            step.update(self.receipts);
            step.update(receipt_hash);
            self.receipts = step.finalize();
            self.range.append(transaction_leaf(transaction.hash, receipt_hash));
            logs += receipt.logs().len() as u64;
        }
        let word = |value: u64| B256::from(U256::from(value));
        let mut id = Keccak256::new();
        id.update(keccak256(ID_DOMAIN));
        id.update(word(self.chain_id));
        id.update(parent);
        id.update(self.attributes_hash);
        id.update(word(self.next_index));
        id.update(self.last_id);
        id.update(hashes.finalize());
        id.update(self.receipts);
        let slice = Slice {
            index: self.next_index,
            id: id.finalize(),
            previous_id: self.last_id,
            first_transaction: self.transactions,
            gas_before: self.gas_used,
            logs_before: self.logs,
            transaction_root: self.range.root(),
            transactions: transactions.to_vec(),
            receipts: receipts.to_vec(),
        };
        self.next_index += 1;
        self.last_id = slice.id;
        self.transactions += count;
        self.gas_used = receipts.last().map_or(self.gas_used, TxReceipt::cumulative_gas_used);
        self.logs += logs;
        slice
    }
}

/// The record that opens a block in the making: its parent's hash, then the attributes as JSON.
pub fn encode_opening(parent_hash: B256, attributes: &PayloadAttributes) -> Vec<u8> {
    let mut record = parent_hash.to_vec();
    record.extend_from_slice(to_json(attributes).as_bytes());
    record
}

/// Parent hash and attributes; `None` of the empty record, which says that the block before was given up.
pub fn decode_opening(record: &[u8]) -> Result<Option<(B256, PayloadAttributes)>, EngineError> {
    if record.is_empty() {
        return Ok(None);
    }
    let malformed = || EngineError::new("ENGINE_SLICE_RECORD", "an opened block in the journal cannot be decoded");
    let (hash, attributes) = record.split_at_checked(32).ok_or_else(malformed)?;
    let attributes = serde_json::from_slice(attributes).map_err(|_| malformed())?;
    Ok(Some((B256::from_slice(hash), attributes)))
}

/// A slice as the journal keeps it: its id, then each transaction's length and bytes.
pub fn encode_record(slice: &Slice) -> Vec<u8> {
    let size: usize = slice.transactions.iter().map(|transaction| 4 + transaction.raw.len()).sum();
    let mut record = Vec::with_capacity(32 + size);
    record.extend_from_slice(slice.id.as_slice());
    for transaction in &slice.transactions {
        record.extend_from_slice(&(transaction.raw.len() as u32).to_le_bytes());
        record.extend_from_slice(&transaction.raw);
    }
    record
}

/// The id and the transactions of a record.
pub fn decode_record(record: &[u8]) -> Result<(B256, Vec<Bytes>), EngineError> {
    let malformed = || EngineError::new("ENGINE_SLICE_RECORD", "a slice in the journal cannot be decoded");
    let (id, mut rest) = record.split_at_checked(32).ok_or_else(malformed)?;
    let mut transactions = Vec::new();
    while !rest.is_empty() {
        let (length, tail) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
        let (raw, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(malformed)?;
        transactions.push(Bytes::copy_from_slice(raw));
        rest = tail;
    }
    Ok((B256::from_slice(id), transactions))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, b256};

    use super::*;

    fn transaction(byte: u8) -> StoredTransaction {
        StoredTransaction { hash: B256::repeat_byte(byte), sender: Address::ZERO, raw: Bytes::from(vec![byte; 3]) }
    }

    fn receipt(cumulative_gas_used: u64) -> OpReceipt {
        OpReceipt::Eip1559(alloy_consensus::Receipt { cumulative_gas_used, ..Default::default() })
    }

    fn ids(cuts: &[usize]) -> Vec<B256> {
        let transactions: Vec<_> = (1..=4).map(transaction).collect();
        let receipts: Vec<_> = (1..=4).map(|n| receipt(21_000 * n)).collect();
        let mut log = SliceLog::new(SliceMode::Volatile, 10, B256::repeat_byte(9));
        cuts.iter()
            .map(|count| log.close(B256::repeat_byte(7), (transactions.as_slice(), receipts.as_slice()), *count).id)
            .collect()
    }

    /// Frozen: other implementations compute the same (docs/spec/slices.md).
    #[test]
    fn ids_are_frozen() {
        assert_eq!(ids(&[1, 3])[1], b256!("7dc37c0ef80eaebed6885f292cd17c184b80bb4c9dd97bdda402d1b0e77656cd"));
    }

    #[test]
    fn the_same_slices_have_the_same_ids_and_other_cuts_do_not() {
        assert_eq!(ids(&[1, 3]), ids(&[1, 3]));
        assert_ne!(ids(&[1, 3])[1], ids(&[2, 2])[1]);
        assert_eq!(ids(&[1, 3])[0], ids(&[1, 1, 2])[0]);
    }

    #[test]
    fn records_come_back_and_torn_ones_are_refused() {
        let mut log = SliceLog::new(SliceMode::Journalled, 10, B256::ZERO);
        let (transactions, receipts) = ([transaction(1), transaction(2)], [receipt(1), receipt(2)]);
        let slice = log.close(B256::ZERO, (&transactions, &receipts), 2);
        let record = encode_record(&slice);
        let (id, raw) = decode_record(&record).unwrap();
        assert_eq!((id, raw), (slice.id, transactions.iter().map(|transaction| transaction.raw.clone()).collect()));
        for cut in (0..record.len()).filter(|cut| ![32, 39].contains(cut)) {
            assert_eq!(decode_record(&record[..cut]).unwrap_err().code, "ENGINE_SLICE_RECORD", "cut at {cut}");
        }
    }

    #[test]
    fn attributes_are_committed_to() {
        let plain = PayloadAttributes { timestamp: 5, gas_limit: 30_000_000, ..Default::default() };
        let hash = |attributes: &PayloadAttributes| attributes_hash(attributes, [B256::repeat_byte(1)]);
        for other in [
            PayloadAttributes { timestamp: 6, ..plain.clone() },
            PayloadAttributes { gas_limit: 1, ..plain.clone() },
            PayloadAttributes { no_tx_pool: true, ..plain.clone() },
            PayloadAttributes { prev_randao: B256::repeat_byte(1), ..plain.clone() },
        ] {
            assert_ne!(hash(&plain), hash(&other));
        }
        assert_ne!(hash(&plain), attributes_hash(&plain, [B256::repeat_byte(2)]));
    }
}
