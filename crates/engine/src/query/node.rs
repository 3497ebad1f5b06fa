//! What the node tells about its rules and its history.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U64, address};
use altlayer_execution::{Fork, SCHEDULE, environment::cfg_env};
use altlayer_state::StateError;
use op_revm::precompiles::OpPrecompiles;
use serde::Serialize;
use serde_json::{Value, json};

use super::{QueryContext, params::Params, target};
use crate::error::RpcError;

/// EIP-4788's and EIP-2935's contracts.
const BEACON_ROOTS: Address = address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02");
const HISTORY_STORAGE: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForkConfig {
    activation_time: u64,
    blob_schedule: BlobSchedule,
    chain_id: U64,
    fork_id: Bytes,
    precompiles: BTreeMap<String, Address>,
    system_contracts: BTreeMap<&'static str, Address>,
}

/// The OP Stack has no blobs on L2.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobSchedule {
    base_fee_update_fraction: u64,
    max: u64,
    target: u64,
}

#[derive(Serialize)]
pub struct NodeConfig {
    current: ForkConfig,
    next: Option<ForkConfig>,
    last: Option<ForkConfig>,
}

/// EIP-7910: the rules now, the next scheduled ones and the last scheduled ones.
pub fn config(context: &QueryContext) -> Result<NodeConfig, RpcError> {
    let (_, head) = target::head(context)?;
    let genesis = context.chain.genesis();
    let mut times: Vec<u64> = SCHEDULE.iter().filter_map(|row| context.spec.activation(row.fork)).collect();
    times.sort_unstable();
    times.dedup();
    let current = times.iter().copied().rfind(|time| *time <= head.timestamp).unwrap_or_default();
    let fork = |time: u64| fork_config(context, time, fork_id(genesis.hash, genesis.timestamp, &times, time));
    let last = times.last().copied().filter(|last| *last > current);
    Ok(NodeConfig {
        current: fork(current),
        next: times.iter().copied().find(|time| *time > current).map(fork),
        last: last.map(fork),
    })
}

fn fork_config(context: &QueryContext, time: u64, fork_id: Bytes) -> ForkConfig {
    let rules = cfg_env(&context.spec, time).spec;
    let precompiles = OpPrecompiles::new_with_spec(rules);
    let names = precompiles.precompiles().inner().values().map(|one| (one.id().name().to_owned(), *one.address()));
    let mut system_contracts = BTreeMap::new();
    if context.spec.is_active(Fork::Ecotone, time) {
        system_contracts.insert("BEACON_ROOTS_ADDRESS", BEACON_ROOTS);
    }
    if context.spec.is_active(Fork::Isthmus, time) {
        system_contracts.insert("HISTORY_STORAGE_ADDRESS", HISTORY_STORAGE);
    }
    ForkConfig {
        activation_time: time,
        blob_schedule: BlobSchedule { base_fee_update_fraction: 0, max: 0, target: 0 },
        chain_id: U64::from(context.spec.chain_id),
        fork_id,
        precompiles: names.collect(),
        system_contracts,
    }
}

/// EIP-6122: a checksum over the genesis hash and the forks passed since.
fn fork_id(genesis: B256, genesis_time: u64, times: &[u64], at: u64) -> Bytes {
    let mut input = genesis.to_vec();
    for time in times.iter().filter(|time| **time > genesis_time && **time <= at) {
        input.extend(time.to_be_bytes());
    }
    Bytes::copy_from_slice(&crc32(&input).to_be_bytes())
}

/// CRC-32 as of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// Which history this node serves: all blocks, receipts and logs; states as far back as they are kept.
pub fn capabilities(context: &QueryContext) -> Result<Value, RpcError> {
    let heads = context.chain.heads();
    let all = json!({ "disabled": false, "oldestBlock": "0x0" });
    let state = match context.chain.view_at(0) {
        Ok(_) => all.clone(),
        Err(StateError::Pruned { oldest, .. }) => {
            let kept = heads.unsafe_head.number.saturating_sub(oldest);
            json!({
                "disabled": false,
                "oldestBlock": format!("{oldest:#x}"),
                "deleteStrategy": { "type": "window", "retentionBlocks": format!("{kept:#x}") },
            })
        }
        Err(error) => return Err(error.into()),
    };
    Ok(json!({
        "head": { "number": format!("{:#x}", heads.unsafe_head.number), "hash": heads.unsafe_head.hash },
        "state": state,
        "tx": all,
        "logs": all,
        "receipts": all,
        "blocks": all,
        "stateproofs": state,
    }))
}

/// EIP-7928's access lists do not exist before Amsterdam, on no OP Stack fork so far.
pub fn block_access_list(_context: &QueryContext, params: &Params<'_>) -> Result<(), RpcError> {
    let _: Value = params.required(0)?;
    Err(RpcError::new(-32001, "Resource not found"))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{b256, hex};

    use super::*;

    #[test]
    fn fork_ids_follow_eip_2124() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // Mainnet's first fork id, from EIP-2124.
        let mainnet = b256!("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
        assert_eq!(hex::encode(fork_id(mainnet, 0, &[0], 0)), "fc64ec04");
    }
}
