//! Block zero from go-ethereum's genesis.json: the header whose hash op-geth computes from the same file.

use alloy_consensus::Header;
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B64, address};
use altlayer_state::{GenesisBlock, StateDiff};

use crate::{
    base_fee::decode_extra_data,
    chain_spec::{ChainSpec, ChainSpecError, Fork},
    header::{StateRoots, frame},
};

/// The predeploy whose storage holds the withdrawals.
pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");

/// EIP-1559's initial base fee, for files that name none.
const INITIAL_BASE_FEE: u64 = 1_000_000_000;

/// The genesis header over a state with these roots.
pub fn genesis_header(spec: &ChainSpec, genesis: &Genesis, roots: StateRoots) -> Result<Header, ChainSpecError> {
    if spec.is_active(Fork::Holocene, genesis.timestamp) {
        // Block 1's base fee reads it: op-geth panics on zeros there, so refuse before a chain is founded on them.
        decode_extra_data(spec, genesis.timestamp, &genesis.extra_data)
            .map_err(|error| ChainSpecError::GenesisExtraData(error.to_string()))?;
    }
    let mut header = frame(spec, genesis.timestamp, roots.message_passer);
    header.parent_hash = genesis.parent_hash.unwrap_or_default();
    header.beneficiary = genesis.coinbase;
    header.state_root = roots.state;
    header.transactions_root = alloy_consensus::EMPTY_ROOT_HASH;
    header.receipts_root = alloy_consensus::EMPTY_ROOT_HASH;
    header.difficulty = genesis.difficulty;
    header.number = genesis.number.unwrap_or_default();
    header.gas_limit = genesis.gas_limit;
    header.extra_data = genesis.extra_data.clone();
    header.mix_hash = genesis.mix_hash;
    header.nonce = B64::from(genesis.nonce);
    header.base_fee_per_gas = Some(match genesis.base_fee_per_gas {
        None => INITIAL_BASE_FEE,
        Some(fee) => u64::try_from(fee).unwrap_or(u64::MAX),
    });
    if spec.is_active(Fork::Ecotone, genesis.timestamp) {
        header.blob_gas_used = Some(genesis.blob_gas_used.unwrap_or_default());
        header.excess_blob_gas = Some(genesis.excess_blob_gas.unwrap_or_default());
    }
    Ok(header)
}

/// Header and state of block zero.
pub fn genesis_block(spec: &ChainSpec, genesis: &Genesis) -> Result<GenesisBlock, ChainSpecError> {
    let state = StateDiff::from_genesis_alloc(&genesis.alloc);
    for (address, account) in &state.accounts {
        // EIP-7610: op-geth fails a creation over existing storage, revm does not look. No such account can come about later.
        if !account.storage.is_empty() && account.info.as_ref().is_some_and(|info| info.has_no_code_and_nonce()) {
            return Err(ChainSpecError::StorageWithoutCode(*address));
        }
    }
    let roots = genesis_roots(&state);
    Ok(GenesisBlock { header: genesis_header(spec, genesis, roots)?, state })
}

fn genesis_roots(state: &StateDiff) -> StateRoots {
    let message_passer = state.accounts.get(&MESSAGE_PASSER).map_or(alloy_consensus::EMPTY_ROOT_HASH, |account| {
        alloy_trie::root::storage_root_unhashed(
            account.storage.iter().map(|(slot, value)| (slot.to_be_bytes().into(), *value)),
        )
    });
    StateRoots { state: altlayer_state::state_root(state), message_passer }
}
