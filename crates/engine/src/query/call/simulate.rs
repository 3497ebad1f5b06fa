//! `eth_simulateV1`: blocks of calls on top of a block, as if they had been mined (execution-apis, `eth_simulateV1`).
//!
//! Deviation: a call's block carries no deposits and no system calls.

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::{
    Eip658Value, Header, Receipt, SignableTransaction, TxEip1559, TxLegacy, transaction::TransactionInfo,
};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Bloom, Bytes, Signature, U256};
use alloy_rpc_types_eth::{
    BlockTransactions, Log as RpcLog, TransactionRequest,
    simulate::{SimBlock, SimCallResult, SimulateError, SimulatePayload, SimulatedBlock},
};
use altlayer_execution::{
    StateDb,
    environment::{block_env, call_transaction, cfg_env, evm_with_inspector, relax_for_call},
    next_base_fee, summarize_receipts, transactions_root,
};
use altlayer_state::{AccountDiff, StateDiff, StateRead, StoredTransaction};
use op_alloy_consensus::{
    OpReceipt, OpTxEnvelope,
    transaction::{OpDepositInfo, OpTransactionInfo},
};
use op_revm::OpTransactionError;
use revm::{
    DatabaseCommit, DatabaseRef, InspectEvm,
    context::TxEnv,
    context_interface::result::{EVMError, ExecutionResult, InvalidTransaction},
    database::{AccountState, CacheDB},
};
use revm_inspectors::transfer::TransferInspector;

use super::{
    CallError, CallPrecompiles, CallResult, CallScene, CallState, apply_block_overrides, apply_state_overrides,
    halt_message, transaction_env,
};
use crate::{
    error::RpcError,
    query::{
        QueryContext,
        blocks::{RpcBlock, assemble, rpc_header, size},
        failure::revert_message,
        guard::Guard,
        params::Params,
        target::{self, Target},
        transactions::RpcTransaction,
    },
};

const MAX_BLOCKS: usize = 256;
const MAX_CALLS: usize = 5_000;

const BLOCK_GAS_REACHED: i64 = -38015;
const NUMBER_NOT_RISING: i64 = -38020;
const TIMESTAMP_NOT_RISING: i64 = -38021;
const CLIENT_LIMIT: i64 = -38026;

pub fn simulate(context: &QueryContext, params: &Params<'_>) -> Result<Vec<SimulatedBlock<RpcBlock>>, RpcError> {
    let payload: SimulatePayload = params.required(0)?;
    let target = target::require(context, params.optional(1)?)?;
    if payload.block_state_calls.is_empty() {
        return Err(RpcError::new(RpcError::INVALID_PARAMS, "empty input"));
    }
    let calls: usize = payload.block_state_calls.iter().map(|block| block.calls.len()).sum();
    if calls > MAX_CALLS {
        return Err(RpcError::new(CLIENT_LIMIT, format!("too many calls, at most {MAX_CALLS}")));
    }
    let blocks = fill_gaps(payload.block_state_calls, target.header())?;
    let base_hash = match &target {
        Target::Sealed { hash, .. } => Some(*hash),
        Target::Pending(_) => None,
    };
    let base = target.state(context)?;
    let mut simulation = Simulation {
        context,
        base: base.clone(),
        base_hash,
        state: CacheDB::new(StateDb(base)),
        parent: (base_hash.unwrap_or_default(), target.header().clone()),
        gas_left: context.limits.call_gas,
        validation: payload.validation,
        trace_transfers: payload.trace_transfers,
        full: payload.return_full_transactions,
    };
    blocks.into_iter().map(|block| simulation.block(block)).collect()
}

/// Numbers and times of all blocks, with empty blocks where numbers are skipped.
fn fill_gaps(blocks: Vec<SimBlock>, base: &Header) -> Result<Vec<SimBlock>, RpcError> {
    let mut filled: Vec<SimBlock> = Vec::with_capacity(blocks.len());
    let (mut number, mut time) = (base.number, base.timestamp);
    for mut block in blocks {
        let overrides = block.block_overrides.get_or_insert_default();
        let wanted: u64 = overrides.number.map_or(number + 1, |number| number.saturating_to());
        if wanted <= number {
            return Err(RpcError::new(
                NUMBER_NOT_RISING,
                format!("block numbers must be in order: {wanted} <= {number}"),
            ));
        }
        if usize::try_from(wanted - base.number).unwrap_or(usize::MAX) > MAX_BLOCKS {
            return Err(RpcError::new(CLIENT_LIMIT, "too many blocks"));
        }
        while number + 1 < wanted {
            number += 1;
            time += 1;
            let mut gap = SimBlock::default();
            let gap_overrides = gap.block_overrides.get_or_insert_default();
            gap_overrides.number = Some(U256::from(number));
            gap_overrides.time = Some(time);
            filled.push(gap);
        }
        let wanted_time = overrides.time.unwrap_or(time + 1);
        if wanted_time <= time {
            return Err(RpcError::new(
                TIMESTAMP_NOT_RISING,
                format!("block timestamps must be in order: {wanted_time} <= {time}"),
            ));
        }
        overrides.number = Some(U256::from(wanted));
        overrides.time = Some(wanted_time);
        (number, time) = (wanted, wanted_time);
        filled.push(block);
    }
    Ok(filled)
}

