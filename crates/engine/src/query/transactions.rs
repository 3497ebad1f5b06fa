//! `eth_getTransaction*`, `eth_getRawTransaction*`, `eth_getTransactionReceipt`.

use std::sync::Arc;

use alloy_consensus::transaction::{Recovered, TransactionInfo};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64};
use altlayer_execution::RecoveredTx;
use altlayer_state::{StoredBlock, StoredTransaction};
use op_alloy_consensus::{
    OpReceipt, OpTxEnvelope,
    transaction::{OpDepositInfo, OpTransactionInfo},
};
use op_alloy_rpc_types::{OpTransactionReceipt, Transaction};
use serde::{Serialize, Serializer, ser::Error};
use serde_json::Value;

use super::{
    QueryContext,
    failure::internal,
    params::Params,
    receipts,
    target::{self, Target},
};
use crate::{error::RpcError, pool::PooledTransaction};

/// A transaction as an answer.
#[derive(Debug, Clone)]
pub struct RpcTransaction(Transaction);

impl RpcTransaction {
    pub fn new(tx: OpTxEnvelope, sender: Address, info: OpTransactionInfo) -> Self {
        Self(Transaction::from_transaction(Recovered::new_unchecked(tx, sender), info))
    }
}

impl Serialize for RpcTransaction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let OpTxEnvelope::Deposit(deposit) = self.0.as_ref() else { return self.0.serialize(serializer) };
        let mut value = serde_json::to_value(&self.0).map_err(Error::custom)?;
        // op-alloy leaves the field out of a deposit that creates a contract; go-ethereum and the specification show null.
        if deposit.to.is_create() {
            value["to"] = Value::Null;
        }
        value.serialize(serializer)
    }
}

pub fn by_hash(context: &QueryContext, params: &Params<'_>) -> Result<Option<RpcTransaction>, RpcError> {
    let hash = params.required(0)?;
    if let Some((block, index)) = locate(context, &hash)? {
        return in_block(&block, index).map(Some);
    }
    if let Some(transaction) = pooled(context, &hash) {
        return pending(&transaction).map(Some);
    }
    // A follower's pool may never have had what the sequencer ordered.
    match context.published.as_ref().and_then(|block| block.locate(&hash)) {
        Some((slice, index)) => unsealed(&slice.transactions[index]).map(Some),
        None => Ok(None),
    }
}

pub fn by_block_hash_and_index(
    context: &QueryContext,
    params: &Params<'_>,
) -> Result<Option<RpcTransaction>, RpcError> {
    let block = block_by_hash(context, params)?;
    by_index(block, params.required(1)?)
}

pub fn by_block_number_and_index(
    context: &QueryContext,
    params: &Params<'_>,
) -> Result<Option<RpcTransaction>, RpcError> {
    let number: BlockNumberOrTag = params.required(0)?;
    let index: U64 = params.required(1)?;
    if let Some(Target::Pending(block)) = target::find(context, number.into())? {
        let Some(stored) = block.transaction(index.to::<usize>()) else { return Ok(None) };
        return unsealed(stored).map(Some);
    }
    by_index(block_by_number(context, params)?, index)
}

pub fn receipt(context: &QueryContext, params: &Params<'_>) -> Result<Option<OpTransactionReceipt>, RpcError> {
    let hash = params.required(0)?;
    match locate(context, &hash)? {
        Some((block, index)) => receipts::receipt(context, &block, index).map(Some),
        None => Ok(None),
    }
}

/// `eth_getRawTransactionByHash` and `debug_getRawTransaction`; `0x` means there is none, as in go-ethereum.
pub fn raw_by_hash(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    let hash = params.required(0)?;
    if let Some((block, index)) = locate(context, &hash)? {
        return Ok(block.transactions[index].raw.clone());
    }
    Ok(pooled(context, &hash).map(|transaction| transaction.raw.clone()).unwrap_or_default())
}

pub fn raw_by_block_hash_and_index(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    raw_by_index(block_by_hash(context, params)?, params)
}

pub fn raw_by_block_number_and_index(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    raw_by_index(block_by_number(context, params)?, params)
}

fn block_by_hash(context: &QueryContext, params: &Params<'_>) -> Result<Option<Arc<StoredBlock>>, RpcError> {
    Ok(context.chain.block(&params.required(0)?)?)
}

