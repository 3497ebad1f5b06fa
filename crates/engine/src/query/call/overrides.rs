//! State and block overrides (go-ethereum's `override` package).

use alloy_primitives::{B256, U256, keccak256};
use alloy_rpc_types_eth::{
    BlockOverrides,
    state::{AccountOverride, StateOverride},
};
use revm::{DatabaseRef, bytecode::Bytecode, context::BlockEnv, context_interface::block::BlobExcessGasAndPrice};

use super::{CallPrecompiles, CallState};
use crate::{error::RpcError, query::failure::invalid_params};

/// Accounts of one override; each costs a read.
const MAX_ACCOUNTS: usize = 1024;

pub fn apply_state_overrides(
    overrides: StateOverride,
    state: &mut CallState,
    precompiles: &mut CallPrecompiles,
) -> Result<(), RpcError> {
    if overrides.len() > MAX_ACCOUNTS {
        return Err(invalid_params(format!("too many accounts in the state override, at most {MAX_ACCOUNTS}")));
    }
    for destination in overrides.values().filter_map(|account| account.move_precompile_to) {
        if overrides.contains_key(&destination) {
            return Err(RpcError::server(format!("account {destination} is already overridden")));
        }
    }
    for (address, account) in overrides {
        let AccountOverride { balance, nonce, code, state: full, state_diff, move_precompile_to } = account;
        if full.is_some() && state_diff.is_some() {
            return Err(RpcError::server(format!("account {address} has both 'state' and 'stateDiff'")));
        }
        precompiles.override_account(address, move_precompile_to)?;
        let mut info = state.basic_ref(address)?.unwrap_or_default();
        if let Some(balance) = balance {
            info.balance = balance;
        }
        if let Some(nonce) = nonce {
            info.nonce = nonce;
        }
        if let Some(code) = code {
            info.code_hash = keccak256(&code);
            info.code = Some(Bytecode::new_raw(code));
        }
        state.insert_account_info(address, info);
        let word = |value: B256| U256::from_be_bytes(value.0);
        if let Some(slots) = full {
            let slots = slots.into_iter().map(|(slot, value)| (word(slot), word(value))).collect();
            state.replace_account_storage(address, slots)?;
        }
        for (slot, value) in state_diff.into_iter().flatten() {
            state.insert_account_storage(address, word(slot), word(value))?;
        }
    }
    Ok(())
}

pub fn apply_block_overrides(overrides: BlockOverrides, block: &mut BlockEnv, state: &mut CallState) {
    let BlockOverrides {
        number,
        difficulty,
        time,
        gas_limit,
        coinbase,
        random,
        base_fee,
        blob_base_fee,
        block_hash,
        ..
    } = overrides;
    if let Some(number) = number {
        block.number = number;
    }
    if let Some(difficulty) = difficulty {
        block.difficulty = difficulty;
    }
    if let Some(time) = time {
        block.timestamp = U256::from(time);
    }
    if let Some(gas_limit) = gas_limit {
        block.gas_limit = gas_limit;
    }
    if let Some(coinbase) = coinbase {
        block.beneficiary = coinbase;
    }
    if let Some(random) = random {
        block.prevrandao = Some(random);
    }
    if let Some(base_fee) = base_fee {
        block.basefee = base_fee.saturating_to();
    }
    if let Some(price) = blob_base_fee {
        block.blob_excess_gas_and_price =
            Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: price.saturating_to() });
    }
    for (number, hash) in block_hash.into_iter().flatten() {
        state.cache.block_hashes.insert(U256::from(number), hash);
    }
}
