//! `debug_getRaw*`, `debug_dbGet`: consensus encodings.

use alloy_consensus::TxReceipt;
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::{B256, Bytes, hex, keccak256};
use alloy_rlp::{BufMut, Encodable};
use altlayer_state::StoredBlock;

use super::{
    QueryContext,
    failure::{header_not_found, invalid_params},
    params::Params,
    target,
};
use crate::error::RpcError;

fn block(context: &QueryContext, params: &Params<'_>) -> Result<std::sync::Arc<StoredBlock>, RpcError> {
    let id: BlockId = params.required(0)?;
    target::sealed_block(context, id)?.ok_or_else(header_not_found)
}

pub fn header(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    let target = target::require(context, Some(params.required(0)?))?;
    Ok(alloy_rlp::encode(target.header()).into())
}

pub fn raw_block(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    Ok(encode_block(&*block(context, params)?))
}

/// RLP of a block: header, transactions (typed ones as strings), no uncles, no withdrawals from Canyon on.
pub fn encode_block(block: &StoredBlock) -> Bytes {
    let mut transactions = Vec::new();
    for tx in &block.transactions {
        if tx.raw.first().is_some_and(|byte| *byte >= 0xc0) {
            transactions.put_slice(&tx.raw);
        } else {
            tx.raw.encode(&mut transactions);
        }
    }
    let mut payload = Vec::new();
    block.header.encode(&mut payload);
    alloy_rlp::Header { list: true, payload_length: transactions.len() }.encode(&mut payload);
    payload.put_slice(&transactions);
    payload.put_u8(alloy_rlp::EMPTY_LIST_CODE);
    if block.header.withdrawals_root.is_some() {
        payload.put_u8(alloy_rlp::EMPTY_LIST_CODE);
    }
    let mut out = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.put_slice(&payload);
    out.into()
}

/// EIP-2718 bytes of each receipt, with its bloom.
pub fn receipts(context: &QueryContext, params: &Params<'_>) -> Result<Vec<Bytes>, RpcError> {
    let block = block(context, params)?;
    Ok(block.receipts.iter().map(|receipt| receipt.clone().into_with_bloom().encoded_2718().into()).collect())
}

/// Prefix of contract code in go-ethereum's key-value store, which preimage hosts ask for.
const CODE_PREFIX: u8 = b'c';

/// What op-program's host asks of `debug_dbGet`: code by `'c' ++ hash` or hash. Trie nodes are not stored by hash; a host
/// gets those from `debug_executionWitness`.
pub fn db_get(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    let key: Bytes = params.required(0)?;
    let hash = match (key.len(), key.first()) {
        (32, _) => B256::from_slice(&key),
        (33, Some(&CODE_PREFIX)) => B256::from_slice(&key[1..]),
        _ => return Err(invalid_params("invalid argument 0: the key must be a hash, or 'c' and a hash")),
    };
    match context.chain.code(&hash)? {
        Some(code) if keccak256(&code) == hash => Ok(code),
        _ => Err(RpcError::server(format!("not found: {}", hex::encode_prefixed(&key)))),
    }
}