struct Simulation<'a> {
    context: &'a QueryContext,
    base: Arc<dyn StateRead>,
    /// Absent on a block in the making, which has no root to start from.
    base_hash: Option<B256>,
    state: CallState,
    parent: (B256, Header),
    /// Of all calls together.
    gas_left: u64,
    validation: bool,
    trace_transfers: bool,
    full: bool,
}

/// What the calls of one block left behind.
#[derive(Default)]
struct Executed {
    gas_used: u64,
    receipts: Vec<OpReceipt>,
    transactions: Vec<(StoredTransaction, OpTxEnvelope)>,
    results: Vec<SimCallResult>,
}

impl Simulation<'_> {
    fn block(&mut self, block: SimBlock) -> Result<SimulatedBlock<RpcBlock>, RpcError> {
        let overrides = block.block_overrides.unwrap_or_default();
        let mut header = self.open_header(overrides.time.unwrap_or_default())?;
        let mut env = block_env(&self.context.spec, &header);
        header.parent_beacon_block_root = overrides.beacon_root.or(header.parent_beacon_block_root);
        apply_block_overrides(overrides, &mut env, &mut self.state);
        header.number = env.number.saturating_to();
        header.gas_limit = env.gas_limit;
        header.beneficiary = env.beneficiary;
        header.mix_hash = env.prevrandao.unwrap_or_default();
        header.base_fee_per_gas = Some(env.basefee);
        let cfg = cfg_env(&self.context.spec, header.timestamp);
        // Each block starts with the precompiles where the rules have them, as in go-ethereum.
        let mut precompiles = CallPrecompiles::new(cfg.spec);
        if let Some(overrides) = block.state_overrides {
            apply_state_overrides(overrides, &mut self.state, &mut precompiles)?;
        }
        let placeholder: CallState = CacheDB::new(StateDb(self.base.clone()));
        let mut scene =
            CallScene { cfg, block: env, precompiles, state: std::mem::replace(&mut self.state, placeholder) };
        let mut executed = Executed::default();
        let outcome = block.calls.iter().try_for_each(|call| self.call(call, &mut scene, &mut executed));
        self.state = scene.state;
        outcome?;
        self.seal(header, executed)
    }

    fn open_header(&self, timestamp: u64) -> Result<Header, RpcError> {
        let (parent_hash, parent) = &self.parent;
        let base_fee = if self.validation {
            next_base_fee(&self.context.spec, parent, timestamp).map_err(crate::query::failure::internal)?
        } else {
            0
        };
        Ok(Header {
            parent_hash: *parent_hash,
            number: parent.number + 1,
            timestamp,
            beneficiary: parent.beneficiary,
            gas_limit: parent.gas_limit,
            mix_hash: B256::ZERO,
            base_fee_per_gas: Some(base_fee),
            extra_data: parent.extra_data.clone(),
            withdrawals_root: parent.withdrawals_root,
            blob_gas_used: parent.blob_gas_used.map(|_| 0),
            excess_blob_gas: parent.excess_blob_gas,
            parent_beacon_block_root: parent.parent_beacon_block_root.map(|_| B256::ZERO),
            requests_hash: parent.requests_hash,
            ..Default::default()
        })
    }

    fn call(
        &mut self,
        request: &TransactionRequest,
        scene: &mut CallScene,
        executed: &mut Executed,
    ) -> Result<(), RpcError> {
        self.context.check_deadline()?;
        let block_left = scene.block.gas_limit.saturating_sub(executed.gas_used);
        let gas = request.gas.unwrap_or(block_left);
        if gas > block_left {
            return Err(RpcError::new(
                BLOCK_GAS_REACHED,
                format!("block gas limit reached: {} >= {}", executed.gas_used + gas, scene.block.gas_limit),
            ));
        }
        let request = TransactionRequest { gas: Some(gas.min(self.gas_left)), ..request.clone() };
        let tx = transaction_env(self.context, &request, scene)?;
        let result = self.execute(&tx, scene)?;
        self.gas_left = self.gas_left.saturating_sub(result.tx_gas_used());
        executed.record(&tx, result);
        Ok(())
    }

    fn execute(&self, tx: &TxEnv, scene: &mut CallScene) -> Result<CallResult, RpcError> {
        let (mut cfg, mut block) = (scene.cfg.clone(), scene.block.clone());
        if !self.validation {
            relax_for_call(&mut cfg, &mut block, tx.gas_price);
        }
        // The block's own gas limit was checked above, against what is left.
        cfg.disable_block_gas_limit = true;
        let base_fee = block.basefee;
        let transfers = TransferInspector::new(false).with_logs(self.trace_transfers);
        let mut inspectors = (Guard::new(self.context), transfers);
        scene.require_value(tx).map_err(|CallError(error)| describe(error, tx, base_fee))?;
        let outcome = evm_with_inspector(&mut scene.state, cfg, block, &mut inspectors)
            .with_precompiles(scene.precompiles.clone())
            .inspect_tx(call_transaction(tx.clone()))
            .map_err(|error| describe(error, tx, base_fee))?;
        inspectors.0.check()?;
        scene.state.commit(outcome.state);
        Ok(outcome.result)
    }

    fn seal(&mut self, mut header: Header, executed: Executed) -> Result<SimulatedBlock<RpcBlock>, RpcError> {
        let Executed { gas_used, receipts, transactions, mut results } = executed;
        let summary = summarize_receipts(&self.context.spec, header.timestamp, &receipts);
        header.gas_used = gas_used;
        header.receipts_root = summary.root;
        header.logs_bloom = if receipts.is_empty() { Bloom::ZERO } else { summary.bloom };
        header.transactions_root = transactions_root(transactions.iter().map(|(stored, _)| &stored.raw));
        if let Some(hash) = self.base_hash {
            header.state_root = self.context.chain.root_beside(hash, &self.diff()?)?;
        }
        let hash = header.hash_slow();
        self.state.cache.block_hashes.insert(U256::from(header.number), hash);
        let mut log_index = 0;
        for (index, (result, (stored, _))) in results.iter_mut().zip(&transactions).enumerate() {
            for log in &mut result.logs {
                log.block_hash = Some(hash);
                log.block_number = Some(header.number);
                log.block_timestamp = Some(header.timestamp);
                log.transaction_hash = Some(stored.hash);
                log.transaction_index = Some(index as u64);
                log.log_index = Some(log_index);
                log_index += 1;
            }
        }
        let stored: Vec<StoredTransaction> = transactions.iter().map(|(stored, _)| stored.clone()).collect();
        let block_transactions = if self.full {
            let describe = |(index, (stored, tx)): (usize, (StoredTransaction, OpTxEnvelope))| {
                let inner = TransactionInfo {
                    hash: Some(stored.hash),
                    index: Some(index as u64),
                    block_hash: Some(hash),
                    block_number: Some(header.number),
                    base_fee: header.base_fee_per_gas,
                    block_timestamp: Some(header.timestamp),
                };
                let info = OpTransactionInfo::new(inner, OpDepositInfo::default());
                RpcTransaction::new(tx, stored.sender, info)
            };
            BlockTransactions::Full(transactions.into_iter().enumerate().map(describe).collect())
        } else {
            BlockTransactions::Hashes(stored.iter().map(|tx| tx.hash).collect())
        };
        let size = size(&header, &stored);
        self.parent = (hash, header.clone());
        let inner = assemble(rpc_header(hash, header, Some(size)), block_transactions);
        Ok(SimulatedBlock { inner, calls: results })
    }

    /// All that the blocks so far (and their overrides) changed on the base.
    fn diff(&self) -> Result<StateDiff, RpcError> {
        let mut diff = StateDiff::default();
        for (address, account) in &self.state.cache.accounts {
            let before = self.base.account(address)?.map(revm::state::AccountInfo::without_code);
            let cleared = account.account_state == AccountState::StorageCleared && before.is_some();
            let info = self.state.basic_ref(*address)?.filter(|info| !info.is_empty());
            let mut storage = BTreeMap::new();
            for (slot, value) in &account.storage {
                let old = if cleared { U256::ZERO } else { self.base.storage(address, slot)? };
                if *value != old {
                    storage.insert(*slot, *value);
                }
            }
            let info = info.map(|info| {
                if let Some(code) = self.state.cache.contracts.get(&info.code_hash).or(info.code.as_ref()) {
                    diff.codes.insert(info.code_hash, code.clone());
                }
                info.without_code()
            });
            if info != before || cleared || !storage.is_empty() {
                let storage_cleared = cleared && info.is_some();
                diff.accounts.insert(*address, AccountDiff { info, storage_cleared, storage });
            }
        }
        Ok(diff)
    }
}

