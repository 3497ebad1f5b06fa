//! The store against a naive model, through random blocks, reorgs and restarts; durability; history.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use alloy_consensus::{Eip658Value, Header, Receipt};
use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_trie::{KECCAK_EMPTY, Nibbles, proof::verify_proof};
use altlayer_files::{SystemFiles, simulated::Random};
use op_alloy_consensus::{OpDepositReceipt, OpReceipt};
use revm::{bytecode::Bytecode, state::AccountInfo};

use super::{ChainStore, types::*};
use crate::{Account, AccountDiff, MESSAGE_PASSER, StateDiff, StateError, StateRead, StateTrie, state_root};

pub type State = BTreeMap<Address, (Account, BTreeMap<U256, U256>)>;

fn address(index: u64) -> Address {
    if index == 0 { MESSAGE_PASSER } else { Address::left_padding_from(&index.to_be_bytes()) }
}

fn code(index: u64) -> Bytecode {
    Bytecode::new_raw(Bytes::from(vec![0x60, index as u8, 0x00]))
}

fn apply(state: &mut State, diff: &StateDiff) {
    for (address, change) in &diff.accounts {
        match &change.info {
            None => {
                state.remove(address);
            }
            Some(info) => {
                let fresh = || (Account::from(info), BTreeMap::new());
                let entry = state.entry(*address).or_insert_with(fresh);
                entry.0 = Account::from(info);
                if change.storage_cleared {
                    entry.1.clear();
                }
                entry.1.extend(change.storage.iter());
                entry.1.retain(|_, value| !value.is_zero());
            }
        }
    }
}

fn root_of(state: &State) -> B256 {
    let accounts = state.iter().map(|(address, (account, slots))| (address, *account, slots.clone()));
    StateTrie::from_accounts(accounts).root()
}

fn random_diff(random: &mut Random) -> StateDiff {
    let mut diff = StateDiff::default();
    for _ in 0..random.below(6) {
        let address = address(random.below(12));
        let mut change = AccountDiff::default();
        if random.below(6) > 0 || address == MESSAGE_PASSER {
            let with_code = random.below(3);
            let code_hash = if with_code == 0 {
                KECCAK_EMPTY
            } else {
                let code = code(with_code);
                diff.codes.insert(code.hash_slow(), code.clone());
                code.hash_slow()
            };
            let (balance, nonce) = (U256::from(random.below(1000)), random.below(5));
            change.info = Some(AccountInfo { balance, nonce, code_hash, account_id: None, code: None });
            change.storage_cleared = random.below(8) == 0 && address != MESSAGE_PASSER;
            for _ in 0..random.below(6) {
                change.storage.insert(U256::from(random.below(10)), U256::from(random.below(4)));
            }
        }
        diff.accounts.insert(address, change);
    }
    diff
}

fn log(random: &mut Random) -> Log {
    let topics = (0..random.below(5)).map(|place| B256::with_last_byte((random.below(4) + 10 * place) as u8)).collect();
    Log::new_unchecked(address(1 + random.below(5)), topics, Bytes::from(random.below(9).to_be_bytes().to_vec()))
}

fn body(random: &mut Random) -> (Vec<StoredTransaction>, Vec<OpReceipt>) {
    (0..random.below(4))
        .map(|place| {
            let raw = Bytes::from(random.next().to_be_bytes().repeat(5));
            let transaction = StoredTransaction { hash: keccak256(&raw), sender: address(random.below(12)), raw };
            let logs = (0..random.below(4)).map(|_| log(random)).collect();
            let inner = Receipt {
                status: Eip658Value::Eip658(random.below(2) == 1),
                cumulative_gas_used: 21000 * (place + 1),
                logs,
            };
            let receipt = match random.below(3) {
                0 => OpReceipt::Deposit(OpDepositReceipt {
                    inner,
                    deposit_nonce: Some(random.below(100)),
                    deposit_receipt_version: Some(1),
                }),
                1 => OpReceipt::Eip1559(inner),
                _ => OpReceipt::Legacy(inner),
            };
            (transaction, receipt)
        })
        .unzip()
}

pub fn genesis() -> GenesisBlock {
    let mut state = StateDiff::default();
    for index in 0..4 {
        let info =
            AccountInfo { balance: U256::from(1000), nonce: 1, code_hash: KECCAK_EMPTY, account_id: None, code: None };
        let storage = BTreeMap::from([(U256::from(1), U256::from(index)), (U256::from(2), U256::from(7))]);
        state.accounts.insert(address(index), AccountDiff { info: Some(info), storage_cleared: false, storage });
    }
    GenesisBlock { header: Header { state_root: state_root(&state), ..Default::default() }, state }
}

pub fn options(dir: &Path) -> StoreOptions {
    StoreOptions { segment_bytes: 8 << 10, index_cache_bytes: 1 << 20, ..StoreOptions::new(dir) }
}

fn limits() -> LogLimits {
    LogLimits { max_blocks: 10_000, max_results: 10_000, max_ms: 30_000 }
}

#[derive(Clone)]
pub struct ModelBlock {
    pub block: StoredBlock,
    pub state: State,
    diff: StateDiff,
}

