//! A head and transactions for the pool's tests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256, keccak256};
use altlayer_execution::RecoveredTx;
use altlayer_state::StateError;
use op_alloy_consensus::OpTxEnvelope;

use super::{HeadState, Pool, PoolHead, PoolRules, PooledTransaction, SenderAccount};
use crate::options::PoolOptions;

/// Accounts in memory; unknown ones are rich.
#[derive(Default)]
pub struct Accounts(pub Mutex<HashMap<Address, SenderAccount>>);

impl HeadState for Accounts {
    fn account(&self, address: &Address) -> Result<SenderAccount, StateError> {
        Ok(self.0.lock().unwrap().get(address).copied().unwrap_or(SenderAccount {
            nonce: 0,
            balance: U256::from(u64::MAX),
            forbidding_code: None,
        }))
    }

    fn additional_cost(&self, _raw: &[u8], _gas_limit: u64) -> U256 {
        U256::from(1)
    }
}

pub fn head(accounts: &Arc<Accounts>, base_fee: u64) -> PoolHead {
    let rules =
        PoolRules { chain_id: 901, block_gas_limit: 30_000_000, base_fee, min_tip: 0, shanghai: true, prague: false };
    PoolHead { rules, state: accounts.clone() }
}

pub fn pool(max_transactions: usize, max_per_sender: usize) -> (Pool, Arc<Accounts>) {
    let accounts = Arc::new(Accounts::default());
    let options = PoolOptions { max_transactions, max_per_sender, ..PoolOptions::default() };
    (Pool::new(options, head(&accounts, 100)), accounts)
}

pub fn sender(index: u8) -> Address {
    Address::repeat_byte(index + 1)
}

/// A transfer whose signature nobody looks at. `salt` tells apart what is otherwise equal.
pub fn tx(from: u8, nonce: u64, tip: u128, fee_cap: u128, salt: u64) -> Arc<PooledTransaction> {
    let inner = TxEip1559 {
        chain_id: 901,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: fee_cap,
        max_priority_fee_per_gas: tip,
        to: TxKind::Call(Address::ZERO),
        value: U256::from(salt),
        access_list: Default::default(),
        input: Bytes::new(),
    };
    let envelope = OpTxEnvelope::Eip1559(inner.into_signed(Signature::test_signature()));
    let raw = Bytes::from(alloy_eips::eip2718::Encodable2718::encoded_2718(&envelope));
    let mut identity = raw.to_vec();
    identity.push(from);
    let recovered = RecoveredTx { hash: keccak256(identity), sender: sender(from), raw, tx: envelope };
    Arc::new(PooledTransaction(recovered))
}
