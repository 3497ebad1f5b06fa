//! Measures the store: `state-bench accounts [count] [updates] [blocks]` (state root, commit, memory, restart) and
//! `state-bench trie [count] [updates]`, `state-bench logs [blocks]` (a log search over many blocks). Prints one line per number; use a release build.

use std::{error::Error, path::Path, time::Instant};

use alloy_consensus::{Eip658Value, Header, Receipt};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log, U256, keccak256};
use altlayer_state::{
    Account, AccountDiff, ChainStore, Durability, ExecutedBlock, GenesisBlock, HeadsUpdate, History, LogFilter,
    LogLimits, StateDiff, StateRead, StateTrie, StoreOptions, StoredTransaction, state_root,
};
use op_alloy_consensus::OpReceipt;
use revm::state::AccountInfo;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn address(index: u64) -> Address {
    Address::from_word(keccak256(index.to_be_bytes()))
}

fn info(balance: u64, nonce: u64) -> AccountInfo {
    let code_hash = alloy_primitives::KECCAK256_EMPTY;
    AccountInfo { balance: U256::from(balance), nonce, code_hash, account_id: None, code: None }
}

/// Resident memory in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// CPU time of this process in milliseconds (all threads; ticks of 10 ms): what counts on a machine that others use.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<u64> =
        stat.rsplit(')').next().into_iter().flat_map(str::split_whitespace).map(|f| f.parse().unwrap_or(0)).collect();
    fields.get(11..13).map_or(0.0, |ticks| ticks.iter().sum::<u64>() as f64 * 10.0)
}

fn timed<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let (start, start_cpu) = (Instant::now(), cpu());
    let value = run();
    println!("{name}: {:.1} ms (CPU {:.0} ms)", start.elapsed().as_secs_f64() * 1e3, cpu() - start_cpu);
    value
}

fn next_header(parent: &Header, state_root: B256) -> Header {
    Header {
        parent_hash: parent.hash_slow(),
        number: parent.number + 1,
        timestamp: parent.timestamp + 2,
        state_root,
        ..Default::default()
    }
}