/// What the store should say.
pub struct Model {
    pub blocks: HashMap<B256, ModelBlock>,
    pub canonical: Vec<B256>,
    finalized: u64,
    /// Since the store was opened.
    highest: u64,
}

impl Model {
    pub fn new() -> Self {
        let genesis = genesis();
        let mut state = State::new();
        apply(&mut state, &genesis.state);
        let hash = genesis.header.hash_slow();
        let block = StoredBlock { hash, header: genesis.header, transactions: vec![], receipts: vec![] };
        let first = ModelBlock { block, state, diff: genesis.state };
        Self { blocks: HashMap::from([(hash, first)]), canonical: vec![hash], finalized: 0, highest: 0 }
    }

    fn head(&self) -> &ModelBlock {
        &self.blocks[self.canonical.last().unwrap()]
    }

    pub fn path(&self, hash: B256) -> Vec<B256> {
        let mut path = vec![hash];
        while self.blocks[path.last().unwrap()].block.header.number > 0 {
            path.push(self.blocks[path.last().unwrap()].block.header.parent_hash);
        }
        path.reverse();
        path
    }
}

/// A random block on `parent`, not yet inserted.
pub fn prepare(
    store: &ChainStore,
    model: &Model,
    parent: B256,
    random: &mut Random,
) -> Result<(ExecutedBlock, ModelBlock), StateError> {
    let parent_block = &model.blocks[&parent];
    let diff = random_diff(random);
    let mut state = parent_block.state.clone();
    apply(&mut state, &diff);
    let prepared = store.root_after(parent, &diff)?;
    assert_eq!(prepared.root(), root_of(&state));
    let (transactions, receipts) = body(random);
    let mut logs_bloom = alloy_primitives::Bloom::ZERO;
    receipts.iter().flat_map(|receipt| &receipt.as_receipt().logs).for_each(|log| logs_bloom.accrue_log(log));
    let header = Header {
        parent_hash: parent,
        number: parent_block.block.header.number + 1,
        timestamp: random.next(),
        state_root: prepared.root(),
        logs_bloom,
        ..Default::default()
    };
    let hash = header.hash_slow();
    let block =
        StoredBlock { hash, header: header.clone(), transactions: transactions.clone(), receipts: receipts.clone() };
    let executed = ExecutedBlock { header, hash, transactions, receipts, state: prepared };
    Ok((executed, ModelBlock { block, state, diff }))
}

fn extend(store: &ChainStore, model: &mut Model, parent: B256, random: &mut Random, durability: Durability) -> B256 {
    let (block, known) = prepare(store, model, parent, random).unwrap();
    let hash = block.hash;
    store.insert(block, durability).unwrap();
    model.blocks.insert(hash, known);
    hash
}

fn set_head(store: &ChainStore, model: &mut Model, head: B256) {
    let path = model.path(head);
    let common = path.iter().zip(&model.canonical).take_while(|(a, b)| a == b).count();
    let update = HeadsUpdate { unsafe_head: head, ..Default::default() };
    let planned = store.dropped_by(&update).unwrap();
    let change = store.set_heads(update).unwrap();
    assert_eq!(planned, change.dropped);
    let hashes = |blocks: &[BlockRef]| blocks.iter().map(|block| block.hash).collect::<Vec<_>>();
    assert_eq!(hashes(&change.dropped), model.canonical[common..]);
    assert_eq!(hashes(&change.added), path[common..]);
    model.highest = model.highest.max(path.len() as u64 - 1);
    model.canonical = path;
}

pub fn check_state(read: &impl StateRead, state: &State) {
    for index in 0..13 {
        let address = address(index);
        let expected = state.get(&address);
        let info = read.account(&address).unwrap();
        assert_eq!(info.as_ref().map(Account::from), expected.map(|entry| entry.0));
        if let Some(info) = info
            && info.code_hash != KECCAK_EMPTY
        {
            assert_eq!(read.code(&info.code_hash).unwrap().hash_slow(), info.code_hash);
        }
        for slot in 0..10 {
            let slot = U256::from(slot);
            let value = expected.and_then(|entry| entry.1.get(&slot)).copied().unwrap_or_default();
            assert_eq!(read.storage(&address, &slot).unwrap(), value, "slot {slot} of {address}");
        }
    }
}

fn check_proof(store: &ChainStore, hash: B256, block: &ModelBlock, random: &mut Random) {
    let asked = address(random.below(13));
    let slot = U256::from(random.below(10));
    let proof = store.proof(hash, &asked, &[slot]).unwrap();
    let expected = block.state.get(&asked);
    let leaf = expected.map(|(account, _)| {
        alloy_rlp::encode(alloy_trie::TrieAccount::new(
            account.nonce,
            account.balance,
            proof.storage_root,
            account.code_hash,
        ))
    });
    verify_proof(block.block.header.state_root, Nibbles::unpack(keccak256(asked)), leaf, &proof.proof).unwrap();
    let value = expected.and_then(|entry| entry.1.get(&slot)).copied();
    assert_eq!(proof.storage[0].value, value.unwrap_or_default());
    let key = Nibbles::unpack(keccak256(slot.to_be_bytes::<32>()));
    verify_proof(proof.storage_root, key, value.map(alloy_rlp::encode), &proof.storage[0].proof).unwrap();
}

