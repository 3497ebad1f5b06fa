//! The append-only journal: the point of durability.
//!
//! Segments `journal-00000001.log`, ... hold a header and then records: magic, length, the journal position that was
//! durable when the record was written, kind, CRC-32C, payload. A record that fails its check at the very end of the last
//! segment is the torn tail of a crash and is cut. If anything proves that the damaged place was durable once (a later
//! record or segment that says so), acknowledged data is damaged: a typed error, never a silent loss.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{BufReader, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy_primitives::B256;
use parking_lot::{Mutex, RwLock};

use crate::error::StateError;

const MAGIC: [u8; 4] = *b"ALjr";
const SEGMENT_MAGIC: [u8; 8] = *b"ALTJRNL1";
const SEGMENT_HEADER: u64 = 48;
pub const RECORD_HEADER: usize = 24;
/// No record is larger: a damaged length cannot make recovery allocate without bounds.
const MAX_RECORD: usize = 1 << 30;

/// Segment (upper 24 bits) and byte offset (lower 40 bits): grows along the journal.
pub type Position = u64;

const fn position(segment: u32, offset: u64) -> Position {
    ((segment as u64) << 40) | offset
}

const fn split(position: Position) -> (u32, u64) {
    ((position >> 40) as u32, position & ((1 << 40) - 1))
}

struct Writer {
    segment: u32,
    file: Arc<File>,
    offset: u64,
    failed: Option<String>,
}

pub struct Journal {
    dir: PathBuf,
    genesis: B256,
    segment_bytes: u64,
    writer: Mutex<Writer>,
    /// End of what fdatasync has confirmed.
    durable: AtomicU64,
    syncing: Mutex<()>,
    readers: RwLock<HashMap<u32, Arc<File>>>,
}

/// One record as a scan meets it.
pub struct Scanned<'a> {
    pub position: Position,
    pub kind: u8,
    pub payload: &'a [u8],
}

impl Journal {
    /// Opens or creates. [`Self::scan`] must run before the first append: it finds the end and cuts a torn tail.
    pub fn open(dir: &Path, genesis: B256, segment_bytes: u64) -> Result<Self, StateError> {
        let mut segments = list_segments(dir)?;
        // A crash while a segment was being created leaves one without a valid header; nothing was ever in it.
        if let Some(last) = segments.last().copied()
            && read_segment_header(dir, last)?.is_none()
        {
            let path = segment_path(dir, last);
            let length = fs::metadata(&path).map_err(StateError::io("reading", &path))?.len();
            if length > SEGMENT_HEADER {
                return Err(StateError::Corrupt { what: "journal segment header", file: path, offset: 0 });
            }
            fs::remove_file(&path).map_err(StateError::io("removing", &path))?;
            segments.pop();
        }
        for (index, segment) in segments.iter().enumerate() {
            let path = segment_path(dir, *segment);
            match read_segment_header(dir, *segment)? {
                Some(found) if found != genesis => {
                    return Err(StateError::GenesisMismatch { dir: dir.into(), found, expected: genesis });
                }
                Some(_) if *segment == index as u32 + 1 => {}
                _ => return Err(StateError::Corrupt { what: "journal segment header", file: path, offset: 0 }),
            }
        }
        let (segment, file) = match segments.last() {
            Some(last) => (*last, open_file(&segment_path(dir, *last))?),
            None => (1, create_segment(dir, 1, genesis)?),
        };
        let writer = Writer { segment, file: Arc::new(file), offset: SEGMENT_HEADER, failed: None };
        Ok(Self {
            dir: dir.into(),
            genesis,
            segment_bytes,
            writer: Mutex::new(writer),
            durable: AtomicU64::new(position(segment, SEGMENT_HEADER)),
            syncing: Mutex::new(()),
            readers: RwLock::default(),
        })
    }

    pub const fn start() -> Position {
        position(1, SEGMENT_HEADER)
    }