fn block_by_number(context: &QueryContext, params: &Params<'_>) -> Result<Option<Arc<StoredBlock>>, RpcError> {
    let number: BlockNumberOrTag = params.required(0)?;
    target::sealed_block(context, BlockId::Number(number))
}

fn raw_by_index(block: Option<Arc<StoredBlock>>, params: &Params<'_>) -> Result<Bytes, RpcError> {
    let index: U64 = params.required(1)?;
    let raw = block.as_ref().and_then(|block| block.transactions.get(index.to::<usize>())).map(|tx| tx.raw.clone());
    Ok(raw.unwrap_or_default())
}

fn by_index(block: Option<Arc<StoredBlock>>, index: U64) -> Result<Option<RpcTransaction>, RpcError> {
    let index = index.to::<usize>();
    match block {
        Some(block) if index < block.transactions.len() => in_block(&block, index).map(Some),
        _ => Ok(None),
    }
}

/// The canonical block that holds a transaction, and its place there.
pub fn locate(context: &QueryContext, hash: &B256) -> Result<Option<(Arc<StoredBlock>, usize)>, RpcError> {
    let Some(location) = context.chain.transaction(hash)? else { return Ok(None) };
    let Some(block) = context.chain.block(&location.block_hash)? else { return Ok(None) };
    let index = location.index as usize;
    // A reorg between the two reads may have moved it; the index is checked, not trusted.
    Ok(block.transactions.get(index).is_some_and(|tx| tx.hash == *hash).then_some((block, index)))
}

fn pooled(context: &QueryContext, hash: &B256) -> Option<Arc<PooledTransaction>> {
    context.pool.lock().get(hash)
}

/// A transaction of a sealed block.
pub fn in_block(block: &StoredBlock, index: usize) -> Result<RpcTransaction, RpcError> {
    let stored = block.transactions.get(index).ok_or_else(|| internal("a transaction is missing"))?;
    let deposit_meta = match block.receipts.get(index) {
        Some(OpReceipt::Deposit(deposit)) => OpDepositInfo {
            deposit_nonce: deposit.deposit_nonce,
            deposit_receipt_version: deposit.deposit_receipt_version,
        },
        _ => OpDepositInfo::default(),
    };
    let inner = TransactionInfo {
        hash: Some(stored.hash),
        index: Some(index as u64),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        base_fee: block.header.base_fee_per_gas,
        block_timestamp: Some(block.header.timestamp),
    };
    describe(stored, OpTransactionInfo::new(inner, deposit_meta))
}

/// A transaction that no sealed block holds: its block fields are null.
pub fn unsealed(stored: &StoredTransaction) -> Result<RpcTransaction, RpcError> {
    let inner = TransactionInfo { hash: Some(stored.hash), ..Default::default() };
    describe(stored, OpTransactionInfo::new(inner, OpDepositInfo::default()))
}

/// A transaction of the pool.
pub fn pending(transaction: &PooledTransaction) -> Result<RpcTransaction, RpcError> {
    unsealed(&transaction.to_stored())
}

fn describe(stored: &StoredTransaction, info: OpTransactionInfo) -> Result<RpcTransaction, RpcError> {
    let RecoveredTx { tx, sender, .. } = RecoveredTx::from_stored(stored).map_err(internal)?;
    Ok(RpcTransaction::new(tx, sender, info))
}

#[cfg(test)]
mod tests {
    use alloy_consensus::Sealable;
    use alloy_primitives::TxKind;
    use op_alloy_consensus::TxDeposit;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deposit_that_creates_says_that_it_calls_nobody() {
        for (to, shown) in [(TxKind::Create, Value::Null), (TxKind::Call(Address::ZERO), json!(Address::ZERO))] {
            let deposit = OpTxEnvelope::Deposit(TxDeposit { to, ..Default::default() }.seal_slow());
            let info = OpTransactionInfo::new(TransactionInfo::default(), OpDepositInfo::default());
            let answer = serde_json::to_value(RpcTransaction::new(deposit, Address::ZERO, info)).unwrap();
            assert_eq!(answer.get("to"), Some(&shown));
            assert_eq!(answer["type"], "0x7e");
        }
    }
}
