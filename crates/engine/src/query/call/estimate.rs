//! `eth_estimateGas`: the least gas limit with which a call succeeds (go-ethereum's `gasestimator`).

use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Bytes, KECCAK256_EMPTY, Signature, TxKind, U64, U256};
use alloy_rpc_types_eth::TransactionRequest;
use altlayer_execution::{StateDb, environment::L1Fees};
use op_revm::L1BlockInfo;
use revm::{DatabaseRef, context::TxEnv, context_interface::result::ExecutionResult};

use super::{CallResult, CallScene, halt_message, transaction_env};
use crate::{
    error::RpcError,
    query::{QueryContext, failure::reverted, guard::Guard, params::Params},
};

const TRANSFER_GAS: u64 = 21_000;
/// What a call with value gives its callee on top.
const CALL_STIPEND: u64 = 2_300;
/// go-ethereum's `estimateGasErrorRatio`: an overestimation that is accepted for speed.
const ERROR_RATIO: f64 = 0.015;

pub fn estimate_gas(context: &QueryContext, params: &Params<'_>) -> Result<U64, RpcError> {
    let request: TransactionRequest = params.required(0)?;
    let mut scene = CallScene::new(context, params.optional(1)?, params.optional(2)?, params.optional(3)?)?;
    let mut ceiling = match request.gas {
        Some(gas) if gas >= TRANSFER_GAS => gas,
        _ => scene.block.gas_limit,
    };
    let mut tx = transaction_env(context, &TransactionRequest { gas: Some(ceiling), ..request }, &mut scene)?;
    if let Some(affordable) = affordable_gas(context, &scene, &tx)? {
        ceiling = ceiling.min(affordable);
    }
    ceiling = ceiling.min(context.limits.call_gas);
    tx.gas_limit = ceiling;
    let mut estimation = Estimation { context, scene, tx };
    estimation.run(ceiling).map(U64::from)
}

/// How much gas the caller can pay for, if it offers a price. A wallet that sends its whole balance must leave the L1 fee, so
/// it counts here although the call itself is not charged for it.
fn affordable_gas(context: &QueryContext, scene: &CallScene, tx: &TxEnv) -> Result<Option<u64>, RpcError> {
    let balance = scene.state.basic_ref(tx.caller)?.map_or(U256::ZERO, |account| account.balance);
    if tx.value > balance {
        return Err(RpcError::server("insufficient funds for transfer"));
    }
    if tx.gas_price == 0 {
        return Ok(None);
    }
    let available = balance - tx.value;
    let rules = scene.cfg.spec;
    let info = L1BlockInfo::try_fetch(&mut StateDb(scene.state.db.0.clone()), scene.block.number, rules)?;
    let fee = L1Fees::new(info, rules).additional_cost(&resembling_bytes(context, tx), TRANSFER_GAS);
    let left = available.saturating_sub(fee);
    Ok(Some((left / U256::from(tx.gas_price)).saturating_to()))
}

/// EIP-2718 bytes of about the transaction's length and entropy: the L1 fee depends on them, and the signature is not known.
fn resembling_bytes(context: &QueryContext, tx: &TxEnv) -> Bytes {
    let word = |seed: u64| U256::from_be_bytes(alloy_primitives::keccak256(seed.to_be_bytes()).0) >> 1;
    let signature = Signature::new(word(1), word(2), true);
    match tx.gas_priority_fee {
        Some(tip) => TxEip1559 {
            chain_id: context.spec.chain_id,
            nonce: tx.nonce,
            gas_limit: tx.gas_limit,
            max_fee_per_gas: tx.gas_price,
            max_priority_fee_per_gas: tip,
            to: tx.kind,
            value: tx.value,
            access_list: tx.access_list.clone(),
            input: tx.data.clone(),
        }
        .into_signed(signature)
        .encoded_2718(),
        None => TxLegacy {
            chain_id: Some(context.spec.chain_id),
            nonce: tx.nonce,
            gas_price: tx.gas_price,
            gas_limit: tx.gas_limit,
            to: tx.kind,
            value: tx.value,
            input: tx.data.clone(),
        }
        .into_signed(signature)
        .encoded_2718(),
    }
    .into()
}

struct Estimation<'a> {
    context: &'a QueryContext,
    scene: CallScene,
    tx: TxEnv,
}

impl Estimation<'_> {
    fn run(&mut self, ceiling: u64) -> Result<u64, RpcError> {
        if self.is_plain_transfer()? && ceiling >= TRANSFER_GAS && self.succeeds(TRANSFER_GAS)? {
            return Ok(TRANSFER_GAS);
        }
        // With all the gas there is: what fails now fails for another reason than gas.
        let (used, refunded) = match self.execute(ceiling)? {
            Some(ExecutionResult::Success { gas, .. }) => (gas.tx_gas_used(), gas.inner_refunded()),
            Some(ExecutionResult::Revert { output, .. }) => return Err(reverted(&output)),
            Some(ExecutionResult::Halt { reason, .. }) => {
                let message = halt_message(&reason);
                if message != "out of gas" {
                    return Err(RpcError::server(message));
                }
                return Err(exceeds_allowance(ceiling));
            }
            None => return Err(exceeds_allowance(ceiling)),
        };
        let (mut low, mut high) = (used.saturating_sub(1), ceiling);
        // 63/64 (EIP-150) of what is left goes into calls: most often this first guess is enough.
        let optimistic = (used + refunded + CALL_STIPEND) * 64 / 63;
        if optimistic < high {
            if self.succeeds(optimistic)? {
                high = optimistic;
            } else {
                low = optimistic;
            }
        }
        while low + 1 < high {
            self.context.check_deadline()?;
            if (high - low) as f64 / (high as f64) < ERROR_RATIO {
                break;
            }
            // Most calls need little more than they use, so the search leans to the low side.
            let middle = (low + (high - low) / 2).min(low.saturating_mul(2));
            if self.succeeds(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    }

    fn is_plain_transfer(&self) -> Result<bool, RpcError> {
        let TxKind::Call(to) = self.tx.kind else { return Ok(false) };
        if !self.tx.data.is_empty() || !self.tx.access_list.is_empty() || !self.tx.authorization_list.is_empty() {
            return Ok(false);
        }
        let code_hash = self.scene.state.basic_ref(to)?.map_or(KECCAK256_EMPTY, |account| account.code_hash);
        Ok(code_hash == KECCAK256_EMPTY)
    }

    fn succeeds(&mut self, gas: u64) -> Result<bool, RpcError> {
        Ok(self.execute(gas)?.is_some_and(|result| result.is_success()))
    }

    /// `None` if the gas does not even cover the beginning.
    fn execute(&mut self, gas: u64) -> Result<Option<CallResult>, RpcError> {
        let tx = TxEnv { gas_limit: gas, ..self.tx.clone() };
        let base_fee = self.scene.block.basefee;
        let mut guard = Guard::new(self.context);
        match self.scene.run(tx.clone(), &mut guard) {
            Ok(outcome) => {
                guard.check()?;
                Ok(Some(outcome.result))
            }
            Err(error) if error.is_out_of_gas() => Ok(None),
            Err(error) => Err(error.describe(&tx, base_fee)),
        }
    }
}

fn exceeds_allowance(gas: u64) -> RpcError {
    RpcError::server(format!("gas required exceeds allowance ({gas})"))
}
