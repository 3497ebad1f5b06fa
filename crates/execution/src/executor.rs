//! One block under construction: opened on a parent's state, extended transaction by transaction, finished.
//!
//! The loop is ours rather than a library's: each transaction is committed by itself, so that the L1 fee is read from what
//! the L1 attributes deposit wrote, and so that a caller can go back to any transaction boundary.

use std::sync::Arc;

use alloy_consensus::{Eip658Value, Header, Receipt, Transaction};
use alloy_eips::{Typed2718, eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS};
use alloy_primitives::{Address, B256, Bytes, U256};
use altlayer_state::{StateDiff, StateError, StateRead, StoredTransaction};
use op_alloy_consensus::{OpDepositReceipt, OpReceipt, OpTxType};
use op_revm::{L1BlockInfo, OpHaltReason, OpTransactionError, estimate_tx_compressed_size};
use revm::{
    Database, DatabaseCommit, ExecuteEvm, Inspector, SystemCallEvm,
    context::{BlockEnv, CfgEnv},
    context_interface::{
        ContextTr,
        result::{EVMError, ExecResultAndState, ExecutionResult, InvalidTransaction},
    },
    state::EvmState,
};

use crate::{
    attributes::PayloadAttributes,
    base_fee::{ExtraDataError, encode_extra_data, next_base_fee},
    block_state::{BlockState, DbError, StatePoint},
    canyon,
    chain_spec::{ChainSpec, Fork},
    environment::{Evm, L1Fees, block_env, cfg_env, evm, evm_with_inspector},
    header::{StateRoots, frame, summarize_receipts, transactions_root},
    reject::TxReject,
    transaction::RecoveredTx,
};

/// EIP-4788's and EIP-2935's caller.
const SYSTEM_ADDRESS: Address = alloy_eips::eip4788::SYSTEM_ADDRESS;

/// The block a new one stands on.
#[derive(Debug, Clone)]
pub struct Parent {
    pub hash: B256,
    pub header: Header,
}

impl Parent {
    /// Hashes the header.
    pub fn new(header: Header) -> Self {
        Self { hash: header.hash_slow(), header }
    }
}

/// Attributes that no valid block can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttributesError {
    #[error("invalid timestamp {timestamp}: must be above the parent's {parent}")]
    Timestamp { timestamp: u64, parent: u64 },
    #[error("parentBeaconBlockRoot is required from Ecotone on and forbidden before")]
    BeaconRootPresence,
    #[error("gasLimit must not be zero")]
    GasLimit,
    #[error("the parent is the last possible block")]
    NumberOverflow,
    #[error(transparent)]
    ExtraData(#[from] ExtraDataError),
}

/// A block could not be opened or extended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    #[error(transparent)]
    Attributes(#[from] AttributesError),
    /// The transaction is not included; the block stays as it was.
    #[error(transparent)]
    Reject(#[from] TxReject),
    /// The state could not be read; the block cannot be continued.
    #[error(transparent)]
    State(#[from] StateError),
    #[error("EVM failed: {0}")]
    Evm(String),
}

impl From<DbError> for ExecuteError {
    fn from(DbError(error): DbError) -> Self {
        Self::State(error)
    }
}

/// What one transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    pub success: bool,
    pub gas_used: u64,
    /// Returned or revert data; the deployed code of a creation.
    pub output: Bytes,
    /// Of a successful creation.
    pub created: Option<Address>,
}

/// A transaction boundary to return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Savepoint {
    state: StatePoint,
    transactions: usize,
    gas_used: u64,
    da_footprint: u64,
    bytes: usize,
    l1_known: bool,
}

/// A finished block, but for what the state trie knows.
#[derive(Debug, Clone)]
pub struct BlockOutcome {
    pub diff: Arc<StateDiff>,
    pub transactions: Vec<StoredTransaction>,
    pub receipts: Vec<OpReceipt>,
    pub gas_used: u64,
    /// The header without state root, withdrawals root, transactions root, receipts root and bloom.
    open_header: Header,
    da_footprint: u64,
}

/// A block under construction.
pub struct BlockExecutor<S: StateRead> {
    spec: Arc<ChainSpec>,
    evm: Evm<BlockState<S>>,
    header: Header,
    transactions: Vec<StoredTransaction>,
    receipts: Vec<OpReceipt>,
    gas_used: u64,
    da_footprint: u64,
    transaction_bytes: usize,
}

