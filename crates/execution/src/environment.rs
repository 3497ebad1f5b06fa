//! The one place that configures an EVM: blocks, calls, estimates and traces share it, so that they cannot disagree.

use alloy_consensus::Header;
use alloy_primitives::{Bytes, U256};
use altlayer_state::{StateError, StateRead};
use op_revm::{
    L1BlockInfo, OpBuilder, OpSpecId, OpTransaction,
    api::{
        builder::DefaultOpEvm,
        default_ctx::{DefaultOp, OpContext},
    },
};
use revm::{
    Context, Database,
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::hardfork::SpecId,
};

use crate::{
    block_state::{DbError, StateDb},
    chain_spec::ChainSpec,
};

/// An EVM over any database, with any inspector (`()` for none).
pub type Evm<DB, I = ()> = DefaultOpEvm<OpContext<DB>, I>;

/// The rules for a block of that timestamp (seconds).
pub fn cfg_env(spec: &ChainSpec, timestamp: u64) -> CfgEnv<OpSpecId> {
    // Not `with_spec`: it would leave the gas parameters of the default rules in place.
    CfgEnv::new_with_spec(spec.rules(timestamp)).with_chain_id(spec.chain_id)
}

/// The block as its transactions see it.
pub fn block_env(spec: &ChainSpec, header: &Header) -> BlockEnv {
    let cancun = spec.rules(header.timestamp).into_eth_spec().is_enabled_in(SpecId::CANCUN);
    BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        // Blobs do not exist on L2: BLOBBASEFEE is 1 (specs/protocol/exec-engine.md, "Ecotone: disable Blob-transactions").
        blob_excess_gas_and_price: cancun.then_some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: 1 }),
        slot_num: 0,
    }
}

/// An EVM ready to transact. Both environments may be altered before (overrides, relaxed checks).
pub fn evm<DB: Database>(db: DB, cfg: CfgEnv<OpSpecId>, block: BlockEnv) -> Evm<DB> {
    context(db, cfg, block).build_op()
}

/// [`evm`] with an inspector, for `inspect_tx` and its kin.
pub fn evm_with_inspector<DB: Database, I>(db: DB, cfg: CfgEnv<OpSpecId>, block: BlockEnv, inspector: I) -> Evm<DB, I> {
    context(db, cfg, block).build_op_with_inspector(inspector)
}

fn context<DB: Database>(db: DB, cfg: CfgEnv<OpSpecId>, block: BlockEnv) -> OpContext<DB> {
    Context::op().with_db(db).with_block(block).with_cfg(cfg)
}

/// Relaxes the checks that `eth_call` and its kin skip: nonce, sender's code, block gas limit, chain id. A call that offers
/// no gas price also pays nothing and sees a base fee of zero, as in go-ethereum.
pub fn relax_for_call(cfg: &mut CfgEnv<OpSpecId>, block: &mut BlockEnv, gas_price: u128) {
    cfg.disable_nonce_check = true;
    cfg.tx_chain_id_check = false;
    cfg.disable_eip3607 = true;
    cfg.disable_block_gas_limit = true;
    // EIP-7825's cap, where it applies, is for transactions.
    cfg.tx_gas_limit_cap = Some(u64::MAX);
    if gas_price == 0 {
        cfg.disable_base_fee = true;
        cfg.disable_fee_charge = true;
        block.basefee = 0;
    }
}

/// Wraps the transaction of a call. Its envelope is empty, so no L1 fee is charged (op-geth does not charge calls either).
pub fn call_transaction(tx: TxEnv) -> OpTransaction<TxEnv> {
    OpTransaction { base: tx, enveloped_tx: Some(Bytes::new()), deposit: Default::default() }
}

/// What the L1 costs, as the state of a block says (its L1 attributes deposit wrote it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Fees {
    info: L1BlockInfo,
    rules: OpSpecId,
}

impl L1Fees {
    /// Reads the L1Block predeploy of a state. `number` and `timestamp` are the block's.
    pub fn read<S: StateRead>(spec: &ChainSpec, state: S, number: u64, timestamp: u64) -> Result<Self, StateError> {
        let rules = spec.rules(timestamp);
        let info =
            L1BlockInfo::try_fetch(&mut StateDb(state), U256::from(number), rules).map_err(|DbError(error)| error)?;
        Ok(Self { info, rules })
    }

    pub const fn new(info: L1BlockInfo, rules: OpSpecId) -> Self {
        Self { info, rules }
    }

    /// L1 data fee in wei of a transaction, by its EIP-2718 bytes. Zero for deposits.
    pub fn data_fee(&self, raw: &[u8]) -> U256 {
        let mut info = self.info.clone();
        info.clear_tx_l1_cost();
        info.calculate_tx_l1_cost(raw, self.rules)
    }

    /// What a transaction pays beyond `gas * price + value` at most: L1 data fee, and from Isthmus on the operator fee.
    pub fn additional_cost(&self, raw: &[u8], gas_limit: u64) -> U256 {
        let mut info = self.info.clone();
        info.clear_tx_l1_cost();
        info.tx_cost(raw, U256::from(gas_limit), self.rules)
    }

    /// `l1GasUsed` of receipts.
    pub fn data_gas(&self, raw: &[u8]) -> U256 {
        self.info.data_gas(raw, self.rules)
    }

    /// Base fees and scalars, for receipts.
    pub const fn info(&self) -> &L1BlockInfo {
        &self.info
    }
}
