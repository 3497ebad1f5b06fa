//! Signs a load. Transaction `i` comes from sender `first_sender + i % senders` with nonce `i / senders`.

use std::{
    fs::File,
    io::{BufWriter, Write},
};

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256, keccak256};
use rayon::prelude::*;
use secp256k1::{Message, SECP256K1, SecretKey};
use serde::Deserialize;

use crate::{Outcome, accounts};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    path: String,
    chain_id: u64,
    transactions: u64,
    accounts: u64,
    /// Accounts that have keys, of which `senders` are used from `first_sender` on.
    keyed: u64,
    senders: u64,
    first_sender: u64,
    first_nonce: u64,
    seed: u64,
    max_fee_per_gas: u64,
    max_priority_fee_per_gas: u64,
    workload: Workload,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Workload {
    /// One wei to a random account, or to each account in turn.
    Transfers { in_turn: bool },
    /// One unit of a token to a random account.
    Erc20 { token: Address, gas: u64 },
    /// A sender swaps on its pair, in a random direction; one in `transfer_every` sends tokens instead.
    Swap { router: Address, pairs: Vec<[Address; 2]>, gas: u64, transfer_every: u64 },
}

/// Transactions signed between two writes.
const CHUNK: u64 = 50_000;

/// A number below `bound` that only depends on its arguments.
fn random(seed: u64, index: u64, bound: u64) -> u64 {
    let hash = keccak256([seed.to_be_bytes(), index.to_be_bytes()].concat());
    u64::from_be_bytes(hash[..8].try_into().unwrap_or_default()) % bound
}

/// `selector(words...)`.
fn call(signature: &str, words: &[U256]) -> Bytes {
    let mut data = keccak256(signature)[..4].to_vec();
    words.iter().for_each(|word| data.extend_from_slice(&word.to_be_bytes::<32>()));
    data.into()
}

fn word(address: Address) -> U256 {
    U256::from_be_bytes(address.into_word().0)
}

impl Options {
    fn transaction(&self, index: u64, receivers: &[Address]) -> TxEip1559 {
        let sender = self.first_sender + index % self.senders;
        let in_turn = matches!(self.workload, Workload::Transfers { in_turn: true });
        let receiver = if in_turn { index % self.accounts } else { random(self.seed, index, self.accounts) };
        let receiver = receivers[receiver as usize];
        let transfer = |token: Address, gas: u64| {
            (token, U256::ZERO, call("transfer(address,uint256)", &[word(receiver), U256::from(1)]), gas)
        };
        let (to, value, input, gas_limit) = match &self.workload {
            Workload::Transfers { .. } => (receiver, U256::from(1), Bytes::new(), 21_000),
            Workload::Erc20 { token, gas } => transfer(*token, *gas),
            Workload::Swap { router, pairs, gas, transfer_every } => {
                let [token, other] = pairs[(sender % pairs.len() as u64) as usize];
                let roll = random(!self.seed, index, 2 * transfer_every);
                let (from, to) = if roll.is_multiple_of(2) { (token, other) } else { (other, token) };
                if roll / 2 == 0 {
                    transfer(from, *gas)
                } else {
                    let amount = U256::from(1_000 + random(self.seed ^ 1, index, 1_000_000));
                    let data = call(
                        "swapExactIn(address,address,uint256,uint256)",
                        &[word(from), word(to), amount, U256::from(1)],
                    );
                    (*router, U256::ZERO, data, *gas)
                }
            }
        };
        TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.first_nonce + index / self.senders,
            gas_limit,
            max_fee_per_gas: self.max_fee_per_gas.into(),
            max_priority_fee_per_gas: self.max_priority_fee_per_gas.into(),
            to: TxKind::Call(to),
            value,
            input,
            access_list: Default::default(),
        }
    }
}

fn signed(tx: TxEip1559, key: &SecretKey) -> Vec<u8> {
    let message = Message::from_digest(tx.signature_hash().0);
    let (id, rs) = SECP256K1.sign_ecdsa_recoverable(message, key).serialize_compact();
    let signature = Signature::from_bytes_and_parity(&rs, i32::from(id) == 1);
    tx.into_signed(signature).encoded_2718()
}

pub fn sign(options: &Options) -> Outcome<()> {
    let keys: Vec<SecretKey> =
        (0..options.senders).into_par_iter().map(|index| accounts::key(options.first_sender + index)).collect();
    let receivers: Vec<Address> =
        (0..options.accounts).into_par_iter().map(|index| accounts::address(index, options.keyed)).collect();
    let mut out = BufWriter::new(File::create(&options.path)?);
    for start in (0..options.transactions).step_by(CHUNK as usize) {
        let chunk: Vec<Vec<u8>> = (start..options.transactions.min(start + CHUNK))
            .into_par_iter()
            .map(|index| signed(options.transaction(index, &receivers), &keys[(index % options.senders) as usize]))
            .collect();
        for raw in chunk {
            out.write_all(&(raw.len() as u32).to_le_bytes())?;
            out.write_all(&raw)?;
        }
    }
    out.flush()?;
    Ok(())
}