impl<S: StateRead> BlockExecutor<S> {
    /// Opens a block on the parent's state: system calls and activation-time changes are done, no transaction is executed
    /// yet (not even the attributes').
    pub fn open(
        spec: Arc<ChainSpec>,
        view: S,
        parent: &Parent,
        attributes: &PayloadAttributes,
    ) -> Result<Self, ExecuteError> {
        let header = open_header(&spec, parent, attributes)?;
        Self::open_with_header(spec, view, parent.header.timestamp, header)
    }

    /// Opens a block with a header whose opening fields are already known and checked (replay, tracing).
    pub fn open_with_header(
        spec: Arc<ChainSpec>,
        view: S,
        parent_timestamp: u64,
        header: Header,
    ) -> Result<Self, ExecuteError> {
        let cfg = cfg_env(&spec, header.timestamp);
        let block = block_env(&spec, &header);
        let evm = evm(BlockState::new(view), cfg, block);
        let mut executor = Self {
            spec,
            evm,
            header,
            transactions: Vec::new(),
            receipts: Vec::new(),
            gas_used: 0,
            da_footprint: 0,
            transaction_bytes: 0,
        };
        executor.begin(parent_timestamp)?;
        Ok(executor)
    }

    fn begin(&mut self, parent_timestamp: u64) -> Result<(), ExecuteError> {
        let timestamp = self.header.timestamp;
        if self.spec.is_active(Fork::Isthmus, timestamp) {
            // EIP-2935: the parent's hash into the history contract.
            self.system_call(HISTORY_STORAGE_ADDRESS, Bytes::copy_from_slice(self.header.parent_hash.as_slice()))?;
        }
        if self.spec.is_active(Fork::Ecotone, timestamp) {
            // EIP-4788, as of Ecotone (specs/protocol/exec-engine.md, "Beacon block root").
            let root = self.header.parent_beacon_block_root.unwrap_or_default();
            self.system_call(BEACON_ROOTS_ADDRESS, Bytes::copy_from_slice(root.as_slice()))?;
        }
        if self.spec.activates_at(Fork::Canyon, parent_timestamp, timestamp) {
            canyon::deploy_create2_deployer(self.evm.0.ctx.db_mut())?;
        }
        Ok(())
    }

    fn system_call(&mut self, contract: Address, data: Bytes) -> Result<(), ExecuteError> {
        // Without code there is nothing to call: revm would touch the empty account.
        let missing = self.evm.0.ctx.db_mut().basic(contract)?.is_none_or(|info| info.is_empty_code_hash());
        if missing {
            return Ok(());
        }
        let ExecResultAndState { mut state, .. } =
            self.evm.system_call_with_caller(SYSTEM_ADDRESS, contract, data).map_err(|error| match error {
                EVMError::Database(DbError(error)) => ExecuteError::State(error),
                other => ExecuteError::Evm(other.to_string()),
            })?;
        state.remove(&SYSTEM_ADDRESS);
        self.commit(state)
    }

    fn commit(&mut self, state: EvmState) -> Result<(), ExecuteError> {
        let db = self.evm.0.ctx.db_mut();
        db.commit(state);
        Ok(db.check()?)
    }

    /// Executes and commits one transaction. On a rejection the block is as before and can be continued.
    pub fn execute(&mut self, tx: &RecoveredTx) -> Result<Executed, ExecuteError> {
        let footprint = self.admit(tx)?;
        let deposit_nonce = self.deposit_nonce(tx)?;
        let l1_known = self.l1_known();
        let result = self.evm.transact_one(tx.env());
        // Taken out in any case: a failed validation leaves loaded accounts in the journal.
        let state = self.evm.finalize();
        match result {
            Ok(result) => {
                self.commit(state)?;
                Ok(self.record(tx, result, deposit_nonce, footprint))
            }
            Err(error) => {
                let error = self.explain(tx, error);
                self.restore_l1(l1_known);
                Err(error)
            }
        }
    }

    /// [`Self::execute`] under an inspector, which is returned by reference through `inspector`. The changes are committed.
    pub fn inspect<I>(&mut self, tx: &RecoveredTx, inspector: &mut I) -> Result<(Executed, InspectedTx), ExecuteError>
    where
        I: for<'a> Inspector<op_revm::api::default_ctx::OpContext<&'a mut BlockState<S>>>,
    {
        use revm::InspectEvm;
        let footprint = self.admit(tx)?;
        let deposit_nonce = self.deposit_nonce(tx)?;
        let (cfg, block, l1) = (self.cfg().clone(), self.block().clone(), self.evm.0.ctx.chain.clone());
        let mut inner = evm_with_inspector(self.evm.0.ctx.db_mut(), cfg, block, inspector);
        inner.0.ctx.chain = l1;
        let outcome = inner.inspect_tx(tx.env());
        let l1 = std::mem::take(&mut inner.0.ctx.chain);
        if outcome.is_ok() {
            self.evm.0.ctx.chain = l1;
        }
        match outcome {
            Ok(ExecResultAndState { result, state }) => {
                let inspected = InspectedTx { result: result.clone(), state: state.clone() };
                self.commit(state)?;
                Ok((self.record(tx, result, deposit_nonce, footprint), inspected))
            }
            Err(error) => Err(self.explain(tx, error)),
        }
    }

