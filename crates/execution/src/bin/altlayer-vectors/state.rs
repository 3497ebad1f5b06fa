//! GeneralStateTests: each transaction through our block state, diff, trie, chain store and journal, under Ethereum's rules.

use std::path::Path;

use alloy_primitives::{B256, Log, keccak256};
use alloy_rlp::Encodable;
use altlayer_execution::BlockState;
use altlayer_state::StateDiff;
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::{BlockEnv, CfgEnv, TxEnv},
    primitives::hardfork::SpecId,
};
use serde_json::Value;

use crate::{
    ledger::{Ledger, TestView},
    report::Report,
    state_env::{block_env, fork, pre_state, tx_env},
    vectors::{Suite, cases, text},
};

const BEFORE_BERLIN: &str = "rules from before Berlin, which no OP Stack chain has";

/// EIP-7610 rejects a creation at an address that has storage but neither code nor nonce. revm does not look at storage
/// there, and only a genesis allocation could make such an account: `genesis_block` refuses those.
const STORAGE_WITHOUT_CODE: &str =
    "creation over storage without code and nonce (EIP-7610); unreachable, see genesis_block";
const EXCEPTIONS: [&str; 4] = [
    "RevertInCreateInInitCreate2Paris",
    "create2collisionStorageParis",
    "dynamicAccountOverwriteEmpty_Paris",
    "RevertInCreateInInit_Paris",
];

/// One worker's share, in one chain store.
pub struct StateSuite(Ledger);

pub fn start() -> Result<Box<dyn Suite>, String> {
    Ok(Box::new(StateSuite(Ledger::open().map_err(|error| error.to_string())?)))
}

impl Suite for StateSuite {
    fn file(&mut self, _: &Path, name: &str, contents: Vec<u8>) -> Report {
        let mut report = Report::default();
        let cases = match cases(&contents) {
            Ok(cases) => cases,
            Err(error) => {
                report.fail(name, error);
                return report;
            }
        };
        for (case, value) in &cases {
            if let Err(error) = self.case(case, value, &mut report) {
                report.fail(format!("{name}/{case}"), error);
            }
        }
        report
    }

    fn finish(&mut self) -> Report {
        let mut report = Report::default();
        if let Err(error) = self.0.reopen() {
            report.fail("the chain store, opened again", error);
        }
        report
    }
}

impl StateSuite {
    fn case(&mut self, name: &str, case: &Value, report: &mut Report) -> Result<(), String> {
        let pre = pre_state(&case["pre"])?;
        let view = self.0.begin(&pre).map_err(|error| error.to_string())?;
        for (fork_name, posts) in case["post"].as_object().ok_or("`post` is missing")? {
            let Some(spec) = fork(fork_name) else {
                report.fail(format!("{name}/{fork_name}"), "unknown fork");
                continue;
            };
            for (index, post) in posts.as_array().ok_or("`post` is not a list")?.iter().enumerate() {
                if !spec.is_enabled_in(SpecId::BERLIN) {
                    report.except(BEFORE_BERLIN);
                    continue;
                }
                let outcome = run_post(case, post, spec, &view, &mut self.0);
                if outcome.is_err() && EXCEPTIONS.iter().any(|excepted| name.contains(excepted)) {
                    report.except(STORAGE_WITHOUT_CODE);
                    continue;
                }
                report.check(|| format!("{name}/{fork_name}/{index}"), outcome);
            }
        }
        Ok(())
    }
}

fn run_post(case: &Value, post: &Value, spec: SpecId, view: &TestView, ledger: &mut Ledger) -> Result<(), String> {
    let block = block_env(&case["env"], spec)?;
    let expects_rejection = post.get("expectException").is_some();
    let tx = match tx_env(&case["transaction"], &post["indexes"]) {
        Ok(tx) => tx,
        Err(_) if expects_rejection => return Ok(()),
        Err(error) => return Err(error),
    };
    let (diff, logs, rejection) = execute(block, tx, spec, view)?;
    let root = ledger.outcome(&diff).map_err(|error| error.to_string())?;
    match (&rejection, expects_rejection) {
        (Some(reason), false) => return Err(format!("transaction was refused: {reason}")),
        (None, true) => return Err(format!("accepted, expected {}", post["expectException"])),
        _ => {}
    }
    let expected: B256 = text(post, "hash")?.parse().map_err(|error| format!("hash: {error}"))?;
    if root != expected {
        return Err(format!("state root is {root}, expected {expected}"));
    }
    let expected: B256 = text(post, "logs")?.parse().map_err(|error| format!("logs: {error}"))?;
    let mut encoded = Vec::new();
    logs.encode(&mut encoded);
    let found = keccak256(encoded);
    if found != expected {
        return Err(format!("hash of the logs is {found}, expected {expected}"));
    }
    Ok(())
}

fn execute(
    block: BlockEnv,
    tx: TxEnv,
    spec: SpecId,
    view: &TestView,
) -> Result<(StateDiff, Vec<Log>, Option<String>), String> {
    let mut cfg = CfgEnv::new_with_spec(spec);
    if spec == SpecId::CANCUN {
        cfg.set_max_blobs_per_tx(6);
    }
    let mut evm = Context::mainnet().with_db(BlockState::new(view)).with_block(block).with_cfg(cfg).build_mainnet();
    let (logs, rejection) = match evm.transact_commit(tx) {
        Ok(result) => (result.into_logs(), None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let database = &evm.ctx.journaled_state.database;
    database.check().map_err(|error| error.to_string())?;
    Ok((database.diff(), logs, rejection))
}