impl Executed {
    fn record(&mut self, tx: &TxEnv, result: CallResult) {
        let gas_used = result.tx_gas_used();
        self.gas_used += gas_used;
        let status = result.is_success();
        let max_used_gas = Some(result.gas().total_gas_spent());
        let (return_data, error) = match &result {
            ExecutionResult::Success { output, .. } => (output.data().clone(), None),
            ExecutionResult::Revert { output, .. } => (
                Bytes::new(),
                Some(SimulateError {
                    code: SimulateError::EXECUTION_REVERTED_CODE,
                    message: revert_message(output),
                    data: Some(output.clone()),
                }),
            ),
            ExecutionResult::Halt { reason, .. } => (
                Bytes::new(),
                Some(SimulateError {
                    code: SimulateError::VM_EXECUTION_ERROR_CODE,
                    message: halt_message(reason),
                    data: None,
                }),
            ),
        };
        let logs = if status { result.into_logs() } else { Vec::new() };
        let envelope = unsigned_envelope(tx);
        let raw: Bytes = envelope.encoded_2718().into();
        let hash = alloy_primitives::keccak256(&raw);
        let receipt =
            Receipt { status: Eip658Value::Eip658(status), cumulative_gas_used: self.gas_used, logs: logs.clone() };
        self.receipts.push(match &envelope {
            OpTxEnvelope::Legacy(_) => OpReceipt::Legacy(receipt),
            _ => OpReceipt::Eip1559(receipt),
        });
        self.transactions.push((StoredTransaction { hash, sender: tx.caller, raw }, envelope));
        self.results.push(SimCallResult {
            return_data,
            logs: logs.into_iter().map(|inner| RpcLog { inner, ..Default::default() }).collect(),
            gas_used,
            max_used_gas,
            status,
            error,
        });
    }
}

