//! TransactionTests: decoding, signature and intrinsic validity of raw transactions under each fork.

use std::path::Path;

use alloy_consensus::{SignableTransaction, Signed, Transaction, crypto::secp256k1::recover_signer_unchecked};
use alloy_eips::Typed2718;
use alloy_primitives::{Address, B256, Signature, U256, keccak256};
use altlayer_execution::{RecoveredTx, decode, recover};
use op_alloy_consensus::OpTxEnvelope;
use revm::{
    context_interface::cfg::gas::calculate_initial_tx_gas_for_tx,
    primitives::{eip3860::MAX_INITCODE_SIZE, hardfork::SpecId},
};
use serde_json::Value;

use crate::{
    report::Report,
    state_env::fork,
    vectors::{bytes, cases, number, text},
};

/// The vectors' chain.
const CHAIN_ID: u64 = 1;

/// Transactions that are valid by the vector and that we refuse, with the reason.
const HIGH_GAS_PRICE: &str =
    "gas prices of 2^128 wei and more are refused: no balance can ever pay 21,000 gas at such a price";
const EXCEPTIONS: [(&str, &str); 3] = [
    ("TransactionWithHighGasPrice", HIGH_GAS_PRICE),
    ("GasLimitPriceProductOverflowtMinusOne", HIGH_GAS_PRICE),
    ("V_equals38", HIGH_GAS_PRICE),
];

pub fn run(_: &Path, name: &str, contents: Vec<u8>) -> Report {
    let mut report = Report::default();
    let cases = match cases(&contents) {
        Ok(cases) => cases,
        Err(error) => {
            report.fail(name, error);
            return report;
        }
    };
    for (case, value) in &cases {
        let Some(results) = value.get("result").and_then(Value::as_object) else {
            report.fail(case, "`result` is missing");
            continue;
        };
        for (fork_name, expected) in results {
            let outcome = check(value, fork_name, expected);
            let exception = EXCEPTIONS.iter().find(|(excepted, _)| case == excepted);
            match (exception, &outcome) {
                (Some((_, reason)), Err(_)) => report.except(reason),
                _ => report.check(|| format!("{name}/{case}/{fork_name}"), outcome),
            }
        }
    }
    report
}

fn check(case: &Value, fork_name: &str, expected: &Value) -> Result<(), String> {
    let spec = fork(fork_name).ok_or_else(|| format!("unknown fork {fork_name}"))?;
    let raw = text(case, "txbytes")?;
    let verdict = bytes(raw).and_then(|raw| validate(&raw, spec));
    match (expected.get("exception"), verdict) {
        (Some(_), Err(_)) => Ok(()),
        (Some(exception), Ok(_)) => Err(format!("accepted, expected {exception}")),
        (None, Err(error)) => Err(format!("refused: {error}")),
        (None, Ok(valid)) => {
            let sender: Address = text(expected, "sender")?.parse().map_err(|error| format!("sender: {error}"))?;
            let hash: B256 = text(expected, "hash")?.parse().map_err(|error| format!("hash: {error}"))?;
            let gas = number(text(expected, "intrinsicGas")?)?;
            if valid.sender != sender {
                return Err(format!("sender is {}, expected {sender}", valid.sender));
            }
            if valid.hash != hash {
                return Err(format!("hash is {}, expected {hash}", valid.hash));
            }
            if U256::from(valid.intrinsic_gas) != gas {
                return Err(format!("intrinsic gas is {}, expected {gas}", valid.intrinsic_gas));
            }
            Ok(())
        }
    }
}

struct Valid {
    sender: Address,
    hash: B256,
    intrinsic_gas: u64,
}

fn validate(raw: &[u8], spec: SpecId) -> Result<Valid, String> {
    let tx = decode(raw).map_err(|error| error.to_string())?;
    let since = match tx.ty() {
        0 => SpecId::FRONTIER,
        1 => SpecId::BERLIN,
        2 => SpecId::LONDON,
        4 => SpecId::PRAGUE,
        _ => return Err("not an Ethereum transaction".into()),
    };
    if !spec.is_enabled_in(since) {
        return Err("type not supported yet".into());
    }
    match tx.chain_id() {
        Some(_) if !spec.is_enabled_in(SpecId::SPURIOUS_DRAGON) => return Err("EIP-155 is not active".into()),
        Some(id) if id != CHAIN_ID => return Err("other chain".into()),
        _ => {}
    }
    let sender = match spec.is_enabled_in(SpecId::HOMESTEAD) {
        true => recover(&tx).map_err(|error| error.to_string())?,
        false => recover_frontier(&tx)?,
    };
    // EIP-2681
    if tx.nonce() == u64::MAX {
        return Err("nonce too big".into());
    }
    if tx.max_priority_fee_per_gas().is_some_and(|tip| tip > tx.max_fee_per_gas()) {
        return Err("tip above fee cap".into());
    }
    if spec.is_enabled_in(SpecId::SHANGHAI) && tx.kind().is_create() && tx.input().len() > MAX_INITCODE_SIZE {
        return Err("initcode too large".into());
    }
    let hash = keccak256(raw);
    let recovered = RecoveredTx { hash, sender, raw: raw.to_vec().into(), tx };
    let gas = calculate_initial_tx_gas_for_tx(&recovered.env().base, spec).initial_total_gas;
    if gas > recovered.tx.gas_limit() {
        return Err("intrinsic gas too low".into());
    }
    Ok(Valid { sender, hash, intrinsic_gas: gas })
}

/// Frontier took high `s` values as well.
fn recover_frontier(tx: &OpTxEnvelope) -> Result<Address, String> {
    fn any<T: SignableTransaction<Signature>>(signed: &Signed<T>) -> Result<Address, String> {
        recover_signer_unchecked(signed.signature(), signed.signature_hash()).map_err(|error| error.to_string())
    }
    match tx {
        OpTxEnvelope::Legacy(signed) => any(signed),
        _ => Err("type not supported yet".into()),
    }
}