fn check_passer(store: &ChainStore, hash: B256, block: &ModelBlock) {
    let slots: Vec<_> = (0..10).map(U256::from).collect();
    let (root, proofs) = store.message_passer_proof(&hash, &slots).unwrap();
    assert_eq!(root, store.message_passer_root(&hash).unwrap());
    for proof in proofs {
        let value = block.state.get(&MESSAGE_PASSER).and_then(|entry| entry.1.get(&proof.slot)).copied();
        assert_eq!(proof.value, value.unwrap_or_default());
        let key = Nibbles::unpack(keccak256(proof.slot.to_be_bytes::<32>()));
        verify_proof(root, key, value.map(alloy_rlp::encode), &proof.proof).unwrap();
    }
}

fn naive_logs(model: &Model, filter: &LogFilter) -> Vec<FoundLog> {
    let mut found = Vec::new();
    for hash in &model.canonical {
        let block = &model.blocks[hash].block;
        if (filter.from..=filter.to).contains(&block.header.number) {
            super::search::block_logs(block, filter, &mut found);
        }
    }
    found
}

fn random_filter(random: &mut Random, head: u64) -> LogFilter {
    let mut filter = LogFilter { from: random.below(head + 1), to: random.below(head + 5), ..Default::default() };
    for _ in 0..random.below(3) {
        filter.addresses.push(address(1 + random.below(5)));
    }
    for place in 0..4 {
        if random.below(3) == 0 {
            for _ in 0..1 + random.below(2) {
                filter.topics[place].push(B256::with_last_byte((random.below(4) + 10 * place as u64) as u8));
            }
        }
    }
    filter
}

fn check_all(store: &ChainStore, model: &Model, random: &mut Random, window: u64, archive: bool) {
    let head = model.head().block.header.number;
    assert_eq!(store.heads().unsafe_head.hash, *model.canonical.last().unwrap());
    for (number, hash) in model.canonical.iter().enumerate() {
        let number = number as u64;
        let block = &model.blocks[hash];
        assert_eq!(store.canonical_hash(number).unwrap(), Some(*hash));
        assert!(store.is_canonical(hash).unwrap());
        assert_eq!(*store.header(hash).unwrap().unwrap(), block.block.header);
        assert_eq!(*store.block(hash).unwrap().unwrap(), block.block);
        for (index, transaction) in block.block.transactions.iter().enumerate() {
            let expected = TransactionLocation { block_hash: *hash, block_number: number, index: index as u32 };
            assert_eq!(store.transaction(&transaction.hash).unwrap(), Some(expected));
        }
        // After a rewind the window is still the one of the highest head.
        if number + window >= model.highest || archive {
            let view = store.view(*hash).unwrap();
            check_state(&view, &block.state);
            assert_eq!(view.block_hash(number / 2).unwrap(), model.canonical[number as usize / 2]);
            assert_eq!(view.block_hash(number + 1).unwrap(), B256::ZERO);
        } else if number < store.oldest_state() {
            assert!(matches!(store.view(*hash).map(|_| ()), Err(StateError::Pruned { .. })));
        }
        check_passer(store, *hash, block);
    }
    for _ in 0..3 {
        let hash = model.canonical[random.below(model.canonical.len() as u64) as usize];
        check_proof(store, hash, &model.blocks[&hash], random);
        let diff = store.state_diff(&hash).unwrap();
        let mut state = match model.blocks.get(&model.blocks[&hash].block.header.parent_hash) {
            Some(parent) => parent.state.clone(),
            None => State::new(),
        };
        let (mut again, _) = (state.clone(), apply(&mut state, &model.blocks[&hash].diff));
        apply(&mut again, &diff);
        assert_eq!(state, again);
        let filter = random_filter(random, head);
        assert_eq!(store.logs(&filter, &limits()).unwrap(), naive_logs(model, &filter));
    }
    let everything = LogFilter { from: 0, to: u64::MAX, ..Default::default() };
    assert_eq!(store.logs(&everything, &limits()).unwrap(), naive_logs(model, &everything));
    assert_eq!(store.canonical_hash(head + 1).unwrap(), None);
    assert_eq!(store.header(&B256::repeat_byte(9)).unwrap(), None);
}