    /// The checks that belong to the block rather than to the EVM. Returns the DA footprint (Jovian).
    fn admit(&mut self, tx: &RecoveredTx) -> Result<u64, ExecuteError> {
        let timestamp = self.header.timestamp;
        let left = self.header.gas_limit.saturating_sub(self.gas_used);
        let gas_limit = tx.tx.gas_limit();
        // Before Regolith deposits were outside the block's gas limit.
        let counted = !tx.is_deposit() || self.spec.is_active(Fork::Regolith, timestamp);
        if counted && gas_limit > left {
            return Err(TxReject::GasLimitReached { gas_limit, left }.into());
        }
        if tx.is_deposit() || !self.spec.is_active(Fork::Jovian, timestamp) {
            return Ok(0);
        }
        // specs/protocol/jovian/exec-engine.md, "DA footprint block limit".
        let scalar = L1BlockInfo::fetch_da_footprint_gas_scalar(self.evm.0.ctx.db_mut())?;
        let size = estimate_tx_compressed_size(&tx.raw) / 1_000_000;
        let footprint = size.saturating_mul(scalar.into());
        let left = self.header.gas_limit.saturating_sub(self.da_footprint);
        if footprint > left {
            return Err(TxReject::DaFootprintReached { footprint, left }.into());
        }
        Ok(footprint)
    }

    /// A deposit's receipt names the sender's nonce before execution (from Regolith on).
    fn deposit_nonce(&mut self, tx: &RecoveredTx) -> Result<Option<u64>, ExecuteError> {
        if !tx.is_deposit() || !self.spec.is_active(Fork::Regolith, self.header.timestamp) {
            return Ok(None);
        }
        Ok(Some(self.evm.0.ctx.db_mut().basic(tx.sender)?.map_or(0, |info| info.nonce)))
    }

    fn record(
        &mut self,
        tx: &RecoveredTx,
        result: ExecutionResult<OpHaltReason>,
        deposit_nonce: Option<u64>,
        footprint: u64,
    ) -> Executed {
        let success = result.is_success();
        let gas_used = result.tx_gas_used();
        let created = result.created_address();
        let output = result.output().cloned().unwrap_or_default();
        self.gas_used += gas_used;
        self.da_footprint += footprint;
        self.transaction_bytes += tx.raw.len();
        let receipt = Receipt {
            status: Eip658Value::Eip658(success),
            cumulative_gas_used: self.gas_used,
            logs: result.into_logs(),
        };
        self.receipts.push(match tx.tx.tx_type() {
            OpTxType::Legacy => OpReceipt::Legacy(receipt),
            OpTxType::Eip2930 => OpReceipt::Eip2930(receipt),
            OpTxType::Eip1559 => OpReceipt::Eip1559(receipt),
            OpTxType::Eip7702 => OpReceipt::Eip7702(receipt),
            OpTxType::PostExec => OpReceipt::PostExec(receipt),
            OpTxType::Deposit => OpReceipt::Deposit(OpDepositReceipt {
                inner: receipt,
                deposit_nonce,
                deposit_receipt_version: self.spec.is_active(Fork::Canyon, self.header.timestamp).then_some(1),
            }),
        });
        self.transactions.push(tx.to_stored());
        Executed { success, gas_used, output, created }
    }

