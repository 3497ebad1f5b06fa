//! A chain at one block in one file, from which another node's store begins.
//!
//! The file holds the whole state after a block, that block and the ones before it which a node needs (BLOCKHASH, the start
//! of derivation), and nothing older. Chunks as a checkpoint's, each with its CRC-32C; the last one counts what came
//! before it. Checksums find damage; what is *true* is computed: the state's root, every code's, header's, body's and
//! receipt list's hash, up to the snapshot's block hash. Whoever installs a snapshot has that hash from elsewhere.
//!
//! It is not a part of the store and so goes by the system's files, not by the store's file layer: a snapshot that a power
//! loss tore is damage that its checksums find, and a store is built beside its place by that layer and named once it is synced.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, ErrorKind},
    path::Path,
};

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{Decodable, Encodable};
use op_alloy_consensus::OpReceipt;

use crate::{
    MESSAGE_PASSER,
    chain::{
        ChainStore,
        origin::Origin,
        types::{BlockRef, ExecutedBlock, GenesisBlock, PreparedState, StoreOptions, StoredBlock, StoredTransaction},
        write::{KIND_BLOCK, KIND_HEADS, KIND_ORIGIN},
    },
    checkpoint::{self, CheckpointHead, StateRecord},
    chunks::{ChunkReader, ChunkWriter},
    codec::{self, Reader, put_sized},
    error::StateError,
    flat::FlatState,
    journal::Journal,
    state_trie::StateTrie,
};

const MAGIC: &[u8; 8] = b"ALTSNAP1";
const KIND_SNAPSHOT_BLOCK: u8 = b'b';
const KIND_END: u8 = b'e';

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotInfo {
    pub genesis: B256,
    pub block: BlockRef,
    pub state_root: B256,
    /// Storage root of the L2ToL1MessagePasser, for the block's output root.
    pub message_passer_root: B256,
    /// The oldest block in it.
    pub first_block: u64,
    pub accounts: u64,
    pub bytes: u64,
}

/// Checks a body against its header and gives back its transactions with their senders. Says what is wrong.
pub type CheckBody<'a> = dyn Fn(&Header, &[Bytes], &[OpReceipt]) -> Result<Vec<StoredTransaction>, String> + 'a;

fn bad(path: &Path, reason: impl Into<String>) -> StateError {
    StateError::Snapshot { file: path.into(), reason: reason.into() }
}

impl ChainStore {
    /// Writes the state after the canonical block `number`, with the blocks from `first` on, while the chain goes on. The
    /// block must be one that no reorg drops, and its state must still be in memory: [`StateError::Pruned`] otherwise. An
    /// existing file is replaced in one step; a failure leaves none.
    pub fn write_snapshot(&self, path: &Path, number: u64, first: u64) -> Result<SnapshotInfo, StateError> {
        let temporary = path.with_extension("partial");
        let result = self.write_snapshot_to(&temporary, number, first.min(number));
        let finished = result.and_then(|info| {
            fs::rename(&temporary, path).map_err(StateError::io("renaming", &temporary))?;
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let synced = File::open(directory).and_then(|directory| directory.sync_all());
            synced.map_err(StateError::io("syncing", directory))?;
            Ok(info)
        });
        if finished.is_err() {
            // It may not even have been created.
            let _ = fs::remove_file(&temporary);
        }
        finished
    }

    fn write_snapshot_to(&self, path: &Path, number: u64, first: u64) -> Result<SnapshotInfo, StateError> {
        let hash = self.canonical_hash(number)?.ok_or(StateError::UnknownNumber { number })?;
        let header = self.header(&hash)?.ok_or(StateError::UnknownBlock { hash })?;
        let message_passer_root = self.message_passer_root(&hash)?;
        self.check_reach(number)?;
        let file = File::create(path).map_err(StateError::io("creating", path))?;
        let mut out = ChunkWriter::new(BufWriter::new(file));
        let io = |error| StateError::io("writing", path)(error);
        let start = out.buffer();
        start.extend_from_slice(MAGIC);
        start.extend_from_slice(self.genesis().hash.as_slice());
        start.extend_from_slice(&first.to_le_bytes());
        put_sized(start, &alloy_rlp::encode(&*header));
        out.flush().map_err(io)?;
        for at in first..=number {
            let hash = self.canonical_hash(at)?.ok_or(StateError::UnknownNumber { number: at })?;
            let block = self.block(&hash)?.ok_or(StateError::UnknownBlock { hash })?;
            put_block(out.buffer(), &block);
            out.flush_if_full().map_err(io)?;
        }
        // Undone blocks above leave this one's values alone; only history that ends above it does not.
        let mut valid = || Ok(number >= self.flat().oldest());
        let accounts = checkpoint::write_state(&mut out, self.flat(), number, &mut valid).map_err(io)?;
        let Some(accounts) = accounts else {
            return Err(StateError::Pruned { number, oldest: self.oldest_state() });
        };
        out.flush_if_any().map_err(io)?;
        let end = out.digest();
        let last = out.buffer();
        last.push(KIND_END);
        last.extend_from_slice(&accounts.to_le_bytes());
        last.extend_from_slice(&(number - first + 1).to_le_bytes());
        last.extend_from_slice(&end.to_le_bytes());
        out.flush().map_err(io)?;
        let file = out.into_inner().into_inner().map_err(|error| io(error.into_error()))?;
        file.sync_all().map_err(StateError::io("syncing", path))?;
        let bytes = file.metadata().map_err(io)?.len();
        Ok(SnapshotInfo {
            genesis: self.genesis().hash,
            block: BlockRef::new(hash, &header),
            state_root: header.state_root,
            message_passer_root,
            first_block: first,
            accounts,
            bytes,
        })
    }
}