fn storm(seed: u64, history: History, steps: usize) {
    println!("seed {seed}");
    let random = &mut Random::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let window = match history {
        History::Blocks(blocks) => blocks,
        History::Archive => 128,
    };
    let archive = history == History::Archive;
    let with = || StoreOptions { history, checkpoint_blocks: 7, ..options(dir.path()) };
    let mut store = ChainStore::open(with(), genesis()).unwrap();
    let mut model = Model::new();
    let (mut reorgs, mut restarts, mut side_views) = (0, 0, 0);
    for _ in 0..steps {
        let head = *model.canonical.last().unwrap();
        let head_number = model.head().block.header.number;
        match random.below(20) {
            0..10 => {
                let block = extend(&store, &mut model, head, random, Durability::Buffered);
                set_head(&store, &mut model, block);
            }
            10..13 => {
                // A branch from a recent block, longer or shorter than what it replaces.
                let depth = random
                    .below(7)
                    .min(head_number - model.finalized)
                    .min(head_number - store.oldest_state().min(head_number));
                let mut tip = model.canonical[(head_number - depth) as usize];
                for _ in 0..1 + random.below(5) {
                    tip = extend(&store, &mut model, tip, random, Durability::Synced);
                    check_state(&store.view(tip).unwrap(), &model.blocks[&tip].state);
                    side_views += 1;
                }
                check_proof(&store, tip, &model.blocks[&tip], random);
                if random.below(3) > 0 {
                    set_head(&store, &mut model, tip);
                    reorgs += 1;
                }
            }
            13 => {
                // Back to an ancestor.
                let depth = random.below(4).min(head_number.saturating_sub(model.finalized));
                let target = model.canonical[(head_number - depth) as usize];
                set_head(&store, &mut model, target);
            }
            14 => {
                let number = model.finalized + random.below(head_number - model.finalized + 1) / 2;
                let hash = model.canonical[number as usize];
                let update = HeadsUpdate { unsafe_head: head, safe: Some(hash), finalized: Some(hash) };
                assert_eq!(store.set_heads(update).unwrap().heads.finalized.hash, hash);
                model.finalized = number;
            }
            15 => {
                // A view outlives a reorg.
                let view = store.view(head).unwrap();
                let mut tip = model.canonical[head_number.saturating_sub(1).max(model.finalized) as usize];
                tip = extend(&store, &mut model, tip, random, Durability::Buffered);
                let before = model.blocks[&head].state.clone();
                set_head(&store, &mut model, tip);
                check_state(&view, &before);
                reorgs += 1;
            }
            16 => {
                // Prepared and given up: what comes after stands on the head all the same.
                prepare(&store, &model, head, random).unwrap();
                let kept = prepare(&store, &model, head, random).unwrap();
                prepare(&store, &model, head, random).unwrap();
                check_proof(&store, head, &model.blocks[&head], random);
                // Also the one that was given up by the last.
                let hash = kept.0.hash;
                store.insert(kept.0, Durability::Buffered).unwrap();
                model.blocks.insert(hash, kept.1);
                check_proof(&store, hash, &model.blocks[&hash], random);
                if random.below(2) == 0 {
                    set_head(&store, &mut model, hash);
                }
                check_all(&store, &model, random, window, archive);
            }
            17 => store.flush_index().unwrap(),
            18 => store.checkpoint().unwrap(),
            _ => {
                drop(store);
                if random.below(8) == 0 {
                    // The index is only a cache of the journal (archived values are complete again, too).
                    fs::remove_dir_all(dir.path().join("index")).unwrap();
                }
                store = ChainStore::open(with(), genesis()).unwrap();
                model.highest = head_number;
                assert_eq!(store.heads().finalized.number, model.finalized);
                check_all(&store, &model, random, window, archive);
                restarts += 1;
            }
        }
    }
    store.flush_index().unwrap();
    check_all(&store, &model, random, window, archive);
    assert!(reorgs > 2 && restarts > 1 && side_views > 2, "the storm was too calm: {reorgs} {restarts} {side_views}");
}

#[test]
fn random_chains_match_the_model() {
    for seed in 1..7 {
        storm(seed, History::Blocks(8), 160);
    }
}

#[test]
fn random_chains_match_the_model_with_a_long_window() {
    storm(11, History::Blocks(1000), 160);
}

#[test]
fn random_chains_match_the_model_in_an_archive() {
    storm(21, History::Archive, 160);
    storm(22, History::Archive, 700);
}

