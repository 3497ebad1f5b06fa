//! A small Holocene chain with one funded key, for tests that say exactly what they do.

use std::sync::Arc;

use alloy_consensus::{Header, TxEip1559};
use alloy_primitives::{Address, B64, B256, Bytes, TxKind, U256};
use altlayer_execution::{
    BaseFeeParams, BlockExecutor, ChainSpec, ExecutionPayload, Fork, Parent, PayloadAttributes, RecoveredTx,
    WitnessState,
};
use altlayer_state::{Preimages, StateDiff, StateTrie};
use op_alloy_consensus::{OpTxEnvelope, TxDeposit};
use secp256k1::SecretKey;

use super::{
    chain::genesis_alloc,
    generator::{Generator, address_of, raw_deposit, sign},
};

pub const CHAIN_ID: u64 = 901;
pub const RECEIVER: Address = Address::with_last_byte(0x99);
pub const BASE_FEE: u64 = 1_000_000;

pub struct Simple {
    pub spec: Arc<ChainSpec>,
    pub state: WitnessState,
    pub parent: Parent,
    pub key: SecretKey,
    pub sender: Address,
}

/// Everything active from `from` on.
pub fn spec_from(from: u64) -> ChainSpec {
    let time = |fork| match fork {
        Fork::Bedrock | Fork::Regolith => Some(0),
        Fork::Isthmus | Fork::Jovian => None,
        _ => Some(from),
    };
    ChainSpec::new(CHAIN_ID, time, BaseFeeParams { denominator: 50, elasticity: 6 }, 250).unwrap()
}

impl Simple {
    pub fn new() -> Self {
        Self::with(spec_from(0), &genesis_alloc(&mut Generator::new(1, CHAIN_ID)))
    }

    pub fn with(spec: ChainSpec, alloc: &StateDiff) -> Self {
        let mut trie = StateTrie::new();
        trie.apply(alloc).unwrap();
        let timestamp = 1000;
        let holocene = spec.is_active(Fork::Holocene, timestamp);
        let header = Header {
            state_root: trie.root(),
            gas_limit: 30_000_000,
            gas_used: 5_000_000,
            base_fee_per_gas: Some(BASE_FEE),
            timestamp,
            extra_data: if holocene { alloy_primitives::bytes!("00000000fa00000006") } else { Bytes::new() },
            ..Default::default()
        };
        let preimages: Preimages = alloc.codes.iter().map(|(hash, code)| (*hash, code.original_bytes())).collect();
        let parent = Parent::new(header);
        let key = SecretKey::from_byte_array([1; 32]).unwrap();
        Self {
            spec: Arc::new(spec),
            state: WitnessState::over(trie, parent.clone(), Arc::new(preimages)),
            parent,
            sender: address_of(&key),
            key,
        }
    }

    pub fn attributes(&self) -> PayloadAttributes {
        let timestamp = self.parent.header.timestamp + 2;
        PayloadAttributes {
            timestamp,
            suggested_fee_recipient: alloy_primitives::address!("4200000000000000000000000000000000000011"),
            parent_beacon_block_root: self.spec.is_active(Fork::Ecotone, timestamp).then_some(B256::repeat_byte(7)),
            gas_limit: 30_000_000,
            eip1559_params: self.spec.is_active(Fork::Holocene, timestamp).then_some(B64::ZERO),
            ..Default::default()
        }
    }

    pub fn open(&self) -> BlockExecutor<&WitnessState> {
        BlockExecutor::open(self.spec.clone(), &self.state, &self.parent, &self.attributes()).unwrap()
    }

    /// A transfer of one wei, altered.
    pub fn transfer(&self, alter: impl FnOnce(&mut TxEip1559)) -> RecoveredTx {
        let mut tx = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: 0,
            gas_limit: 21_000,
            max_fee_per_gas: 2_000_000,
            max_priority_fee_per_gas: 1000,
            to: TxKind::Call(RECEIVER),
            value: U256::ONE,
            ..Default::default()
        };
        alter(&mut tx);
        RecoveredTx::decode(sign(tx, &self.key, OpTxEnvelope::Eip1559)).unwrap()
    }

    pub fn deposit(&self, alter: impl FnOnce(&mut TxDeposit)) -> RecoveredTx {
        let mut deposit = TxDeposit {
            source_hash: B256::repeat_byte(1),
            from: self.sender,
            to: TxKind::Call(RECEIVER),
            gas_limit: 100_000,
            ..Default::default()
        };
        alter(&mut deposit);
        RecoveredTx::decode(raw_deposit(deposit)).unwrap()
    }

    /// A sealed block of these transactions.
    pub fn seal(&self, transactions: &[RecoveredTx]) -> ExecutionPayload {
        let mut block = self.open();
        for tx in transactions {
            block.execute(tx).unwrap();
        }
        let outcome = block.finish();
        let header = outcome.assemble_header(&self.spec, self.state.roots_after(&outcome.diff).unwrap());
        ExecutionPayload::from_block(&header, header.hash_slow(), transactions.iter().map(|tx| tx.raw.clone()))
    }
}