    /// Reads every record from `from` on, cuts a torn tail, and makes the journal ready for appends. Returns the bytes cut.
    pub fn scan(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Scanned<'_>) -> Result<(), StateError>,
    ) -> Result<u64, StateError> {
        let mut writer = self.writer.lock();
        let (first, mut offset) = split(from);
        for segment in first..=writer.segment {
            let path = segment_path(&self.dir, segment);
            let file = open_file(&path)?;
            let length = file.metadata().map_err(StateError::io("reading", &path))?.len();
            if offset > length {
                return Err(StateError::Corrupt {
                    what: "journal (shorter than a checkpoint says)",
                    file: path,
                    offset,
                });
            }
            let end = scan_segment(&file, &path, segment, offset, length, visit)?;
            if segment == writer.segment {
                let cut = length - end;
                if cut > 0 {
                    if later_record_is_durable(&file, &path, segment, end, length)? {
                        return Err(StateError::Corrupt { what: "journal record", file: path, offset: end });
                    }
                    tracing::warn!(segment, offset = end, bytes = cut, "cut the torn tail of the journal");
                    file.set_len(end).map_err(StateError::io("truncating", &path))?;
                }
                file.sync_all().map_err(StateError::io("syncing", &path))?;
                writer.offset = end;
                self.durable.store(position(segment, end), Ordering::SeqCst);
                return Ok(cut);
            }
            if end != length {
                // A segment is synced before its successor is created.
                return Err(StateError::Corrupt { what: "journal record", file: path, offset: end });
            }
            offset = SEGMENT_HEADER;
        }
        Err(StateError::Corrupt {
            what: "journal (a checkpoint points beyond it)",
            file: self.dir.clone(),
            offset: from,
        })
    }

    /// Writes a record; durable after the next [`Self::sync`].
    pub fn append(&self, kind: u8, payload: &[u8]) -> Result<Position, StateError> {
        if payload.len() > MAX_RECORD {
            return Err(StateError::Encoding { what: "journal record (too large)" });
        }
        let mut writer = self.writer.lock();
        if let Some(reason) = &writer.failed {
            return Err(StateError::Unusable { reason: reason.clone() });
        }
        if writer.offset > self.segment_bytes {
            self.roll(&mut writer)?;
        }
        let durable = self.durable.load(Ordering::SeqCst);
        let mut record = Vec::with_capacity(RECORD_HEADER + payload.len());
        record.extend_from_slice(&MAGIC);
        record.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        record.extend_from_slice(&durable.to_le_bytes());
        record.extend_from_slice(&[kind, 0, 0, 0]);
        let crc = crc32c::crc32c_append(crc32c::crc32c(&record), payload);
        record.extend_from_slice(&crc.to_le_bytes());
        record.extend_from_slice(payload);
        let at = writer.offset;
        if let Err(error) = writer.file.write_all_at(&record, at) {
            // A partial record must not stay before the next one.
            if let Err(second) = writer.file.set_len(at) {
                writer.failed = Some(format!("journal write failed ({error}), so did its undoing ({second})"));
            }
            return Err(StateError::io("writing", segment_path(&self.dir, writer.segment))(error));
        }
        writer.offset += record.len() as u64;
        Ok(position(writer.segment, at))
    }

    fn roll(&self, writer: &mut Writer) -> Result<(), StateError> {
        self.sync_file(writer)?;
        let next = writer.segment + 1;
        writer.file = Arc::new(create_segment(&self.dir, next, self.genesis)?);
        writer.segment = next;
        writer.offset = SEGMENT_HEADER;
        self.durable.fetch_max(position(next, SEGMENT_HEADER), Ordering::SeqCst);
        Ok(())
    }

    fn sync_file(&self, writer: &mut Writer) -> Result<(), StateError> {
        if let Err(error) = writer.file.sync_data() {
            // After a failed fdatasync nobody knows what is on disk: stop instead of acknowledging more.
            writer.failed = Some(format!("fdatasync failed: {error}"));
            return Err(StateError::io("syncing", segment_path(&self.dir, writer.segment))(error));
        }
        Ok(())
    }

