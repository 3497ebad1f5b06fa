//! A store that began from a snapshot against the store that it was taken of.

use std::path::PathBuf;

use super::*;
use crate::snapshot::{self, SnapshotInfo};

/// The body's hashes are the engine's to check; the senders come from here, as the model made them.
fn check_body(
    header: &Header,
    raw: &[Bytes],
    receipts: &[OpReceipt],
    model: &Model,
) -> Result<Vec<StoredTransaction>, String> {
    let block = &model.blocks.get(&header.hash_slow()).ok_or("unknown block")?.block;
    let same = block.transactions.iter().map(|tx| &tx.raw).eq(raw) && block.receipts == receipts;
    if same { Ok(block.transactions.clone()) } else { Err("the body is not the header's".into()) }
}

fn install(file: &Path, dir: &Path, model: &Model) -> Result<SnapshotInfo, StateError> {
    snapshot::install(file, &options(dir), &genesis(), &|header, raw, receipts| {
        check_body(header, raw, receipts, model)
    })
}

struct Source {
    folder: tempfile::TempDir,
    store: Arc<ChainStore>,
    model: Model,
    random: Random,
}

const HEAD: u64 = 40;
const AT: u64 = 25;
const FIRST: u64 = 15;

impl Source {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ChainStore::open(options(&folder.path().join("source")), genesis()).unwrap();
        let (mut model, mut random) = (Model::new(), Random::new(seed));
        for _ in 0..HEAD {
            let head = *model.canonical.last().unwrap();
            let hash = extend(&store, &mut model, head, &mut random, Durability::Buffered);
            set_head(&store, &mut model, hash);
        }
        Self { folder, store, model, random }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn snapshot(&self) -> (PathBuf, SnapshotInfo) {
        let file = self.path("chain.snapshot");
        let info = self.store.write_snapshot(&file, AT, FIRST).unwrap();
        (file, info)
    }
}

/// Brings the blocks after the snapshot's to a store, as execution would.
fn follow(store: &ChainStore, model: &Model) {
    let from = store.heads().unsafe_head.number as usize + 1;
    for hash in &model.canonical[from..] {
        let ModelBlock { block, diff, .. } = &model.blocks[hash];
        let state = store.root_after(block.header.parent_hash, diff).unwrap();
        let StoredBlock { hash, header, transactions, receipts } = block.clone();
        store.insert(ExecutedBlock { header, hash, transactions, receipts, state }, Durability::Buffered).unwrap();
        store.set_heads(HeadsUpdate { unsafe_head: hash, ..Default::default() }).unwrap();
    }
}

/// Everything from the snapshot on is as in the model, and what lies before is refused by name.
fn check(store: &ChainStore, model: &Model, random: &mut Random) {
    let head = store.heads().unsafe_head.number;
    assert_eq!(store.canonical_hash(0).unwrap(), Some(model.canonical[0]));
    assert_eq!(store.block(&model.canonical[0]).unwrap().unwrap().header.number, 0);
    for number in 1..FIRST {
        let refused = StateError::BeforeSnapshot { number, first: FIRST };
        assert_eq!(store.canonical_hash(number).unwrap_err(), refused);
        assert_eq!(store.block(&model.canonical[number as usize]).unwrap(), None);
    }
    for number in FIRST..=head {
        let hash = model.canonical[number as usize];
        let block = &model.blocks[&hash];
        assert_eq!(store.canonical_hash(number).unwrap(), Some(hash));
        assert_eq!(*store.block(&hash).unwrap().unwrap(), block.block);
        for (index, transaction) in block.block.transactions.iter().enumerate() {
            let expected = TransactionLocation { block_hash: hash, block_number: number, index: index as u32 };
            assert_eq!(store.transaction(&transaction.hash).unwrap(), Some(expected));
        }
        if number < AT {
            assert!(matches!(store.view(hash).map(drop), Err(StateError::Pruned { oldest: AT, .. })));
            assert!(matches!(store.proof(hash, &address(1), &[]), Err(StateError::Pruned { oldest: AT, .. })));
            assert!(matches!(store.message_passer_root(&hash), Err(StateError::Pruned { oldest: AT, .. })));
            assert!(matches!(store.message_passer_proof(&hash, &[]), Err(StateError::Pruned { oldest: AT, .. })));
            assert!(matches!(store.state_diff(&hash), Err(StateError::Pruned { .. })));
            continue;
        }
        let view = store.view(hash).unwrap();
        check_state(&view, &block.state);
        assert_eq!(view.block_hash(FIRST).unwrap(), model.canonical[FIRST as usize]);
        check_proof(store, hash, block, random);
        check_passer(store, hash, block);
    }
    assert_eq!(store.oldest_state(), AT);
    for _ in 0..20 {
        let mut filter = random_filter(random, head);
        filter.to = filter.to.min(head);
        if filter.from < FIRST {
            let refused = StateError::BeforeSnapshot { number: filter.from, first: FIRST };
            if filter.from <= filter.to {
                assert_eq!(store.logs(&filter, &limits()).unwrap_err(), refused);
            }
            filter.from = FIRST;
        }
        assert_eq!(store.logs(&filter, &limits()).unwrap(), naive_logs(model, &filter));
    }
}

