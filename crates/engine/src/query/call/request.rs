//! From a JSON-RPC transaction object to what the EVM runs.

use alloy_primitives::{TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::{
    DatabaseRef,
    context::TxEnv,
    context_interface::{
        either::Either,
        transaction::{RecoveredAuthority, RecoveredAuthorization},
    },
};

use super::CallScene;
use crate::{
    error::RpcError,
    query::{QueryContext, failure::invalid_params},
};

/// Fills what the caller left out, as go-ethereum's `TransactionArgs.CallDefaults`: gas up to the cap, no price, no value.
pub fn transaction_env(
    context: &QueryContext,
    request: &TransactionRequest,
    scene: &mut CallScene,
) -> Result<TxEnv, RpcError> {
    check(context, request)?;
    let caller = request.from.unwrap_or_default();
    let (gas_price, tip) = price(request)?;
    let value = request.value.unwrap_or_default();
    let cap = context.limits.call_gas;
    let gas_limit = match request.gas {
        Some(gas) => gas.min(cap),
        None => default_gas(scene, request, gas_price, cap)?,
    };
    let nonce = match request.nonce {
        Some(nonce) => nonce,
        None => scene.state.basic_ref(caller)?.map_or(0, |account| account.nonce),
    };
    let access_list = request.access_list.clone().unwrap_or_default();
    let authorization_list = request.authorization_list.clone().unwrap_or_default();
    let tx_type = if !authorization_list.is_empty() {
        4
    } else if tip.is_some() {
        2
    } else if !access_list.is_empty() {
        1
    } else {
        0
    };
    Ok(TxEnv {
        tx_type,
        caller,
        gas_limit,
        gas_price,
        gas_priority_fee: tip,
        kind: request.to.unwrap_or(TxKind::Create),
        value,
        data: request.input.input().cloned().unwrap_or_default(),
        nonce,
        chain_id: Some(context.spec.chain_id),
        access_list,
        authorization_list: authorization_list
            .into_iter()
            .map(|signed| {
                let authority =
                    signed.recover_authority().map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
                Either::Right(RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority))
            })
            .collect(),
        ..Default::default()
    })
}

fn check(context: &QueryContext, request: &TransactionRequest) -> Result<(), RpcError> {
    if let Some(chain_id) = request.chain_id
        && chain_id != context.spec.chain_id
    {
        return Err(RpcError::server(format!(
            "chainId does not match node's (have={chain_id}, want={})",
            context.spec.chain_id
        )));
    }
    // The OP Stack has no blob transactions (specs/protocol/exec-engine.md, "Ecotone: disable Blob-transactions").
    if request.blob_versioned_hashes.is_some() || request.max_fee_per_blob_gas.is_some() {
        return Err(invalid_params("blob transactions are not supported"));
    }
    if request.to.is_none_or(|to| to.is_create()) && request.authorization_list.is_some() {
        return Err(RpcError::server("EIP-7702 transaction cannot be used to create contract"));
    }
    Ok(())
}

/// Fee cap, and the tip if the request uses EIP-1559's fields.
fn price(request: &TransactionRequest) -> Result<(u128, Option<u128>), RpcError> {
    if let Some(price) = request.gas_price {
        if request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some() {
            return Err(RpcError::server("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"));
        }
        return Ok((price, None));
    }
    match (request.max_fee_per_gas, request.max_priority_fee_per_gas) {
        (None, None) => Ok((0, None)),
        (cap, tip) => {
            let (cap, tip) = (cap.unwrap_or_default(), tip.unwrap_or_default());
            if tip > cap {
                return Err(RpcError::server(format!("maxFeePerGas ({cap:#x}) < maxPriorityFeePerGas ({tip:#x})")));
            }
            Ok((cap, Some(tip)))
        }
    }
}

/// Less is not worth a try: the call then fails for want of funds, not of gas.
const LEAST_GAS: u64 = 21_000;

/// The cap, or what the caller can pay for if it offers a price.
fn default_gas(
    scene: &mut CallScene,
    request: &TransactionRequest,
    gas_price: u128,
    cap: u64,
) -> Result<u64, RpcError> {
    if gas_price == 0 {
        return Ok(cap);
    }
    let balance =
        scene.state.basic_ref(request.from.unwrap_or_default())?.map_or(U256::ZERO, |account| account.balance);
    let left = balance.saturating_sub(request.value.unwrap_or_default());
    let affordable: u64 = (left / U256::from(gas_price)).saturating_to();
    Ok(if affordable < LEAST_GAS { cap } else { cap.min(affordable) })
}