#[test]
fn readers_see_one_block_while_the_chain_storms() {
    let dir = tempfile::tempdir().unwrap();
    let store = ChainStore::open(options(dir.path()), genesis()).unwrap();
    let mut model = Model::new();
    let random = &mut Random::new(5);
    for _ in 0..5 {
        let head = *model.canonical.last().unwrap();
        let block = extend(&store, &mut model, head, random, Durability::Buffered);
        set_head(&store, &mut model, block);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let rounds: Arc<Vec<AtomicU64>> = Arc::new(model.canonical.iter().map(|_| AtomicU64::new(0)).collect());
    let readers: Vec<_> = model
        .canonical
        .iter()
        .enumerate()
        .map(|(reader, hash)| {
            let (view, state) = (store.view(*hash).unwrap(), model.blocks[hash].state.clone());
            let (stop, rounds) = (stop.clone(), rounds.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    check_state(&view, &state);
                    rounds[reader].fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let fork = model.canonical[2];
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    // Until all have read amid reorgs, however busy the machine is.
    let have_read = || rounds.iter().all(|rounds| rounds.load(Ordering::Relaxed) > 2);
    for storm in 0.. {
        if storm >= 30 && (have_read() || std::time::Instant::now() > end) {
            break;
        }
        let mut tip = fork;
        for _ in 0..2 + random.below(3) {
            tip = extend(&store, &mut model, tip, random, Durability::Buffered);
        }
        set_head(&store, &mut model, tip);
    }
    stop.store(true, Ordering::Relaxed);
    assert!(have_read());
    for reader in readers {
        reader.join().unwrap();
    }
}

#[test]
fn wrong_inputs_are_typed_errors() {
    let dir = tempfile::tempdir().unwrap();
    let store = ChainStore::open(options(dir.path()), genesis()).unwrap();
    let mut model = Model::new();
    let random = &mut Random::new(4);
    let first = *model.canonical.last().unwrap();
    let logs = |block: B256, model: &Model| {
        model.blocks[&block].block.receipts.iter().map(|r| r.as_receipt().logs.len()).sum::<usize>()
    };
    let mut second = extend(&store, &mut model, first, random, Durability::Synced);
    while logs(second, &model) == 0 {
        second = extend(&store, &mut model, first, random, Durability::Synced);
    }
    let other = extend(&store, &mut model, first, random, Durability::Synced);
    set_head(&store, &mut model, second);
    let unknown = B256::repeat_byte(1);
    let update = |unsafe_head, safe, finalized| store.set_heads(HeadsUpdate { unsafe_head, safe, finalized });
    assert!(matches!(update(unknown, None, None), Err(StateError::UnknownBlock { hash }) if hash == unknown));
    assert!(matches!(update(second, Some(other), None), Err(StateError::InvalidHeads { .. })));
    assert!(matches!(update(second, Some(first), Some(second)), Err(StateError::InvalidHeads { .. })));
    update(second, Some(second), Some(second)).unwrap();
    assert!(matches!(update(other, None, None), Err(StateError::BelowFinalized { finalized: 1, .. })));
    assert_eq!(store.heads().unsafe_head.hash, second);
    assert!(matches!(store.view(unknown).map(|_| ()), Err(StateError::UnknownBlock { .. })));
    assert!(matches!(
        store.root_after(unknown, &StateDiff::default()).map(|_| ()),
        Err(StateError::UnknownBlock { .. })
    ));

    let prepared = || store.root_after(second, &StateDiff::default()).unwrap();
    let header = Header { parent_hash: second, number: 2, state_root: B256::repeat_byte(3), ..Default::default() };
    let block = |header: Header, hash| ExecutedBlock {
        header,
        hash,
        transactions: vec![],
        receipts: vec![],
        state: prepared(),
    };
    let result = store.insert(block(header.clone(), header.hash_slow()), Durability::Synced);
    assert!(matches!(result, Err(StateError::RootMismatch { .. })));
    let result = store.insert(block(header.clone(), unknown), Durability::Synced);
    assert!(matches!(result, Err(StateError::InvalidBlock { .. })));
    let header = Header { state_root: prepared().root(), number: 7, ..header };
    let result = store.insert(block(header.clone(), header.hash_slow()), Durability::Synced);
    assert!(matches!(result, Err(StateError::InvalidBlock { .. })));

    let all = LogFilter { from: 0, to: 10, ..Default::default() };
    let tight = |max_blocks, max_results| LogLimits { max_blocks, max_results, max_ms: 1000 };
    assert!(matches!(store.logs(&all, &tight(1, 10)), Err(StateError::LogRange { blocks: 2, limit: 1 })));
    let many = naive_logs(&model, &all).len();
    assert!(matches!(store.logs(&all, &tight(10, many - 1)), Err(StateError::LogResults { .. })));
    assert_eq!(store.logs(&all, &tight(10, many)).unwrap().len(), many);
    let expired = LogLimits { max_ms: 0, ..tight(10, 10) };
    assert!(matches!(store.logs(&all, &expired), Err(StateError::LogTimeout { limit_ms: 0 })));

    assert!(matches!(ChainStore::open(options(dir.path()), genesis()).map(|_| ()), Err(StateError::Locked { .. })));
    store.close().unwrap();
    assert!(matches!(update(first, None, None), Err(StateError::Unusable { .. })));
    drop(store);
    let mut another = genesis();
    another.header.timestamp = 1;
    assert!(matches!(
        ChainStore::open(options(dir.path()), another).map(|_| ()),
        Err(StateError::GenesisMismatch { .. })
    ));
    ChainStore::open(options(dir.path()), genesis()).unwrap();
}

#[test]
fn the_block_in_the_making_survives_until_another_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let reopen = || ChainStore::open(options(dir.path()), genesis()).unwrap();
    let store = reopen();
    assert_eq!(store.take_candidate(), None);
    store.begin_candidate(b"old").unwrap();
    store.append_slice(b"gone").unwrap();
    store.begin_candidate(b"new").unwrap();
    store.append_slice(b"one").unwrap();
    store.checkpoint().unwrap();
    store.append_slice(b"two").unwrap();
    store.sync().unwrap();
    drop(store);
    let store = reopen();
    let expected = CandidateRecords { opening: b"new".to_vec(), slices: vec![b"one".to_vec(), b"two".to_vec()] };
    assert_eq!(store.take_candidate(), Some(expected));
    assert_eq!(store.take_candidate(), None);
    store.begin_candidate(b"").unwrap();
    drop(store);
    assert_eq!(reopen().take_candidate().map(|records| records.opening), Some(Vec::new()));
}

pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// A chain whose journal is one segment, and the files of its directory.
fn chain_on_disk(dir: &Path, blocks: usize) -> (Model, StoreOptions) {
    let options = StoreOptions { segment_bytes: 1 << 30, ..options(dir) };
    let store = ChainStore::open(options.clone(), genesis()).unwrap();
    let mut model = Model::new();
    let random = &mut Random::new(77);
    for _ in 0..blocks {
        let head = *model.canonical.last().unwrap();
        let block = extend(&store, &mut model, head, random, Durability::Synced);
        set_head(&store, &mut model, block);
    }
    (model, options)
}

#[test]
fn a_torn_journal_is_cut_and_the_chain_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (mut model, options) = chain_on_disk(dir.path(), 4);
    let journal = dir.path().join("journal-00000001.log");
    let length_before = fs::metadata(&journal).unwrap().len();
    // The crash is a power cut, before the newest note of what is durable.
    let marker = fs::read(dir.path().join("journal.durable")).unwrap();
    {
        // A last block that is written, but of which a crash leaves only a part.
        let store = ChainStore::open(options.clone(), genesis()).unwrap();
        let head = *model.canonical.last().unwrap();
        extend(&store, &mut model, head, &mut Random::new(9), Durability::Buffered);
    }
    let whole = fs::read(&journal).unwrap();
    let cuts: BTreeSet<usize> = (length_before as usize..whole.len()).step_by(41).chain([whole.len() - 1]).collect();
    for cut in cuts {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        fs::write(copy.path().join("journal-00000001.log"), &whole[..cut]).unwrap();
        fs::write(copy.path().join("journal.durable"), &marker).unwrap();
        let options = StoreOptions { dir: copy.path().into(), ..options.clone() };
        let store = ChainStore::open(options.clone(), genesis()).unwrap();
        check_state(&store.view(store.heads().unsafe_head.hash).unwrap(), &model.head().state);
        assert_eq!(store.heads().unsafe_head.hash, *model.canonical.last().unwrap());
        let head = *model.canonical.last().unwrap();
        let mut later =
            Model { blocks: model.blocks.clone(), canonical: model.canonical.clone(), finalized: 0, highest: 0 };
        let block = extend(&store, &mut later, head, &mut Random::new(10), Durability::Synced);
        set_head(&store, &mut later, block);
        drop(store);
        let store = ChainStore::open(options, genesis()).unwrap();
        assert_eq!(store.heads().unsafe_head.hash, block);
    }
}

#[test]
fn damage_to_acknowledged_data_is_never_silent() {
    let dir = tempfile::tempdir().unwrap();
    let (_, options) = chain_on_disk(dir.path(), 3);
    let journal = dir.path().join("journal-00000001.log");
    let whole = fs::read(&journal).unwrap();
    for position in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        fs::write(copy.path().join("journal-00000001.log"), &bytes).unwrap();
        let options = StoreOptions { dir: copy.path().into(), ..options.clone() };
        let result = ChainStore::open(options, genesis());
        let found = matches!(result.map(|_| ()), Err(StateError::Corrupt { .. } | StateError::GenesisMismatch { .. }));
        assert!(found, "a flip at {position}");
    }
}

/// Whoever overwrites files of the directory loses nothing silently: the chain is whole, or a typed error says what to do.
#[test]
fn files_overwritten_with_garbage_never_pass_for_a_shorter_chain() {
    let dir = tempfile::tempdir().unwrap();
    let (model, options) = chain_with_checkpoint(dir.path(), 5, 3);
    let names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    assert!(names.len() >= 4, "{names:?}");
    let garbage = |length: usize| (0..length).map(|at| (at * 37 % 251) as u8 | 1).collect::<Vec<_>>();
    type Damage<'a> = (&'a str, &'a dyn Fn(Vec<u8>) -> Vec<u8>);
    let damages: [Damage<'_>; 7] = [
        ("emptied", &|_| Vec::new()),
        ("a few bytes", &|_| garbage(7)),
        ("a header's bytes", &|_| garbage(64)),
        ("as long as before", &|whole| garbage(whole.len())),
        ("longer", &|whole| garbage(whole.len() + 5000)),
        ("its first half", &|whole| [garbage(whole.len() / 2), whole[whole.len() / 2..].to_vec()].concat()),
        ("its second half", &|whole| [&whole[..whole.len() / 2], &garbage(whole.len().div_ceil(2))].concat()),
    ];
    let (mut refused, mut whole) = (0, 0);
    let each: Vec<Vec<_>> = names.iter().map(|name| vec![name]).chain([names.iter().collect()]).collect();
    for damaged in &each {
        for (what, damage) in &damages {
            let copy = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), copy.path());
            for name in damaged {
                let path = copy.path().join(name);
                fs::write(&path, damage(fs::read(&path).unwrap())).unwrap();
            }
            let options = StoreOptions { dir: copy.path().into(), ..options.clone() };
            match ChainStore::open(options, genesis()) {
                Ok(store) => {
                    assert_eq!(store.heads().unsafe_head.hash, *model.canonical.last().unwrap(), "{damaged:?}: {what}");
                    check_state(&store.view_at(8).unwrap(), &model.head().state);
                    whole += 1;
                }
                Err(error) => {
                    assert_eq!(error.code(), "STATE_CORRUPT", "{damaged:?}: {what}: {error}");
                    refused += 1;
                }
            }
        }
    }
    // The journal, alone and with all others; whatever follows from it is made again.
    assert!(refused >= damages.len() * 2 && whole > refused, "{refused} {whole}");
}

