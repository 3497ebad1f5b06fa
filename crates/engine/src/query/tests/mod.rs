//! The methods over a real store and real blocks. Values are computed here by other means than the code under test uses.

mod chain;

use alloy_primitives::{Bytes, U256, keccak256};
use alloy_trie::{Nibbles, proof::verify_proof};
use chain::{CHAIN_ID, RECEIVER, SENDER, TestChain, contract_code};
use serde_json::{Value, json};

fn number(value: &Value) -> u128 {
    let text = value.as_str().unwrap_or_else(|| panic!("no quantity: {value}"));
    u128::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

fn word(value: u64) -> String {
    format!("{:#066x}", value)
}

#[test]
fn blocks() {
    let chain = TestChain::new();
    assert_eq!(chain.get("eth_blockNumber", json!([])), "0x3");
    let block = chain.get("eth_getBlockByNumber", json!(["0x2", true]));
    assert_eq!(block["number"], "0x2");
    assert_eq!(block["transactions"].as_array().unwrap().len(), 3);
    assert_eq!(block["transactions"][0]["type"], "0x7e");
    assert_eq!(block["transactions"][1]["from"], SENDER.to_string().to_lowercase());
    assert_eq!(block["withdrawals"], json!([]));
    let raw = chain.get("debug_getRawBlock", json!(["0x2"]));
    assert_eq!(number(&block["size"]) as usize, (raw.as_str().unwrap().len() - 2) / 2);
    let header = chain.get("debug_getRawHeader", json!(["0x2"]));
    let header: Bytes = serde_json::from_value(header).unwrap();
    assert_eq!(block["hash"], json!(keccak256(&header)));
    let by_hash = chain.get("eth_getBlockByHash", json!([block["hash"], false]));
    assert_eq!(by_hash["transactions"][1], block["transactions"][1]["hash"]);
    assert_eq!(chain.get("eth_getBlockByNumber", json!(["0x63", false])), Value::Null);
    assert_eq!(chain.get("eth_getBlockTransactionCountByNumber", json!(["latest"])), "0x2");
    assert_eq!(chain.get("eth_getBlockByNumber", json!(["safe", false]))["number"], "0x0");
    assert_eq!(chain.get("eth_getBlockByNumber", json!(["pending", false]))["number"], "0x3");
    assert_eq!(chain.get("eth_getUncleCountByBlockNumber", json!(["latest"])), "0x0");
    assert_eq!(chain.get("eth_getHeaderByNumber", json!(["0x2"]))["hash"], block["hash"]);
}

#[test]
fn transactions_and_receipts() {
    let chain = TestChain::new();
    let block = chain.get("eth_getBlockByNumber", json!(["0x1", true]));
    let creation = &block["transactions"][2];
    let by_hash = chain.get("eth_getTransactionByHash", json!([creation["hash"]]));
    assert_eq!(&by_hash, creation);
    assert_eq!(by_hash["blockNumber"], "0x1");
    assert_eq!(by_hash["chainId"], format!("{CHAIN_ID:#x}"));
    let receipt = chain.get("eth_getTransactionReceipt", json!([creation["hash"]]));
    assert_eq!(receipt["contractAddress"], json!(chain.contract));
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(receipt["type"], "0x2");
    // specs/protocol/fjord/exec-engine.md, "L1-Cost fees": at least 100 bytes, scaled by 1e6.
    let per_byte = 16u128 * 10_000_000_000 * 1000 + 1_000_000_000 * 2000;
    assert_eq!(receipt["l1BaseFeeScalar"], "0x3e8");
    assert_eq!(receipt["l1BlobBaseFeeScalar"], "0x7d0");
    assert_eq!(receipt["l1GasPrice"], "0x2540be400");
    assert_eq!(receipt["l1BlobBaseFee"], "0x3b9aca00");
    let transfer = chain.get("eth_getTransactionReceipt", json!([block["transactions"][1]["hash"]]));
    assert_eq!(number(&transfer["l1Fee"]), 100_000_000 * per_byte / 1_000_000_000_000);
    assert_eq!(transfer["l1GasUsed"], "0x640");
    assert_eq!(transfer["gasUsed"], "0x5208");
    let deposit = chain.get("eth_getTransactionReceipt", json!([block["transactions"][0]["hash"]]));
    assert_eq!(deposit["depositNonce"], "0x0");
    assert_eq!(deposit["depositReceiptVersion"], "0x1");
    assert_eq!(deposit["effectiveGasPrice"], "0x0");
    assert!(deposit.get("l1Fee").is_none());
    let all = chain.get("eth_getBlockReceipts", json!(["0x1"]));
    assert_eq!(all, json!([deposit, transfer, receipt]));
    // The sender paid value, gas and the L1 fee: all of it is accounted for.
    let paid: u128 = all.as_array().unwrap()[1..]
        .iter()
        .map(|receipt| number(&receipt["gasUsed"]) * number(&receipt["effectiveGasPrice"]) + number(&receipt["l1Fee"]))
        .sum();
    let balance = number(&chain.get("eth_getBalance", json!([SENDER, "0x1"])));
    assert_eq!(balance, 100_000_000_000_000_000_000 - 5 - paid);
    assert_eq!(chain.get("eth_getTransactionByHash", json!([word(1)])), Value::Null);
    assert_eq!(chain.get("eth_getTransactionReceipt", json!([word(1)])), Value::Null);
}

#[test]
fn accounts_at_any_block() {
    let chain = TestChain::new();
    assert_eq!(chain.get("eth_getBalance", json!([RECEIVER, "0x0"])), "0x0");
    assert_eq!(chain.get("eth_getBalance", json!([RECEIVER, "0x1"])), "0x5");
    assert_eq!(chain.get("eth_getBalance", json!([RECEIVER])), "0x6");
    assert_eq!(chain.get("eth_getTransactionCount", json!([SENDER, "0x1"])), "0x2");
    assert_eq!(chain.get("eth_getTransactionCount", json!([SENDER, "pending"])), "0x5");
    assert_eq!(chain.get("eth_getCode", json!([chain.contract, "latest"])), json!(Bytes::from(contract_code())));
    assert_eq!(chain.get("eth_getCode", json!([SENDER])), "0x");
    assert_eq!(chain.get("eth_getStorageAt", json!([chain.contract, "0x0", "0x1"])), word(0));
    assert_eq!(chain.get("eth_getStorageAt", json!([chain.contract, "0x0", "latest"])), word(7));
    assert_eq!(
        chain.get("eth_getStorageValues", json!([{ chain.contract.to_string(): ["0x0", "0x1"] }])),
        json!({ chain.contract.to_string().to_lowercase(): [word(7), word(0)] })
    );
    assert_eq!(chain.fail("eth_getBalance", json!([RECEIVER, "0x99"])), (-32000, "header not found".into()));
    let hash = chain.get("eth_getBlockByNumber", json!(["0x1", false]))["hash"].clone();
    let id = json!({ "blockHash": hash, "requireCanonical": true });
    assert_eq!(chain.get("eth_getBalance", json!([RECEIVER, id])), "0x5");
}

#[test]
fn proofs_verify_against_the_header() {
    let chain = TestChain::new();
    let block = chain.get("eth_getBlockByNumber", json!(["latest", false]));
    let answer = chain.get("eth_getProof", json!([chain.contract, ["0x0", "0x5"], "latest"]));
    let nodes = |value: &Value| serde_json::from_value::<Vec<Bytes>>(value.clone()).unwrap();
    let account = alloy_trie::TrieAccount {
        nonce: 1,
        balance: U256::ZERO,
        storage_root: serde_json::from_value(answer["storageHash"].clone()).unwrap(),
        code_hash: keccak256(contract_code()),
    };
    let root = serde_json::from_value(block["stateRoot"].clone()).unwrap();
    let path = |key: &[u8]| Nibbles::unpack(keccak256(key));
    let proof = nodes(&answer["accountProof"]);
    verify_proof(root, path(chain.contract.as_slice()), Some(alloy_rlp::encode(account)), &proof).unwrap();
    let slot = |index: u64| U256::from(index).to_be_bytes::<32>();
    let stored = nodes(&answer["storageProof"][0]["proof"]);
    verify_proof(account.storage_root, path(&slot(0)), Some(alloy_rlp::encode(U256::from(7))), &stored).unwrap();
    let absent = nodes(&answer["storageProof"][1]["proof"]);
    verify_proof(account.storage_root, path(&slot(5)), None, &absent).unwrap();
}

#[test]
fn logs() {
    let chain = TestChain::new();
    let all = chain.get("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "latest" }]));
    assert_eq!(all.as_array().unwrap().len(), 1);
    let log = &all[0];
    assert_eq!(
        (&log["blockNumber"], &log["logIndex"], &log["transactionIndex"]),
        (&json!("0x2"), &json!("0x0"), &json!("0x1"))
    );
    assert_eq!(log["topics"], json!([word(7)]));
    assert_eq!(log["removed"], false);
    let of_block = chain.get("eth_getLogs", json!([{ "blockHash": log["blockHash"], "address": [chain.contract] }]));
    assert_eq!(of_block, all);
    for (filter, count) in [
        (json!({ "fromBlock": "0x0", "topics": [[word(6), word(7)]] }), 1),
        (json!({ "fromBlock": "0x0", "topics": [word(6)] }), 0),
        (json!({ "fromBlock": "0x0", "topics": [null, word(7)] }), 0),
        (json!({ "fromBlock": "0x0", "topics": [null] }), 1),
        (json!({ "fromBlock": "0x0", "topics": [word(7), null] }), 0),
        (json!({ "fromBlock": "0x3" }), 0),
        (json!({ "fromBlock": "0x0", "address": RECEIVER }), 0),
        (json!({ "fromBlock": "0x99", "toBlock": "0x100" }), 0),
        // The block after the last one: nothing yet. Tags name no order that could be wrong.
        (json!({ "fromBlock": "0x4" }), 0),
        (json!({ "fromBlock": "latest", "toBlock": "0x0" }), 0),
    ] {
        assert_eq!(chain.get("eth_getLogs", json!([filter])).as_array().unwrap().len(), count, "{filter}");
    }
    let backwards = json!([{ "fromBlock": "0x2", "toBlock": "0x1" }]);
    assert_eq!(chain.fail("eth_getLogs", backwards), (-32000, "invalid block range params".into()));
    let pending = json!([{ "fromBlock": "0x0", "toBlock": "pending" }]);
    assert_eq!(chain.fail("eth_getLogs", pending), (-32000, "pending logs are not supported".into()));
    let receipts = chain.get("eth_getBlockReceipts", json!(["0x2"]));
    assert_eq!(receipts[1]["logs"], all);
}

#[test]
fn calls() {
    let chain = TestChain::new();
    let to = chain.contract;
    let call = |input: &str| json!([{ "to": to, "input": input }, "latest"]);
    assert_eq!(chain.get("eth_call", call(&word(9))), word(9));
    // Nothing is kept.
    assert_eq!(chain.get("eth_getStorageAt", json!([to, "0x0"])), word(7));
    let error = chain.ask("eth_call", call(&word(0))).unwrap_err();
    assert_eq!((error.code, error.message.as_ref()), (3, "execution reverted: nope"));
    assert!(error.data.unwrap().get().starts_with("\"0x08c379a0"));
    // Before the contract was there, a call to it is a plain success.
    assert_eq!(chain.get("eth_call", json!([{ "to": to, "input": word(9) }, "0x0"])), "0x");
    let poor = json!([{ "from": RECEIVER, "to": SENDER, "value": "0x7", "gasPrice": "0x77359400" }]);
    let (code, message) = chain.fail("eth_call", poor);
    assert_eq!(code, -32000);
    assert!(message.contains("insufficient funds for gas * price + value"), "{message}");
    // What is wanted is gas and value together, though the value alone is missing already.
    assert!(!message.ends_with(" want 7"), "{message}");
    assert_eq!(chain.fail("eth_call", json!([{ "to": to, "chainId": "0x1" }])).0, -32000);
    // The value must be there, also where nothing is asked for gas.
    let poor = json!([{ "from": RECEIVER, "to": SENDER, "value": "0x7" }, "latest"]);
    for method in ["eth_call", "eth_createAccessList", "debug_traceCall"] {
        let (code, message) = chain.fail(method, poor.clone());
        assert_eq!(code, -32000, "{method}");
        assert!(message.contains("insufficient funds for gas * price + value"), "{method}: {message}");
        assert!(message.contains("have 6 want 7"), "{method}: {message}");
    }
}

#[test]
fn overrides() {
    let chain = TestChain::new();
    let nowhere = "0x00000000000000000000000000000000000000bb";
    // SLOAD(0), MSTORE, RETURN
    let reads_slot = "0x60005460005260206000f3";
    let state = json!({ nowhere: { "code": reads_slot, "stateDiff": { word(0): word(42) } } });
    assert_eq!(chain.get("eth_call", json!([{ "to": nowhere }, "latest", state])), word(42));
    // All storage replaced: the old value is gone.
    let state = json!({ chain.contract.to_string(): { "code": reads_slot, "state": { word(1): word(1) } } });
    assert_eq!(chain.get("eth_call", json!([{ "to": chain.contract }, "latest", state])), word(0));
    // NUMBER, TIMESTAMP: MSTORE each, return both.
    let state = json!({ nowhere: { "code": "0x436000524260205260406000f3" } });
    let answer =
        chain.get("eth_call", json!([{ "to": nowhere }, "latest", state, { "number": "0x64", "time": "0xc8" }]));
    assert_eq!(answer, format!("{}{}", word(100), &word(200)[2..]));
}

#[test]
fn precompiles_move_and_make_room() {
    const SHA256: &str = "0x0000000000000000000000000000000000000002";
    const NOWHERE: &str = "0x00000000000000000000000000000000000000bb";
    let chain = TestChain::new();
    let call =
        |to: &str, overrides: Value| chain.ask("eth_call", json!([{ "to": to, "input": "0x12" }, "latest", overrides]));
    let hash = call(SHA256, json!({})).unwrap();
    let moves = json!({ SHA256: { "movePrecompileToAddress": NOWHERE } });
    assert_eq!(call(NOWHERE, moves.clone()).unwrap(), hash);
    assert_eq!(call(SHA256, moves.clone()).unwrap(), "0x", "its old address is an account without code");
    let traced = chain.get(
        "debug_traceCall",
        json!([{ "to": NOWHERE, "input": "0x12" }, "latest", { "tracer": "callTracer", "stateOverrides": moves }]),
    );
    assert_eq!(traced["output"], hash);
    let simulated =
        json!({ "blockStateCalls": [{ "stateOverrides": moves, "calls": [{ "to": NOWHERE, "input": "0x12" }] }] });
    assert_eq!(chain.get("eth_simulateV1", json!([simulated]))[0]["calls"][0]["returnData"], hash);
    // PUSH1 42, MSTORE, RETURN in the precompile's place.
    let code = json!({ SHA256: { "code": "0x602a60005260206000f3" } });
    assert_eq!(call(SHA256, code).unwrap(), word(42));
    let taken = json!({ SHA256: { "movePrecompileToAddress": NOWHERE }, NOWHERE: { "balance": "0x1" } });
    assert!(call(NOWHERE, taken).unwrap_err().message.contains("is already overridden"));
    let stranger = json!({ NOWHERE: { "movePrecompileToAddress": SHA256 } });
    let error = call(SHA256, stranger).unwrap_err();
    assert_eq!((error.code, error.message.contains("is not a precompile")), (-32000, true));
}

#[test]
fn an_endless_call_ends() {
    let mut chain = TestChain::new();
    let to = chain.contract;
    // By gas.
    assert_eq!(chain.fail("eth_call", json!([{ "to": to }])), (-32000, "out of gas".into()));
    // By time, when gas would allow more.
    let mut limits = (*chain.context.limits).clone();
    limits.call_gas = u64::MAX / 2;
    limits.call_timeout_ms = 50;
    chain.context.limits = limits.into();
    chain.context.deadline = std::time::Instant::now() + std::time::Duration::from_millis(50);
    assert_eq!(chain.fail("eth_call", json!([{ "to": to }])), (-32000, "execution aborted (timeout = 50ms)".into()));
}

#[test]
fn a_trace_of_much_data_ends() {
    let mut chain = TestChain::new();
    let mut limits = (*chain.context.limits).clone();
    limits.call_gas = u64::MAX / 2;
    limits.call_timeout_ms = 60_000;
    chain.context.limits = limits.into();
    chain.context.deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let bomb = "0x00000000000000000000000000000000000000bb";
    // JUMPDEST, CALL of nobody with a megabyte of data, POP, JUMP.
    let calls = "0x5b60006000621000006000600060cc5af150600056";
    // MSTORE at the end of a megabyte, JUMPDEST, JUMP.
    let steps = "0x6001620fffe0525b600756";
    let options = |code: &str, options: Value| {
        let mut options = options;
        options["stateOverrides"] = json!({ bomb: { "code": code } });
        json!([{ "to": bomb }, "latest", options])
    };
    for (code, traced) in [
        (calls, json!({ "tracer": "callTracer" })),
        (calls, json!({ "tracer": "flatCallTracer" })),
        (steps, json!({ "enableMemory": true, "disableStack": true })),
    ] {
        let (error, message) = chain.fail("debug_traceCall", options(code, traced.clone()));
        assert_eq!((error, message.contains("larger than 256 MiB")), (-32005, true), "{traced}: {message}");
    }
}

#[test]
fn estimates_are_enough_and_not_too_much() {
    let chain = TestChain::new();
    assert_eq!(chain.get("eth_estimateGas", json!([{ "from": SENDER, "to": RECEIVER, "value": "0x1" }])), "0x5208");
    let call = json!({ "from": SENDER, "to": chain.contract, "input": word(9) });
    let estimate = number(&chain.get("eth_estimateGas", json!([call])));
    let mut with_gas = call.clone();
    with_gas["gas"] = json!(format!("{estimate:#x}"));
    assert_eq!(chain.get("eth_call", json!([with_gas])), word(9));
    with_gas["gas"] = json!(format!("{:#x}", estimate * 9 / 10));
    chain.ask("eth_call", json!([with_gas])).unwrap_err();
    assert_eq!(chain.fail("eth_estimateGas", json!([{ "to": chain.contract, "input": word(0) }])).0, 3);
    let endless = json!([{ "to": chain.contract, "gas": "0x186a0" }]);
    assert_eq!(chain.fail("eth_estimateGas", endless), (-32000, "gas required exceeds allowance (100000)".into()));
}

#[test]
fn a_wallet_can_send_its_whole_balance() {
    let chain = TestChain::new();
    let balance = number(&chain.get("eth_getBalance", json!([SENDER])));
    let price = 3_000_000_000u128;
    let l1_fee = number(&chain.get("eth_getBlockReceipts", json!(["0x1"]))[1]["l1Fee"]);
    let estimate = |value: u128| {
        let call = json!({ "from": SENDER, "to": RECEIVER, "value": format!("{value:#x}"), "maxFeePerGas": format!("{price:#x}") });
        chain.ask("eth_estimateGas", json!([call]))
    };
    let most = balance - 21_000 * price - 2 * l1_fee;
    assert_eq!(estimate(most).unwrap(), "0x5208");
    // Without leaving the L1 fee the transaction would be refused, so the estimate says so.
    let error = estimate(balance - 21_000 * price).unwrap_err();
    assert!(error.message.starts_with("gas required exceeds allowance"), "{}", error.message);
    let error = estimate(balance + 1).unwrap_err();
    assert_eq!(error.message, "insufficient funds for transfer");
}

#[test]
fn access_lists() {
    let chain = TestChain::new();
    let call = json!({ "from": SENDER, "to": chain.contract, "input": word(9) });
    let answer = chain.get("eth_createAccessList", json!([call]));
    assert_eq!(answer["accessList"], json!([{ "address": chain.contract, "storageKeys": [word(0)] }]));
    assert!(answer.get("error").is_none());
    let failing = json!({ "to": chain.contract, "input": word(0) });
    assert_eq!(chain.get("eth_createAccessList", json!([failing]))["error"], "execution reverted: nope");
}

#[test]
fn traces() {
    let chain = TestChain::new();
    let block = chain.get("eth_getBlockByNumber", json!(["0x2", true]));
    let call_hash = &block["transactions"][1]["hash"];
    let receipt = chain.get("eth_getTransactionReceipt", json!([call_hash]));
    let steps = chain.get("debug_traceTransaction", json!([call_hash]));
    assert_eq!(json!(format!("{:#x}", steps["gas"].as_u64().unwrap())), receipt["gasUsed"]);
    assert_eq!((&steps["failed"], &steps["structLogs"][0]["op"]), (&json!(false), &json!("CALLDATASIZE")));
    let call = chain.get(
        "debug_traceTransaction",
        json!([call_hash, { "tracer": "callTracer", "tracerConfig": { "withLog": true } }]),
    );
    assert_eq!(
        (&call["type"], &call["to"], &call["output"]),
        (&json!("CALL"), &json!(chain.contract), &json!(word(7)))
    );
    assert_eq!(call["gasUsed"], receipt["gasUsed"]);
    assert_eq!(call["logs"][0]["topics"], json!([word(7)]));
    let reverted =
        chain.get("debug_traceTransaction", json!([block["transactions"][2]["hash"], { "tracer": "callTracer" }]));
    assert_eq!((&reverted["error"], &reverted["revertReason"]), (&json!("execution reverted"), &json!("nope")));
    let diff = chain.get(
        "debug_traceTransaction",
        json!([call_hash, { "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }]),
    );
    let contract = chain.contract.to_string().to_lowercase();
    assert_eq!(diff["post"][&contract]["storage"][word(0)], word(7));
    let before = chain.get("debug_traceTransaction", json!([call_hash, { "tracer": "prestateTracer" }]));
    assert_eq!(before[SENDER.to_string().to_lowercase()]["nonce"], 2);
    let whole = chain.get("debug_traceBlockByNumber", json!(["0x2", { "tracer": "callTracer" }]));
    assert_eq!(
        whole[1],
        json!({ "txHash": call_hash, "result": chain.get("debug_traceTransaction", json!([call_hash, { "tracer": "callTracer" }])) })
    );
    assert_eq!(chain.get("debug_traceBlockByHash", json!([block["hash"], { "tracer": "callTracer" }])), whole);
    let raw = chain.get("debug_getRawBlock", json!(["0x2"]));
    assert_eq!(chain.get("debug_traceBlock", json!([raw, { "tracer": "callTracer" }])), whole);
    for tracer in ["4byteTracer", "noopTracer"] {
        chain.get("debug_traceTransaction", json!([call_hash, { "tracer": tracer }]));
    }
    let flat = chain.get("debug_traceTransaction", json!([call_hash, { "tracer": "flatCallTracer" }]));
    assert_eq!(flat[0]["result"]["gasUsed"], receipt["gasUsed"]);
    let mux =
        json!({ "tracer": "muxTracer", "tracerConfig": { "callTracer": { "withLog": true }, "prestateTracer": {} } });
    let mux = chain.get("debug_traceTransaction", json!([call_hash, mux]));
    assert_eq!((&mux["callTracer"], &mux["prestateTracer"]), (&call, &before));
    // Of the accounts that fees go to only the coinbase belongs to the state before.
    let coinbase = block["miner"].as_str().unwrap();
    assert!(before.get(coinbase).is_some(), "{before}");
    for vault in ["19", "1a", "1b"] {
        let vault = format!("0x42000000000000000000000000000000000000{vault}");
        assert_eq!((before.get(&vault), diff["post"].get(&vault)), (None, None));
        // A call to one looks at it.
        let looks = json!([{ "to": vault }, "latest", { "tracer": "prestateTracer" }]);
        assert!(chain.get("debug_traceCall", looks).get(&vault).is_some());
    }
    // What a transaction creates was not there before it.
    let creation = chain.get("eth_getBlockByNumber", json!(["0x1", false]))["transactions"][2].clone();
    let before_creation = chain.get("debug_traceTransaction", json!([creation, { "tracer": "prestateTracer" }]));
    assert_eq!(before_creation.get(&contract), None);
    assert!(before_creation.get(SENDER.to_string().to_lowercase()).is_some());
    let flat =
        chain.get("debug_traceTransaction", json!([block["transactions"][2]["hash"], { "tracer": "flatCallTracer" }]));
    assert_eq!(flat[0]["error"], "execution reverted");
    let short = chain.get("debug_traceTransaction", json!([call_hash, { "limit": 1 }]));
    assert_eq!(short["structLogs"], json!([steps["structLogs"][0]]));
    let simulated = chain.get(
        "debug_traceCall",
        json!([{ "to": chain.contract, "input": word(9) }, "latest", { "tracer": "callTracer" }]),
    );
    assert_eq!(simulated["output"], word(9));
    assert_eq!(chain.fail("debug_traceBlockByNumber", json!(["0x0"])).1, "genesis is not traceable");
    assert_eq!(
        chain.fail("debug_traceTransaction", json!([call_hash, { "tracer": "{step: 1}" }])).1,
        "tracer not found"
    );
    assert_eq!(chain.fail("debug_traceTransaction", json!([word(1)])).1, "transaction not found");
    let beyond = json!([{ "to": chain.contract }, "0x2", { "txIndex": "0x3" }]);
    assert!(chain.fail("debug_traceCall", beyond).1.starts_with("transaction index 3 out of range"));
}

#[test]
fn raw_encodings_hash_to_their_names() {
    let chain = TestChain::new();
    let block = chain.get("eth_getBlockByNumber", json!(["0x2", true]));
    let transaction: Bytes =
        serde_json::from_value(chain.get("debug_getRawTransaction", json!([block["transactions"][1]["hash"]])))
            .unwrap();
    assert_eq!(json!(keccak256(&transaction)), block["transactions"][1]["hash"]);
    let receipts: Vec<Bytes> = serde_json::from_value(chain.get("debug_getRawReceipts", json!(["0x2"]))).unwrap();
    let root =
        alloy_trie::root::ordered_trie_root_with_encoder(&receipts, |receipt, out| out.extend_from_slice(receipt));
    assert_eq!(json!(root), block["receiptsRoot"]);
    let code_hash = keccak256(contract_code());
    assert_eq!(chain.get("debug_dbGet", json!([code_hash])), json!(Bytes::from(contract_code())));
    assert_eq!(chain.fail("debug_dbGet", json!([word(1)])).0, -32000);
}

#[test]
fn a_witness_executes_the_block_without_the_chain() {
    let chain = TestChain::new();
    let witness: altlayer_execution::ExecutionWitness =
        serde_json::from_value(chain.get("debug_executionWitness", json!(["0x2"]))).unwrap();
    let hash = |number: u64| chain.context.chain.canonical_hash(number).unwrap().unwrap();
    let parent = chain.context.chain.header(&hash(1)).unwrap().unwrap();
    let block = chain.context.chain.block(&hash(2)).unwrap().unwrap();
    let parent = altlayer_execution::Parent::new((*parent).clone());
    let state = altlayer_execution::WitnessState::new(parent.clone(), witness.preimages().into()).unwrap();
    let mut executor = altlayer_execution::BlockExecutor::open_with_header(
        chain.context.spec.clone(),
        &state,
        parent.header.timestamp,
        block.header.clone(),
    )
    .unwrap();
    for tx in &block.transactions {
        executor.execute(&altlayer_execution::RecoveredTx::from_stored(tx).unwrap()).unwrap();
    }
    let outcome = executor.finish();
    assert_eq!(state.roots_after(&outcome.diff).unwrap().state, block.header.state_root);
}

#[test]
fn fees() {
    let chain = TestChain::new();
    let tip = number(&chain.get("eth_maxPriorityFeePerGas", json!([])));
    let block = chain.get("eth_getBlockByNumber", json!(["latest", false]));
    assert_eq!(tip, 1_000_000);
    assert_eq!(number(&chain.get("eth_gasPrice", json!([]))), number(&block["baseFeePerGas"]) + tip);
    assert_eq!(chain.get("eth_blobBaseFee", json!([])), "0x1");
    let history = chain.get("eth_feeHistory", json!(["0x10", "latest", [0.0, 50.0, 100.0]]));
    assert_eq!(history["oldestBlock"], "0x0");
    assert_eq!(history["baseFeePerGas"].as_array().unwrap().len(), 5);
    assert_eq!(history["baseFeePerGas"][3], block["baseFeePerGas"]);
    assert_eq!(history["baseFeePerGas"][4], chain.get("eth_baseFee", json!([])));
    assert_eq!(history["reward"][2], json!(["0xf4240", "0xf4240", "0xf4240"]));
    assert_eq!(history["reward"][0], json!(["0x0", "0x0", "0x0"]));
    let (_, message) = chain.fail("eth_feeHistory", json!(["0x1", "latest", [50.0, 10.0]]));
    assert_eq!(message, "invalid reward percentile: #0:50.000000 >= #1:10.000000");
    assert_eq!(chain.fail("eth_feeHistory", json!(["0x1", "0x9"])).1, "request beyond head block: requested 9, head 3");
}

#[test]
fn simulations() {
    let chain = TestChain::new();
    let payload = json!({
        "blockStateCalls": [
            { "calls": [
                { "from": SENDER, "to": chain.contract, "input": word(9) },
                { "from": SENDER, "to": RECEIVER, "value": "0x64" },
                { "from": SENDER, "to": chain.contract, "input": word(0) },
            ] },
            { "blockOverrides": { "number": "0x6" }, "calls": [{ "from": RECEIVER, "to": SENDER, "value": "0x6a" }] },
        ],
        "traceTransfers": true,
    });
    let blocks = chain.get("eth_simulateV1", json!([payload, "latest"]));
    let numbers: Vec<&Value> = blocks.as_array().unwrap().iter().map(|block| &block["number"]).collect();
    assert_eq!(numbers, ["0x4", "0x5", "0x6"]);
    let calls = &blocks[0]["calls"];
    assert_eq!((&calls[0]["status"], &calls[0]["returnData"]), (&json!("0x1"), &json!(word(9))));
    assert_eq!(calls[0]["logs"][0]["blockHash"], blocks[0]["hash"]);
    assert_eq!(calls[1]["logs"][0]["address"], "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_eq!((&calls[2]["status"], &calls[2]["error"]["code"]), (&json!("0x0"), &json!(3)));
    assert_eq!(blocks[1]["parentHash"], blocks[0]["hash"]);
    // The receiver holds 6 and got 100: the whole is spent in the third block.
    assert_eq!(blocks[2]["calls"][0]["status"], "0x1");
    assert_ne!(blocks[2]["stateRoot"], blocks[0]["stateRoot"]);
    let backwards = json!({ "blockStateCalls": [{ "blockOverrides": { "number": "0x1" } }] });
    assert_eq!(chain.fail("eth_simulateV1", json!([backwards])).0, -38020);
    let strict = json!({ "blockStateCalls": [{ "calls": [{ "from": SENDER, "to": RECEIVER, "nonce": "0x0", "maxFeePerGas": "0x77359400" }] }], "validation": true });
    assert_eq!(chain.fail("eth_simulateV1", json!([strict])).0, -38010);
    let far = json!({ "blockStateCalls": [{ "blockOverrides": { "number": "0xffffff" } }] });
    assert_eq!(chain.fail("eth_simulateV1", json!([far])).0, -38026);
}

#[test]
fn the_pool() {
    let chain = TestChain::new();
    let raw = chain::legacy_transfer(7);
    let tx = altlayer_execution::RecoveredTx::decode(raw).unwrap();
    let pooled = std::sync::Arc::new(crate::pool::PooledTransaction(tx));
    chain.context.pool.lock().insert(pooled.clone(), 0).unwrap();
    assert_eq!(chain.get("txpool_status", json!([])), json!({ "pending": "0x0", "queued": "0x1" }));
    let content = chain.get("txpool_content", json!([]));
    let sender = SENDER.to_string();
    let entry = content["queued"].as_object().unwrap().values().next().unwrap();
    assert_eq!(entry["7"]["hash"], json!(pooled.hash));
    assert_eq!(entry["7"]["blockHash"], Value::Null);
    assert_eq!(chain.get("txpool_contentFrom", json!([sender]))["queued"]["7"], entry["7"]);
    assert!(
        chain.get("txpool_inspect", json!([]))["queued"].to_string().contains("1 wei + 21000 gas × 2000000000 wei")
    );
    let by_hash = chain.get("eth_getTransactionByHash", json!([pooled.hash]));
    assert_eq!((&by_hash["blockNumber"], &by_hash["nonce"]), (&Value::Null, &json!("0x7")));
}

#[test]
fn parameters_that_do_not_fit() {
    let chain = TestChain::new();
    assert_eq!(chain.fail("eth_getBalance", json!([])), (-32602, "missing value for required argument 0".into()));
    assert_eq!(chain.fail("eth_getBalance", json!(["0x12"])).0, -32602);
    assert_eq!(chain.fail("eth_nothing", json!([])).0, -32601);
    assert_eq!(chain.fail("eth_getBlockAccessList", json!(["latest"])).0, -32001);
    let config = chain.get("eth_config", json!([]));
    assert_eq!(config["current"]["chainId"], "0x385");
    assert_eq!(chain.get("eth_capabilities", json!([]))["head"]["number"], "0x3");
}
