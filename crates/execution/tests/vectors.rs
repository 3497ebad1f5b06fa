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

#[test]
fn state_tests() {
    let report = run("state", "ethereum-tests/GeneralStateTests");
    assert!(report["passed"].as_u64() >= Some(200), "{report}");
}

#[test]
fn trie_tests() {
    assert_eq!(run("trie", "ethereum-tests/TrieTests")["passed"], 26);
}

#[test]
fn rlp_tests() {
    assert_eq!(run("rlp", "ethereum-tests/RLPTests")["passed"], 55);
}

#[test]
fn transaction_tests() {
    let report = run("tx", "ethereum-tests/TransactionTests");
    assert_eq!((&report["passed"], &report["excepted"]), (&2638.into(), &27.into()));
}

#[test]
fn op_sepolia_blocks() {
    assert_eq!(run("op-blocks", "op-sepolia-blocks")["passed"], 15);
}

#[test]
fn usage_errors_are_told_apart_from_failures() {
    let code =
        |args: &[&str]| Command::new(env!("CARGO_BIN_EXE_altlayer-vectors")).args(args).output().unwrap().status.code();
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["state", "--dir", "/nonexistent"]), Some(2));
    assert_eq!(code(&["state", "--dir", env!("CARGO_MANIFEST_DIR"), "--filter", "no such vector"]), Some(3));
}