#[test]
fn a_state_that_is_not_the_heads_is_written_on_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (model, options) = chain_with_checkpoint(dir.path(), 5, 1);
    let path = crate::checkpoint::list(&SystemFiles, dir.path()).unwrap().remove(0);
    // Its checksums are right, one balance is not.
    let flat = crate::flat::FlatState::new();
    let (head, _) = crate::checkpoint::load(&SystemFiles, &path, &flat).unwrap();
    let account = Account { nonce: 9, balance: U256::from(1), code_hash: KECCAK_EMPTY };
    flat.load(crate::flat::Exported { address: Address::repeat_byte(0x77), account, storage: Vec::new() });
    crate::checkpoint::write(&SystemFiles, dir.path(), &head, flat.epoch(), &flat).unwrap();
    {
        let store = ChainStore::open(options.clone(), genesis()).unwrap();
        let head = store.heads().unsafe_head.hash;
        let unusable = |result: Result<(), StateError>| assert_eq!(result.unwrap_err().code(), "STATE_UNUSABLE");
        unusable(store.root_after(head, &StateDiff::default()).map(drop));
        unusable(store.wait_until_proven());
        unusable(store.checkpoint());
        unusable(store.set_heads(HeadsUpdate { unsafe_head: model.canonical[5], ..Default::default() }).map(drop));
    }
    // The next start reads another.
    assert!(!path.exists());
    let store = ChainStore::open(options, genesis()).unwrap();
    store.wait_until_proven().unwrap();
    check_all(&store, &model, &mut Random::new(4), 128, false);
    let head = *model.canonical.last().unwrap();
    prepare(&store, &model, head, &mut Random::new(6)).unwrap();
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let (mut model, options) = chain_on_disk(dir.path(), 6);
    {
        let store = ChainStore::open(options.clone(), genesis()).unwrap();
        store.checkpoint().unwrap();
        let random = &mut Random::new(1);
        for _ in 0..3 {
            let head = *model.canonical.last().unwrap();
            let block = extend(&store, &mut model, head, random, Durability::Synced);
            set_head(&store, &mut model, block);
        }
        store.checkpoint().unwrap();
    }
    let mut files = crate::checkpoint::list(&SystemFiles, dir.path()).unwrap();
    assert_eq!(files.len(), 2);
    while let Some(newest) = (!files.is_empty()).then(|| files.remove(0)) {
        let mut bytes = fs::read(&newest).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&newest, bytes).unwrap();
        let store = ChainStore::open(options.clone(), genesis()).unwrap();
        check_all(&store, &model, &mut Random::new(4), 128, false);
    }
    fs::write(dir.path().join("checkpoint-000000000099.tmp"), b"left over").unwrap();
    let store = ChainStore::open(options, genesis()).unwrap();
    check_all(&store, &model, &mut Random::new(4), 128, false);
    assert!(!dir.path().join("checkpoint-000000000099.tmp").exists());
}

