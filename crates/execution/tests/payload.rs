//! engine_newPayload's checks: each field of a valid block, altered, is found; and the genesis block.

mod support;

use alloy_primitives::{B256, Bloom, Bytes, bytes};
use altlayer_execution::{
    ChainSpec, ChainSpecError, ExecutionPayload, MESSAGE_PASSER, PayloadError, decode_all, execute_payload,
    genesis_block,
};
use serde_json::json;
use support::simple::Simple;

fn execute(chain: &Simple, payload: &ExecutionPayload) -> Result<B256, PayloadError> {
    let transactions = decode_all(&payload.transactions).unwrap();
    let roots = |diff: &_| Ok((chain.state.roots_after(diff)?, ()));
    execute_payload(&chain.spec, &chain.state, &chain.parent, payload, &transactions, roots)
        .map(|executed| executed.hash)
}

fn block(chain: &Simple) -> ExecutionPayload {
    chain.seal(&[chain.deposit(|_| ()), chain.transfer(|tx| tx.nonce = 1)])
}

/// Alters a valid payload and gives it the hash that fits the alteration.
fn altered(chain: &Simple, alter: impl FnOnce(&mut ExecutionPayload)) -> Result<B256, PayloadError> {
    let mut payload = block(chain);
    alter(&mut payload);
    payload.block_hash = payload.claimed_header(&chain.spec).hash_slow();
    execute(chain, &payload)
}

#[test]
fn a_sealed_block_is_valid_and_survives_json() {
    let chain = Simple::new();
    let payload = block(&chain);
    assert_eq!(execute(&chain, &payload), Ok(payload.block_hash));
    let text = serde_json::to_string(&payload).unwrap();
    assert!(text.contains(r#""blockNumber":"0x1""#) && text.contains(r#""withdrawals":[]"#), "{text}");
    assert_eq!(serde_json::from_str::<ExecutionPayload>(&text).unwrap(), payload);
}

#[test]
fn every_altered_field_is_found() {
    let chain = Simple::new();
    let other = B256::repeat_byte(9);
    macro_rules! finds {
        ($pattern:pat, $alter:expr) => {
            let found = altered(&chain, $alter);
            assert!(matches!(found, Err($pattern)), "{}: {found:?}", stringify!($alter));
        };
    }
    finds!(PayloadError::ParentHash { .. }, |p| p.parent_hash = other);
    finds!(PayloadError::Number { found: 2, expected: 1 }, |p| p.block_number = 2);
    finds!(PayloadError::Timestamp { .. }, |p| p.timestamp = 1000);
    finds!(PayloadError::BaseFee { .. }, |p| p.base_fee_per_gas += 1);
    finds!(PayloadError::GasAboveLimit { .. }, |p| p.gas_limit = 100);
    finds!(PayloadError::GasUsed { .. }, |p| p.gas_used += 1);
    finds!(PayloadError::StateRoot { .. }, |p| p.state_root = other);
    finds!(PayloadError::ReceiptsRoot { .. }, |p| p.receipts_root = other);
    finds!(PayloadError::Bloom, |p| p.logs_bloom = Bloom::repeat_byte(1));
    // The fee recipient gets the tip.
    finds!(PayloadError::StateRoot { .. }, |p| p.fee_recipient = Default::default());
    finds!(PayloadError::StateRoot { .. }, |p| p.parent_beacon_block_root = Some(other));
    finds!(PayloadError::ExtraData(_), |p| p.extra_data = Bytes::new());
    finds!(PayloadError::ExtraData(_), |p| p.extra_data = bytes!("01000000fa00000006"));
    finds!(PayloadError::ExtraData(_), |p| p.extra_data = bytes!("000000000000000006"));
    finds!(PayloadError::Field { field: "blobGasUsed", .. }, |p| p.blob_gas_used = Some(131_072));
    finds!(PayloadError::Field { field: "blobGasUsed", .. }, |p| p.blob_gas_used = None);
    finds!(PayloadError::Field { field: "excessBlobGas", .. }, |p| p.excess_blob_gas = Some(1));
    finds!(PayloadError::Field { field: "withdrawals", .. }, |p| p.withdrawals = None);
    finds!(PayloadError::Field { field: "withdrawals", .. }, |p| p.withdrawals = Some(vec![json!({})]));
    finds!(PayloadError::Field { field: "withdrawalsRoot", .. }, |p| p.withdrawals_root = Some(other));
    finds!(PayloadError::Field { field: "parentBeaconBlockRoot", .. }, |p| p.parent_beacon_block_root = None);
    finds!(PayloadError::Transaction { index: 0, .. }, |p| p.transactions = vec![p.transactions[1].clone()]);
    let mut payload = block(&chain);
    payload.block_hash = other;
    assert!(matches!(execute(&chain, &payload), Err(PayloadError::BlockHash { .. })));
}

fn genesis(extra_data: &str, alloc: serde_json::Value) -> Result<altlayer_state::GenesisBlock, ChainSpecError> {
    let json = json!({
        "config": {
            "chainId": 901, "bedrockBlock": 0, "regolithTime": 0, "canyonTime": 0, "shanghaiTime": 0, "ecotoneTime": 0,
            "cancunTime": 0, "fjordTime": 0, "graniteTime": 0, "holoceneTime": 0,
            "optimism": {"eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250},
        },
        "timestamp": "0x64", "extraData": extra_data, "gasLimit": "0x1c9c380", "difficulty": "0x0", "alloc": alloc,
        "coinbase": "0x4200000000000000000000000000000000000011", "baseFeePerGas": "0x3b9aca00",
    });
    let (spec, genesis) = ChainSpec::from_genesis_json(&json.to_string())?;
    genesis_block(&spec, &genesis)
}

#[test]
fn genesis_has_every_field_of_its_forks() {
    let alloc = json!({(MESSAGE_PASSER.to_string()): {"balance": "0x0", "code": "0x00",
        "storage": {(B256::ZERO.to_string()): B256::with_last_byte(1)}}});
    let block = genesis("0x00000000fa00000006", alloc).unwrap();
    let header = &block.header;
    assert_eq!(header.withdrawals_root, Some(alloy_consensus::EMPTY_ROOT_HASH));
    assert_eq!((header.blob_gas_used, header.excess_blob_gas), (Some(0), Some(0)));
    assert_eq!(header.parent_beacon_block_root, Some(B256::ZERO));
    assert_eq!(header.base_fee_per_gas, Some(1_000_000_000));
    assert_eq!((header.requests_hash, header.number, header.timestamp), (None, 0, 100));
    assert_eq!(header.state_root, altlayer_state::state_root(&block.state));
    assert_ne!(header.state_root, alloy_consensus::EMPTY_ROOT_HASH);
}

#[test]
fn a_genesis_that_op_geth_could_not_follow_is_refused() {
    assert!(matches!(genesis("0x", json!({})), Err(ChainSpecError::GenesisExtraData(_))));
    assert!(matches!(genesis("0x000000000000000000", json!({})), Err(ChainSpecError::GenesisExtraData(_))));
    let hollow = json!({(MESSAGE_PASSER.to_string()): {"balance": "0x1", "storage": {(B256::ZERO.to_string()): B256::with_last_byte(1)}}});
    assert!(matches!(genesis("0x00000000fa00000006", hollow), Err(ChainSpecError::StorageWithoutCode(_))));
}
