//! Execution without a transaction: `eth_call` and what builds on it.

mod access_list;
mod estimate;
mod overrides;
mod precompiles;
mod request;
mod simulate;

use std::sync::Arc;

pub use access_list::create_access_list;
use alloy_eips::BlockId;
use alloy_primitives::{Bytes, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use altlayer_execution::{
    DbError, StateDb,
    environment::{block_env, call_transaction, cfg_env, evm_with_inspector, relax_for_call},
};
use altlayer_state::StateRead;
pub use estimate::estimate_gas;
use op_revm::{OpHaltReason, OpSpecId, OpTransactionError, api::default_ctx::OpContext};
pub use overrides::{apply_block_overrides, apply_state_overrides};
pub use precompiles::CallPrecompiles;
pub use request::transaction_env;
use revm::{
    DatabaseRef, InspectEvm, Inspector,
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::result::{EVMError, ExecResultAndState, ExecutionResult, InvalidTransaction},
    database::CacheDB,
    state::EvmState,
};
pub use simulate::simulate;

use super::{
    QueryContext,
    failure::{internal, reverted},
    guard::Guard,
    params::Params,
    target,
};
use crate::error::RpcError;

/// A state with overrides and uncommitted changes on top.
pub type CallState = CacheDB<StateDb<Arc<dyn StateRead>>>;
pub type CallResult = ExecutionResult<OpHaltReason>;
pub type CallOutcome = ExecResultAndState<CallResult, EvmState>;

/// Where a call runs: rules, block and state.
pub struct CallScene {
    pub cfg: CfgEnv<OpSpecId>,
    pub block: BlockEnv,
    pub state: CallState,
    pub precompiles: CallPrecompiles,
}

impl CallScene {
    /// The scene after a block, with overrides. As in go-ethereum a call runs in the block's own environment, on the state
    /// after it.
    pub fn new(
        context: &QueryContext,
        id: Option<BlockId>,
        state_overrides: Option<StateOverride>,
        block_overrides: Option<BlockOverrides>,
    ) -> Result<Self, RpcError> {
        let target = target::require(context, id)?;
        let header = target.header();
        let mut state = CacheDB::new(StateDb(target.state(context)?));
        let mut block = block_env(&context.spec, header);
        if let Some(overrides) = block_overrides {
            apply_block_overrides(overrides, &mut block, &mut state);
        }
        let cfg = cfg_env(&context.spec, header.timestamp);
        let mut precompiles = CallPrecompiles::new(cfg.spec);
        if let Some(overrides) = state_overrides {
            apply_state_overrides(overrides, &mut state, &mut precompiles)?;
        }
        Ok(Self { cfg, block, state, precompiles })
    }

    /// Runs a call under an inspector without committing it.
    pub fn run<I>(&mut self, tx: TxEnv, inspector: I) -> Result<CallOutcome, CallError>
    where
        I: for<'a> Inspector<OpContext<&'a mut CallState>>,
    {
        self.require_value(&tx)?;
        let (mut cfg, mut block) = (self.cfg.clone(), self.block.clone());
        relax_for_call(&mut cfg, &mut block, tx.gas_price);
        let evm = evm_with_inspector(&mut self.state, cfg, block, inspector);
        evm.with_precompiles(self.precompiles.clone()).inspect_tx(call_transaction(tx)).map_err(CallError)
    }

    /// The caller must have what it sends, also where nothing is charged for gas. Where gas has a price, the EVM counts both.
    pub fn require_value(&self, tx: &TxEnv) -> Result<(), CallError> {
        if tx.gas_price > 0 {
            return Ok(());
        }
        let account = self.state.basic_ref(tx.caller).map_err(|error| CallError(EVMError::Database(error)))?;
        let balance = account.map_or(U256::ZERO, |account| account.balance);
        if tx.value <= balance {
            return Ok(());
        }
        let lack = InvalidTransaction::LackOfFundForMaxFee { fee: Box::new(tx.value), balance: Box::new(balance) };
        Err(CallError(EVMError::Transaction(OpTransactionError::Base(lack))))
    }
}

/// A call that could not run at all (as opposed to one that failed).
#[derive(Debug)]
pub struct CallError(pub EVMError<DbError, OpTransactionError>);

impl CallError {
    /// go-ethereum's words; `tx` for the numbers in them.
    pub fn describe(self, tx: &TxEnv, base_fee: u64) -> RpcError {
        let text = match self.0 {
            EVMError::Database(error) => return error.into(),
            EVMError::Transaction(OpTransactionError::Base(error)) => match error {
                InvalidTransaction::LackOfFundForMaxFee { fee, balance } => format!(
                    "insufficient funds for gas * price + value: address {} have {balance} want {fee}",
                    tx.caller
                ),
                InvalidTransaction::GasPriceLessThanBasefee => format!(
                    "max fee per gas less than block base fee: address {}, maxFeePerGas: {}, baseFee: {base_fee}",
                    tx.caller, tx.gas_price
                ),
                InvalidTransaction::PriorityFeeGreaterThanMaxFee => format!(
                    "max priority fee per gas higher than max fee per gas: address {}, maxPriorityFeePerGas: {}, maxFeePerGas: {}",
                    tx.caller,
                    tx.gas_priority_fee.unwrap_or_default(),
                    tx.gas_price
                ),
                InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
                    format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
                }
                InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
                    format!("insufficient gas for floor data gas cost: have {gas_limit}, want {gas_floor}")
                }
                InvalidTransaction::CreateInitCodeSizeLimit => {
                    format!("max initcode size exceeded: code size {} limit 49152", tx.data.len())
                }
                InvalidTransaction::NonceTooLow { tx: have, state } => {
                    format!("nonce too low: address {}, tx: {have} state: {state}", tx.caller)
                }
                InvalidTransaction::NonceTooHigh { tx: have, state } => {
                    format!("nonce too high: address {}, tx: {have} state: {state}", tx.caller)
                }
                other => other.to_string(),
            },
            other => return internal(other),
        };
        RpcError::server(format!("err: {text} (supplied gas {})", tx.gas_limit))
    }

    /// Whether the call failed for want of gas before it began.
    pub const fn is_out_of_gas(&self) -> bool {
        matches!(
            self.0,
            EVMError::Transaction(OpTransactionError::Base(
                InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
                    | InvalidTransaction::GasFloorMoreThanGasLimit { .. }
            ))
        )
    }
}