/// Blocks with a checkpoint in their midst, all indexed by then.
fn chain_with_checkpoint(dir: &Path, before: usize, after: usize) -> (Model, StoreOptions) {
    let (mut model, options) = chain_on_disk(dir, before);
    let store = ChainStore::open(options.clone(), genesis()).unwrap();
    store.flush_index().unwrap();
    store.checkpoint().unwrap();
    let random = &mut Random::new(5);
    for _ in 0..after {
        let head = *model.canonical.last().unwrap();
        let block = extend(&store, &mut model, head, random, Durability::Synced);
        set_head(&store, &mut model, block);
    }
    (model, options)
}

#[test]
fn history_from_before_the_checkpoint_comes_back_beside_a_store_that_serves() {
    for (after, reorg_to) in [(9, None), (0, None), (9, Some(10)), (2, Some(21))] {
        let dir = tempfile::tempdir().unwrap();
        let (mut model, options) = chain_with_checkpoint(dir.path(), 20, after);
        let store = ChainStore::open(options, genesis()).unwrap();
        assert!(store.shared.missing.is_some(), "recovery read all of the journal");
        let random = &mut Random::new(3);
        if let Some(number) = reorg_to {
            // Below and above the checkpoint: either way it must not meet what is being put underneath.
            let target = model.canonical[number];
            set_head(&store, &mut model, target);
        }
        for _ in 0..3 {
            let head = *model.canonical.last().unwrap();
            let block = extend(&store, &mut model, head, random, Durability::Buffered);
            set_head(&store, &mut model, block);
        }
        // Who asks for old state waits for it.
        check_all(&store, &model, random, 128, false);
        assert_eq!(store.oldest_state(), 0);
        store.close().unwrap();
    }
}

