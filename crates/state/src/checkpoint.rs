//! Checkpoints: the whole flat state at one canonical block, so that recovery replays only what came after.
//!
//! A file `checkpoint-<number>.state` is a run of chunks (length, CRC-32C, payload) that ends with an empty chunk: head,
//! codes, accounts by shard. It is written beside, synced and renamed; the newest two are kept.

use std::{
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use altlayer_files::{Cursor, Files, Open};
use revm::bytecode::Bytecode;

use crate::{
    chunks::{ChunkReader, ChunkWriter},
    codec::{self, Reader, bytecode, put_account, put_sized, put_word},
    error::StateError,
    flat::{Exported, FlatState},
    journal::Position,
};

const MAGIC: &[u8; 8] = b"ALTCKPT2";
/// Without `tail_from`.
const MAGIC_1: &[u8; 8] = b"ALTCKPT1";
const KEEP: usize = 2;
const CHUNK: usize = 1 << 20;
/// Bytes after which a checkpoint in the making is synced.
const SYNC_EVERY: u64 = 16 << 20;
/// Threads that take a checkpoint in, and chunks that wait for them.
const LOADERS: usize = 2;

/// What a checkpoint says besides the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointHead {
    pub genesis: B256,
    pub number: u64,
    pub hash: B256,
    /// unsafe, safe, finalized.
    pub heads: [B256; 3],
    /// No block that was in memory lies before.
    pub scan_from: Position,
    /// Recovery reads the journal from here. Between `scan_from` and here lie only canonical blocks below this one, which the
    /// index has: the history of the state, which can follow later.
    pub tail_from: Position,
}

fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("checkpoint-{number:012}.state"))
}

/// The existing checkpoints, newest first.
pub fn list(files: &dyn Files, dir: &Path) -> Result<Vec<PathBuf>, StateError> {
    let mut found = Vec::new();
    for path in files.list(dir).map_err(StateError::io("listing", dir))? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("checkpoint-") && name.ends_with(".tmp") {
            // Left over by a crash.
            files.remove(&path).map_err(StateError::io("removing", &path))?;
        } else if name.starts_with("checkpoint-") && name.ends_with(".state") {
            found.push(path);
        }
    }
    found.sort_unstable();
    found.reverse();
    Ok(found)
}

/// Puts a checkpoint aside, so that no start reads it again. `false`: there is none of that block.
pub fn disown(files: &dyn Files, dir: &Path, number: u64) -> Result<bool, StateError> {
    let path = path_of(dir, number);
    if !list(files, dir)?.contains(&path) {
        return Ok(false);
    }
    files.rename(&path, &path.with_extension("unsound")).map_err(StateError::io("renaming", &path))?;
    files.sync_dir(dir).map_err(StateError::io("syncing", dir))?;
    Ok(true)
}

/// Writes the state at `head.number`, which was canonical in the flat state's `epoch`; gives back the file's size. `None`: the
/// block left the history window (or was undone) meanwhile, nothing is written.
pub fn write(
    files: &dyn Files,
    dir: &Path,
    head: &CheckpointHead,
    epoch: u64,
    flat: &FlatState,
) -> Result<Option<u64>, StateError> {
    let path = path_of(dir, head.number);
    let temporary = path.with_extension("tmp");
    let io = |error| StateError::io("writing", &temporary)(error);
    let file = files.open(&temporary, Open::Truncate).map_err(io)?;
    let mut chunks = ChunkWriter::new(BufWriter::with_capacity(CHUNK, Cursor::new(file.clone(), 0)));
    let out = chunks.buffer();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(head.genesis.as_slice());
    out.extend_from_slice(&head.number.to_le_bytes());
    out.extend_from_slice(head.hash.as_slice());
    for hash in &head.heads {
        out.extend_from_slice(hash.as_slice());
    }
    out.extend_from_slice(&head.scan_from.to_le_bytes());
    out.extend_from_slice(&head.tail_from.to_le_bytes());
    out.extend_from_slice(&(flat.account_count() as u64).to_le_bytes());
    // Reserved: how many records of further kinds follow.
    out.extend_from_slice(&0_u32.to_le_bytes());
    chunks.flush().map_err(io)?;
    let mut synced = 0;
    let mut valid = || {
        // Bit by bit: a flush of hundreds of megabytes would hold up the journal's.
        let length = file.length()?;
        if length - synced >= SYNC_EVERY {
            file.sync_data()?;
            synced = length;
        }
        Ok(head.number >= flat.oldest() && epoch == flat.epoch())
    };
    if write_state(&mut chunks, flat, head.number, &mut valid).map_err(io)?.is_none() {
        drop(chunks);
        files.remove(&temporary).map_err(StateError::io("removing", &temporary))?;
        return Ok(None);
    }
    // An empty chunk ends the file.
    chunks.flush_if_any().map_err(io)?;
    chunks.flush().map_err(io)?;
    let file = chunks.into_inner().into_inner().map_err(|error| io(error.into_error()))?.into_file();
    file.sync_all().map_err(StateError::io("syncing", &temporary))?;
    let length = file.length().map_err(StateError::io("reading", &temporary))?;
    files.rename(&temporary, &path).map_err(StateError::io("renaming", &temporary))?;
    files.sync_dir(dir).map_err(StateError::io("syncing", dir))?;
    for old in list(files, dir)?.into_iter().skip(KEEP) {
        files.remove(&old).map_err(StateError::io("removing", &old))?;
    }
    Ok(Some(length))
}