fn accounts(dir: &Path, count: u64, updates: u64, blocks: u64) -> Outcome<()> {
    let mut state = StateDiff::default();
    for index in 0..count {
        let change = AccountDiff { info: Some(info(1_000_000_000, 0)), ..Default::default() };
        state.accounts.insert(address(index), change);
    }
    let root = timed("genesis root", || state_root(&state));
    let genesis = Header { state_root: root, ..Default::default() };
    let options = StoreOptions { history: History::Blocks(64), ..StoreOptions::new(dir) };
    let create = || GenesisBlock { header: genesis.clone(), state: StateDiff::default() };
    timed("create", || {
        ChainStore::open(options.clone(), GenesisBlock { header: genesis.clone(), state: std::mem::take(&mut state) })
            .map(drop)
    })?;
    drop(state);
    let store = timed("open, replaying the genesis", || ChainStore::open(options.clone(), create()))?;
    timed("the trie", || store.state_trie(store.heads().unsafe_head.hash).map(drop))?;
    let mut header = genesis.clone();
    let mut seed = 1u64;
    let mut times = [0f64; 4];
    let mut cpus = [0f64; 4];
    for block in 0..blocks {
        let mut diff = StateDiff::default();
        for _ in 0..updates {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let change = AccountDiff { info: Some(info(seed >> 40, block + 1)), ..Default::default() };
            diff.accounts.insert(address((seed >> 33) % count), change);
        }
        let parent = header.hash_slow();
        let (start, start_cpu) = (Instant::now(), cpu());
        let prepared = store.root_after(parent, &diff)?;
        times[0] += start.elapsed().as_secs_f64();
        cpus[0] += cpu() - start_cpu;
        header = next_header(&header, prepared.root());
        let hash = header.hash_slow();
        let raw = Bytes::from(vec![7u8; 110]);
        let (transactions, receipts): (Vec<_>, Vec<_>) = (0..updates / 2)
            .map(|n| {
                let hash = keccak256((seed ^ n).to_be_bytes());
                let transaction = StoredTransaction { hash, sender: Address::ZERO, raw: raw.clone() };
                let status = Eip658Value::Eip658(true);
                (transaction, OpReceipt::Eip1559(Receipt { status, cumulative_gas_used: 21000 * n, logs: vec![] }))
            })
            .unzip();
        let (start, start_cpu) = (Instant::now(), cpu());
        store.insert(
            ExecutedBlock { header: header.clone(), hash, transactions, receipts, state: prepared },
            Durability::Buffered,
        )?;
        times[1] += start.elapsed().as_secs_f64();
        cpus[1] += cpu() - start_cpu;
        let (start, start_cpu) = (Instant::now(), cpu());
        store.set_heads(HeadsUpdate { unsafe_head: hash, ..Default::default() })?;
        times[2] += start.elapsed().as_secs_f64();
        cpus[2] += cpu() - start_cpu;
        let (start, start_cpu) = (Instant::now(), cpu());
        let view = store.view(hash)?;
        for index in 0..10_000 {
            view.account(&address(index))?;
        }
        times[3] += start.elapsed().as_secs_f64();
        cpus[3] += cpu() - start_cpu;
    }
    let names = ["state root", "insert", "set heads with fdatasync", "10000 reads with their keccaks"];
    println!("a block of {updates} updates and {} transactions, on average:", updates / 2);
    for ((name, time), cpu) in names.iter().zip(times).zip(cpus) {
        println!("  {name}: {:.1} ms (CPU {:.1} ms)", time * 1e3 / blocks as f64, cpu / blocks as f64);
    }
    timed("index behind by", || store.flush_index())?;
    println!("resident after {blocks} blocks: {} MiB", resident());
    timed("checkpoint", || store.checkpoint())?;
    drop(store);
    // A fresh process, whose memory holds nothing else.
    let restart = std::process::Command::new(std::env::current_exe()?)
        .args(["open", &dir.display().to_string(), &genesis.state_root.to_string(), &count.to_string()])
        .status()?;
    if restart.success() { Ok(()) } else { Err("the restarted process failed".into()) }
}

fn open(dir: &Path, root: B256, count: u64) -> Outcome<()> {
    let genesis =
        GenesisBlock { header: Header { state_root: root, ..Default::default() }, state: StateDiff::default() };
    let options = StoreOptions { history: History::Blocks(64), ..StoreOptions::new(dir) };
    let before = resident();
    let store = timed("restart from the checkpoint", || ChainStore::open(options, genesis))?;
    println!("resident after it: {} MiB, {} B an account", resident(), (resident() - before) * 1048576 / count);
    let head = store.heads().unsafe_head.hash;
    timed("the trie, and a proof at the head", || store.proof(head, &address(1), &[]))?;
    Ok(())
}

/// The trie alone: changed in place, and with a clone kept (as a candidate on top of the head is).
fn trie(count: u64, updates: u64) -> Outcome<()> {
    let accounts: Vec<_> = (0..count).map(address).collect();
    let plain = |balance, nonce| Account::from(&info(balance, nonce));
    let mut trie = timed("build", || {
        StateTrie::from_accounts(accounts.iter().map(|address| (address, plain(1, 0), std::iter::empty())))
    });
    timed("root", || trie.root());
    let mut seed = 1u64;
    for keep in [false, true] {
        println!("{}", if keep { "with a clone kept" } else { "in place" });
        for round in 0..4 {
            let mut diff = StateDiff::default();
            for _ in 0..updates {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let change = AccountDiff { info: Some(info(seed >> 40, round)), ..Default::default() };
                diff.accounts.insert(accounts[((seed >> 33) % count) as usize], change);
            }
            let clone = keep.then(|| trie.clone());
            timed("  apply, hashing the subtries", || trie.apply(&diff))?;
            timed("  root", || trie.root());
            timed("  dropping the clone", || drop(clone));
        }
    }
    Ok(())
}

