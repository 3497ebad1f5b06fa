//! The append-only journal: the point of durability.
//!
//! Segments `journal-00000001.log`, ... hold a header and then records: magic, length, the journal position that was
//! durable when the record was written, kind, CRC-32C, payload. A record that fails its check at the very end of the last
//! segment is the torn tail of a crash and is cut. If anything proves that the damaged place was durable once,
//! acknowledged data is damaged: a typed error, never a silent loss. Three things prove it:
//! - a later record that says so. Checksums start from the segment's salt: what a transaction carries cannot pass for one;
//! - the next segment's header, which tells where this one ended;
//! - `journal.durable`, which holds the end of the newest sync. It is written after each sync and never synced itself:
//!   exact after kill -9, merely old after a power cut, so that a torn tail is told from a damaged last record.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy_primitives::B256;
use altlayer_files::{Cursor, Files, Open, StoredFile};
use parking_lot::{Mutex, RwLock};

use crate::error::StateError;

const MAGIC: [u8; 4] = *b"ALjr";
const SEGMENT_MAGIC: [u8; 8] = *b"ALTJRNL2";
/// Magic, genesis hash, segment, end of the segment before, salt, CRC-32C.
pub const SEGMENT_HEADER: u64 = 64;
/// A slot of the marker: position and CRC-32C. Two, in sectors of their own, are written in turn, so that a torn write
/// leaves the other.
const MARKER: usize = 12;
const MARKER_SLOTS: [u64; 2] = [0, 512];
pub const RECORD_HEADER: usize = 24;
/// Where a record's header has its kind.
const KIND: usize = 16;
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

/// An open segment.
#[derive(Clone)]
struct Segment {
    number: u32,
    file: Arc<dyn StoredFile>,
    /// What its records' checksums start from.
    seed: u32,
}

struct Writer {
    segment: Segment,
    offset: u64,
    failed: Option<String>,
}

pub struct Journal {
    files: Arc<dyn Files>,
    dir: PathBuf,
    genesis: B256,
    segment_bytes: u64,
    writer: Mutex<Writer>,
    /// End of what fdatasync has confirmed.
    durable: AtomicU64,
    syncing: Mutex<()>,
    marker: Mutex<Marker>,
    /// What the marker said when the journal was opened.
    promised: Promised,
    /// Ends of all segments but the last, by their successors' headers.
    ends: Vec<u64>,
    readers: RwLock<HashMap<u32, Segment>>,
}

/// One record as a scan meets it.
pub struct Scanned<'a> {
    pub position: Position,
    pub kind: u8,
    pub payload: &'a [u8],
}

