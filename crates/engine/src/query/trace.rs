//! `debug_trace*`: transactions and calls under go-ethereum's tracers.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::TransactionRequest;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult};
use altlayer_execution::{
    BlockExecutor, DbError, RecoveredTx, StateDb,
    environment::{block_env, call_transaction, cfg_env, evm_with_inspector, relax_for_call},
};
use altlayer_state::{StateDiff, StateRead, StoredBlock, StoredTransaction};
use op_revm::{OpSpecId, OpTransaction};
use revm::{
    DatabaseCommit, InspectEvm,
    context::{BlockEnv, CfgEnv, TxEnv},
    database::CacheDB,
};
use revm_inspectors::tracing::{DebugInspector, DebugInspectorError, TransactionContext};

use super::{
    QueryContext,
    call::{
        CallError, CallPrecompiles, CallScene, CallState, apply_block_overrides, apply_state_overrides, transaction_env,
    },
    failure::{header_not_found, internal, invalid_params},
    guard::{Guard, Recorded, TRACE_BYTES},
    params::Params,
    target,
    trace_shape::{Traced, VaultVisits},
    transactions::locate,
};
use crate::error::RpcError;

type Results = Vec<TraceResult>;

pub fn transaction(context: &QueryContext, params: &Params<'_>) -> Result<GethTrace, RpcError> {
    let hash: B256 = params.required(0)?;
    let options: GethDebugTracingOptions = params.optional(1)?.unwrap_or_default();
    let (block, index) = locate(context, &hash)?.ok_or_else(|| RpcError::server("transaction not found"))?;
    let mut replay = Replay::open(context, &block)?;
    for tx in &block.transactions[..index] {
        replay.advance(tx)?;
    }
    replay.trace(&block.transactions[index], index, options)
}

pub fn block_by_number(context: &QueryContext, params: &Params<'_>) -> Result<Results, RpcError> {
    let number: BlockNumberOrTag = params.required(0)?;
    block_by_id(context, number.into(), params)
}

pub fn block_by_hash(context: &QueryContext, params: &Params<'_>) -> Result<Results, RpcError> {
    let hash: B256 = params.required(0)?;
    block_by_id(context, hash.into(), params)
}

fn block_by_id(context: &QueryContext, id: BlockId, params: &Params<'_>) -> Result<Results, RpcError> {
    let block = target::sealed_block(context, id)?.ok_or_else(header_not_found)?;
    trace_block(context, &block, params.optional(1)?.unwrap_or_default())
}

/// A block given as RLP; its parent must be known.
pub fn raw_block(context: &QueryContext, params: &Params<'_>) -> Result<Results, RpcError> {
    let rlp: Bytes = params.required(0)?;
    let block = decode_block(&rlp).map_err(|error| invalid_params(format!("could not decode block: {error}")))?;
    trace_block(context, &block, params.optional(1)?.unwrap_or_default())
}

fn decode_block(mut rlp: &[u8]) -> Result<StoredBlock, String> {
    let decoded = alloy_consensus::Block::<op_alloy_consensus::OpTxEnvelope>::decode(&mut rlp)
        .map_err(|error| error.to_string())?;
    let transactions: Result<Vec<StoredTransaction>, _> = decoded
        .body
        .transactions
        .iter()
        .map(|tx| {
            let raw = alloy_eips::eip2718::Encodable2718::encoded_2718(tx);
            RecoveredTx::decode(raw.into()).map(|tx| tx.to_stored())
        })
        .collect();
    Ok(StoredBlock {
        hash: decoded.header.hash_slow(),
        header: decoded.header,
        transactions: transactions.map_err(|error| error.to_string())?,
        receipts: Vec::new(),
    })
}

fn trace_block(
    context: &QueryContext,
    block: &StoredBlock,
    options: GethDebugTracingOptions,
) -> Result<Results, RpcError> {
    let mut replay = Replay::open(context, block)?;
    let mut results = Vec::with_capacity(block.transactions.len());
    for (index, tx) in block.transactions.iter().enumerate() {
        let result = replay.trace(tx, index, options.clone())?;
        results.push(TraceResult::Success { result, tx_hash: Some(tx.hash) });
    }
    Ok(results)
}