fn put_block(out: &mut Vec<u8>, block: &StoredBlock) {
    out.push(KIND_SNAPSHOT_BLOCK);
    put_sized(out, &alloy_rlp::encode(&block.header));
    out.extend_from_slice(&(block.transactions.len() as u32).to_le_bytes());
    for transaction in &block.transactions {
        put_sized(out, &transaction.raw);
    }
    let mut receipts = Vec::new();
    for receipt in &block.receipts {
        receipt.encode(&mut receipts);
    }
    put_sized(out, &receipts);
}

/// A block as a snapshot tells it, before anything of it is believed.
struct Body {
    header: Header,
    hash: B256,
    transactions: Vec<Bytes>,
    receipts: Vec<OpReceipt>,
}

fn take_block(reader: &mut Reader<'_>) -> Result<Body, StateError> {
    let invalid = |_| StateError::Encoding { what: "snapshot block" };
    let rlp = reader.sized()?;
    let header = Header::decode(&mut &*rlp).map_err(invalid)?;
    let transactions = (0..reader.count(4)?)
        .map(|_| Ok(Bytes::copy_from_slice(reader.sized()?)))
        .collect::<Result<Vec<_>, StateError>>()?;
    let mut encoded = reader.sized()?;
    let mut receipts = Vec::new();
    while !encoded.is_empty() {
        receipts.push(OpReceipt::decode(&mut encoded).map_err(invalid)?);
    }
    Ok(Body { header, hash: keccak256(rlp), transactions, receipts })
}

/// A snapshot as read and verified.
struct Loaded {
    info: SnapshotInfo,
    flat: FlatState,
    blocks: Vec<StoredBlock>,
}

/// Reads the whole file and computes everything that can be: see the top of this module.
fn load(path: &Path, genesis: B256, check_body: &CheckBody<'_>) -> Result<Loaded, StateError> {
    let file = File::open(path).map_err(StateError::io("opening", path))?;
    let bytes = file.metadata().map_err(StateError::io("reading", path))?.len();
    let mut chunks = ChunkReader::new(BufReader::with_capacity(1 << 20, file), bytes);
    let damaged = |error: std::io::Error| match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => bad(path, "it is damaged or cut short"),
        _ => StateError::io("reading", path)(error),
    };
    let decoded = |error: StateError| match error {
        StateError::Encoding { what } => bad(path, format!("{what} is malformed")),
        error => error,
    };
    let start = chunks.next().map_err(damaged)?;
    if !start.starts_with(MAGIC) {
        return Err(bad(path, "it is no snapshot, or one of another version"));
    }
    let mut reader = Reader::new(&start, "snapshot header");
    let (found, first, header) = (|| {
        reader.take(MAGIC.len())?;
        let (genesis, first, rlp) = (reader.hash()?, reader.u64()?, reader.sized()?);
        let header = Header::decode(&mut &*rlp).map_err(|_| StateError::Encoding { what: "snapshot header" })?;
        Ok((genesis, first, header))
    })()
    .map_err(decoded)?;
    if found != genesis {
        return Err(bad(path, format!("it is of another chain: genesis {found}, expected {genesis}")));
    }
    let hash = header.hash_slow();

    let flat = FlatState::new();
    let mut blocks: Vec<StoredBlock> = Vec::new();
    let mut accounts = 0_u64;
    loop {
        let digest = chunks.digest();
        let chunk = chunks.next().map_err(damaged)?;
        let mut reader = Reader::new(&chunk, "snapshot");
        if chunk.first() == Some(&KIND_END) {
            let counts = (|| {
                reader.u8()?;
                Ok((reader.u64()?, reader.u64()?, reader.u32()?))
            })()
            .map_err(decoded)?;
            if counts != (accounts, blocks.len() as u64, digest) {
                return Err(bad(path, "parts of it are missing"));
            }
            break;
        }
        while !reader.is_empty() {
            let kind = reader.u8().map_err(decoded)?;
            if kind == KIND_SNAPSHOT_BLOCK {
                let Body { header, hash, transactions, receipts } = take_block(&mut reader).map_err(decoded)?;
                let follows = match blocks.last() {
                    None => header.number == first,
                    Some(last) => header.parent_hash == last.hash && header.number == last.header.number + 1,
                };
                if !follows {
                    return Err(bad(path, format!("block {} does not follow the one before", header.number)));
                }
                let transactions = check_body(&header, &transactions, &receipts)
                    .map_err(|reason| bad(path, format!("block {}: {reason}", header.number)))?;
                blocks.push(StoredBlock { hash, header, transactions, receipts });
                continue;
            }
            match checkpoint::read_state(kind, &mut reader).map_err(decoded)? {
                StateRecord::Code(hash, code) => {
                    if keccak256(code.original_byte_slice()) != hash {
                        return Err(bad(path, format!("code {hash} has another hash")));
                    }
                    flat.add_code(hash, code);
                }
                StateRecord::Account(account) => {
                    accounts += 1;
                    flat.load(account);
                }
            }
        }
    }
    if blocks.last().map(|block| block.hash) != Some(hash) {
        return Err(bad(path, "its blocks do not lead to the block that it is of"));
    }
    let mut trie = StateTrie::from_flat(&flat);
    let root = trie.root();
    if root != header.state_root {
        return Err(bad(path, format!("its state has the root {root}, the header says {}", header.state_root)));
    }
    if let Some(code) = flat.missing_code() {
        return Err(bad(path, format!("code {code} is missing")));
    }
    let info = SnapshotInfo {
        genesis,
        block: BlockRef::new(hash, &header),
        state_root: root,
        message_passer_root: trie.storage_root(&MESSAGE_PASSER)?,
        first_block: first,
        accounts,
        bytes,
    };
    Ok(Loaded { info, flat, blocks })
}

