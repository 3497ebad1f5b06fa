//! `eth_blockNumber`, `eth_getBlock*`, `eth_getHeader*` and counts.

use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, U64, U256};
use alloy_rlp::Encodable;
use alloy_rpc_types_eth::{Block, BlockTransactions, Header as RpcHeader};
use altlayer_state::{StoredBlock, StoredTransaction};
use op_alloy_rpc_types::OpTransactionReceipt;
use serde_json::Value;

use super::{
    QueryContext,
    failure::internal,
    params::Params,
    receipts,
    target::{self, Target},
    transactions::{self, RpcTransaction},
};
use crate::error::RpcError;

pub type RpcBlock = Block<RpcTransaction>;

pub fn number(context: &QueryContext) -> Result<U64, RpcError> {
    Ok(U64::from(context.chain.heads().unsafe_head.number))
}

pub fn by_hash(context: &QueryContext, params: &Params<'_>) -> Result<Value, RpcError> {
    let hash: B256 = params.required(0)?;
    by_id(context, BlockId::from(hash), params.optional(1)?.unwrap_or(false))
}

pub fn by_number(context: &QueryContext, params: &Params<'_>) -> Result<Value, RpcError> {
    let number: BlockNumberOrTag = params.required(0)?;
    by_id(context, number.into(), params.optional(1)?.unwrap_or(false))
}

fn by_id(context: &QueryContext, id: BlockId, full: bool) -> Result<Value, RpcError> {
    match target::find(context, id)? {
        None => Ok(Value::Null),
        Some(Target::Sealed { hash, .. }) => match context.chain.block(&hash)? {
            None => Ok(Value::Null),
            Some(block) => serde_json::to_value(sealed(&block, full)?).map_err(internal),
        },
        Some(Target::Pending(block)) => {
            let transactions = if full {
                BlockTransactions::Full(block.transactions().map(transactions::unsealed).collect::<Result<_, _>>()?)
            } else {
                BlockTransactions::Hashes(block.transactions().map(|tx| tx.hash).collect())
            };
            let size = size(&block.header, block.transactions());
            let header = rpc_header(B256::ZERO, block.header.clone(), Some(size));
            let mut value = serde_json::to_value(assemble(header, transactions)).map_err(internal)?;
            // Not known yet; go-ethereum shows null.
            for field in ["hash", "nonce", "miner"] {
                value[field] = Value::Null;
            }
            Ok(value)
        }
    }
}

pub fn sealed(block: &StoredBlock, full: bool) -> Result<RpcBlock, RpcError> {
    let transactions = if full {
        let full: Result<Vec<_>, _> =
            (0..block.transactions.len()).map(|index| transactions::in_block(block, index)).collect();
        BlockTransactions::Full(full?)
    } else {
        BlockTransactions::Hashes(block.transactions.iter().map(|tx| tx.hash).collect())
    };
    let header = rpc_header(block.hash, block.header.clone(), Some(size(&block.header, &block.transactions)));
    Ok(assemble(header, transactions))
}

/// Puts a block together; it has withdrawals (none) from Canyon on, which the header shows by their root.
pub fn assemble(header: RpcHeader, transactions: BlockTransactions<RpcTransaction>) -> RpcBlock {
    let withdrawals = header.inner.withdrawals_root.is_some().then(Default::default);
    Block { header, uncles: Vec::new(), transactions, withdrawals }
}

pub const fn rpc_header(hash: B256, inner: Header, size: Option<U256>) -> RpcHeader {
    RpcHeader { hash, inner, total_difficulty: None, size }
}

/// Bytes of the block's RLP: header, transactions (typed ones as strings), no uncles, no withdrawals.
pub fn size<'a>(header: &Header, transactions: impl IntoIterator<Item = &'a StoredTransaction>) -> U256 {
    let list: usize = transactions
        .into_iter()
        .map(|tx| if tx.raw.first().is_some_and(|byte| *byte >= 0xc0) { tx.raw.len() } else { tx.raw.length() })
        .sum();
    let list_length = alloy_rlp::Header { list: true, payload_length: list }.length() + list;
    let withdrawals = usize::from(header.withdrawals_root.is_some());
    let payload = header.length() + list_length + 1 + withdrawals;
    U256::from(alloy_rlp::Header { list: true, payload_length: payload }.length() + payload)
}

pub fn header_by_hash(context: &QueryContext, params: &Params<'_>) -> Result<Option<RpcHeader>, RpcError> {
    let hash: B256 = params.required(0)?;
    header(context, hash.into())
}

pub fn header_by_number(context: &QueryContext, params: &Params<'_>) -> Result<Option<RpcHeader>, RpcError> {
    let number: BlockNumberOrTag = params.required(0)?;
    header(context, number.into())
}

fn header(context: &QueryContext, id: BlockId) -> Result<Option<RpcHeader>, RpcError> {
    Ok(match target::find(context, id)? {
        Some(Target::Sealed { hash, header }) => Some(rpc_header(hash, header.as_ref().clone(), None)),
        Some(Target::Pending(block)) => Some(rpc_header(B256::ZERO, block.header.clone(), None)),
        None => None,
    })
}

pub fn transaction_count_by_hash(context: &QueryContext, params: &Params<'_>) -> Result<Option<U64>, RpcError> {
    let hash: B256 = params.required(0)?;
    transaction_count(context, hash.into())
}

pub fn transaction_count_by_number(context: &QueryContext, params: &Params<'_>) -> Result<Option<U64>, RpcError> {
    let number: BlockNumberOrTag = params.required(0)?;
    transaction_count(context, number.into())
}

fn transaction_count(context: &QueryContext, id: BlockId) -> Result<Option<U64>, RpcError> {
    let count = match target::find(context, id)? {
        Some(Target::Pending(block)) => block.transaction_count(),
        Some(Target::Sealed { hash, .. }) => match context.chain.block(&hash)? {
            Some(block) => block.transactions.len(),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    Ok(Some(U64::from(count)))
}

/// There are no uncles; an unknown block has no count.
pub fn uncle_count(context: &QueryContext, id: BlockId) -> Result<Option<U64>, RpcError> {
    Ok(target::find(context, id)?.map(|_| U64::ZERO))
}

pub fn receipts(context: &QueryContext, params: &Params<'_>) -> Result<Option<Vec<OpTransactionReceipt>>, RpcError> {
    match target::sealed_block(context, params.required(0)?)? {
        Some(block) => receipts::block_receipts(context, &block).map(Some),
        None => Ok(None),
    }
}