    fn explain(&mut self, tx: &RecoveredTx, error: EVMError<DbError, OpTransactionError>) -> ExecuteError {
        let error = match error {
            EVMError::Database(DbError(error)) => return ExecuteError::State(error),
            EVMError::Transaction(OpTransactionError::Base(error)) => error,
            EVMError::Transaction(other) => return TxReject::Other(other.to_string()).into(),
            other => return ExecuteError::Evm(other.to_string()),
        };
        let address = tx.sender;
        let base_fee = self.header.base_fee_per_gas.unwrap_or_default();
        let fee_cap = tx.tx.max_fee_per_gas();
        match error {
            InvalidTransaction::NonceTooLow { tx, state } => TxReject::NonceTooLow { address, tx, state },
            InvalidTransaction::NonceTooHigh { tx, state } => TxReject::NonceTooHigh { address, tx, state },
            InvalidTransaction::NonceOverflowInTransaction => TxReject::NonceMax { address, nonce: tx.tx.nonce() },
            InvalidTransaction::RejectCallerWithCode => TxReject::SenderNotEoa { address },
            InvalidTransaction::PriorityFeeGreaterThanMaxFee => {
                TxReject::TipAboveFeeCap { address, tip: tx.tx.max_priority_fee_per_gas().unwrap_or_default(), fee_cap }
            }
            InvalidTransaction::GasPriceLessThanBasefee => TxReject::FeeCapTooLow { address, fee_cap, base_fee },
            InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
                TxReject::IntrinsicGas { have: gas_limit, want: initial_gas }
            }
            InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
                TxReject::FloorDataGas { have: gas_limit, want: gas_floor }
            }
            InvalidTransaction::LackOfFundForMaxFee { .. } => {
                // revm reports the part it was checking; go-ethereum reports the balance and the whole price.
                let db = self.evm.0.ctx.db_mut();
                let have = match db.basic(address) {
                    Ok(info) => info.map_or(U256::ZERO, |info| info.balance),
                    Err(error) => return error.into(),
                };
                let fees = match self.l1_fees() {
                    Ok(fees) => fees,
                    Err(error) => return error,
                };
                let gas = U256::from(tx.tx.gas_limit()).saturating_mul(U256::from(fee_cap));
                let want =
                    gas.saturating_add(tx.tx.value()).saturating_add(fees.additional_cost(&tx.raw, tx.tx.gas_limit()));
                TxReject::InsufficientFunds { address, have, want }
            }
            InvalidTransaction::OverflowPaymentInTransaction => TxReject::CostOverflow,
            InvalidTransaction::CallerGasLimitMoreThanBlock => TxReject::GasLimitReached {
                gas_limit: tx.tx.gas_limit(),
                left: self.header.gas_limit.saturating_sub(self.gas_used),
            },
            InvalidTransaction::CreateInitCodeSizeLimit => TxReject::InitCodeTooLarge {
                size: tx.tx.input().len(),
                limit: revm::primitives::eip3860::MAX_INITCODE_SIZE,
            },
            InvalidTransaction::InvalidChainId | InvalidTransaction::MissingChainId => {
                TxReject::InvalidChainId { have: tx.tx.chain_id().unwrap_or_default(), want: self.spec.chain_id }
            }
            InvalidTransaction::Eip2930NotSupported
            | InvalidTransaction::Eip1559NotSupported
            | InvalidTransaction::Eip4844NotSupported
            | InvalidTransaction::Eip7702NotSupported
            | InvalidTransaction::AuthorizationListNotSupported => TxReject::UnsupportedType(tx.tx.ty()),
            InvalidTransaction::EmptyAuthorizationList => TxReject::InvalidAuthorization("the list is empty"),
            InvalidTransaction::AuthorizationListInvalidFields => TxReject::InvalidAuthorization("invalid fields"),
            other => TxReject::Other(other.to_string()),
        }
        .into()
    }

    /// What the L1 costs at this point of the block.
    pub fn l1_fees(&mut self) -> Result<L1Fees, ExecuteError> {
        let rules = self.cfg().spec;
        if self.l1_known() {
            return Ok(L1Fees::new(self.evm.0.ctx.chain.clone(), rules));
        }
        let number = U256::from(self.header.number);
        let info = L1BlockInfo::try_fetch(self.evm.0.ctx.db_mut(), number, rules)?;
        Ok(L1Fees::new(info, rules))
    }

    /// The current transaction boundary.
    pub fn savepoint(&mut self) -> Savepoint {
        Savepoint {
            state: self.evm.0.ctx.db_mut().point(),
            transactions: self.transactions.len(),
            gas_used: self.gas_used,
            da_footprint: self.da_footprint,
            bytes: self.transaction_bytes,
            l1_known: self.l1_known(),
        }
    }

    /// The L1 fee parameters hold for the whole block once its first paying transaction has read them, as in op-geth.
    fn l1_known(&self) -> bool {
        self.evm.0.ctx.chain.l2_block.is_some()
    }

    /// Forgets the L1 fee parameters unless they were known at an earlier point that is returned to.
    fn restore_l1(&mut self, known: bool) {
        if !known {
            self.evm.0.ctx.chain = L1BlockInfo::default();
        }
    }

    /// Returns to an earlier boundary of this block: all transactions since are undone.
    pub fn rollback(&mut self, savepoint: Savepoint) {
        self.evm.0.ctx.db_mut().rollback(savepoint.state);
        self.transactions.truncate(savepoint.transactions);
        self.receipts.truncate(savepoint.transactions);
        self.gas_used = savepoint.gas_used;
        self.da_footprint = savepoint.da_footprint;
        self.transaction_bytes = savepoint.bytes;
        self.restore_l1(savepoint.l1_known);
    }

    /// Roots, gas and bloom are not in it yet.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    pub fn transactions(&self) -> &[StoredTransaction] {
        &self.transactions
    }

    pub fn receipts(&self) -> &[OpReceipt] {
        &self.receipts
    }

    pub const fn gas_used(&self) -> u64 {
        self.gas_used
    }

    /// Sum of the transactions' EIP-2718 bytes.
    pub const fn transaction_bytes(&self) -> usize {
        self.transaction_bytes
    }

    pub const fn cfg(&self) -> &CfgEnv<op_revm::OpSpecId> {
        &self.evm.0.ctx.cfg
    }

    pub const fn block(&self) -> &BlockEnv {
        &self.evm.0.ctx.block
    }

    /// The state as of the last transaction, for pending reads and calls.
    pub fn state(&mut self) -> &mut BlockState<S> {
        self.evm.0.ctx.db_mut()
    }

    /// The changes so far.
    pub fn diff(&mut self) -> StateDiff {
        self.evm.0.ctx.db_mut().diff()
    }

    /// The parent's hash, once it is known: a block may be opened while its parent's root is still being computed.
    pub const fn set_parent_hash(&mut self, hash: B256) {
        self.header.parent_hash = hash;
    }

    /// Ends the block. The caller computes the roots of `diff` and then calls [`BlockOutcome::assemble_header`].
    pub fn finish(mut self) -> BlockOutcome {
        let diff = Arc::new(self.diff());
        BlockOutcome {
            diff,
            transactions: self.transactions,
            receipts: self.receipts,
            gas_used: self.gas_used,
            open_header: self.header,
            da_footprint: self.da_footprint,
        }
    }
}

