//! Receipts and logs as JSON-RPC shows them, with the OP Stack's fields.

use alloy_consensus::{Header, ReceiptWithBloom, Transaction, TxReceipt};
use alloy_primitives::{Address, B256, Bloom, Log, TxKind};
use alloy_rpc_types_eth::{Log as RpcLog, TransactionReceipt};
use altlayer_execution::{ChainSpec, DEPOSIT_TYPE, Fork, RecoveredTx, environment::L1Fees};
use altlayer_state::{FoundLog, StoredBlock, StoredTransaction};
use op_alloy_consensus::{OpReceipt, OpTxEnvelope};
use op_alloy_rpc_types::{L1BlockInfo as L1Fields, OpTransactionReceipt};

use super::{PublishedSlices, QueryContext, Slice, failure::internal, l1_attributes::L1Attributes};
use crate::error::RpcError;

/// All receipts of a block.
pub fn block_receipts(context: &QueryContext, block: &StoredBlock) -> Result<Vec<OpTransactionReceipt>, RpcError> {
    let place = Place::of(block, l1_fees(&context.spec, block.transactions.first(), block.header.timestamp));
    let (mut gas, mut logs) = (0, 0);
    let mut receipts = Vec::with_capacity(block.transactions.len());
    for index in 0..block.transactions.len() {
        let before = Before { index, gas, logs };
        let (transaction, receipt) = at(&block.transactions, &block.receipts, index)?;
        receipts.push(describe(&context.spec, &place, &before, transaction, receipt)?);
        gas = receipt.cumulative_gas_used();
        logs += receipt.logs().len() as u64;
    }
    Ok(receipts)
}

/// The receipt of one transaction of a block.
pub fn receipt(context: &QueryContext, block: &StoredBlock, index: usize) -> Result<OpTransactionReceipt, RpcError> {
    let place = Place::of(block, l1_fees(&context.spec, block.transactions.first(), block.header.timestamp));
    let before = Before {
        index,
        gas: block.receipts[..index.min(block.receipts.len())].last().map_or(0, TxReceipt::cumulative_gas_used),
        logs: block.receipts.iter().take(index).map(|receipt| receipt.logs().len() as u64).sum(),
    };
    let (transaction, receipt) = at(&block.transactions, &block.receipts, index)?;
    describe(&context.spec, &place, &before, transaction, receipt)
}

/// The receipt of a transaction of a slice. Its block is not sealed, so its block hash is zero (docs/finality.md).
pub fn slice_receipt(
    spec: &ChainSpec,
    block: &PublishedSlices,
    slice: &Slice,
    index: usize,
) -> Result<OpTransactionReceipt, RpcError> {
    let first = block.slices.first().and_then(|slice| slice.transactions.first());
    let header = &block.header;
    let place = Place {
        hash: B256::ZERO,
        number: header.number,
        timestamp: header.timestamp,
        base_fee: header.base_fee_per_gas.unwrap_or_default(),
        fees: l1_fees(spec, first, header.timestamp),
    };
    let receipts = &slice.receipts[..index.min(slice.receipts.len())];
    let before = Before {
        index: slice.first_transaction + index,
        gas: receipts.last().map_or(slice.gas_before, TxReceipt::cumulative_gas_used),
        logs: slice.logs_before + receipts.iter().map(|receipt| receipt.logs().len() as u64).sum::<u64>(),
    };
    let (transaction, receipt) = at(&slice.transactions, &slice.receipts, index)?;
    describe(spec, &place, &before, transaction, receipt)
}

/// The logs of a slice, in order; their block hash is zero.
pub fn slice_logs(header: &Header, slice: &Slice) -> Vec<RpcLog> {
    let place = Place { hash: B256::ZERO, number: header.number, timestamp: header.timestamp, base_fee: 0, fees: None };
    let mut log_index = slice.logs_before;
    let mut logs = Vec::new();
    for (index, (receipt, tx)) in slice.receipts.iter().zip(&slice.transactions).enumerate() {
        for log in receipt.logs() {
            let index = (slice.first_transaction + index) as u64;
            logs.push(position_log(&place, log.clone(), (tx.hash, index), log_index));
            log_index += 1;
        }
    }
    logs
}

/// Where a receipt stands.
struct Place {
    hash: B256,
    number: u64,
    timestamp: u64,
    base_fee: u64,
    fees: Option<L1Fees>,
}

impl Place {
    fn of(block: &StoredBlock, fees: Option<L1Fees>) -> Self {
        let header = &block.header;
        let base_fee = header.base_fee_per_gas.unwrap_or_default();
        Self { hash: block.hash, number: header.number, timestamp: header.timestamp, base_fee, fees }
    }
}

/// What stands before a transaction in its block.
struct Before {
    index: usize,
    gas: u64,
    logs: u64,
}

fn at<'a>(
    transactions: &'a [StoredTransaction],
    receipts: &'a [OpReceipt],
    index: usize,
) -> Result<(&'a StoredTransaction, &'a OpReceipt), RpcError> {
    transactions.get(index).zip(receipts.get(index)).ok_or_else(|| internal("a receipt is missing"))
}

/// What L1 data costs in a block, by its L1 attributes deposit (a block of a test chain may have none).
fn l1_fees(spec: &ChainSpec, first: Option<&StoredTransaction>, timestamp: u64) -> Option<L1Fees> {
    let attributes = L1Attributes::from_deposit(&first?.raw)?;
    Some(attributes.fees(spec.rules(timestamp)))
}