#[test]
fn a_store_goes_on_from_a_snapshot_as_the_one_it_was_taken_of() {
    for (seed, history) in [(1, History::Blocks(128)), (2, History::Archive), (3, History::Blocks(128))] {
        let mut source = Source::new(seed);
        let (file, written) = source.snapshot();
        let dir = source.path("follower");
        let info = install(&file, &dir, &source.model).unwrap();
        assert_eq!(info, written);
        assert_eq!((info.block.number, info.block.hash), (AT, source.model.canonical[AT as usize]));
        assert_eq!(info.message_passer_root, source.store.message_passer_root(&info.block.hash).unwrap());
        let options = || StoreOptions { history, ..options(&dir) };
        let store = ChainStore::open(options(), genesis()).unwrap();
        let heads = store.heads();
        assert_eq!([heads.unsafe_head, heads.safe, heads.finalized], [info.block; 3]);
        check(&store, &source.model, &mut source.random);
        follow(&store, &source.model);
        check(&store, &source.model, &mut source.random);
        // A restart from the installed checkpoint, and one from a later one; the index kept, and lost.
        drop(store);
        let store = ChainStore::open(options(), genesis()).unwrap();
        check(&store, &source.model, &mut source.random);
        store.checkpoint().unwrap();
        store.close().unwrap();
        drop(store);
        fs::remove_dir_all(dir.join("index")).unwrap();
        let store = ChainStore::open(options(), genesis()).unwrap();
        store.flush_index().unwrap();
        check(&store, &source.model, &mut source.random);
        // It can be a source itself.
        let again = source.path("again.snapshot");
        store.write_snapshot(&again, AT + 5, FIRST + 5).unwrap();
        assert!(matches!(store.write_snapshot(&again, AT + 5, FIRST - 1), Err(StateError::BeforeSnapshot { .. })));
        let second = install(&again, &source.path("second"), &source.model).unwrap();
        assert_eq!(second.block.hash, source.model.canonical[AT as usize + 5]);
    }
}

#[test]
fn a_short_chain_is_in_its_snapshot_from_genesis_on() {
    let source = Source::new(4);
    let file = source.path("chain.snapshot");
    source.store.write_snapshot(&file, AT, 0).unwrap();
    let dir = source.path("follower");
    install(&file, &dir, &source.model).unwrap();
    let store = ChainStore::open(options(&dir), genesis()).unwrap();
    follow(&store, &source.model);
    for (number, hash) in source.model.canonical.iter().enumerate() {
        assert_eq!(store.canonical_hash(number as u64).unwrap(), Some(*hash));
        assert_eq!(*store.block(hash).unwrap().unwrap(), source.model.blocks[hash].block);
    }
}

#[test]
fn is_written_while_the_chain_goes_on_and_reorgs_above_it() {
    let mut source = Source::new(5);
    let reference = fs::read(source.snapshot().0).unwrap();
    let (store, file) = (source.store.clone(), source.path("chain.snapshot"));
    let stop = Arc::new(AtomicBool::new(false));
    let done = stop.clone();
    let writer = std::thread::spawn(move || {
        let mut rounds = 0;
        while !done.load(std::sync::atomic::Ordering::SeqCst) || rounds < 3 {
            store.write_snapshot(&file, AT, FIRST).unwrap();
            assert!(fs::read(&file).unwrap() == reference, "round {rounds}");
            rounds += 1;
        }
    });
    for _ in 0..60 {
        let back = AT + 1 + source.random.below(source.model.canonical.len() as u64 - 1 - AT);
        let mut head = source.model.canonical[back as usize];
        for _ in 0..1 + source.random.below(4) {
            head = extend(&source.store, &mut source.model, head, &mut source.random, Durability::Buffered);
        }
        set_head(&source.store, &mut source.model, head);
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    writer.join().unwrap();
}

type Chunk = Vec<u8>;

fn chunks_of(bytes: &[u8]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        chunks.push(rest[8..8 + size].to_vec());
        rest = &rest[8 + size..];
    }
    chunks
}

/// A file whose checksums are right, whatever its content.
fn file_of(mut chunks: Vec<Chunk>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut digest = 0;
    let last = chunks.len() - 1;
    for (index, chunk) in chunks.iter_mut().enumerate() {
        if index == last {
            let at = chunk.len() - 4;
            chunk[at..].copy_from_slice(&u32::to_le_bytes(digest));
        }
        let crc = crc32c::crc32c(chunk).to_le_bytes();
        digest = crc32c::crc32c_append(digest, &crc);
        out.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
        out.extend_from_slice(&crc);
        out.extend_from_slice(chunk);
    }
    out
}

