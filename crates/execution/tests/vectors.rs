//! The share of the public vectors that every test run executes; `npm run conformance` runs whole archives the same way.

use std::{path::Path, process::Command};

use serde_json::Value;

fn run(kind: &str, folder: &str) -> Value {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/vectors").join(folder);
    let output = Command::new(env!("CARGO_BIN_EXE_altlayer-vectors"))
        .args([kind, "--json", "--dir"])
        .arg(dir)
        .output()
        .expect("the runner starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("the runner prints JSON");
    assert_eq!(report["failed"], 0, "{:#}", report["failures"]);
    assert!(output.status.success());
    report
}

/// The folders are shared: others may add vectors to them.
fn at_least(count: u64, report: &Value) {
    assert!(report["passed"].as_u64() >= Some(count), "{report}");
}

#[test]
fn state_tests() {
    at_least(200, &run("state", "ethereum-tests/GeneralStateTests"));
}

#[test]
fn trie_tests() {
    at_least(26, &run("trie", "ethereum-tests/TrieTests"));
}

#[test]
fn rlp_tests() {
    at_least(55, &run("rlp", "ethereum-tests/RLPTests"));
}

#[test]
fn transaction_tests() {
    let report = run("tx", "ethereum-tests/TransactionTests");
    at_least(2638, &report);
    assert_eq!(report["excepted"], 27);
}

#[test]
fn op_sepolia_blocks() {
    at_least(15, &run("op-blocks", "op-sepolia-blocks"));
}

#[test]
fn usage_errors_are_told_apart_from_failures() {
    let code =
        |args: &[&str]| Command::new(env!("CARGO_BIN_EXE_altlayer-vectors")).args(args).output().unwrap().status.code();
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["state", "--dir", "/nonexistent"]), Some(2));
    assert_eq!(code(&["state", "--dir", env!("CARGO_MANIFEST_DIR"), "--filter", "no such vector"]), Some(3));
}
