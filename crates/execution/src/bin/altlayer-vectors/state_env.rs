//! From a state test's JSON to revm's environments.

use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, TxKind, U256};
use altlayer_state::{AccountDiff, StateDiff};
use revm::{
    bytecode::Bytecode,
    context::{BlockEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::{eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_CANCUN, hardfork::SpecId},
    state::AccountInfo,
};
use serde_json::Value;

use crate::vectors::{bytes, number, text};

pub fn fork(name: &str) -> Option<SpecId> {
    Some(match name {
        "Frontier" => SpecId::FRONTIER,
        "Homestead" => SpecId::HOMESTEAD,
        "EIP150" => SpecId::TANGERINE,
        "EIP158" => SpecId::SPURIOUS_DRAGON,
        "Byzantium" => SpecId::BYZANTIUM,
        // revm has no rules for Constantinople before its fix.
        "Constantinople" => SpecId::BYZANTIUM,
        "ConstantinopleFix" | "Petersburg" => SpecId::PETERSBURG,
        "Istanbul" => SpecId::ISTANBUL,
        "Berlin" => SpecId::BERLIN,
        "London" => SpecId::LONDON,
        "Paris" | "Merge" => SpecId::MERGE,
        "Shanghai" => SpecId::SHANGHAI,
        "Cancun" => SpecId::CANCUN,
        "Prague" => SpecId::PRAGUE,
        _ => return None,
    })
}

fn address(value: &str) -> Result<Address, String> {
    value.parse().map_err(|error| format!("address {value}: {error}"))
}

fn quantity(value: &Value, key: &str) -> Result<U256, String> {
    number(text(value, key)?)
}

fn u64_of(value: &Value, key: &str) -> Result<u64, String> {
    quantity(value, key)?.try_into().map_err(|_| format!("{key} is above 64 bits"))
}

fn u128_of(value: &Value, key: &str) -> Result<u128, String> {
    quantity(value, key)?.try_into().map_err(|_| format!("{key} is above 128 bits"))
}

/// The state before.
pub fn pre_state(pre: &Value) -> Result<StateDiff, String> {
    let mut state = StateDiff::default();
    for (key, account) in pre.as_object().ok_or("`pre` is missing")? {
        let code = bytes(text(account, "code")?)?;
        let code_hash = alloy_primitives::keccak256(&code);
        if !code.is_empty() {
            state.codes.insert(code_hash, Bytecode::new_raw(code));
        }
        let info = AccountInfo {
            balance: quantity(account, "balance")?,
            nonce: u64_of(account, "nonce")?,
            code_hash,
            account_id: None,
            code: None,
        };
        let mut diff = AccountDiff { info: Some(info), ..Default::default() };
        for (slot, value) in account["storage"].as_object().ok_or("`storage` is missing")? {
            let value = number(value.as_str().ok_or("storage value is not text")?)?;
            if !value.is_zero() {
                diff.storage.insert(number(slot)?, value);
            }
        }
        state.accounts.insert(address(key)?, diff);
    }
    Ok(state)
}

pub fn block_env(env: &Value, spec: SpecId) -> Result<BlockEnv, String> {
    let optional = |key: &str| env.get(key).and_then(Value::as_str).map(number).transpose();
    let difficulty = optional("currentDifficulty")?.unwrap_or_default();
    let random = optional("currentRandom")?;
    let mut block = BlockEnv {
        number: quantity(env, "currentNumber")?,
        beneficiary: address(text(env, "currentCoinbase")?)?,
        timestamp: quantity(env, "currentTimestamp")?,
        gas_limit: quantity(env, "currentGasLimit")?.saturating_to(),
        basefee: optional("currentBaseFee")?.unwrap_or_default().saturating_to(),
        difficulty,
        prevrandao: random.map(|value| B256::from(value.to_be_bytes())),
        blob_excess_gas_and_price: None,
        slot_num: 0,
    };
    if spec.is_enabled_in(SpecId::MERGE) {
        block.prevrandao = Some(block.prevrandao.unwrap_or_else(|| B256::from(difficulty.to_be_bytes())));
        block.difficulty = U256::ZERO;
    }
    if !spec.is_enabled_in(SpecId::LONDON) {
        block.basefee = 0;
    }
    if spec.is_enabled_in(SpecId::CANCUN) {
        let excess = optional("currentExcessBlobGas")?.unwrap_or_default().saturating_to();
        block.blob_excess_gas_and_price =
            Some(BlobExcessGasAndPrice::new(excess, BLOB_BASE_FEE_UPDATE_FRACTION_CANCUN));
    }
    Ok(block)
}

/// The transaction of one `post` entry. An error means that it cannot even be written down (a value of 257 bits).
pub fn tx_env(tx: &Value, indexes: &Value) -> Result<TxEnv, String> {
    let index = |key: &str| indexes[key].as_u64().map_or(0, |index| index as usize);
    let pick = |list: &str, key: &str| -> Result<String, String> {
        let item = tx[list].get(index(key)).and_then(Value::as_str);
        item.map(str::to_owned).ok_or_else(|| format!("{list} has no such entry"))
    };
    let to = text(tx, "to")?;
    let mut env = TxEnv {
        tx_type: 0,
        caller: address(text(tx, "sender")?)?,
        gas_limit: number(&pick("gasLimit", "gas")?)?.saturating_to(),
        kind: if to.is_empty() { TxKind::Create } else { TxKind::Call(address(to)?) },
        value: number(&pick("value", "value")?)?,
        data: bytes(&pick("data", "data")?)?,
        nonce: u64_of(tx, "nonce")?,
        chain_id: Some(1),
        ..Default::default()
    };
    if let Some(list) = tx.get("accessLists").and_then(|lists| lists.get(index("data"))).filter(|list| !list.is_null())
    {
        env.access_list = access_list(list)?;
        env.tx_type = 1;
    }
    if tx.get("maxFeePerGas").is_some() {
        env.gas_price = u128_of(tx, "maxFeePerGas")?;
        env.gas_priority_fee = Some(u128_of(tx, "maxPriorityFeePerGas")?);
        env.tx_type = 2;
    } else {
        env.gas_price = u128_of(tx, "gasPrice")?;
    }
    if let Some(hashes) = tx.get("blobVersionedHashes").and_then(Value::as_array) {
        env.max_fee_per_blob_gas = u128_of(tx, "maxFeePerBlobGas")?;
        env.tx_type = 3;
        // EIP-4844 gives `to` no empty form.
        if env.kind.is_create() {
            return Err("a blob transaction that creates cannot be encoded".into());
        }
        for hash in hashes {
            env.blob_hashes.push(number(hash.as_str().unwrap_or_default())?.into());
        }
    }
    Ok(env)
}

fn access_list(list: &Value) -> Result<AccessList, String> {
    let mut items = Vec::new();
    for item in list.as_array().ok_or("access list is not a list")? {
        let mut keys = Vec::new();
        for key in item["storageKeys"].as_array().ok_or("storageKeys is not a list")? {
            keys.push(number(key.as_str().unwrap_or_default())?.into());
        }
        items.push(AccessListItem { address: address(text(item, "address")?)?, storage_keys: keys });
    }
    Ok(AccessList(items))
}
