//! Genesis accounts: `"0x..":{...},` entries as they stand in the `alloc` of a genesis.json, without the braces around.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write},
};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use rayon::prelude::*;
use serde::Deserialize;

use crate::{Outcome, accounts};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    path: String,
    /// Accounts in all, and how many of them have keys.
    accounts: u64,
    senders: u64,
    balance_wei: U256,
    #[serde(default)]
    contracts: Vec<Contract>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    address: Address,
    code: Bytes,
    #[serde(default)]
    storage: BTreeMap<B256, B256>,
    #[serde(default)]
    tokens: Option<Tokens>,
}

/// Storage of an ERC-20: what accounts and other holders have, and what they let a spender take.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    balances_slot: U256,
    allowances_slot: U256,
    amount: U256,
    /// The first of the accounts hold tokens.
    holders: u64,
    spender: Option<Address>,
}

fn mapping(key: Address, slot: B256) -> B256 {
    keccak256([key.into_word(), slot].concat())
}

impl Tokens {
    fn entries(&self, senders: u64) -> Vec<(B256, B256)> {
        let (balances, allowances) = (B256::from(self.balances_slot), B256::from(self.allowances_slot));
        let amount = B256::from(self.amount);
        (0..self.holders)
            .into_par_iter()
            .flat_map_iter(|index| {
                let holder = accounts::address(index, senders);
                let allowance =
                    self.spender.map(|spender| (mapping(spender, mapping(holder, allowances)), B256::from(U256::MAX)));
                [(mapping(holder, balances), amount)].into_iter().chain(allowance)
            })
            .collect()
    }
}

pub fn write(options: &Options) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(&options.path)?);
    let addresses: Vec<Address> =
        (0..options.accounts).into_par_iter().map(|index| accounts::address(index, options.senders)).collect();
    let mut separator = "";
    for address in addresses {
        write!(out, "{separator}\"{address:#x}\":{{\"balance\":\"{:#x}\"}}", options.balance_wei)?;
        separator = ",";
    }
    for contract in &options.contracts {
        let mut storage = contract.storage.clone();
        storage.extend(contract.tokens.iter().flat_map(|tokens| tokens.entries(options.senders)));
        write!(
            out,
            "{separator}\"{:#x}\":{{\"balance\":\"0x0\",\"nonce\":\"0x1\",\"code\":\"{}\",\"storage\":{{",
            contract.address, contract.code
        )?;
        for (place, (slot, value)) in storage.iter().enumerate() {
            write!(out, "{}\"{slot}\":\"{value}\"", if place == 0 { "" } else { "," })?;
        }
        write!(out, "}}}}")?;
        separator = ",";
    }
    out.flush()?;
    Ok(())
}