/// What revm returned for an inspected transaction; tracers build their answers from it.
#[derive(Debug, Clone)]
pub struct InspectedTx {
    pub result: ExecutionResult<OpHaltReason>,
    pub state: EvmState,
}

impl BlockOutcome {
    /// All of the header that does not wait for a root: enough to open the next block on it.
    pub fn provisional_header(&self, spec: &ChainSpec) -> Header {
        let mut header = self.open_header.clone();
        header.gas_used = self.gas_used;
        if spec.is_active(Fork::Jovian, header.timestamp) {
            header.blob_gas_used = Some(self.da_footprint);
        }
        header
    }

    /// The sealed header over the roots after [`Self::diff`].
    pub fn assemble_header(&self, spec: &ChainSpec, roots: StateRoots) -> Header {
        let timestamp = self.open_header.timestamp;
        let (receipts, transactions_root) = rayon::join(
            || summarize_receipts(spec, timestamp, &self.receipts),
            || transactions_root(self.transactions.iter().map(|tx| &tx.raw)),
        );
        let mut header = self.provisional_header(spec);
        header.state_root = roots.state;
        header.withdrawals_root = frame(spec, timestamp, roots.message_passer).withdrawals_root;
        header.transactions_root = transactions_root;
        header.receipts_root = receipts.root;
        header.logs_bloom = receipts.bloom;
        header
    }
}

/// The fields of a header that are known when a block is opened.
pub fn open_header(
    spec: &ChainSpec,
    parent: &Parent,
    attributes: &PayloadAttributes,
) -> Result<Header, AttributesError> {
    let timestamp = attributes.timestamp;
    if timestamp <= parent.header.timestamp {
        return Err(AttributesError::Timestamp { timestamp, parent: parent.header.timestamp });
    }
    let ecotone = spec.is_active(Fork::Ecotone, timestamp);
    if attributes.parent_beacon_block_root.is_some() != ecotone {
        return Err(AttributesError::BeaconRootPresence);
    }
    if attributes.gas_limit == 0 {
        return Err(AttributesError::GasLimit);
    }
    let mut header = frame(spec, timestamp, B256::ZERO);
    header.parent_hash = parent.hash;
    header.number = parent.header.number.checked_add(1).ok_or(AttributesError::NumberOverflow)?;
    header.beneficiary = attributes.suggested_fee_recipient;
    header.mix_hash = attributes.prev_randao;
    header.gas_limit = attributes.gas_limit;
    header.parent_beacon_block_root = attributes.parent_beacon_block_root;
    header.extra_data = encode_extra_data(spec, timestamp, attributes.eip1559_params, attributes.min_base_fee)?;
    header.base_fee_per_gas = Some(next_base_fee(spec, &parent.header, timestamp)?);
    Ok(header)
}
