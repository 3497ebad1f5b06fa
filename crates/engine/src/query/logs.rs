//! `eth_getLogs`: by range over the index, or of one block.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};
use altlayer_state::{LogFilter, LogLimits};
use serde::{Deserialize, de::IgnoredAny};

use super::{QueryContext, params::Params, receipts, target};
use crate::error::RpcError;

/// The number of topic positions, which [`Filter`] does not keep. A position without a wish still asks for a topic to be
/// there, as in go-ethereum.
#[derive(Deserialize)]
struct Positions {
    #[serde(default)]
    topics: Option<Vec<IgnoredAny>>,
}

pub fn get(context: &QueryContext, params: &Params<'_>) -> Result<Vec<Log>, RpcError> {
    let filter: Filter = params.required(0)?;
    let positions = params.required::<Positions>(0)?.topics.map_or(0, |topics| topics.len());
    let has_positions = |log: &Log| log.topics().len() >= positions;
    let addresses: Vec<Address> = filter.address.iter().copied().collect();
    let topics: [Vec<B256>; 4] = std::array::from_fn(|position| {
        filter.topics.get(position).map(|topic| topic.iter().copied().collect()).unwrap_or_default()
    });
    match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let mut logs = of_block(context, hash, &addresses, &topics)?;
            logs.retain(has_positions);
            Ok(logs)
        }
        FilterBlockOption::Range { from_block, to_block } => {
            let head = context.chain.heads().unsafe_head.number;
            let (from_block, to_block) = (from_block.unwrap_or_default(), to_block.unwrap_or_default());
            if from_block.is_pending() || to_block.is_pending() {
                return Err(RpcError::server("pending logs are not supported"));
            }
            let (from, to) = (number(context, from_block), number(context, to_block));
            if from_block.is_number() && to_block.is_number() && from > to {
                return Err(RpcError::server("invalid block range params"));
            }
            // A client that asks from the block after the last one it saw finds nothing yet.
            if from > to || from > head {
                return Ok(Vec::new());
            }
            let limits = LogLimits {
                max_blocks: context.limits.logs_max_blocks,
                max_results: context.limits.logs_max_results,
                max_ms: context.left_ms(),
            };
            let filter = LogFilter { from, to: to.min(head), addresses, topics };
            let found = context.chain.logs(&filter, &limits)?;
            Ok(found.into_iter().map(receipts::found_log).filter(has_positions).collect())
        }
    }
}

fn number(context: &QueryContext, number: BlockNumberOrTag) -> u64 {
    let heads = context.chain.heads();
    match number {
        BlockNumberOrTag::Number(number) => number,
        BlockNumberOrTag::Earliest => 0,
        BlockNumberOrTag::Safe => heads.safe.number,
        BlockNumberOrTag::Finalized => heads.finalized.number,
        BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => heads.unsafe_head.number,
    }
}

/// Logs of one block, canonical or not (subscriptions read those of dropped blocks).
fn of_block(
    context: &QueryContext,
    hash: B256,
    addresses: &[Address],
    topics: &[Vec<B256>; 4],
) -> Result<Vec<Log>, RpcError> {
    let Some(block) = target::sealed_block(context, BlockId::from(hash))? else {
        return Err(RpcError::server("unknown block"));
    };
    if receipts::bloom_excludes(&block.header.logs_bloom, addresses) {
        return Ok(Vec::new());
    }
    let matches = |log: &Log| {
        let found = log.topics();
        (addresses.is_empty() || addresses.contains(&log.address()))
            && topics.iter().enumerate().all(|(position, wanted)| {
                wanted.is_empty() || found.get(position).is_some_and(|topic| wanted.contains(topic))
            })
    };
    Ok(receipts::block_logs(&block).filter(matches).collect())
}