pub fn call(context: &QueryContext, params: &Params<'_>) -> Result<GethTrace, RpcError> {
    let request: TransactionRequest = params.required(0)?;
    let id: BlockId = params.optional(1)?.unwrap_or_default();
    let options: GethDebugTracingCallOptions = params.optional(2)?.unwrap_or_default();
    let mut scene = match options.tx_index {
        None => CallScene::new(context, Some(id), None, None)?,
        Some(index) => {
            let block = target::sealed_block(context, id)?.ok_or_else(header_not_found)?;
            let before = usize::try_from(index).ok().and_then(|index| block.transactions.get(..index));
            let Some(before) = before.filter(|before| before.len() < block.transactions.len()) else {
                return Err(RpcError::server(format!(
                    "transaction index {index} out of range for block {}",
                    block.hash
                )));
            };
            let mut replay = Replay::open(context, &block)?;
            for tx in before {
                replay.advance(tx)?;
            }
            let precompiles = CallPrecompiles::new(replay.cfg.spec);
            CallScene { cfg: replay.cfg, block: replay.block, state: replay.state, precompiles }
        }
    };
    if let Some(overrides) = options.block_overrides {
        apply_block_overrides(overrides, &mut scene.block, &mut scene.state);
    }
    if let Some(overrides) = options.state_overrides {
        apply_state_overrides(overrides, &mut scene.state, &mut scene.precompiles)?;
    }
    let tx = transaction_env(context, &request, &mut scene)?;
    let base_fee = scene.block.basefee;
    scene.require_value(&tx).map_err(|error| error.describe(&tx, base_fee))?;
    let CallScene { mut cfg, mut block, mut state, precompiles } = scene;
    relax_for_call(&mut cfg, &mut block, tx.gas_price);
    let environment = Environment { cfg, block, precompiles };
    let (options, left) = (options.tracing_options, &mut { TRACE_BYTES });
    let (trace, _) = inspect(context, &mut state, &environment, call_transaction(tx.clone()), None, options, left)
        .map_err(|failure| failure.describe(&tx, base_fee))?;
    Ok(trace)
}

/// A block that is executed again, transaction by transaction.
struct Replay<'a> {
    context: &'a QueryContext,
    block_hash: B256,
    cfg: CfgEnv<OpSpecId>,
    block: BlockEnv,
    state: CallState,
    /// Bytes that traces may still take.
    left: usize,
}

impl<'a> Replay<'a> {
    fn open(context: &'a QueryContext, block: &StoredBlock) -> Result<Self, RpcError> {
        let header: &Header = &block.header;
        if header.number == 0 {
            return Err(RpcError::server("genesis is not traceable"));
        }
        let parent = context
            .chain
            .header(&header.parent_hash)?
            .ok_or_else(|| RpcError::server(format!("parent {} not found", header.parent_hash)))?;
        let view: Arc<dyn StateRead> = Arc::new(context.chain.view(header.parent_hash)?);
        // The executor does the system calls and activations before the first transaction; its changes are the base.
        let mut opening =
            BlockExecutor::open_with_header(context.spec.clone(), view.clone(), parent.timestamp, header.clone())?;
        let mut state = CacheDB::new(StateDb(view));
        apply_diff(&mut state, opening.diff())?;
        Ok(Self {
            context,
            block_hash: block.hash,
            cfg: cfg_env(&context.spec, header.timestamp),
            block: block_env(&context.spec, header),
            state,
            left: TRACE_BYTES,
        })
    }

    /// Executes a transaction without tracing it.
    fn advance(&mut self, stored: &StoredTransaction) -> Result<(), RpcError> {
        self.context.check_deadline()?;
        let tx = RecoveredTx::from_stored(stored).map_err(internal)?.env();
        let mut guard = Guard::new(self.context);
        let mut evm = evm_with_inspector(&mut self.state, self.cfg.clone(), self.block.clone(), &mut guard);
        let outcome = evm.inspect_tx(tx).map_err(internal)?;
        guard.check()?;
        self.state.commit(outcome.state);
        Ok(())
    }

