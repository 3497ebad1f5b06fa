//! The store on a disk that loses power, fills up and fails, against a model of what it acknowledged.
//!
//! `ALTLAYER_POWER_SEED=<n> cargo test --release -p altlayer-state power` replays one seed;
//! `ALTLAYER_POWER_SEEDS=<count>` runs that many. The history index stays on the real disk, where it is a cache: at a crash it is
//! kept, deleted, damaged, or put back to an older copy.

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use alloy_primitives::B256;
use altlayer_files::simulated::{Faults, Met, Random, SimulatedFiles};
use parking_lot::Mutex;

use super::{
    ChainStore,
    tests::{Model, check_state, copy_dir, genesis, options, prepare},
    types::*,
};
use crate::StateError;

const WINDOW: u64 = 8;
const SEEDS: u64 = 150;
const THREADS: usize = 2;

/// What one run met, so that a generator that has gone blind is noticed.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: u64,
    reopened: u64,
    heads_in_flight: u64,
    unacknowledged_blocks: u64,
    reorgs: u64,
    checkpoints: u64,
    slices: u64,
    segments: u64,
    disk: Met,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.reopened += other.reopened;
        self.heads_in_flight += other.heads_in_flight;
        self.unacknowledged_blocks += other.unacknowledged_blocks;
        self.reorgs += other.reorgs;
        self.checkpoints += other.checkpoints;
        self.slices += other.slices;
        self.segments += other.segments;
        self.disk += other.disk;
    }
}

/// What the store said is safe, and what it was asked for when the power went.
struct Promises {
    model: Model,
    heads: [B256; 3],
    /// Asked for since, and not confirmed.
    heads_in_flight: Vec<[B256; 3]>,
    synced: BTreeSet<B256>,
    buffered: Vec<B256>,
    /// The block in the making: as confirmed, then after each record since.
    candidates: Vec<Option<CandidateRecords>>,
    /// The last of them that the store accepted.
    candidate: Option<CandidateRecords>,
    /// The block that it stands on. Once the head is another, its records may be left behind a checkpoint.
    candidate_parent: B256,
    highest: u64,
}

impl Promises {
    fn new() -> Self {
        let model = Model::new();
        let first = model.canonical[0];
        Self {
            heads: [first; 3],
            heads_in_flight: Vec::new(),
            synced: BTreeSet::from([first]),
            buffered: Vec::new(),
            candidates: vec![None],
            candidate: None,
            candidate_parent: first,
            highest: 0,
            model,
        }
    }

    /// A sync was confirmed: all that was written before it is promised.
    fn confirm(&mut self) {
        self.synced.extend(self.buffered.drain(..));
        self.heads_in_flight.clear();
        self.candidates = vec![self.candidate.clone()];
    }

    fn number(&self, hash: &B256) -> u64 {
        self.model.blocks[hash].block.header.number
    }
}

struct Run {
    dir: tempfile::TempDir,
    files: SimulatedFiles,
    random: Random,
    promises: Promises,
    tally: Tally,
}

impl Run {
    fn new(seed: u64) -> Self {
        Self {
            dir: temporary(),
            files: SimulatedFiles::new(seed ^ 0x5eed),
            random: Random::new(seed),
            promises: Promises::new(),
            tally: Tally::default(),
        }
    }

    fn open(&self) -> Result<Arc<ChainStore>, StateError> {
        let options = StoreOptions {
            files: Arc::new(self.files.clone()),
            history: History::Blocks(WINDOW),
            segment_bytes: 6 << 10,
            // In the background they would make the order of operations, and so a seed, unrepeatable.
            checkpoint_blocks: u64::MAX,
            checkpoint_bytes: u64::MAX,
            ..options(self.dir.path())
        };
        ChainStore::open(options, genesis())
    }