/// Why an execution halted, in go-ethereum's words.
pub fn halt_message(reason: &OpHaltReason) -> String {
    use revm::context_interface::result::HaltReason;
    let OpHaltReason::Base(reason) = reason else { return format!("{reason:?}") };
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode => "invalid opcode: INVALID".into(),
        HaltReason::InvalidJump => "invalid jump destination".into(),
        HaltReason::StackUnderflow => "stack underflow".into(),
        HaltReason::StackOverflow => "stack limit reached 1024 (1023)".into(),
        HaltReason::OutOfOffset => "return data out of bounds".into(),
        HaltReason::CreateCollision => "contract address collision".into(),
        HaltReason::NonceOverflow => "nonce uint64 overflow".into(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".into(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".into(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => "write protection".into(),
        HaltReason::OutOfFunds => "insufficient balance for transfer".into(),
        HaltReason::CallTooDeep => "max call depth exceeded".into(),
        HaltReason::OverflowPayment => "gas uint64 overflow".into(),
        other => format!("{other:?}"),
    }
}

/// The result of a call as an answer: output, revert with data, or the reason of the halt.
pub fn output_or_error(result: CallResult) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(reverted(&output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::server(halt_message(&reason))),
    }
}

pub fn call(context: &QueryContext, params: &Params<'_>) -> Result<Bytes, RpcError> {
    let request: TransactionRequest = params.required(0)?;
    let mut scene = CallScene::new(context, params.optional(1)?, params.optional(2)?, params.optional(3)?)?;
    let tx = transaction_env(context, &request, &mut scene)?;
    let base_fee = scene.block.basefee;
    let mut guard = Guard::new(context);
    let outcome = scene.run(tx.clone(), &mut guard).map_err(|error| error.describe(&tx, base_fee))?;
    guard.check()?;
    output_or_error(outcome.result)
}