    /// Makes everything written so far durable; callers that arrive meanwhile share one fdatasync.
    pub fn sync(&self) -> Result<(), StateError> {
        let target = self.end();
        let _turn = self.syncing.lock();
        if self.durable.load(Ordering::SeqCst) >= target {
            return Ok(());
        }
        // Appends go on while the disk works.
        let (file, end, segment) = {
            let writer = self.writer.lock();
            if let Some(reason) = &writer.failed {
                return Err(StateError::Unusable { reason: reason.clone() });
            }
            (writer.file.clone(), position(writer.segment, writer.offset), writer.segment)
        };
        if let Err(error) = file.sync_data() {
            self.writer.lock().failed = Some(format!("fdatasync failed: {error}"));
            return Err(StateError::io("syncing", segment_path(&self.dir, segment))(error));
        }
        self.durable.fetch_max(end, Ordering::SeqCst);
        Ok(())
    }

    /// Where the next record goes.
    pub fn end(&self) -> Position {
        let writer = self.writer.lock();
        position(writer.segment, writer.offset)
    }

    /// Bytes between two positions, for deciding on checkpoints.
    pub fn bytes_between(&self, from: Position, to: Position) -> u64 {
        let ((first, start), (last, end)) = (split(from), split(to));
        u64::from(last.saturating_sub(first)) * self.segment_bytes
            + end.saturating_sub(if first == last { start } else { 0 })
    }

    /// A whole record, checked.
    pub fn read(&self, at: Position) -> Result<(u8, Vec<u8>), StateError> {
        let (segment, offset) = split(at);
        let file = self.reader(segment)?;
        let path = || segment_path(&self.dir, segment);
        let corrupt = || StateError::Corrupt { what: "journal record", file: path(), offset };
        let mut header = [0; RECORD_HEADER];
        file.read_exact_at(&mut header, offset).map_err(StateError::io("reading", path()))?;
        let (kind, length, _, crc) = parse_header(&header).ok_or_else(corrupt)?;
        let mut payload = vec![0; length];
        file.read_exact_at(&mut payload, offset + RECORD_HEADER as u64).map_err(StateError::io("reading", path()))?;
        if crc32c::crc32c_append(crc32c::crc32c(&header[..RECORD_HEADER - 4]), &payload) != crc {
            return Err(corrupt());
        }
        Ok((kind, payload))
    }

    /// The first bytes of a record's payload, unchecked: the caller checks a hash inside.
    pub fn read_start(&self, at: Position, length: usize) -> Result<Vec<u8>, StateError> {
        let (segment, offset) = split(at);
        let file = self.reader(segment)?;
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            let read = file
                .read_at(&mut bytes[filled..], offset + (RECORD_HEADER + filled) as u64)
                .map_err(StateError::io("reading", segment_path(&self.dir, segment)))?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn reader(&self, segment: u32) -> Result<Arc<File>, StateError> {
        if let Some(file) = self.readers.read().get(&segment) {
            return Ok(file.clone());
        }
        let path = segment_path(&self.dir, segment);
        let file = Arc::new(File::open(&path).map_err(StateError::io("opening", &path))?);
        self.readers.write().insert(segment, file.clone());
        Ok(file)
    }
}

fn segment_path(dir: &Path, segment: u32) -> PathBuf {
    dir.join(format!("journal-{segment:08}.log"))
}

fn list_segments(dir: &Path) -> Result<Vec<u32>, StateError> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(dir).map_err(StateError::io("listing", dir))? {
        let name = entry.map_err(StateError::io("listing", dir))?.file_name();
        let number: Option<u32> =
            name.to_str().and_then(|name| name.strip_prefix("journal-")?.strip_suffix(".log")?.parse().ok());
        segments.extend(number);
    }
    segments.sort_unstable();
    Ok(segments)
}

fn open_file(path: &Path) -> Result<File, StateError> {
    OpenOptions::new().read(true).write(true).open(path).map_err(StateError::io("opening", path))
}