    /// Inserts a block on `parent`; its hash if the store took it.
    fn insert(&mut self, store: &ChainStore, parent: B256) -> Result<B256, StateError> {
        let (block, known) = prepare(store, &self.promises.model, parent, &mut self.random)?;
        let hash = block.hash;
        self.promises.model.blocks.insert(hash, known);
        let durability = if self.random.below(3) == 0 { Durability::Synced } else { Durability::Buffered };
        store.insert(block, durability)?;
        self.promises.buffered.push(hash);
        if durability == Durability::Synced {
            self.promises.confirm();
            self.tally.acknowledged += 1;
        }
        Ok(hash)
    }

    fn set_heads(&mut self, store: &ChainStore, update: HeadsUpdate) -> Result<(), StateError> {
        let [_, safe, finalized] = self.promises.heads;
        let path = self.promises.model.path(update.unsafe_head);
        let kept = |hash: B256| {
            if path.contains(&hash) {
                hash
            } else {
                path[path.iter().zip(&self.promises.model.canonical).take_while(|(a, b)| a == b).count() - 1]
            }
        };
        let heads = [
            update.unsafe_head,
            update.safe.unwrap_or_else(|| kept(safe)),
            update.finalized.unwrap_or_else(|| kept(finalized)),
        ];
        self.promises.heads_in_flight.push(heads);
        let change = store.set_heads(update)?;
        let said = change.heads;
        assert_eq!([said.unsafe_head.hash, said.safe.hash, said.finalized.hash], heads);
        self.tally.reorgs += u64::from(!change.dropped.is_empty());
        self.promises.heads = heads;
        self.promises.heads_in_flight.clear();
        self.promises.model.canonical = path;
        self.promises.highest = self.promises.highest.max(self.promises.model.canonical.len() as u64 - 1);
        self.promises.confirm();
        self.tally.acknowledged += 1;
        Ok(())
    }

    /// One thing that a chain does. An error is the disk's.
    fn step(&mut self, store: &ChainStore) -> Result<(), StateError> {
        let head = self.promises.heads[0];
        let head_number = self.promises.number(&head);
        let finalized = self.promises.number(&self.promises.heads[2]);
        match self.random.below(18) {
            0..7 => {
                let block = self.insert(store, head)?;
                self.set_heads(store, HeadsUpdate { unsafe_head: block, ..Default::default() })
            }
            7..10 => {
                // A branch, taken or not.
                let depth = self
                    .random
                    .below(4)
                    .min(head_number - finalized)
                    .min(head_number - store.oldest_state().min(head_number));
                let mut tip = self.promises.model.canonical[(head_number - depth) as usize];
                for _ in 0..1 + self.random.below(4) {
                    tip = self.insert(store, tip)?;
                }
                if self.random.below(2) == 0 {
                    self.set_heads(store, HeadsUpdate { unsafe_head: tip, ..Default::default() })?;
                }
                Ok(())
            }
            10 => {
                let number = finalized + self.random.below(head_number - finalized + 1) / 2;
                let hash = self.promises.model.canonical[number as usize];
                self.set_heads(store, HeadsUpdate { unsafe_head: head, safe: Some(hash), finalized: Some(hash) })
            }
            11..=13 => {
                store.sync()?;
                self.promises.confirm();
                Ok(())
            }
            14 => {
                store.checkpoint()?;
                self.promises.confirm();
                self.tally.checkpoints += 1;
                Ok(())
            }
            15 | 16 => {
                // The block in the making is opened, or grows by a slice.
                let bytes = self.random.next().to_le_bytes().repeat(1 + self.random.below(90) as usize);
                let stale = self.promises.candidate_parent != head;
                if stale {
                    // Without the new one there may be none: the old one may be left behind.
                    self.promises.candidates.push(None);
                }
                let mut next = self.promises.candidate.clone().filter(|_| !stale && self.random.below(4) > 0);
                let open = next.is_none();
                let next = next.get_or_insert_with(|| CandidateRecords { opening: bytes.clone(), slices: Vec::new() });
                let result = if open {
                    store.begin_candidate(&bytes)
                } else {
                    next.slices.push(bytes.clone());
                    store.append_slice(&bytes)
                };
                self.promises.candidates.push(Some(next.clone()));
                let next = next.clone();
                result?;
                self.promises.candidate = Some(next);
                self.promises.candidate_parent = head;
                if self.random.below(2) == 0 {
                    store.sync()?;
                    self.promises.confirm();
                    self.tally.slices += 1;
                }
                Ok(())
            }
            _ => store.flush_index(),
        }
    }

