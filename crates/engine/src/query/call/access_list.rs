//! `eth_createAccessList` (EIP-2930): what a call touches.

use alloy_primitives::U64;
use alloy_rpc_types_eth::{AccessList, TransactionRequest};
use revm::context_interface::result::ExecutionResult;
use revm_inspectors::access_list::AccessListInspector;
use serde::Serialize;

use super::{CallScene, halt_message, transaction_env};
use crate::{
    error::RpcError,
    query::{QueryContext, failure::revert_message, guard::Guard, params::Params},
};

/// Rounds until the list must have settled; go-ethereum loops without an end.
const MAX_ROUNDS: usize = 16;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessListAnswer {
    access_list: AccessList,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    gas_used: U64,
}

pub fn create_access_list(context: &QueryContext, params: &Params<'_>) -> Result<AccessListAnswer, RpcError> {
    let request: TransactionRequest = params.required(0)?;
    let mut scene = CallScene::new(context, params.optional(1)?, params.optional(2)?, None)?;
    let mut tx = transaction_env(context, &request, &mut scene)?;
    let base_fee = scene.block.basefee;
    for _ in 0..MAX_ROUNDS {
        let mut inspectors = (Guard::new(context), AccessListInspector::new(tx.access_list.clone()));
        let outcome = scene.run(tx.clone(), &mut inspectors).map_err(|error| error.describe(&tx, base_fee))?;
        let (guard, inspector) = inspectors;
        guard.check()?;
        let access_list = sorted(inspector.into_access_list());
        if access_list == tx.access_list {
            let error = match &outcome.result {
                ExecutionResult::Success { .. } => None,
                ExecutionResult::Revert { output, .. } => Some(revert_message(output)),
                ExecutionResult::Halt { reason, .. } => Some(halt_message(reason)),
            };
            return Ok(AccessListAnswer { access_list, error, gas_used: U64::from(outcome.result.tx_gas_used()) });
        }
        // The list changes gas costs, and with them perhaps the path: run again with it.
        tx.access_list = access_list;
        if tx.tx_type == 0 {
            tx.tx_type = 1;
        }
    }
    Err(RpcError::server("access list does not settle"))
}

/// In a fixed order, so that equal lists compare equal.
fn sorted(mut list: AccessList) -> AccessList {
    list.0.sort_by_key(|item| item.address);
    for item in &mut list.0 {
        item.storage_keys.sort_unstable();
    }
    list
}