/// Makes a store's directory out of a snapshot; it must not hold a chain yet. Either all of it is there on return, or
/// nothing. The chain's block hash at that height is *not* judged: compare [`SnapshotInfo::block`] with what the L1 says.
pub fn install(
    path: &Path,
    options: &StoreOptions,
    genesis: &GenesisBlock,
    check_body: &CheckBody<'_>,
) -> Result<SnapshotInfo, StateError> {
    let dir = &options.dir;
    if exists(dir)? {
        return Err(StateError::Occupied { dir: dir.clone() });
    }
    let genesis_hash = genesis.header.hash_slow();
    let Loaded { info, flat, blocks } = load(path, genesis_hash, check_body)?;
    let building = dir.with_extension("installing");
    if exists(&building)? {
        // Left over by a crash.
        fs::remove_dir_all(&building).map_err(StateError::io("removing", &building))?;
    }
    build(&building, options, genesis, &info, &flat, blocks)?;
    fs::rename(&building, dir).map_err(StateError::io("renaming", &building))?;
    let parent = dir.parent().unwrap_or(Path::new("."));
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(StateError::io("syncing", parent))?;
    Ok(info)
}

fn exists(dir: &Path) -> Result<bool, StateError> {
    dir.try_exists().map_err(StateError::io("looking for", dir))
}

fn build(
    dir: &Path,
    options: &StoreOptions,
    genesis: &GenesisBlock,
    info: &SnapshotInfo,
    flat: &FlatState,
    blocks: Vec<StoredBlock>,
) -> Result<(), StateError> {
    fs::create_dir_all(dir).map_err(StateError::io("creating", dir))?;
    let journal = Journal::open(options.files.clone(), dir, info.genesis, options.segment_bytes)?;
    journal.scan(Journal::start(), &mut |_| Ok(()))?;
    let origin = Origin { first_block: info.first_block, state_block: info.block.number };
    journal.append(KIND_ORIGIN, &origin.encode())?;
    if info.first_block > 0 {
        crate::chain::recovery::append_genesis(&journal, genesis, info.genesis)?;
    }
    for StoredBlock { hash, header, transactions, receipts } in blocks {
        let message_passer_root = if hash == info.block.hash { info.message_passer_root } else { B256::ZERO };
        let state = PreparedState {
            parent: header.parent_hash,
            root: header.state_root,
            message_passer_root,
            trie: None,
            changes: Default::default(),
        };
        let kind = if header.number == 0 { crate::chain::write::KIND_GENESIS } else { KIND_BLOCK };
        journal.append(kind, &codec::block_record(&ExecutedBlock { header, hash, transactions, receipts, state }))?;
    }
    journal.append(KIND_HEADS, &[info.block.hash; 3].concat())?;
    journal.sync()?;
    let head = CheckpointHead {
        genesis: info.genesis,
        number: info.block.number,
        hash: info.block.hash,
        heads: [info.block.hash; 3],
        scan_from: Journal::start(),
        tail_from: Journal::start(),
    };
    let written = checkpoint::write(&*options.files, dir, &head, flat.epoch(), flat)?;
    written.map(drop).ok_or(StateError::Pruned { number: head.number, oldest: flat.oldest() })
}