/// The call as a transaction with an empty signature. Without a gas price it is one of EIP-1559, as in go-ethereum.
fn unsigned_envelope(tx: &TxEnv) -> OpTxEnvelope {
    let signature = Signature::new(U256::ZERO, U256::ZERO, false);
    if tx.gas_priority_fee.is_none() && tx.gas_price > 0 {
        return OpTxEnvelope::Legacy(
            TxLegacy {
                chain_id: tx.chain_id,
                nonce: tx.nonce,
                gas_price: tx.gas_price,
                gas_limit: tx.gas_limit,
                to: tx.kind,
                value: tx.value,
                input: tx.data.clone(),
            }
            .into_signed(signature),
        );
    }
    OpTxEnvelope::Eip1559(
        TxEip1559 {
            chain_id: tx.chain_id.unwrap_or_default(),
            nonce: tx.nonce,
            gas_limit: tx.gas_limit,
            max_fee_per_gas: tx.gas_price,
            max_priority_fee_per_gas: tx.gas_priority_fee.unwrap_or_default(),
            to: tx.kind,
            value: tx.value,
            access_list: tx.access_list.clone(),
            input: tx.data.clone(),
        }
        .into_signed(signature),
    )
}

/// The specification's code for a transaction that no block could hold.
fn describe(error: EVMError<altlayer_execution::DbError, OpTransactionError>, tx: &TxEnv, base_fee: u64) -> RpcError {
    let code = match &error {
        EVMError::Transaction(OpTransactionError::Base(error)) => match error {
            InvalidTransaction::NonceTooLow { .. } => -38010,
            InvalidTransaction::NonceTooHigh { .. } => -38011,
            InvalidTransaction::GasPriceLessThanBasefee => -38012,
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. } => -38013,
            InvalidTransaction::LackOfFundForMaxFee { .. } => -38014,
            InvalidTransaction::RejectCallerWithCode => -38024,
            InvalidTransaction::CreateInitCodeSizeLimit => -38025,
            _ => RpcError::INVALID_PARAMS,
        },
        _ => RpcError::INTERNAL,
    };
    RpcError { code, ..CallError(error).describe(tx, base_fee) }
}
