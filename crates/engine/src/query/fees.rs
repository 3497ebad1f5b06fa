//! Prices: `eth_gasPrice`, `eth_maxPriorityFeePerGas`, `eth_feeHistory` and the base fees.
//!
//! Deviation: rewards in the fee history are those of transactions that pay one. op-geth counts deposits, too, with a
//! reward of zero, so that a wallet that asks a quiet chain for a middle percentile is told to tip nothing.

use alloy_consensus::{Transaction, TxReceipt};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{U64, U256};
use alloy_rpc_types_eth::FeeHistory;
use altlayer_execution::{decode, next_base_fee};
use altlayer_state::StoredBlock;

use super::{
    QueryContext,
    failure::{header_not_found, internal},
    params::Params,
    receipts::is_deposit,
    target,
};
use crate::error::RpcError;

/// op-geth's `--gpo.minsuggestedpriorityfee`, in wei.
const MIN_SUGGESTED_TIP: u128 = 1_000_000;
/// go-ethereum's `--gpo.maxprice`, in wei.
const MAX_SUGGESTED_TIP: u128 = 500_000_000_000;
/// Most blocks of one eth_feeHistory.
const MAX_BLOCKS: u64 = 1024;
const MAX_PERCENTILES: usize = 100;
/// Blobs do not exist on L2; their base fee is the least.
const BLOB_BASE_FEE: u128 = 1;

pub fn gas_price(context: &QueryContext) -> Result<U256, RpcError> {
    let (_, header) = target::head(context)?;
    Ok(U256::from(suggested_tip(context)? + u128::from(header.base_fee_per_gas.unwrap_or_default())))
}

pub fn max_priority_fee(context: &QueryContext) -> Result<U256, RpcError> {
    Ok(U256::from(suggested_tip(context)?))
}

/// The base fee of the next block.
pub fn base_fee(context: &QueryContext) -> Result<U256, RpcError> {
    let (_, header) = target::head(context)?;
    Ok(U256::from(next_base_fee(&context.spec, &header, header.timestamp + 1).map_err(internal)?))
}

pub fn blob_base_fee() -> Result<U256, RpcError> {
    Ok(U256::from(BLOB_BASE_FEE))
}

/// op-geth's suggestion: the minimum, unless the last block was full; then a tenth above its median tip.
fn suggested_tip(context: &QueryContext) -> Result<u128, RpcError> {
    let (hash, header) = target::head(context)?;
    let Some(block) = context.chain.block(&hash)? else { return Ok(MIN_SUGGESTED_TIP) };
    let mut largest = 0;
    let mut before = 0;
    for receipt in &block.receipts {
        largest = largest.max(receipt.cumulative_gas_used().saturating_sub(before));
        before = receipt.cumulative_gas_used();
    }
    // Full means: no room for another transaction like the largest one.
    if header.gas_used.saturating_add(largest) <= header.gas_limit {
        return Ok(MIN_SUGGESTED_TIP);
    }
    let mut tips: Vec<u128> = tips(&block)?.into_iter().map(|(tip, _)| tip).collect();
    if tips.is_empty() {
        return Ok(MIN_SUGGESTED_TIP);
    }
    tips.sort_unstable();
    let median = tips[tips.len() / 2];
    Ok((median + median / 10).clamp(MIN_SUGGESTED_TIP, MAX_SUGGESTED_TIP))
}

/// Effective tip and gas of each transaction that pays one.
fn tips(block: &StoredBlock) -> Result<Vec<(u128, u64)>, RpcError> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut before = 0;
    let mut tips = Vec::with_capacity(block.transactions.len());
    for (tx, receipt) in block.transactions.iter().zip(&block.receipts) {
        let gas = receipt.cumulative_gas_used().saturating_sub(before);
        before = receipt.cumulative_gas_used();
        if !is_deposit(&tx.raw) {
            let tx = decode(&tx.raw).map_err(internal)?;
            tips.push((tx.effective_tip_per_gas(base_fee).unwrap_or_default(), gas));
        }
    }
    Ok(tips)
}