    /// What the store holds after a crash is what it promised, and nothing that nobody gave it. An error is one of reading.
    fn check(&mut self, store: &ChainStore) -> Result<(), StateError> {
        let promises = &mut self.promises;
        let heads = store.heads();
        let found = [heads.unsafe_head.hash, heads.safe.hash, heads.finalized.hash];
        if found != promises.heads {
            let asked = promises.heads_in_flight.contains(&found);
            assert!(asked, "heads {found:?}: neither acknowledged ({:?}) nor asked for", promises.heads);
            self.tally.heads_in_flight += 1;
        }
        promises.heads = found;
        promises.heads_in_flight.clear();
        promises.model.canonical = promises.model.path(found[0]);
        // What makes the head is durable, whoever confirmed it.
        promises.synced.extend(promises.model.canonical.iter().copied());
        let head_number = heads.unsafe_head.number;
        for (number, hash) in promises.model.canonical.iter().enumerate() {
            let known = &promises.model.blocks[hash];
            assert_eq!(store.canonical_hash(number as u64)?, Some(*hash));
            assert_eq!(*store.block(hash)?.unwrap(), known.block);
            for (index, transaction) in known.block.transactions.iter().enumerate() {
                let place = TransactionLocation { block_hash: *hash, block_number: number as u64, index: index as u32 };
                assert_eq!(store.transaction(&transaction.hash)?, Some(place));
            }
            if number as u64 + WINDOW >= promises.highest.max(head_number) {
                check_state(&store.view(*hash)?, &known.state);
            }
        }
        assert_eq!(store.canonical_hash(head_number + 1)?, None);
        // Side blocks stay as long as the chain can still move to them.
        let reach = promises.highest.max(head_number).saturating_sub(WINDOW);
        for hash in &promises.synced {
            let known = &promises.model.blocks[hash];
            let path = promises.model.path(*hash);
            let fork = path.iter().zip(&promises.model.canonical).take_while(|(a, b)| a == b).count() as u64 - 1;
            if fork > reach && !promises.model.canonical.contains(hash) {
                assert_eq!(store.block(hash)?.as_deref(), Some(&known.block), "a synced side block is lost");
            }
        }
        for hash in promises.buffered.drain(..) {
            self.tally.unacknowledged_blocks += 1;
            // It may be there, but then it is what was written.
            if let Some(block) = store.block(&hash)? {
                assert_eq!(*block, promises.model.blocks[&hash].block);
            }
        }
        let candidate = store.take_candidate();
        // Once the head is another, how much of the past is read decides which old one is found; its parent gives it away.
        let is_stale = promises.candidate_parent != found[0];
        assert!(is_stale || promises.candidates.contains(&candidate), "a block that was never in the making");
        promises.candidate.clone_from(&candidate);
        promises.candidates = vec![candidate];
        Ok(())
    }

    /// What a crash, a careless hand or an old backup does to the index.
    fn damage_index(&mut self, copy: Option<&Path>) {
        let index = self.dir.path().join("index");
        if !index.exists() {
            return;
        }
        match self.random.below(10) {
            0 | 1 => fs::remove_dir_all(&index).unwrap(),
            2 => {
                let files = files_under(&index);
                let file = &files[self.random.below(files.len() as u64) as usize];
                let length = fs::metadata(file).unwrap().len();
                let file = fs::OpenOptions::new().write(true).open(file).unwrap();
                file.set_len(self.random.below(length + 1)).unwrap();
            }
            3 if copy.is_some() => {
                fs::remove_dir_all(&index).unwrap();
                copy_dir(copy.unwrap(), &index);
            }
            _ => {}
        }
    }

