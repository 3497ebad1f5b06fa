//! Read-only JSON-RPC methods, executed natively. The answer is JSON text that goes into the response as it is.
//!
//! One file per family of methods; this one is the table of them all.

mod blocks;
mod call;
mod context;
mod failure;
mod fees;
mod guard;
mod l1_attributes;
mod logs;
mod node;
mod params;
mod raw;
mod receipts;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod trace;
mod trace_shape;
mod transactions;
mod txpool;
mod witness;

pub use context::{PendingBlock, PublishedSlices, QueryContext, Slice};
use params::Params;
pub use receipts::{receipt as block_receipt, slice_logs, slice_receipt};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::RpcError;

/// Answers one method. `params` is the JSON text of the parameter array. Runs on a thread of the read pool; long work must
/// look at [`QueryContext::check_deadline`].
pub fn query(context: &QueryContext, method: &str, params: &str) -> Result<Box<RawValue>, RpcError> {
    let params = &Params::parse(params)?;
    match method {
        "eth_blockNumber" => json(blocks::number(context)),
        "eth_getBlockByHash" => json(blocks::by_hash(context, params)),
        "eth_getBlockByNumber" => json(blocks::by_number(context, params)),
        "eth_getHeaderByHash" => json(blocks::header_by_hash(context, params)),
        "eth_getHeaderByNumber" => json(blocks::header_by_number(context, params)),
        "eth_getBlockTransactionCountByHash" => json(blocks::transaction_count_by_hash(context, params)),
        "eth_getBlockTransactionCountByNumber" => json(blocks::transaction_count_by_number(context, params)),
        "eth_getUncleCountByBlockHash" | "eth_getUncleCountByBlockNumber" => {
            json(blocks::uncle_count(context, params.required(0)?))
        }
        "eth_getUncleByBlockHashAndIndex" | "eth_getUncleByBlockNumberAndIndex" => json(Ok(())),
        "eth_getBlockReceipts" => json(blocks::receipts(context, params)),

        "eth_getTransactionByHash" => json(transactions::by_hash(context, params)),
        "eth_getTransactionByBlockHashAndIndex" => json(transactions::by_block_hash_and_index(context, params)),
        "eth_getTransactionByBlockNumberAndIndex" => json(transactions::by_block_number_and_index(context, params)),
        "eth_getTransactionReceipt" => json(transactions::receipt(context, params)),
        "eth_getRawTransactionByHash" | "debug_getRawTransaction" => json(transactions::raw_by_hash(context, params)),
        "eth_getRawTransactionByBlockHashAndIndex" => json(transactions::raw_by_block_hash_and_index(context, params)),
        "eth_getRawTransactionByBlockNumberAndIndex" => {
            json(transactions::raw_by_block_number_and_index(context, params))
        }

        "eth_getBalance" => json(state::balance(context, params)),
        "eth_getCode" => json(state::code(context, params)),
        "eth_getStorageAt" => json(state::storage_at(context, params)),
        "eth_getStorageValues" => json(state::storage_values(context, params)),
        "eth_getTransactionCount" => json(state::transaction_count(context, params)),
        "eth_getProof" => json(state::proof(context, params)),

        "eth_getLogs" => json(logs::get(context, params)),

        "eth_gasPrice" => json(fees::gas_price(context)),
        "eth_maxPriorityFeePerGas" => json(fees::max_priority_fee(context)),
        "eth_baseFee" => json(fees::base_fee(context)),
        "eth_blobBaseFee" => json(fees::blob_base_fee()),
        "eth_feeHistory" => json(fees::history(context, params)),

        "eth_call" => json(call::call(context, params)),
        "eth_estimateGas" => json(call::estimate_gas(context, params)),
        "eth_createAccessList" => json(call::create_access_list(context, params)),
        "eth_simulateV1" => json(call::simulate(context, params)),

        "eth_config" => json(node::config(context)),
        "eth_capabilities" => json(node::capabilities(context)),
        "eth_getBlockAccessList" | "debug_getRawBlockAccessList" => json(node::block_access_list(context, params)),

        "txpool_status" => json(txpool::status(context)),
        "txpool_content" => json(txpool::content(context)),
        "txpool_contentFrom" => json(txpool::content_from(context, params)),
        "txpool_inspect" => json(txpool::inspect(context)),

        "debug_traceTransaction" => json(trace::transaction(context, params)),
        "debug_traceBlockByNumber" => json(trace::block_by_number(context, params)),
        "debug_traceBlockByHash" => json(trace::block_by_hash(context, params)),
        "debug_traceBlock" => json(trace::raw_block(context, params)),
        "debug_traceCall" => json(trace::call(context, params)),
        "debug_getRawHeader" => json(raw::header(context, params)),
        "debug_getRawBlock" => json(raw::raw_block(context, params)),
        "debug_getRawReceipts" => json(raw::receipts(context, params)),
        "debug_executionWitness" => json(witness::execution_witness(context, params)),
        "debug_dbGet" => json(raw::db_get(context, params)),

        _ => Err(RpcError::new(
            RpcError::METHOD_NOT_FOUND,
            format!("the method {method} does not exist/is not available"),
        )),
    }
}

fn json<T: Serialize>(result: Result<T, RpcError>) -> Result<Box<RawValue>, RpcError> {
    to_raw_value(&result?).map_err(failure::internal)
}