pub fn history(context: &QueryContext, params: &Params<'_>) -> Result<FeeHistory, RpcError> {
    let count: U64 = params.required(0)?;
    let newest: BlockNumberOrTag = params.required(1)?;
    let percentiles: Vec<f64> = params.optional(2)?.unwrap_or_default();
    check_percentiles(&percentiles)?;
    let head = context.chain.heads().unsafe_head.number;
    let newest = match newest {
        BlockNumberOrTag::Number(number) if number > head => {
            return Err(RpcError::server(format!("request beyond head block: requested {number}, head {head}")));
        }
        BlockNumberOrTag::Number(number) => number,
        // The block in the making is not part of history.
        BlockNumberOrTag::Pending => head,
        tag => target::require(context, Some(tag.into()))?.header().number,
    };
    let count = count.to::<u64>().min(MAX_BLOCKS).min(newest + 1);
    if count == 0 {
        return Ok(FeeHistory::default());
    }
    let oldest = newest + 1 - count;
    let mut history = FeeHistory { oldest_block: oldest, ..Default::default() };
    let mut rewards = Vec::new();
    for number in oldest..=newest {
        context.check_deadline()?;
        let hash = context.chain.canonical_hash(number)?.ok_or_else(header_not_found)?;
        let header = context.chain.header(&hash)?.ok_or_else(header_not_found)?;
        history.base_fee_per_gas.push(header.base_fee_per_gas.unwrap_or_default().into());
        history.gas_used_ratio.push(header.gas_used as f64 / header.gas_limit.max(1) as f64);
        history.base_fee_per_blob_gas.push(BLOB_BASE_FEE);
        history.blob_gas_used_ratio.push(0.0);
        if !percentiles.is_empty() {
            let block = context.chain.block(&hash)?.ok_or_else(header_not_found)?;
            rewards.push(block_rewards(&block, &percentiles)?);
        }
        if number == newest {
            let next = next_base_fee(&context.spec, &header, header.timestamp + 1).map_err(internal)?;
            history.base_fee_per_gas.push(next.into());
            history.base_fee_per_blob_gas.push(BLOB_BASE_FEE);
        }
    }
    history.reward = (!percentiles.is_empty()).then_some(rewards);
    Ok(history)
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > MAX_PERCENTILES {
        return Err(RpcError::server(format!("invalid reward percentile: over the query limit {MAX_PERCENTILES}")));
    }
    let mut last = 0.0;
    for (index, percentile) in percentiles.iter().enumerate() {
        if !(0.0..=100.0).contains(percentile) {
            return Err(RpcError::server(format!("invalid reward percentile: {percentile:.6}")));
        }
        if index > 0 && *percentile <= last {
            return Err(RpcError::server(format!(
                "invalid reward percentile: #{}:{last:.6} >= #{index}:{percentile:.6}",
                index - 1
            )));
        }
        last = *percentile;
    }
    Ok(())
}

/// The tips at which the given shares of the block's gas are reached.
fn block_rewards(block: &StoredBlock, percentiles: &[f64]) -> Result<Vec<u128>, RpcError> {
    let mut tips = tips(block)?;
    tips.sort_unstable();
    let Some((first, _)) = tips.first().copied() else { return Ok(vec![0; percentiles.len()]) };
    let total: u64 = tips.iter().map(|(_, gas)| gas).sum();
    let mut rewards = Vec::with_capacity(percentiles.len());
    let (mut index, mut tip, mut reached) = (0, first, tips[0].1);
    for percentile in percentiles {
        let threshold = (total as f64 * percentile / 100.0) as u64;
        while reached < threshold && index + 1 < tips.len() {
            index += 1;
            tip = tips[index].0;
            reached += tips[index].1;
        }
        rewards.push(tip);
    }
    Ok(rewards)
}