impl Journal {
    /// Opens or creates. [`Self::scan`] must run before the first append: it finds the end and cuts a torn tail.
    pub fn open(files: Arc<dyn Files>, dir: &Path, genesis: B256, segment_bytes: u64) -> Result<Self, StateError> {
        let mut segments = list_segments(&*files, dir)?;
        let (marker, promised) = open_marker(&*files, dir)?;
        let promised_segment = match promised {
            Promised::Until(position) => split(position).0,
            Promised::Nothing | Promised::Unreadable => 0,
        };
        // A crash while a segment was being created leaves one without a valid header; nothing was ever in it.
        if let Some(last) = segments.last().copied()
            && read_segment_header(&*files, dir, last)?.is_none()
        {
            let path = segment_path(dir, last);
            let file = files.open(&path, Open::Read).map_err(StateError::io("opening", &path))?;
            let length = file.length().map_err(StateError::io("reading", &path))?;
            // A marker is written only behind a synced header.
            let had_header = last <= promised_segment || (last == 1 && promised != Promised::Nothing);
            let mut torn = vec![0; length.min(SEGMENT_HEADER) as usize];
            file.read_exact_at(&mut torn, 0).map_err(StateError::io("reading", &path))?;
            if length > SEGMENT_HEADER || had_header || !is_torn_header(&torn, genesis, last) {
                return Err(StateError::Corrupt { what: "journal segment header", file: path, offset: 0 });
            }
            files.remove(&path).map_err(StateError::io("removing", &path))?;
            segments.pop();
        }
        let mut headers: Vec<SegmentHeader> = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let path = segment_path(dir, *segment);
            match read_segment_header(&*files, dir, *segment)? {
                Some(header) if header.genesis != genesis => {
                    return Err(StateError::GenesisMismatch {
                        dir: dir.into(),
                        found: header.genesis,
                        expected: genesis,
                    });
                }
                Some(header) if *segment == index as u32 + 1 => headers.push(header),
                _ => return Err(StateError::Corrupt { what: "journal segment header", file: path, offset: 0 }),
            }
        }
        if promised_segment as usize > segments.len() {
            let file = segment_path(dir, promised_segment);
            return Err(StateError::Corrupt { what: "journal (a segment is missing)", file, offset: 0 });
        }
        // A segment that kill -9 left without a durable name is about to be written to.
        files.sync_dir(dir).map_err(StateError::io("syncing", dir))?;
        let segment = match (segments.last(), headers.last()) {
            (Some(number), Some(header)) => {
                let path = segment_path(dir, *number);
                let file = files.open(&path, Open::Existing).map_err(StateError::io("opening", &path))?;
                Segment { number: *number, file, seed: header.seed }
            }
            _ => create_segment(&*files, dir, 1, genesis, 0)?,
        };
        Ok(Self {
            files,
            dir: dir.into(),
            genesis,
            segment_bytes,
            durable: AtomicU64::new(position(segment.number, SEGMENT_HEADER)),
            writer: Mutex::new(Writer { segment, offset: SEGMENT_HEADER, failed: None }),
            syncing: Mutex::new(()),
            marker: Mutex::new(marker),
            promised,
            ends: headers.iter().skip(1).map(|header| header.previous_end).collect(),
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
        let last = writer.segment.number;
        for number in first..=last {
            let path = segment_path(&self.dir, number);
            let segment = if number == last { writer.segment.clone() } else { self.reader(number)? };
            let length = segment.file.length().map_err(StateError::io("reading", &path))?;
            if offset > length {
                return Err(StateError::Corrupt {
                    what: "journal (shorter than a checkpoint says)",
                    file: path,
                    offset,
                });
            }
            let end = walk(&segment, &path, offset, length, &mut |offset, header, payload| {
                visit(Scanned { position: position(number, offset), kind: header[KIND], payload })
            })?;
            if number == last {
                let cut = length - end;
                self.mend_tail(&segment, &path, end, length)?;
                writer.offset = end;
                self.durable.store(position(last, end), Ordering::SeqCst);
                // Both slots: whatever becomes of later writes to them, one says at least this.
                self.mark_durable();
                self.mark_durable();
                if let Some(file) = &self.marker.lock().file {
                    file.sync_data().map_err(StateError::io("syncing", self.dir.join("journal.durable")))?;
                }
                return Ok(cut);
            }
            // A segment is synced before its successor is created, and the successor tells how long it was.
            if end != length || self.ends.get(number as usize - 1).is_some_and(|known| *known != end) {
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

    /// Reads the records from `from` up to `to`, which were durable long ago: one that fails its check is damage.
    pub fn visit(
        &self,
        from: Position,
        to: Position,
        visit: &mut dyn FnMut(Scanned<'_>) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let ((first, mut offset), (last, last_end)) = (split(from), split(to));
        for number in first..=last {
            let path = segment_path(&self.dir, number);
            let segment = self.reader(number)?;
            let length = segment.file.length().map_err(StateError::io("reading", &path))?;
            let end = if number == last { last_end.min(length) } else { length };
            let reached = walk(&segment, &path, offset, end, &mut |offset, header, payload| {
                visit(Scanned { position: position(number, offset), kind: header[KIND], payload })
            })?;
            let told = if number == last { Some(last_end) } else { self.ends.get(number as usize - 1).copied() };
            if reached != end || told.is_some_and(|told| told != reached) {
                return Err(StateError::Corrupt { what: "journal record", file: path, offset: reached });
            }
            offset = SEGMENT_HEADER;
        }
        Ok(())
    }

    /// Cuts what a crash tore off the last segment, unless it was durable once; what stays is durable on return.
    fn mend_tail(&self, segment: &Segment, path: &Path, end: u64, length: u64) -> Result<(), StateError> {
        let (number, file) = (segment.number, &segment.file);
        let promised = match self.promised {
            Promised::Until(position) if split(position).0 == number => Some(split(position).1),
            _ => None,
        };
        let damage = match promised {
            Some(promised) if end < promised => Some("journal record (it was synced)"),
            // Two damages at once: nobody can tell what was durable.
            None if end < length && self.promised == Promised::Unreadable => {
                Some("journal record (and journal.durable, which would tell whether it was synced)")
            }
            _ if later_record_is_durable(segment, path, end, length)? => {
                Some("journal record (a later one says that it was synced)")
            }
            _ => None,
        };
        if let Some(what) = damage {
            return Err(StateError::Corrupt { what, file: path.into(), offset: end });
        }
        if end < length {
            tracing::warn!(file = %path.display(), offset = end, bytes = length - end, "cut the torn tail of the journal");
            file.set_length(end).map_err(StateError::io("truncating", path))?;
        }
        // After a failed sync the system may show bytes that are not on the disk and count as clean: another sync would
        // not bring them there, but writing them again does. Only what passes its check is written.
        let mut header = [0; SEGMENT_HEADER as usize];
        file.read_exact_at(&mut header, 0).map_err(StateError::io("reading", path))?;
        if parse_segment_header(&header, number).is_none() {
            return Err(StateError::Corrupt { what: "journal segment header", file: path.into(), offset: 0 });
        }
        file.write_all_at(&header, 0).map_err(StateError::io("writing", path))?;
        let from = promised.unwrap_or(SEGMENT_HEADER);
        let rewritten = walk(segment, path, from, end, &mut |offset, header, payload| {
            file.write_all_at(header, offset).map_err(StateError::io("writing", path))?;
            file.write_all_at(payload, offset + RECORD_HEADER as u64).map_err(StateError::io("writing", path))
        })?;
        if rewritten != end {
            return Err(StateError::Corrupt { what: "journal record", file: path.into(), offset: rewritten });
        }
        file.sync_all().map_err(StateError::io("syncing", path))
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
        let crc = crc32c::crc32c_append(crc32c::crc32c_append(writer.segment.seed, &record), payload);
        record.extend_from_slice(&crc.to_le_bytes());
        record.extend_from_slice(payload);
        let at = writer.offset;
        if let Err(error) = writer.segment.file.write_all_at(&record, at) {
            // A partial record must not stay before the next one.
            if let Err(second) = writer.segment.file.set_length(at) {
                writer.failed = Some(format!("journal write failed ({error}), so did its undoing ({second})"));
            }
            return Err(StateError::io("writing", segment_path(&self.dir, writer.segment.number))(error));
        }
        writer.offset += record.len() as u64;
        Ok(position(writer.segment.number, at))
    }

    fn roll(&self, writer: &mut Writer) -> Result<(), StateError> {
        let number = writer.segment.number;
        if let Err(error) = writer.segment.file.sync_data() {
            writer.failed = Some(format!("fdatasync failed: {error}"));
            return Err(StateError::io("syncing", segment_path(&self.dir, number))(error));
        }
        writer.segment = create_segment(&*self.files, &self.dir, number + 1, self.genesis, writer.offset)?;
        writer.offset = SEGMENT_HEADER;
        self.durable.fetch_max(position(number + 1, SEGMENT_HEADER), Ordering::SeqCst);
        self.mark_durable();
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
        let (segment, end) = {
            let writer = self.writer.lock();
            if let Some(reason) = &writer.failed {
                return Err(StateError::Unusable { reason: reason.clone() });
            }
            (writer.segment.clone(), position(writer.segment.number, writer.offset))
        };
        if let Err(error) = segment.file.sync_data() {
            // After a failed fdatasync nobody knows what is on disk: stop instead of acknowledging more.
            self.writer.lock().failed = Some(format!("fdatasync failed: {error}"));
            return Err(StateError::io("syncing", segment_path(&self.dir, segment.number))(error));
        }
        self.durable.fetch_max(end, Ordering::SeqCst);
        self.mark_durable();
        Ok(())
    }

    /// Notes how far the journal is durable. Without the note, only the newest record's damage could pass for a torn tail.
    fn mark_durable(&self) {
        let mut marker = self.marker.lock();
        let Some(file) = &marker.file else { return };
        let position = self.durable.load(Ordering::SeqCst).to_le_bytes();
        let content = [&position[..], &crc32c::crc32c(&position).to_le_bytes()].concat();
        match file.write_all_at(&content, MARKER_SLOTS[marker.next_slot]) {
            Ok(()) => marker.next_slot = 1 - marker.next_slot,
            Err(error) => {
                tracing::error!(%error, dir = %self.dir.display(), "journal.durable cannot be written");
                marker.file = None;
            }
        }
    }

    /// Where the next record goes.
    pub fn end(&self) -> Position {
        let writer = self.writer.lock();
        position(writer.segment.number, writer.offset)
    }

    /// Bytes between two positions, for deciding on checkpoints.
    pub fn bytes_between(&self, from: Position, to: Position) -> u64 {
        let ((first, start), (last, end)) = (split(from), split(to));
        u64::from(last.saturating_sub(first)) * self.segment_bytes
            + end.saturating_sub(if first == last { start } else { 0 })
    }

    /// A whole record, checked.
    pub fn read(&self, at: Position) -> Result<(u8, Vec<u8>), StateError> {
        let (number, offset) = split(at);
        let Segment { file, seed, .. } = self.reader(number)?;
        let path = || segment_path(&self.dir, number);
        let corrupt = || StateError::Corrupt { what: "journal record", file: path(), offset };
        let unread = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => corrupt(),
            _ => StateError::io("reading", path())(error),
        };
        let mut header = [0; RECORD_HEADER];
        file.read_exact_at(&mut header, offset).map_err(unread)?;
        let (kind, length, _, crc) = parse_header(&header).ok_or_else(corrupt)?;
        let mut payload = vec![0; length];
        file.read_exact_at(&mut payload, offset + RECORD_HEADER as u64).map_err(unread)?;
        if checksum(seed, &header, &payload) == crc { Ok((kind, payload)) } else { Err(corrupt()) }
    }

    /// The first bytes of a record's payload (all of a shorter one), unchecked: the caller checks a hash inside.
    pub fn read_start(&self, at: Position, length: usize) -> Result<Vec<u8>, StateError> {
        let (number, offset) = split(at);
        let path = || segment_path(&self.dir, number);
        let file = self.reader(number)?.file;
        let mut bytes = vec![0; RECORD_HEADER + length];
        let mut filled = 0;
        while filled < bytes.len() {
            let read = file.read_at(&mut bytes[filled..], offset + filled as u64);
            match read.map_err(StateError::io("reading", path()))? {
                0 => break,
                read => filled += read,
            }
        }
        bytes.truncate(filled);
        let header = bytes.first_chunk().and_then(parse_header);
        match header {
            Some((_, size, ..)) if bytes.len() >= RECORD_HEADER + size.min(length) => {
                bytes.truncate(RECORD_HEADER + size);
                bytes.drain(..RECORD_HEADER);
                Ok(bytes)
            }
            _ => Err(StateError::Corrupt { what: "journal record", file: path(), offset }),
        }
    }

    /// Bytes of a record's payload, unchecked: the caller knows a checksum of them.
    pub fn read_part(&self, at: Position, start: u32, length: u32) -> Result<Vec<u8>, StateError> {
        let (number, offset) = split(at);
        let mut bytes = vec![0; length as usize];
        let from = offset + RECORD_HEADER as u64 + u64::from(start);
        let read = self.reader(number)?.file.read_exact_at(&mut bytes, from);
        read.map_err(StateError::io("reading", segment_path(&self.dir, number)))?;
        Ok(bytes)
    }

    fn reader(&self, number: u32) -> Result<Segment, StateError> {
        if let Some(segment) = self.readers.read().get(&number) {
            return Ok(segment.clone());
        }
        let path = segment_path(&self.dir, number);
        let file = self.files.open(&path, Open::Read).map_err(StateError::io("opening", &path))?;
        let header = read_segment_header(&*self.files, &self.dir, number)?;
        let seed = header.ok_or(StateError::Corrupt { what: "journal segment header", file: path, offset: 0 })?.seed;
        let segment = Segment { number, file, seed };
        self.readers.write().insert(number, segment.clone());
        Ok(segment)
    }
}

fn segment_path(dir: &Path, segment: u32) -> PathBuf {
    dir.join(format!("journal-{segment:08}.log"))
}

fn list_segments(files: &dyn Files, dir: &Path) -> Result<Vec<u32>, StateError> {
    let mut segments = Vec::new();
    for path in files.list(dir).map_err(StateError::io("listing", dir))? {
        let name = path.file_name().and_then(|name| name.to_str());
        let number: Option<u32> =
            name.and_then(|name| name.strip_prefix("journal-")?.strip_suffix(".log")?.parse().ok());
        segments.extend(number);
    }
    segments.sort_unstable();
    Ok(segments)
}

/// What the marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Promised {
    Until(Position),
    /// New, or lost in a power cut.
    Nothing,
    Unreadable,
}

/// `journal.durable`.
struct Marker {
    /// `None` once it could not be written.
    file: Option<Arc<dyn StoredFile>>,
    next_slot: usize,
}

fn open_marker(files: &dyn Files, dir: &Path) -> Result<(Marker, Promised), StateError> {
    let path = dir.join("journal.durable");
    let file = files.open(&path, Open::Create).map_err(StateError::io("opening", &path))?;
    let length = file.length().map_err(StateError::io("reading", &path))?;
    // Too short for even one slot, and not empty: no crash leaves that, since the first slots are synced.
    let mut promised = if (1..MARKER as u64).contains(&length) { Promised::Unreadable } else { Promised::Nothing };
    let mut next_slot = 0;
    for (slot, offset) in MARKER_SLOTS.into_iter().enumerate() {
        let mut content = [0; MARKER];
        match file.read_exact_at(&mut content, offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            result => result.map_err(StateError::io("reading", &path))?,
        }
        let (position, crc) = content.split_at(8);
        let until = position.try_into().map_or(0, u64::from_le_bytes);
        match promised {
            _ if content == [0; MARKER] => {}
            Promised::Until(other) if crc32c::crc32c(position).to_le_bytes() == crc && until < other => {}
            _ if crc32c::crc32c(position).to_le_bytes() == crc => {
                promised = Promised::Until(until);
                next_slot = 1 - slot;
            }
            Promised::Until(_) => {}
            _ => promised = Promised::Unreadable,
        }
    }
    if promised == Promised::Unreadable {
        tracing::warn!(file = %path.display(), "journal.durable is damaged; the journal is checked without it");
    }
    Ok((Marker { file: Some(file), next_slot }, promised))
}

struct SegmentHeader {
    genesis: B256,
    /// Where the segment before ended.
    previous_end: u64,
    seed: u32,
}

fn create_segment(
    files: &dyn Files,
    dir: &Path,
    number: u32,
    genesis: B256,
    previous_end: u64,
) -> Result<Segment, StateError> {
    let path = segment_path(dir, number);
    // Random enough that nobody who sends transactions can guess it.
    let salt = RandomState::new().hash_one(number).to_le_bytes();
    let mut header = Vec::with_capacity(SEGMENT_HEADER as usize);
    header.extend_from_slice(&SEGMENT_MAGIC);
    header.extend_from_slice(genesis.as_slice());
    header.extend_from_slice(&number.to_le_bytes());
    header.extend_from_slice(&previous_end.to_le_bytes());
    header.extend_from_slice(&salt);
    header.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
    let file = files.open(&path, Open::Truncate).map_err(StateError::io("creating", &path))?;
    file.write_all_at(&header, 0).map_err(StateError::io("writing", &path))?;
    file.sync_all().map_err(StateError::io("syncing", &path))?;
    files.sync_dir(dir).map_err(StateError::io("syncing", dir))?;
    Ok(Segment { number, file, seed: crc32c::crc32c(&salt) })
}

/// `None` if the header is not whole.
fn read_segment_header(files: &dyn Files, dir: &Path, segment: u32) -> Result<Option<SegmentHeader>, StateError> {
    let path = segment_path(dir, segment);
    let mut header = [0; SEGMENT_HEADER as usize];
    let file = files.open(&path, Open::Read).map_err(StateError::io("opening", &path))?;
    match file.read_exact_at(&mut header, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result.map_err(StateError::io("reading", &path))?,
    }
    Ok(parse_segment_header(&header, segment))
}

fn parse_segment_header(header: &[u8; SEGMENT_HEADER as usize], segment: u32) -> Option<SegmentHeader> {
    let crc = crc32c::crc32c(&header[..60]).to_le_bytes();
    let whole = header[..8] == SEGMENT_MAGIC && header[40..44] == segment.to_le_bytes() && header[60..] == crc;
    let previous_end = header[44..52].try_into().map_or(0, u64::from_le_bytes);
    whole.then(|| SegmentHeader {
        genesis: B256::from_slice(&header[8..40]),
        previous_end,
        seed: crc32c::crc32c(&header[52..60]),
    })
}

/// Whether bytes that are no segment header can be what a crash left of one: what is not its beginning is zero.
fn is_torn_header(bytes: &[u8], genesis: B256, segment: u32) -> bool {
    let known = [&SEGMENT_MAGIC[..], genesis.as_slice(), &segment.to_le_bytes()].concat();
    bytes.iter().enumerate().all(|(at, byte)| *byte == 0 || known.get(at).is_none_or(|expected| byte == expected))
}

/// Of a record: of its header but the checksum, and its payload.
fn checksum(seed: u32, header: &[u8; RECORD_HEADER], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(seed, &header[..RECORD_HEADER - 4]), payload)
}

fn parse_header(header: &[u8; RECORD_HEADER]) -> Option<(u8, usize, Position, u32)> {
    let length = u32::from_le_bytes(header[4..8].try_into().ok()?) as usize;
    let durable = u64::from_le_bytes(header[8..16].try_into().ok()?);
    let crc = u32::from_le_bytes(header[20..24].try_into().ok()?);
    (header[..4] == MAGIC && length <= MAX_RECORD).then_some((header[KIND], length, durable, crc))
}

/// Takes a record's offset, header and payload.
type Visit<'a> = dyn FnMut(u64, &[u8; RECORD_HEADER], &[u8]) -> Result<(), StateError> + 'a;

/// Visits valid records; returns the offset where the first invalid one (or the end) is.
fn walk(
    segment: &Segment,
    path: &Path,
    mut offset: u64,
    length: u64,
    visit: &mut Visit<'_>,
) -> Result<u64, StateError> {
    let mut reader = BufReader::with_capacity(1 << 20, Cursor::new(segment.file.clone(), offset));
    let mut payload = Vec::new();
    while offset + RECORD_HEADER as u64 <= length {
        let mut header = [0; RECORD_HEADER];
        reader.read_exact(&mut header).map_err(StateError::io("reading", path))?;
        let Some((_, size, _, crc)) = parse_header(&header) else { return Ok(offset) };
        let next = offset + (RECORD_HEADER + size) as u64;
        if next > length {
            return Ok(offset);
        }
        payload.resize(size, 0);
        reader.read_exact(&mut payload).map_err(StateError::io("reading", path))?;
        if checksum(segment.seed, &header, &payload) != crc {
            return Ok(offset);
        }
        visit(offset, &header, &payload)?;
        offset = next;
    }
    Ok(offset)
}

/// Whether a valid record after a damaged place was written when that place was already durable.
fn later_record_is_durable(segment: &Segment, path: &Path, bad: u64, length: u64) -> Result<bool, StateError> {
    let mut rest = vec![0; (length - bad) as usize];
    segment.file.read_exact_at(&mut rest, bad).map_err(StateError::io("reading", path))?;
    let found = rest.windows(RECORD_HEADER).enumerate().skip(1).any(|(start, window)| {
        let Ok(header) = <&[u8; RECORD_HEADER]>::try_from(window) else { return false };
        let Some((_, size, durable, crc)) = parse_header(header) else { return false };
        let payload = start + RECORD_HEADER;
        durable > position(segment.number, bad)
            && rest.get(payload..payload + size).is_some_and(|payload| checksum(segment.seed, header, payload) == crc)
    });
    Ok(found)
}