fn refused(source: &Source, bytes: &[u8], what: &str) -> String {
    let (file, dir) = (source.path("bad.snapshot"), source.path("bad"));
    fs::write(&file, bytes).unwrap();
    match install(&file, &dir, &source.model) {
        Err(StateError::Snapshot { reason, .. }) => {
            assert!(!dir.exists(), "{what} left a directory");
            reason
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn damage_and_lies_are_refused() {
    let source = Source::new(6);
    let (file, written) = source.snapshot();
    let good = fs::read(file).unwrap();
    assert!(file_of(chunks_of(&good)) == good);
    for length in (0..good.len()).step_by(97).chain([good.len() - 1]) {
        refused(&source, &good[..length], &format!("cut to {length}"));
    }
    for at in (0..good.len()).step_by(61) {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        refused(&source, &bytes, &format!("bit of byte {at} flipped"));
    }
    // With right checksums only what is computed tells. A few bytes have two spellings of one meaning.
    let chunks = chunks_of(&good);
    let (mut tried, mut same) = (0, 0);
    for index in 0..chunks.len() - 1 {
        for at in (0..chunks[index].len()).step_by(13) {
            let mut lying = chunks.clone();
            lying[index][at] ^= 1 << (at % 8);
            let (file, dir) = (source.path("bad.snapshot"), source.path("bad"));
            fs::write(&file, file_of(lying)).unwrap();
            tried += 1;
            match install(&file, &dir, &source.model) {
                Err(StateError::Snapshot { .. }) => assert!(!dir.exists()),
                Ok(info) => {
                    assert_eq!(info, written, "byte {at} of chunk {index} changed");
                    fs::remove_dir_all(&dir).unwrap();
                    same += 1;
                }
                Err(error) => panic!("byte {at} of chunk {index} changed: {error}"),
            }
        }
        let mut missing = chunks.clone();
        missing.remove(index);
        refused(&source, &file_of(missing), &format!("chunk {index} left out"));
    }
    assert!(tried > 500 && same < tried / 50, "{same} of {tried} made no difference");
    assert_eq!(refused(&source, b"not a snapshot at all", "text"), "it is damaged or cut short");
}

#[test]
fn another_chains_and_a_directory_in_use_are_refused() {
    let source = Source::new(7);
    let (file, _) = source.snapshot();
    let dir = source.path("follower");
    let mut foreign = genesis();
    foreign.header.timestamp += 1;
    let check =
        |header: &Header, raw: &[Bytes], receipts: &[OpReceipt]| check_body(header, raw, receipts, &source.model);
    let error = snapshot::install(&file, &options(&dir), &foreign, &check).unwrap_err();
    assert!(matches!(&error, StateError::Snapshot { reason, .. } if reason.contains("another chain")), "{error}");
    install(&file, &dir, &source.model).unwrap();
    assert!(matches!(install(&file, &dir, &source.model), Err(StateError::Occupied { .. })));
    // What a crash in the middle leaves is cleared away.
    let other = source.path("other");
    fs::create_dir_all(other.with_extension("installing").join("index")).unwrap();
    install(&file, &other, &source.model).unwrap();
    assert!(!other.with_extension("installing").exists());
}

#[test]
fn a_pruned_block_has_no_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let short = StoreOptions { history: History::Blocks(3), ..options(folder.path()) };
    let store = ChainStore::open(short, genesis()).unwrap();
    let (mut model, mut random) = (Model::new(), Random::new(8));
    for _ in 0..20 {
        let head = *model.canonical.last().unwrap();
        let hash = extend(&store, &mut model, head, &mut random, Durability::Buffered);
        set_head(&store, &mut model, hash);
        store.flush_index().unwrap();
    }
    let file = folder.path().join("chain.snapshot");
    assert!(matches!(store.write_snapshot(&file, 5, 0), Err(StateError::Pruned { number: 5, .. })));
    assert!(!file.exists() && !file.with_extension("partial").exists());
    store.write_snapshot(&file, 19, 0).unwrap();
}

#[test]
fn without_any_checkpoint_the_loss_is_named() {
    let source = Source::new(9);
    let dir = source.path("follower");
    install(&source.snapshot().0, &dir, &source.model).unwrap();
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "state") {
            fs::remove_file(path).unwrap();
        }
    }
    let error = ChainStore::open(options(&dir), genesis()).map(drop).unwrap_err();
    assert!(matches!(error, StateError::Corrupt { what: "checkpoint (all of them)", .. }), "{error}");
}