/// Reads a checkpoint into an empty flat state; gives back the size of the file, too. Any damage is an error.
pub fn load(files: &dyn Files, path: &Path, flat: &FlatState) -> Result<(CheckpointHead, u64), StateError> {
    let file = files.open(path, Open::Read).map_err(StateError::io("opening", path))?;
    let length = file.length().map_err(StateError::io("reading", path))?;
    let mut chunks = ChunkReader::new(BufReader::with_capacity(CHUNK, Cursor::new(file, 0)), length);
    let mut next = || {
        let offset = chunks.offset();
        chunks.next().map_err(|_| StateError::Corrupt { what: "checkpoint", file: path.into(), offset })
    };
    let first = next()?;
    let mut reader = Reader::new(&first, "checkpoint");
    let has_tail = match reader.take(8)? {
        magic if magic == MAGIC => true,
        magic if magic == MAGIC_1 => false,
        _ => return Err(StateError::Corrupt { what: "checkpoint", file: path.into(), offset: 0 }),
    };
    let (genesis, number, hash) = (reader.hash()?, reader.u64()?, reader.hash()?);
    let heads = [reader.hash()?, reader.hash()?, reader.hash()?];
    let scan_from = reader.u64()?;
    let tail_from = if has_tail { reader.u64()? } else { scan_from };
    let (accounts, reserved) = (reader.u64()?, reader.u32()?);
    if reserved != 0 {
        return Err(StateError::Encoding { what: "checkpoint" });
    }
    flat.reserve(accounts as usize);
    // Chunks hold whole records, so they are taken in beside each other while the next ones are read and checked.
    let fill = |chunk: &[u8]| -> Result<(), StateError> {
        let mut reader = Reader::new(chunk, "checkpoint");
        while !reader.is_empty() {
            let kind = reader.u8()?;
            match read_state(kind, &mut reader)? {
                StateRecord::Code(hash, code) => flat.add_code(hash, code),
                StateRecord::Account(account) => flat.load(account),
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let (chunks, queue) = crossbeam_channel::bounded::<Vec<u8>>(LOADERS);
        let loaders: Vec<_> = (0..LOADERS)
            .map(|_| {
                let queue = queue.clone();
                scope.spawn(move || queue.iter().try_for_each(|chunk| fill(&chunk)))
            })
            .collect();
        // A loader that failed hangs up: the reader then stops, too.
        drop(queue);
        let read = loop {
            match next() {
                Ok(chunk) => {
                    if chunk.is_empty() || chunks.send(chunk).is_err() {
                        break Ok(());
                    }
                }
                Err(error) => break Err(error),
            }
        };
        drop(chunks);
        for loader in loaders {
            loader.join().unwrap_or(Err(StateError::Encoding { what: "checkpoint" }))?;
        }
        read
    })?;
    Ok((CheckpointHead { genesis, number, hash, heads, scan_from, tail_from }, length))
}

const KIND_CODE: u8 = b'c';
const KIND_ACCOUNT: u8 = b'a';

/// One piece of a state.
pub enum StateRecord {
    Code(B256, Bytecode),
    Account(Exported),
}

/// Writes the whole state after block `number`, shard by shard; `valid` says after each whether it still was that block's
/// state. Returns the number of accounts, or `None` when it was not.
pub fn write_state<W: Write>(
    out: &mut ChunkWriter<W>,
    flat: &FlatState,
    number: u64,
    valid: &mut dyn FnMut() -> std::io::Result<bool>,
) -> std::io::Result<Option<u64>> {
    for (hash, code) in flat.codes() {
        out.buffer().push(KIND_CODE);
        out.buffer().extend_from_slice(hash.as_slice());
        put_sized(out.buffer(), code.original_byte_slice());
        out.flush_if_full()?;
    }
    let mut accounts = 0;
    for shard in flat.shards() {
        for Exported { address, account, storage } in flat.export(shard, number) {
            let buffer = out.buffer();
            buffer.push(KIND_ACCOUNT);
            buffer.extend_from_slice(address.as_slice());
            put_account(buffer, &Some(account));
            buffer.extend_from_slice(&(storage.len() as u32).to_le_bytes());
            for (slot, value) in storage {
                put_word(buffer, &slot);
                put_word(buffer, &value);
            }
            out.flush_if_full()?;
            accounts += 1;
        }
        if !valid()? {
            return Ok(None);
        }
    }
    Ok(Some(accounts))
}

/// The record behind its kind.
pub fn read_state(kind: u8, reader: &mut Reader<'_>) -> Result<StateRecord, StateError> {
    match kind {
        KIND_CODE => {
            let hash = reader.hash()?;
            Ok(StateRecord::Code(hash, bytecode(reader.sized()?)?))
        }
        KIND_ACCOUNT => {
            let address = reader.address()?;
            let account = codec::account(reader)?.ok_or(StateError::Encoding { what: "state account" })?;
            let storage = (0..reader.count(2)?)
                .map(|_| Ok((reader.word()?, reader.word()?)))
                .collect::<Result<_, StateError>>()?;
            Ok(StateRecord::Account(Exported { address, account, storage }))
        }
        _ => Err(StateError::Encoding { what: "state record" }),
    }
}