#[test]
fn history_that_is_brought_back_is_no_longer_than_what_may_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (model, options) = chain_with_checkpoint(dir.path(), 60, 3);
    let store = ChainStore::open(StoreOptions { max_history_changes: 30, ..options }, genesis()).unwrap();
    store.shared.wait_until_restored().unwrap();
    let oldest = store.oldest_state();
    assert!(oldest > 30 && oldest < 60, "{oldest}");
    for number in oldest..=63 {
        check_state(&store.view_at(number).unwrap(), &model.blocks[&model.canonical[number as usize]].state);
    }
    assert!(matches!(store.view_at(oldest - 1).map(|_| ()), Err(StateError::Pruned { .. })));
}

#[test]
fn damage_in_the_history_before_the_checkpoint_is_named_and_stops_all_writes() {
    let dir = tempfile::tempdir().unwrap();
    let (model, options) = chain_with_checkpoint(dir.path(), 20, 2);
    let (from, to) = {
        let store = ChainStore::open(options.clone(), genesis()).unwrap();
        store.shared.wait_until_restored().unwrap();
        let missing = store.shared.missing.unwrap();
        (missing.from as usize & 0xff_ffff_ffff, missing.base_position as usize & 0xff_ffff_ffff)
    };
    let journal = dir.path().join("journal-00000001.log");
    let whole = fs::read(&journal).unwrap();
    for position in (from..to).step_by((to - from) / 23) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        fs::write(&journal, &bytes).unwrap();
        let store = ChainStore::open(options.clone(), genesis()).unwrap();
        let found = store.shared.wait_until_restored();
        let Err(StateError::Corrupt { file, offset, .. }) = found else { panic!("a flip at {position}: {found:?}") };
        assert_eq!(file, journal);
        assert!(offset as usize <= position, "{offset} is named, {position} was flipped");
        let named = |result: Result<(), StateError>| matches!(result, Err(StateError::Corrupt { .. }));
        assert!(named(store.view_at(1).map(drop)), "old state is asked for");
        // The head is as it was, but nothing more is promised on it.
        check_state(&store.view(store.heads().unsafe_head.hash).unwrap(), &model.head().state);
        assert!(named(
            store.set_heads(HeadsUpdate { unsafe_head: model.canonical[21], ..Default::default() }).map(drop)
        ));
        let head = *model.canonical.last().unwrap();
        let (block, _) = prepare(&store, &model, head, &mut Random::new(1)).unwrap();
        assert!(named(store.insert(block, Durability::Synced)));
        assert!(named(store.checkpoint()));
    }
}

#[test]
fn an_archive_that_starts_late_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (mut model, options) = chain_on_disk(dir.path(), 5);
    let options = StoreOptions { history: History::Archive, ..options };
    let store = ChainStore::open(options, genesis()).unwrap();
    let random = &mut Random::new(1);
    for _ in 0..140 {
        let head = *model.canonical.last().unwrap();
        let block = extend(&store, &mut model, head, random, Durability::Buffered);
        set_head(&store, &mut model, block);
    }
    store.flush_index().unwrap();
    let head = *model.canonical.last().unwrap();
    let block = extend(&store, &mut model, head, random, Durability::Buffered);
    set_head(&store, &mut model, block);
    assert!(store.oldest_state() <= 5);
    for number in store.oldest_state()..146 {
        check_state(&store.view_at(number).unwrap(), &model.blocks[&model.canonical[number as usize]].state);
    }
    if store.oldest_state() > 0 {
        assert!(matches!(store.view_at(0).map(|_| ()), Err(StateError::Pruned { .. })));
    }
}

#[test]
fn big_blocks_shorten_the_window_and_reorgs_still_work() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { max_history_changes: 30, ..options(dir.path()) };
    let store = ChainStore::open(options.clone(), genesis()).unwrap();
    let mut model = Model::new();
    let random = &mut Random::new(8);
    for _ in 0..60 {
        let head = *model.canonical.last().unwrap();
        let block = extend(&store, &mut model, head, random, Durability::Buffered);
        set_head(&store, &mut model, block);
        store.flush_index().unwrap();
    }
    let oldest = store.oldest_state();
    assert!(oldest > 40, "{oldest}");
    assert!(matches!(store.view_at(oldest - 1).map(|_| ()), Err(StateError::Pruned { .. })));
    for number in oldest..=60 {
        check_state(&store.view_at(number).unwrap(), &model.blocks[&model.canonical[number as usize]].state);
    }
    // A restart keeps no more than the running store did, and no less.
    store.close().unwrap();
    drop(store);
    let store = ChainStore::open(options, genesis()).unwrap();
    assert_eq!(store.oldest_state(), oldest);
    for number in oldest..=60 {
        check_state(&store.view_at(number).unwrap(), &model.blocks[&model.canonical[number as usize]].state);
    }
    // Further back than the window: what is undone comes out of the journal.
    let target = model.canonical[20];
    set_head(&store, &mut model, target);
    check_state(&store.view(target).unwrap(), &model.head().state);
    for _ in 0..3 {
        let head = *model.canonical.last().unwrap();
        let block = extend(&store, &mut model, head, random, Durability::Buffered);
        set_head(&store, &mut model, block);
    }
    store.flush_index().unwrap();
    model.highest = u64::MAX / 2;
    check_all(&store, &model, random, 0, false);
    store.close().unwrap();
}

#[path = "snapshot_tests.rs"]
mod snapshot;
