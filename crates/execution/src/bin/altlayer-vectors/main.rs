//! Runs folders of public test vectors through the engine's own code and counts.
//!
//! `altlayer-vectors <state|trie|rlp|tx|op-blocks> --dir D [--threads N] [--filter TEXT] [--json]`
//!
//! Exit codes: 0 all passed, 1 failures, 2 wrong usage, 3 nothing found.

mod ledger;
mod op_blocks;
mod report;
mod rlp;
mod state;
mod state_env;
mod trie;
mod tx;
mod vectors;

use std::{path::PathBuf, process::ExitCode};

const USAGE: &str =
    "usage: altlayer-vectors <state|trie|rlp|tx|op-blocks> --dir D [--threads N] [--filter TEXT] [--json]";

struct Options {
    kind: String,
    dir: PathBuf,
    threads: usize,
    filter: Option<String>,
    json: bool,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let kind = args.next().ok_or("no kind of vectors given")?;
    let mut options = Options { kind, dir: PathBuf::new(), threads: 2, filter: None, json: false };
    while let Some(argument) = args.next() {
        let mut value = || args.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--dir" => options.dir = value()?.into(),
            "--threads" => {
                options.threads = value()?.parse().map_err(|_| "--threads needs a number".to_string())?;
            }
            "--filter" => options.filter = Some(value()?),
            "--json" => options.json = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    if options.dir.as_os_str().is_empty() {
        return Err("--dir is missing".into());
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let (suffix, start): (_, vectors::Start) = match options.kind.as_str() {
        "state" => (".json", state::start),
        "trie" => (".json", || Ok(Box::new(trie::run))),
        "rlp" => (".json", || Ok(Box::new(rlp::run))),
        "tx" => (".json", || Ok(Box::new(tx::run))),
        "op-blocks" => (".json.gz", || Ok(Box::new(op_blocks::run))),
        other => {
            eprintln!("unknown kind {other}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let files = match vectors::find(&options.dir, suffix, options.filter.as_deref()) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("cannot read {}: {error}", options.dir.display());
            return ExitCode::from(2);
        }
    };
    let report = vectors::run_all(&files, options.threads.max(1), start);
    report.print(&options.kind, options.json);
    if !report.failures.is_empty() {
        ExitCode::from(1)
    } else if report.passed == 0 {
        eprintln!("no {} vectors found in {}", options.kind, options.dir.display());
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    }
}
