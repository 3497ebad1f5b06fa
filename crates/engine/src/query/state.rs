//! Balances, nonces, code, storage and proofs.

use std::collections::BTreeMap;

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U64, U256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use altlayer_execution::MESSAGE_PASSER;
use altlayer_state::{StateError, StateRead, StorageProof};

use super::{
    QueryContext,
    failure::{header_not_found, invalid_params},
    params::Params,
    target::{self, Target},
};
use crate::error::RpcError;

/// Slots of one proof or of one eth_getStorageValues; go-ethereum's limit of the latter.
const MAX_SLOTS: usize = 1024;

fn state_at(context: &QueryContext, id: Option<BlockId>) -> Result<std::sync::Arc<dyn StateRead>, RpcError> {
    target::require(context, id)?.state(context)
}

pub fn balance(context: &QueryContext, params: &Params<'_>) -> Result<U256, RpcError> {
    let state = state_at(context, params.optional(1)?)?;
    Ok(state.account(&params.required(0)?)?.map_or(U256::ZERO, |account| account.balance))
}

pub fn code(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    let state = state_at(context, params.optional(1)?)?;
    match state.account(&params.required(0)?)? {
        Some(account) if account.code_hash != KECCAK256_EMPTY => Ok(state.code(&account.code_hash)?.original_bytes()),
        _ => Ok(Bytes::new()),
    }
}

pub fn storage_at(context: &QueryContext, params: &Params<'_>) -> Result<B256, RpcError> {
    let address: Address = params.required(0)?;
    let key: JsonStorageKey = params.required(1)?;
    let state = state_at(context, params.optional(2)?)?;
    Ok(state.storage(&address, &slot(&key))?.into())
}

pub fn storage_values(context: &QueryContext, params: &Params<'_>) -> Result<BTreeMap<Address, Vec<B256>>, RpcError> {
    let requests: BTreeMap<Address, Vec<JsonStorageKey>> = params.required(0)?;
    if requests.values().map(Vec::len).sum::<usize>() > MAX_SLOTS {
        return Err(invalid_params(format!("too many slots, at most {MAX_SLOTS}")));
    }
    let state = state_at(context, params.optional(1)?)?;
    let mut values = BTreeMap::new();
    for (address, keys) in requests {
        let read: Result<Vec<B256>, StateError> =
            keys.iter().map(|key| state.storage(&address, &slot(key)).map(B256::from)).collect();
        values.insert(address, read?);
    }
    Ok(values)
}

fn slot(key: &JsonStorageKey) -> U256 {
    U256::from_be_bytes(key.as_b256().0)
}

/// The nonce of an account; for `pending` the one after what the pool holds.
pub fn transaction_count(context: &QueryContext, params: &Params<'_>) -> Result<U64, RpcError> {
    let address: Address = params.required(0)?;
    let id: Option<BlockId> = params.optional(1)?;
    let nonce = state_at(context, id)?.account(&address)?.map_or(0, |account| account.nonce);
    let pooled = if id == Some(BlockId::pending()) { context.pool.lock().next_nonce(&address) } else { None };
    Ok(U64::from(nonce.max(pooled.unwrap_or(0))))
}

pub fn proof(context: &QueryContext, params: &Params<'_>) -> Result<EIP1186AccountProofResponse, RpcError> {
    let address: Address = params.required(0)?;
    let keys: Vec<JsonStorageKey> = params.required(1)?;
    if keys.len() > MAX_SLOTS {
        return Err(invalid_params(format!("too many storage keys, at most {MAX_SLOTS}")));
    }
    let hash = match target::require(context, params.optional(2)?)? {
        Target::Sealed { hash, .. } => hash,
        // A block in the making has no root to prove against.
        Target::Pending(_) => context.chain.heads().unsafe_head.hash,
    };
    let slots: Vec<U256> = keys.iter().map(slot).collect();
    match context.chain.proof(hash, &address, &slots) {
        Ok(proof) => Ok(EIP1186AccountProofResponse {
            address,
            balance: proof.balance,
            code_hash: proof.code_hash,
            nonce: proof.nonce,
            storage_hash: proof.storage_root,
            account_proof: proof.proof,
            storage_proof: storage_proofs(keys, proof.storage),
        }),
        Err(StateError::Pruned { .. } | StateError::ProofDistance { .. }) if address == MESSAGE_PASSER => {
            message_passer_proof(context, hash, keys, &slots)
        }
        Err(error) => Err(error.into()),
    }
}

/// Withdrawals outlive the kept state: the message passer's slots stay provable against its storage root (the output root's
/// third part) for every block, though no longer its account against the state root.
fn message_passer_proof(
    context: &QueryContext,
    hash: B256,
    keys: Vec<JsonStorageKey>,
    slots: &[U256],
) -> Result<EIP1186AccountProofResponse, RpcError> {
    let (storage_hash, proofs) = context.chain.message_passer_proof(&hash, slots)?;
    let account = context.chain.view(context.chain.heads().unsafe_head.hash)?.account(&MESSAGE_PASSER)?;
    let account = account.ok_or_else(header_not_found)?;
    Ok(EIP1186AccountProofResponse {
        address: MESSAGE_PASSER,
        balance: account.balance,
        code_hash: account.code_hash,
        nonce: account.nonce,
        storage_hash,
        account_proof: Vec::new(),
        storage_proof: storage_proofs(keys, proofs),
    })
}

fn storage_proofs(keys: Vec<JsonStorageKey>, proofs: Vec<StorageProof>) -> Vec<EIP1186StorageProof> {
    keys.into_iter()
        .zip(proofs)
        .map(|(key, proof)| EIP1186StorageProof { key, value: proof.value, proof: proof.proof })
        .collect()
}