    /// A life of the store that ends in a crash; `faults` go wrong meanwhile.
    fn live(&mut self, faults: Faults) {
        if self.random.below(3) == 0 {
            // The recovery itself is cut short.
            self.files.cut_power_after(1 + self.random.below(10));
        }
        let old_copy = temporary();
        let mut copied = false;
        match self.open() {
            Ok(store) if !self.files.is_off() => {
                self.check(&store).unwrap();
                self.tally.reopened += 1;
                self.files.set_faults(faults);
                self.files.cut_power_after(1 + self.random.below(150));
                let mut refusals = 0;
                while !self.files.is_off() && refusals < 4 {
                    if let Err(error) = self.step(&store) {
                        let of_the_disk = matches!(error, StateError::Io { .. } | StateError::Unusable { .. });
                        assert!(of_the_disk, "{error:?} is not the disk's");
                        assert!(self.files.is_off() || faults != Faults::default(), "{error}");
                        refusals += 1;
                    }
                    // Without power, the index' thread cannot read what it indexes.
                    if !copied && self.random.below(20) == 0 && store.flush_index().is_ok() {
                        copy_dir(&self.dir.path().join("index"), &old_copy.path().join("index"));
                        copied = true;
                    }
                }
                // A crash syncs nothing.
                if self.random.below(3) == 0 { self.files.kill_process() } else { self.files.cut_power() }
            }
            Ok(_) => {}
            Err(error) => assert!(self.files.is_off(), "the store does not open: {error}"),
        }
        let copy = copied.then(|| old_copy.path().join("index"));
        if self.files.is_off() {
            self.files.restore_power();
        }
        self.damage_index(copy.as_deref());
    }

    fn finish(mut self) -> Tally {
        let store = self.open().unwrap();
        self.check(&store).unwrap();
        // And it goes on.
        for _ in 0..5 {
            self.step(&store).unwrap();
        }
        store.close().unwrap();
        drop(store);
        let store = self.open().unwrap();
        self.check(&store).unwrap();
        self.tally.segments =
            self.files.paths().iter().filter(|path| path.extension().is_some_and(|e| e == "log")).count() as u64;
        self.tally.disk = self.files.met();
        self.tally
    }
}

fn files_under(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_under(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// In memory where the system has such a place: the index' own syncs are not what is tested.
fn temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Runs the seeds that the environment asks for, or `count`; sums what they met.
fn storms(count: u64, run: impl Fn(u64) -> Tally + Sync) -> Tally {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("ALTLAYER_POWER_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("ALTLAYER_POWER_SEEDS").unwrap_or(count)).collect(),
    };
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = catch_unwind(AssertUnwindSafe(|| run(*seed)));
                    match outcome {
                        Ok(tally) => total.lock().add(&tally),
                        Err(panic) => {
                            eprintln!("replay with ALTLAYER_POWER_SEED={seed}");
                            next.store(seeds.len(), Ordering::Relaxed);
                            resume_unwind(panic);
                        }
                    }
                }
            });
        }
    });
    total.into_inner()
}