fn create_segment(dir: &Path, segment: u32, genesis: B256) -> Result<File, StateError> {
    let path = segment_path(dir, segment);
    let mut header = Vec::with_capacity(SEGMENT_HEADER as usize);
    header.extend_from_slice(&SEGMENT_MAGIC);
    header.extend_from_slice(genesis.as_slice());
    header.extend_from_slice(&segment.to_le_bytes());
    header.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path);
    let file = file.map_err(StateError::io("creating", &path))?;
    file.write_all_at(&header, 0).map_err(StateError::io("writing", &path))?;
    file.sync_all().map_err(StateError::io("syncing", &path))?;
    sync_dir(dir)?;
    Ok(file)
}

/// Makes creations and renames inside a directory durable.
pub fn sync_dir(dir: &Path) -> Result<(), StateError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StateError::io("syncing", dir))
}

/// The genesis hash in a segment's header; `None` if the header is not whole.
fn read_segment_header(dir: &Path, segment: u32) -> Result<Option<B256>, StateError> {
    let path = segment_path(dir, segment);
    let mut header = [0; SEGMENT_HEADER as usize];
    let mut file = File::open(&path).map_err(StateError::io("opening", &path))?;
    if file.read_exact(&mut header).is_err() {
        return Ok(None);
    }
    let crc = crc32c::crc32c(&header[..44]).to_le_bytes();
    let whole = header[..8] == SEGMENT_MAGIC && header[40..44] == segment.to_le_bytes() && header[44..] == crc;
    Ok(whole.then(|| B256::from_slice(&header[8..40])))
}

fn parse_header(header: &[u8; RECORD_HEADER]) -> Option<(u8, usize, Position, u32)> {
    let length = u32::from_le_bytes(header[4..8].try_into().ok()?) as usize;
    let durable = u64::from_le_bytes(header[8..16].try_into().ok()?);
    let crc = u32::from_le_bytes(header[20..24].try_into().ok()?);
    (header[..4] == MAGIC && length <= MAX_RECORD).then_some((header[16], length, durable, crc))
}

/// Visits valid records; returns the offset where the first invalid one (or the end) is.
fn scan_segment(
    file: &File,
    path: &Path,
    segment: u32,
    mut offset: u64,
    length: u64,
    visit: &mut dyn FnMut(Scanned<'_>) -> Result<(), StateError>,
) -> Result<u64, StateError> {
    let mut clone = file.try_clone().map_err(StateError::io("opening", path))?;
    std::io::Seek::seek(&mut clone, std::io::SeekFrom::Start(offset)).map_err(StateError::io("seeking", path))?;
    let mut reader = BufReader::with_capacity(1 << 20, clone);
    let mut payload = Vec::new();
    while offset + RECORD_HEADER as u64 <= length {
        let mut header = [0; RECORD_HEADER];
        reader.read_exact(&mut header).map_err(StateError::io("reading", path))?;
        let Some((kind, size, _, crc)) = parse_header(&header) else { return Ok(offset) };
        let next = offset + (RECORD_HEADER + size) as u64;
        if next > length {
            return Ok(offset);
        }
        payload.resize(size, 0);
        reader.read_exact(&mut payload).map_err(StateError::io("reading", path))?;
        if crc32c::crc32c_append(crc32c::crc32c(&header[..RECORD_HEADER - 4]), &payload) != crc {
            return Ok(offset);
        }
        visit(Scanned { position: position(segment, offset), kind, payload: &payload })?;
        offset = next;
    }
    Ok(offset)
}

/// Whether a valid record after a damaged place was written when that place was already durable.
fn later_record_is_durable(file: &File, path: &Path, segment: u32, bad: u64, length: u64) -> Result<bool, StateError> {
    let mut rest = vec![0; (length - bad) as usize];
    file.read_exact_at(&mut rest, bad).map_err(StateError::io("reading", path))?;
    let found = rest.windows(RECORD_HEADER).enumerate().skip(1).any(|(start, header)| {
        let Some((_, size, durable, crc)) = header.try_into().ok().and_then(parse_header) else { return false };
        let payload = start + RECORD_HEADER;
        rest.get(payload..payload + size).is_some_and(|payload| {
            crc32c::crc32c_append(crc32c::crc32c(&header[..RECORD_HEADER - 4]), payload) == crc
                && durable > position(segment, bad)
        })
    });
    Ok(found)
}