fn logs(dir: &Path, blocks: u64) -> Outcome<()> {
    let genesis = Header { state_root: state_root(&StateDiff::default()), ..Default::default() };
    let options = StoreOptions { history: History::Blocks(64), ..StoreOptions::new(dir) };
    let store = ChainStore::open(options, GenesisBlock { header: genesis.clone(), state: StateDiff::default() })?;
    let mut header = genesis;
    let start = Instant::now();
    for number in 1..=blocks {
        let prepared = store.root_after(header.hash_slow(), &StateDiff::default())?;
        // A busy token in every block, a rare event in one of a hundred thousand.
        let topic = |n: u64| B256::from(U256::from(n));
        let mut logs = vec![Log::new_unchecked(address(1), vec![topic(1), topic(number % 5000)], Bytes::new())];
        if number % 100_000 == 77 {
            logs.push(Log::new_unchecked(address(2), vec![topic(2)], Bytes::new()));
        }
        let mut logs_bloom = Bloom::ZERO;
        logs.iter().for_each(|log| logs_bloom.accrue_log(log));
        let receipt = Receipt { status: Eip658Value::Eip658(true), cumulative_gas_used: 21000, logs };
        let transaction = StoredTransaction {
            hash: keccak256(number.to_be_bytes()),
            sender: Address::ZERO,
            raw: Bytes::from(vec![7; 110]),
        };
        header = Header { logs_bloom, ..next_header(&header, prepared.root()) };
        let block = ExecutedBlock {
            header: header.clone(),
            hash: header.hash_slow(),
            transactions: vec![transaction],
            receipts: vec![OpReceipt::Legacy(receipt)],
            state: prepared,
        };
        let hash = block.hash;
        store.insert(block, Durability::Buffered)?;
        if number % 500 == 0 || number == blocks {
            store.set_heads(HeadsUpdate { unsafe_head: hash, ..Default::default() })?;
        }
    }
    store.flush_index()?;
    println!("{blocks} blocks written and indexed: {:.1} us each", start.elapsed().as_secs_f64() / blocks as f64 * 1e6);
    let limits = LogLimits { max_blocks: u64::MAX, max_results: 10_000, max_ms: 60_000 };
    let all = LogFilter { from: 0, to: blocks, ..Default::default() };
    let rare = LogFilter { addresses: vec![address(2)], ..all.clone() };
    let both = LogFilter {
        addresses: vec![address(1)],
        topics: [vec![B256::from(U256::from(1))], vec![B256::from(U256::from(4321))], vec![], vec![]],
        ..all.clone()
    };
    let none = LogFilter { addresses: vec![address(3)], ..all };
    for (name, filter) in [("rare address", rare), ("common address, rare topic", both), ("nothing", none)] {
        let found = timed(name, || store.logs(&filter, &limits))?;
        println!("  {} logs", found.len());
    }
    Ok(())
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number =
        |place: usize, default: u64| arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(default);
    let dir = tempfile::tempdir()?;
    match arguments.get(1).map(String::as_str) {
        Some("accounts") => accounts(dir.path(), number(2, 1_000_000), number(3, 20_000), number(4, 20)),
        Some("open") => {
            let (Some(dir), Some(root)) = (arguments.get(2), arguments.get(3)) else { return Err("usage".into()) };
            open(Path::new(dir), root.parse()?, number(4, 1))
        }
        Some("trie") => trie(number(2, 1_000_000), number(3, 20_000)),
        Some("logs") => logs(dir.path(), number(2, 1_000_000)),
        _ => {
            println!("usage: state-bench accounts [count] [updates] [blocks] | trie [count] [updates] | logs [blocks]");
            Ok(())
        }
    }
}