fn describe(
    spec: &ChainSpec,
    place: &Place,
    before: &Before,
    stored: &StoredTransaction,
    receipt: &OpReceipt,
) -> Result<OpTransactionReceipt, RpcError> {
    let index = before.index as u64;
    let tx = RecoveredTx::from_stored(stored).map_err(internal)?;
    let logs_bloom = receipt.bloom();
    let mut log_index = before.logs;
    let with_positions = receipt.clone().map_logs(|inner| {
        let log = position_log(place, inner, (stored.hash, index), log_index);
        log_index += 1;
        log
    });
    let base_fee = place.base_fee;
    let inner = TransactionReceipt {
        inner: ReceiptWithBloom { receipt: with_positions, logs_bloom },
        transaction_hash: stored.hash,
        transaction_index: Some(index),
        block_hash: Some(place.hash),
        block_number: Some(place.number),
        gas_used: receipt.cumulative_gas_used().saturating_sub(before.gas),
        effective_gas_price: if tx.is_deposit() { 0 } else { tx.tx.effective_gas_price(Some(base_fee)) },
        blob_gas_used: None,
        blob_gas_price: None,
        from: stored.sender,
        to: tx.tx.to(),
        contract_address: created(&tx, receipt),
    };
    let l1_block_info = match &place.fees {
        Some(fees) if !tx.is_deposit() => l1_fields(spec, place.timestamp, &tx, fees),
        _ => L1Fields::default(),
    };
    Ok(OpTransactionReceipt { inner, l1_block_info, op_gas_refund: None })
}

fn position_log(place: &Place, inner: Log, transaction: (B256, u64), log_index: u64) -> RpcLog {
    RpcLog {
        inner,
        block_hash: Some(place.hash),
        block_number: Some(place.number),
        block_timestamp: Some(place.timestamp),
        transaction_hash: Some(transaction.0),
        transaction_index: Some(transaction.1),
        log_index: Some(log_index),
        removed: false,
    }
}

/// Every log of a block, in order.
pub fn block_logs(block: &StoredBlock) -> impl Iterator<Item = RpcLog> + '_ {
    let place = Place::of(block, None);
    block
        .receipts
        .iter()
        .zip(&block.transactions)
        .enumerate()
        .flat_map(|(index, (receipt, tx))| receipt.logs().iter().map(move |log| (index as u64, tx.hash, log)))
        .enumerate()
        .map(move |(log_index, (index, hash, log))| position_log(&place, log.clone(), (hash, index), log_index as u64))
}

/// A log that the index found.
pub fn found_log(found: FoundLog) -> RpcLog {
    RpcLog {
        inner: found.log,
        block_hash: Some(found.block_hash),
        block_number: Some(found.block_number),
        block_timestamp: Some(found.block_timestamp),
        transaction_hash: Some(found.transaction_hash),
        transaction_index: Some(u64::from(found.transaction_index)),
        log_index: Some(u64::from(found.log_index)),
        removed: false,
    }
}

fn created(tx: &RecoveredTx, receipt: &OpReceipt) -> Option<Address> {
    if tx.tx.kind() != TxKind::Create {
        return None;
    }
    // A deposit has no nonce of its own; its receipt keeps the one it was executed with (Regolith).
    let nonce = match (&tx.tx, receipt) {
        (OpTxEnvelope::Deposit(_), OpReceipt::Deposit(deposit)) => deposit.deposit_nonce.unwrap_or_default(),
        _ => tx.tx.nonce(),
    };
    Some(tx.sender.create(nonce))
}

/// What the transaction paid for L1 data (specs/protocol/exec-engine.md, "L1-Cost fees").
fn l1_fields(spec: &ChainSpec, timestamp: u64, tx: &RecoveredTx, fees: &L1Fees) -> L1Fields {
    let info = fees.info();
    let small = |value: alloy_primitives::U256| Some(value.saturating_to::<u128>());
    let ecotone = spec.is_active(Fork::Ecotone, timestamp) && !info.empty_ecotone_scalars;
    L1Fields {
        l1_gas_price: small(info.l1_base_fee),
        l1_gas_used: small(fees.data_gas(&tx.raw)),
        l1_fee: small(fees.data_fee(&tx.raw)),
        l1_fee_scalar: (!ecotone).then(|| info.l1_base_fee_scalar.saturating_to::<u64>() as f64 / 1e6),
        l1_base_fee_scalar: ecotone.then(|| info.l1_base_fee_scalar.saturating_to()),
        l1_blob_base_fee: info.l1_blob_base_fee.filter(|_| ecotone).and_then(small),
        l1_blob_base_fee_scalar: info.l1_blob_base_fee_scalar.filter(|_| ecotone).and_then(small),
        operator_fee_scalar: info.operator_fee_scalar.and_then(small),
        operator_fee_constant: info.operator_fee_constant.and_then(small),
        da_footprint_gas_scalar: info.da_footprint_gas_scalar,
    }
}

/// Whether a block's bloom rules out a filter.
pub fn bloom_excludes(bloom: &Bloom, addresses: &[Address]) -> bool {
    !addresses.is_empty()
        && !addresses.iter().any(|address| bloom.contains_input(alloy_primitives::BloomInput::Raw(address.as_slice())))
}

/// EIP-2718 type of a raw transaction.
pub fn is_deposit(raw: &[u8]) -> bool {
    raw.first() == Some(&DEPOSIT_TYPE)
}
