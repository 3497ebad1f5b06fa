//! Receipts and logs as JSON-RPC shows them, with the OP Stack's fields.

use alloy_consensus::{ReceiptWithBloom, Transaction, TxReceipt};
use alloy_primitives::{Address, B256, Bloom, Log, TxKind};
use alloy_rpc_types_eth::{Log as RpcLog, TransactionReceipt};
use altlayer_execution::{DEPOSIT_TYPE, Fork, RecoveredTx, environment::L1Fees};
use altlayer_state::{FoundLog, StoredBlock};
use op_alloy_consensus::{OpReceipt, OpTxEnvelope};
use op_alloy_rpc_types::{L1BlockInfo as L1Fields, OpTransactionReceipt};

use super::{QueryContext, failure::internal, l1_attributes::L1Attributes};
use crate::error::RpcError;

/// All receipts of a block.
pub fn block_receipts(context: &QueryContext, block: &StoredBlock) -> Result<Vec<OpTransactionReceipt>, RpcError> {
    let fees = l1_fees(context, block);
    let mut logs_before = 0;
    let mut receipts = Vec::with_capacity(block.transactions.len());
    for index in 0..block.transactions.len() {
        receipts.push(describe(context, block, index, logs_before, fees.as_ref())?);
        logs_before += block.receipts[index].logs().len() as u64;
    }
    Ok(receipts)
}

/// The receipt of one transaction of a block.
pub fn receipt(context: &QueryContext, block: &StoredBlock, index: usize) -> Result<OpTransactionReceipt, RpcError> {
    let logs_before = block.receipts.iter().take(index).map(|receipt| receipt.logs().len() as u64).sum();
    describe(context, block, index, logs_before, l1_fees(context, block).as_ref())
}

/// What L1 data costs in a block, by its L1 attributes (a block of a test chain may have none).
fn l1_fees(context: &QueryContext, block: &StoredBlock) -> Option<L1Fees> {
    let attributes = L1Attributes::from_deposit(&block.transactions.first()?.raw)?;
    Some(attributes.fees(context.spec.rules(block.header.timestamp)))
}

fn describe(
    context: &QueryContext,
    block: &StoredBlock,
    index: usize,
    logs_before: u64,
    fees: Option<&L1Fees>,
) -> Result<OpTransactionReceipt, RpcError> {
    let missing = || internal("a receipt is missing");
    let stored = block.transactions.get(index).ok_or_else(missing)?;
    let receipt = block.receipts.get(index).ok_or_else(missing)?;
    let tx = RecoveredTx::from_stored(stored).map_err(internal)?;
    let before = block.receipts[..index].last().map_or(0, TxReceipt::cumulative_gas_used);
    let logs_bloom = receipt.bloom();
    let mut log_index = logs_before;
    let with_positions = receipt.clone().map_logs(|inner| {
        let log = position_log(block, inner, (stored.hash, index as u64), log_index);
        log_index += 1;
        log
    });
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let inner = TransactionReceipt {
        inner: ReceiptWithBloom { receipt: with_positions, logs_bloom },
        transaction_hash: stored.hash,
        transaction_index: Some(index as u64),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        gas_used: receipt.cumulative_gas_used().saturating_sub(before),
        effective_gas_price: if tx.is_deposit() { 0 } else { tx.tx.effective_gas_price(Some(base_fee)) },
        blob_gas_used: None,
        blob_gas_price: None,
        from: stored.sender,
        to: tx.tx.to(),
        contract_address: created(&tx, receipt),
    };
    let l1_block_info = match fees {
        Some(fees) if !tx.is_deposit() => l1_fields(context, block, &tx, fees),
        _ => L1Fields::default(),
    };
    Ok(OpTransactionReceipt { inner, l1_block_info, op_gas_refund: None })
}

fn position_log(block: &StoredBlock, inner: Log, transaction: (B256, u64), log_index: u64) -> RpcLog {
    RpcLog {
        inner,
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        block_timestamp: Some(block.header.timestamp),
        transaction_hash: Some(transaction.0),
        transaction_index: Some(transaction.1),
        log_index: Some(log_index),
        removed: false,
    }
}

/// Every log of a block, in order.
pub fn block_logs(block: &StoredBlock) -> impl Iterator<Item = RpcLog> + '_ {
    block
        .receipts
        .iter()
        .zip(&block.transactions)
        .enumerate()
        .flat_map(|(index, (receipt, tx))| receipt.logs().iter().map(move |log| (index as u64, tx.hash, log)))
        .enumerate()
        .map(|(log_index, (index, hash, log))| position_log(block, log.clone(), (hash, index), log_index as u64))
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
fn l1_fields(context: &QueryContext, block: &StoredBlock, tx: &RecoveredTx, fees: &L1Fees) -> L1Fields {
    let info = fees.info();
    let small = |value: alloy_primitives::U256| Some(value.saturating_to::<u128>());
    let ecotone = context.spec.is_active(Fork::Ecotone, block.header.timestamp) && !info.empty_ecotone_scalars;
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
