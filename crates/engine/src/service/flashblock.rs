//! A slice as the Flashblocks stream shows it (specs/protocol/flashblocks.md; fields as in the streams of Base and op-rbuilder).
//!
//! Deviations: roots, bloom and block hash are zero, since no slice has them (the stream's consumers take them from the sealed
//! block); `metadata` holds the block's number and the receipts, no account balances.

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bloom, Bytes, U64, U256, keccak256};
use op_alloy_consensus::OpReceipt;
use serde::Serialize;

use crate::query::Slice;

#[derive(Serialize)]
struct Flashblock<'a> {
    payload_id: Bytes,
    index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Base<'a>>,
    diff: Diff<'a>,
    metadata: Metadata<'a>,
}

/// What does not change while the block is built.
#[derive(Serialize)]
struct Base<'a> {
    parent_beacon_block_root: B256,
    parent_hash: B256,
    fee_recipient: Address,
    prev_randao: B256,
    block_number: U64,
    gas_limit: U64,
    timestamp: U64,
    extra_data: &'a Bytes,
    base_fee_per_gas: U256,
}

#[derive(Serialize)]
struct Diff<'a> {
    state_root: B256,
    receipts_root: B256,
    logs_bloom: Bloom,
    gas_used: U64,
    block_hash: B256,
    transactions: Vec<&'a Bytes>,
    withdrawals: [(); 0],
    withdrawals_root: B256,
}

#[derive(Serialize)]
struct Metadata<'a> {
    block_number: u64,
    receipts: Receipts<'a>,
}

/// By transaction hash; the name of the receipt's type around it.
struct Receipts<'a>(&'a Slice);

impl Serialize for Receipts<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        enum Named<'a> {
            Legacy(&'a alloy_consensus::Receipt),
            Eip2930(&'a alloy_consensus::Receipt),
            Eip1559(&'a alloy_consensus::Receipt),
            Eip7702(&'a alloy_consensus::Receipt),
            Deposit(&'a op_alloy_consensus::OpDepositReceipt),
            PostExec(&'a alloy_consensus::Receipt),
        }
        serializer.collect_map(self.0.transactions.iter().zip(&self.0.receipts).map(|(transaction, receipt)| {
            let named = match receipt {
                OpReceipt::Legacy(receipt) => Named::Legacy(receipt),
                OpReceipt::Eip2930(receipt) => Named::Eip2930(receipt),
                OpReceipt::Eip1559(receipt) => Named::Eip1559(receipt),
                OpReceipt::Eip7702(receipt) => Named::Eip7702(receipt),
                OpReceipt::Deposit(receipt) => Named::Deposit(receipt),
                OpReceipt::PostExec(receipt) => Named::PostExec(receipt),
            };
            (transaction.hash, named)
        }))
    }
}

/// The slice as a `FlashblocksPayloadV1`, in JSON. `header` is the block's as far as it is known; `opening` is the id of the block's
/// first slice, from which the payload id is made.
pub fn flashblock(header: &Header, opening: &B256, slice: &Slice) -> serde_json::Result<String> {
    let base = (slice.index == 0).then(|| Base {
        parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
        parent_hash: header.parent_hash,
        fee_recipient: header.beneficiary,
        prev_randao: header.mix_hash,
        block_number: U64::from(header.number),
        gas_limit: U64::from(header.gas_limit),
        timestamp: U64::from(header.timestamp),
        extra_data: &header.extra_data,
        base_fee_per_gas: U256::from(header.base_fee_per_gas.unwrap_or_default()),
    });
    let gas_used = slice.receipts.last().map_or(slice.gas_before, alloy_consensus::TxReceipt::cumulative_gas_used);
    serde_json::to_string(&Flashblock {
        payload_id: Bytes::copy_from_slice(&keccak256(opening)[..8]),
        index: slice.index,
        base,
        diff: Diff {
            state_root: B256::ZERO,
            receipts_root: B256::ZERO,
            logs_bloom: Bloom::ZERO,
            gas_used: U64::from(gas_used),
            block_hash: B256::ZERO,
            transactions: slice.transactions.iter().map(|transaction| &transaction.raw).collect(),
            withdrawals: [],
            withdrawals_root: B256::ZERO,
        },
        metadata: Metadata { block_number: header.number, receipts: Receipts(slice) },
    })
}