/// Whether all seeds ran: then the storm must have been one.
fn is_whole_storm() -> bool {
    std::env::var_os("ALTLAYER_POWER_SEED").is_none()
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes() {
    let total = storms(SEEDS, |seed| {
        let mut run = Run::new(seed);
        for _ in 0..2 + run.random.below(4) {
            run.live(Faults::default());
        }
        run.finish()
    });
    println!("{total:?}");
    if is_whole_storm() {
        let Tally {
            acknowledged,
            reopened,
            heads_in_flight,
            unacknowledged_blocks,
            reorgs,
            checkpoints,
            slices,
            segments,
            disk,
        } = total;
        let reached = [
            acknowledged / 1000,
            reopened / 200,
            heads_in_flight,
            unacknowledged_blocks,
            reorgs / 50,
            checkpoints / 100,
            slices / 100,
        ];
        assert!(!reached.contains(&0), "the storm was too calm: {reached:?}");
        let reached = [segments / 300, disk.fuses / 100, disk.sectors_lost / 50, disk.holes / 5, disk.names_lost / 20];
        assert!(!reached.contains(&0), "the disk was too calm: {reached:?}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_disk_errs() {
    let total = storms(SEEDS, |seed| {
        let mut run = Run::new(seed);
        for _ in 0..2 + run.random.below(4) {
            let faults = match run.random.below(4) {
                0 => Faults { write_errors: 30, short_writes: 200, ..Faults::default() },
                1 => Faults { sync_errors: 40, short_writes: 100, ..Faults::default() },
                2 => {
                    let used: usize = run.files.paths().iter().map(|path| run.files.content(path).unwrap().len()).sum();
                    Faults { capacity: Some(used + run.random.below(20_000) as usize), ..Faults::default() }
                }
                _ => Faults { read_only: true, ..Faults::default() },
            };
            run.live(faults);
        }
        run.finish()
    });
    println!("{total:?}");
    if is_whole_storm() {
        let disk = total.disk;
        let reached = [
            disk.write_errors / 20,
            disk.sync_errors / 20,
            disk.full / 20,
            disk.read_only / 20,
            disk.short_writes / 50,
        ];
        assert!(!reached.contains(&0), "the disk was too well: {reached:?}");
    }
}

/// Damage from outside: every file, cut or flipped somewhere. The store opens with all it promised, or names the place.
#[test]
fn damage_anywhere_is_named_or_harmless() {
    let (named, harmless) = (AtomicUsize::new(0), AtomicUsize::new(0));
    storms(SEEDS, |seed| {
        let mut run = Run::new(seed);
        let store = run.open().unwrap();
        for _ in 0..30 {
            run.step(&store).unwrap();
        }
        store.close().unwrap();
        drop(store);
        let paths = run.files.paths();
        for _ in 0..12 {
            let path = &paths[run.random.below(paths.len() as u64) as usize];
            let whole = run.files.content(path).unwrap();
            let mut content = whole.clone();
            if run.random.below(3) == 0 {
                content.truncate(run.random.below(whole.len() as u64) as usize);
            } else {
                let bit = run.random.below(8 * whole.len() as u64) as usize;
                content[bit / 8] ^= 1 << (bit % 8);
            }
            let before: Vec<_> = paths.iter().map(|path| (path, run.files.content(path).unwrap())).collect();
            run.files.set_content(path, &content);
            // Blocks from before the checkpoint are looked at when somebody asks for them.
            match run.open().and_then(|store| run.check(&store)) {
                Ok(()) => drop(harmless.fetch_add(1, Ordering::Relaxed)),
                Err(StateError::Corrupt { file, .. }) => {
                    assert_eq!(&file, path, "seed {seed}: the wrong file is blamed");
                    named.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => panic!("seed {seed}: {} damaged, but the error is {error:?}", path.display()),
            }
            for (path, content) in before {
                run.files.set_content(path, &content);
            }
        }
        Tally::default()
    });
    if is_whole_storm() {
        let (named, harmless) = (named.into_inner(), harmless.into_inner());
        assert!(named > 200 && harmless > 200, "{named} named, {harmless} harmless");
    }
}

/// Reads that fail, or lie once: whatever an opening makes of them, it destroys nothing.
#[test]
fn lies_of_the_disk_destroy_nothing() {
    let total = storms(SEEDS, |seed| {
        let mut run = Run::new(seed);
        run.live(Faults::default());
        // After a power cut the note of what is durable is old: one opening that reads the truth comes first.
        drop(run.open().unwrap());
        for _ in 0..4 {
            run.files.set_faults(Faults { read_errors: 30, read_flips: 60, ..Faults::default() });
            drop(run.open());
            run.files.kill_process();
        }
        run.finish()
    });
    if is_whole_storm() {
        assert!(total.disk.read_errors > 100 && total.disk.read_flips > 100, "{:?}", total.disk);
    }
}
