//! Checkpoints: the whole flat state at one canonical block, so that recovery replays only what came after.
//!
//! A file `checkpoint-<number>.state` is a run of chunks (length, CRC-32C, payload) that ends with an empty chunk: head,
//! codes, accounts by shard. It is written beside, synced and renamed; the newest two are kept.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;

use crate::{
    codec::{Reader, bytecode, put_account, put_sized, put_word},
    error::StateError,
    flat::{Exported, FlatState},
    journal::{Position, sync_dir},
};

const MAGIC: &[u8; 8] = b"ALTCKPT1";
const KEEP: usize = 2;
const CHUNK: usize = 1 << 20;

/// What a checkpoint says besides the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointHead {
    pub genesis: B256,
    pub number: u64,
    pub hash: B256,
    /// unsafe, safe, finalized.
    pub heads: [B256; 3],
    /// Recovery reads the journal from here: no block that was in memory lies before.
    pub scan_from: Position,
    /// Newest opaque records by kind.
    pub extras: Vec<(u8, Vec<u8>)>,
}

fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("checkpoint-{number:012}.state"))
}

/// The existing checkpoints, newest first.
pub fn list(dir: &Path) -> Result<Vec<PathBuf>, StateError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(StateError::io("listing", dir))? {
        let path = entry.map_err(StateError::io("listing", dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("checkpoint-") && name.ends_with(".tmp") {
            // Left over by a crash.
            fs::remove_file(&path).map_err(StateError::io("removing", &path))?;
        } else if name.starts_with("checkpoint-") && name.ends_with(".state") {
            found.push(path);
        }
    }
    found.sort_unstable();
    found.reverse();
    Ok(found)
}

struct Chunks {
    file: BufWriter<File>,
    buffer: Vec<u8>,
}

impl Chunks {
    fn flush(&mut self) -> std::io::Result<()> {
        self.file.write_all(&(self.buffer.len() as u32).to_le_bytes())?;
        self.file.write_all(&crc32c::crc32c(&self.buffer).to_le_bytes())?;
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn flush_if_full(&mut self) -> std::io::Result<()> {
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }
}

/// Writes the state at `head.number`, which was canonical in the flat state's `epoch`. `None`: the block left the history window (or was undone) meanwhile, nothing is
/// written.
pub fn write(dir: &Path, head: &CheckpointHead, epoch: u64, flat: &FlatState) -> Result<Option<PathBuf>, StateError> {
    let path = path_of(dir, head.number);
    let temporary = path.with_extension("tmp");
    let io = |error| StateError::io("writing", &temporary)(error);
    let file = File::create(&temporary).map_err(io)?;
    let mut chunks = Chunks { file: BufWriter::with_capacity(CHUNK, file), buffer: Vec::with_capacity(2 * CHUNK) };
    let out = &mut chunks.buffer;
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(head.genesis.as_slice());
    out.extend_from_slice(&head.number.to_le_bytes());
    out.extend_from_slice(head.hash.as_slice());
    for hash in &head.heads {
        out.extend_from_slice(hash.as_slice());
    }
    out.extend_from_slice(&head.scan_from.to_le_bytes());
    out.extend_from_slice(&(flat.account_count() as u64).to_le_bytes());
    out.extend_from_slice(&(head.extras.len() as u32).to_le_bytes());
    for (kind, bytes) in &head.extras {
        out.push(*kind);
        put_sized(out, bytes);
    }
    chunks.flush().map_err(io)?;
    for (hash, code) in flat.codes() {
        chunks.buffer.push(b'c');
        chunks.buffer.extend_from_slice(hash.as_slice());
        put_sized(&mut chunks.buffer, code.original_byte_slice());
        chunks.flush_if_full().map_err(io)?;
    }
    for shard in flat.shards() {
        for Exported { address, account, storage } in flat.export(shard, head.number) {
            let out = &mut chunks.buffer;
            out.push(b'a');
            out.extend_from_slice(address.as_slice());
            put_account(out, &Some(account));
            out.extend_from_slice(&(storage.len() as u32).to_le_bytes());
            for (slot, value) in storage {
                put_word(out, &slot);
                put_word(out, &value);
            }
            chunks.flush_if_full().map_err(io)?;
        }
        if head.number < flat.oldest() || epoch != flat.epoch() {
            drop(chunks);
            fs::remove_file(&temporary).map_err(StateError::io("removing", &temporary))?;
            return Ok(None);
        }
    }
    if !chunks.buffer.is_empty() {
        chunks.flush().map_err(io)?;
    }
    chunks.flush().map_err(io)?;
    let file = chunks.file.into_inner().map_err(|error| io(error.into_error()))?;
    file.sync_all().map_err(StateError::io("syncing", &temporary))?;
    fs::rename(&temporary, &path).map_err(StateError::io("renaming", &temporary))?;
    sync_dir(dir)?;
    for old in list(dir)?.into_iter().skip(KEEP) {
        fs::remove_file(&old).map_err(StateError::io("removing", &old))?;
    }
    Ok(Some(path))
}

/// Reads a checkpoint into an empty flat state. Any damage is an error.
pub fn load(path: &Path, flat: &FlatState) -> Result<CheckpointHead, StateError> {
    let file = File::open(path).map_err(StateError::io("opening", path))?;
    let length = file.metadata().map_err(StateError::io("reading", path))?.len();
    let mut file = BufReader::with_capacity(CHUNK, file);
    let mut offset = 0;
    let mut next = || -> Result<Vec<u8>, StateError> {
        let corrupt = StateError::Corrupt { what: "checkpoint", file: path.into(), offset };
        let mut header = [0; 8];
        file.read_exact(&mut header).map_err(|_| corrupt.clone())?;
        let size = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let crc = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        offset += 8 + u64::from(size);
        if offset > length {
            return Err(corrupt);
        }
        let mut chunk = vec![0; size as usize];
        file.read_exact(&mut chunk).map_err(|_| corrupt.clone())?;
        if crc32c::crc32c(&chunk) == crc { Ok(chunk) } else { Err(corrupt) }
    };
    let first = next()?;
    let mut reader = Reader::new(&first, "checkpoint");
    if reader.take(8)? != MAGIC {
        return Err(StateError::Corrupt { what: "checkpoint", file: path.into(), offset: 0 });
    }
    let (genesis, number, hash) = (reader.hash()?, reader.u64()?, reader.hash()?);
    let heads = [reader.hash()?, reader.hash()?, reader.hash()?];
    let scan_from = reader.u64()?;
    let accounts = reader.u64()?;
    let extras = (0..reader.count(5)?)
        .map(|_| Ok((reader.u8()?, reader.sized()?.to_vec())))
        .collect::<Result<_, StateError>>()?;
    flat.reserve(accounts as usize);
    loop {
        let chunk = next()?;
        if chunk.is_empty() {
            break;
        }
        let mut reader = Reader::new(&chunk, "checkpoint");
        while !reader.is_empty() {
            match reader.u8()? {
                b'c' => {
                    let hash = reader.hash()?;
                    flat.add_code(hash, bytecode(reader.sized()?)?);
                }
                _ => {
                    let address = reader.address()?;
                    let account = crate::codec::account(&mut reader)?
                        .ok_or(StateError::Encoding { what: "checkpoint account" })?;
                    let storage = (0..reader.count(2)?)
                        .map(|_| Ok((reader.word()?, reader.word()?)))
                        .collect::<Result<_, StateError>>()?;
                    flat.load(Exported { address, account, storage });
                }
            }
        }
    }
    Ok(CheckpointHead { genesis, number, hash, heads, scan_from, extras })
}