    /// Executes a transaction under a tracer.
    fn trace(
        &mut self,
        stored: &StoredTransaction,
        index: usize,
        options: GethDebugTracingOptions,
    ) -> Result<GethTrace, RpcError> {
        self.context.check_deadline()?;
        let tx = RecoveredTx::from_stored(stored).map_err(internal)?.env();
        let position =
            TransactionContext { block_hash: Some(self.block_hash), tx_hash: Some(stored.hash), tx_index: Some(index) };
        let environment = Environment {
            cfg: self.cfg.clone(),
            block: self.block.clone(),
            precompiles: CallPrecompiles::new(self.cfg.spec),
        };
        let base = tx.base.clone();
        let left = &mut self.left;
        let (trace, changes) = inspect(self.context, &mut self.state, &environment, tx, Some(position), options, left)
            .map_err(|failure| failure.describe(&base, self.block.basefee))?;
        self.state.commit(changes);
        Ok(trace)
    }
}

enum TraceFailure {
    Call(CallError),
    Rpc(RpcError),
}

impl TraceFailure {
    fn describe(self, tx: &TxEnv, base_fee: u64) -> RpcError {
        match self {
            Self::Call(error) => error.describe(tx, base_fee),
            Self::Rpc(error) => error,
        }
    }
}

/// Where a traced transaction runs.
struct Environment {
    cfg: CfgEnv<OpSpecId>,
    block: BlockEnv,
    precompiles: CallPrecompiles,
}

fn inspect(
    context: &QueryContext,
    state: &mut CallState,
    environment: &Environment,
    tx: OpTransaction<TxEnv>,
    position: Option<TransactionContext>,
    options: GethDebugTracingOptions,
    left: &mut usize,
) -> Result<(GethTrace, revm::state::EvmState), TraceFailure> {
    let recorded = match options.tracer {
        None => Recorded::Steps { memory: options.config.enable_memory.unwrap_or(false) },
        Some(_) => Recorded::Calls,
    };
    let guard = Guard::new(context).recording(recorded, *left);
    let tracer = DebugInspector::new(options.clone()).map_err(|error| TraceFailure::Rpc(tracer_error(&error)))?;
    let Environment { cfg, block, precompiles } = environment;
    let mut inspectors = (guard, (VaultVisits::default(), tracer));
    let mut outcome = evm_with_inspector(&mut *state, cfg.clone(), block.clone(), &mut inspectors)
        .with_precompiles(precompiles.clone())
        .inspect_tx(tx.clone())
        .map_err(|error| TraceFailure::Call(CallError(error)))?;
    let (guard, (visits, mut tracer)) = inspectors;
    guard.check().map_err(TraceFailure::Rpc)?;
    *left = guard.left();
    let credited = visits.hide_credited(&mut outcome.state);
    let mut database = &*state;
    let mut trace = tracer.get_result(position, &tx, block, &outcome, &mut database).map_err(|error| match error {
        DebugInspectorError::Database(DbError(error)) => TraceFailure::Rpc(error.into()),
        other => TraceFailure::Rpc(internal(other)),
    })?;
    outcome.state.extend(credited);
    let gas_used = outcome.result.tx_gas_used();
    Traced { tx: &tx.base, gas_used, coinbase: block.beneficiary, before: &*state, changes: &outcome.state }
        .correct(&mut trace, &options)
        .map_err(|error| TraceFailure::Rpc(error.into()))?;
    Ok((trace, outcome.state))
}

fn tracer_error(error: &DebugInspectorError) -> RpcError {
    match error {
        DebugInspectorError::InvalidTracerConfig => invalid_params("invalid tracer config"),
        // JavaScript tracers are refused: they would run a stranger's program in this process.
        DebugInspectorError::JsTracerNotEnabled | DebugInspectorError::UnsupportedTracer => {
            RpcError::server("tracer not found")
        }
        other => RpcError::server(other.to_string()),
    }
}

/// Lays a state diff over a call's state.
pub fn apply_diff(state: &mut CallState, diff: StateDiff) -> Result<(), RpcError> {
    for (address, account) in diff.accounts {
        let mut info = account.info.unwrap_or_default();
        info.code = diff.codes.get(&info.code_hash).cloned();
        state.insert_account_info(address, info);
        let slots = account.storage.into_iter();
        if account.storage_cleared {
            state.replace_account_storage(address, slots.collect())?;
        } else {
            for (slot, value) in slots {
                state.insert_account_storage(address, slot, value)?;
            }
        }
    }
    Ok(())
}
