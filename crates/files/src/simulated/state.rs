//! The disk's two states, and how one becomes the other.

use std::{
    collections::BTreeMap,
    io, mem,
    path::{Path, PathBuf},
};

use super::{Faults, Met, Random};

const SECTOR: usize = 512;
const EIO: i32 = 5;
pub const EBADF: i32 = 9;

/// A change of a file that no sync has covered.
#[derive(Debug, Clone)]
pub enum Operation {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

/// A change of a directory that no sync has covered.
#[derive(Debug, Clone)]
pub enum NameOperation {
    Link { path: PathBuf, inode: usize },
    Rename { from: PathBuf, to: PathBuf, inode: usize },
    Unlink { path: PathBuf },
}

impl NameOperation {
    fn dir(&self) -> Option<&Path> {
        let (Self::Link { path, .. } | Self::Rename { to: path, .. } | Self::Unlink { path }) = self;
        path.parent()
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Link { path, inode } => {
                names.insert(path.clone(), *inode);
            }
            Self::Rename { from, to, inode } => {
                if names.get(from) == Some(inode) {
                    names.remove(from);
                }
                names.insert(to.clone(), *inode);
            }
            Self::Unlink { path } => {
                names.remove(path);
            }
        }
    }
}

#[derive(Debug, Default)]
pub struct Inode {
    pub live: Vec<u8>,
    pub durable: Vec<u8>,
    pub pending: Vec<Operation>,
}

impl Inode {
    pub fn change(&mut self, operation: Operation) {
        apply(&mut self.live, &operation);
        self.pending.push(operation);
    }
}

fn apply(content: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::Write { offset, bytes } => write(content, *offset, bytes),
        Operation::Length(length) => content.resize(*length, 0),
    }
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

/// The parts of a write that reach the disk whole or not at all.
fn sectors(offset: usize, bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let length = (SECTOR - (offset + start) % SECTOR).min(bytes.len() - start);
        parts.push((offset + start, &bytes[start..start + length]));
        start += length;
    }
    parts
}

#[derive(Debug)]
pub struct Disk {
    pub inodes: Vec<Inode>,
    pub live_names: BTreeMap<PathBuf, usize>,
    pub durable_names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<NameOperation>,
    pub faults: Faults,
    pub met: Met,
    pub operations: u64,
    pub fuse: Option<u64>,
    pub off: bool,
    pub boot: u64,
    random: Random,
}

impl Disk {
    pub fn new(seed: u64) -> Self {
        Self {
            inodes: Vec::new(),
            live_names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            faults: Faults::default(),
            met: Met::default(),
            operations: 0,
            fuse: None,
            off: false,
            boot: 0,
            random: Random::new(seed),
        }
    }

    pub fn check_power(&self) -> io::Result<()> {
        if self.off { Err(power_is_off()) } else { Ok(()) }
    }

    pub fn check_writable(&mut self) -> io::Result<()> {
        if self.faults.read_only {
            self.met.read_only += 1;
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(())
    }

    /// Counts a changing operation. If the fuse blows in it, the operation is still begun: its caller applies what it
    /// wants to the pending state, and [`Self::end_change`] fails.
    pub fn begin_change(&mut self) -> io::Result<()> {
        self.check_power()?;
        self.operations += 1;
        if self.fuse == Some(self.operations) {
            self.met.fuses += 1;
            self.cut_power();
        }
        Ok(())
    }

    pub fn end_change(&self) -> io::Result<()> {
        self.check_power()
    }

    pub fn change_name(&mut self, operation: NameOperation) {
        operation.apply(&mut self.live_names);
        self.pending_names.push(operation);
    }

    pub fn read(&mut self, inode: usize, buffer: &mut [u8], offset: usize) -> io::Result<usize> {
        if self.random.chance(self.faults.read_errors) {
            self.met.read_errors += 1;
            return Err(io::Error::from_raw_os_error(EIO));
        }
        let content = &self.inodes[inode].live;
        let available = content.get(offset..).unwrap_or_default();
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        if length > 0 && self.random.chance(self.faults.read_flips) {
            self.met.read_flips += 1;
            let bit = self.random.below(8 * length as u64) as usize;
            buffer[bit / 8] ^= 1 << (bit % 8);
        }
        Ok(length)
    }

    pub fn write(&mut self, inode: usize, bytes: &[u8], offset: usize) -> io::Result<usize> {
        let mut length = bytes.len();
        let mut failure = None;
        if let Some(capacity) = self.faults.capacity {
            let used: usize = self.live_names.values().map(|inode| self.inodes[*inode].live.len()).sum();
            let own = self.inodes[inode].live.len();
            let fits = capacity.saturating_sub(used) + own.saturating_sub(offset);
            if fits < length {
                self.met.full += 1;
                (length, failure) = (fits, Some(io::ErrorKind::StorageFull.into()));
            }
        }
        if self.random.chance(self.faults.write_errors) {
            self.met.write_errors += 1;
            // Within a sector, all or nothing.
            length = if length <= SECTOR {
                length * self.random.below(2) as usize
            } else {
                self.random.below(length as u64 + 1) as usize
            };
            failure = Some(io::Error::from_raw_os_error(EIO));
            if length > 0 {
                // A part is written, and the caller learns only of the error.
                self.inodes[inode].change(Operation::Write { offset, bytes: bytes[..length].to_vec() });
                length = 0;
            }
        } else if length > SECTOR && self.random.chance(self.faults.short_writes) {
            self.met.short_writes += 1;
            length = 1 + self.random.below(length as u64 - 1) as usize;
        }
        match failure {
            Some(failure) if length == 0 => Err(failure),
            _ => {
                self.inodes[inode].change(Operation::Write { offset, bytes: bytes[..length].to_vec() });
                Ok(length)
            }
        }
    }

    pub fn sync_file(&mut self, inode: usize) -> io::Result<()> {
        if self.off {
            // The fuse blew in this sync: what it had done by then is up to the power cut.
            return Err(power_is_off());
        }
        let pending = mem::take(&mut self.inodes[inode].pending);
        if self.random.chance(self.faults.sync_errors) {
            self.met.sync_errors += 1;
            let mut content = mem::take(&mut self.inodes[inode].durable);
            self.survive(&mut content, &pending);
            self.inodes[inode].durable = content;
            return Err(io::Error::from_raw_os_error(EIO));
        }
        let durable = &mut self.inodes[inode].durable;
        for operation in &pending {
            apply(durable, operation);
        }
        Ok(())
    }

    pub fn sync_dir(&mut self, dir: &Path, fused: bool) {
        if fused {
            return;
        }
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            mem::take(&mut self.pending_names).into_iter().partition(|operation| operation.dir() == Some(dir));
        for operation in &here {
            operation.apply(&mut self.durable_names);
        }
        self.pending_names = elsewhere;
    }

    pub const fn cut_power(&mut self) {
        if !self.off {
            self.off = true;
            self.met.power_cuts += 1;
        }
    }

    /// Applies what chance keeps of a file's unsynced changes.
    fn survive(&mut self, content: &mut Vec<u8>, pending: &[Operation]) {
        /// What the file system did to this file's unsynced changes.
        enum Luck {
            Nothing,
            Everything,
            Prefix(usize),
            /// Of each sector and length by itself, per mille.
            Some(u64),
        }
        let total: usize = pending
            .iter()
            .map(|operation| match operation {
                Operation::Write { offset, bytes } => sectors(*offset, bytes).len(),
                Operation::Length(_) => 1,
            })
            .sum();
        let luck = match self.random.below(8) {
            0 => Luck::Nothing,
            1 => Luck::Everything,
            2..5 => Luck::Prefix(self.random.below(total as u64 + 1) as usize),
            5 => Luck::Some(100),
            6 => Luck::Some(500),
            _ => Luck::Some(900),
        };
        // The length may be durable before the bytes: zeros, then.
        let grown = pending
            .iter()
            .filter_map(|operation| match operation {
                Operation::Write { offset, bytes } => Some(offset + bytes.len()),
                Operation::Length(_) => None,
            })
            .max();
        let (mut step, mut lost_before) = (0, false);
        for operation in pending {
            let parts = match operation {
                Operation::Write { offset, bytes } => sectors(*offset, bytes),
                Operation::Length(_) => vec![(0, &[][..])],
            };
            for (offset, bytes) in parts {
                let kept = match luck {
                    Luck::Nothing => false,
                    Luck::Everything => true,
                    Luck::Prefix(end) => step < end,
                    Luck::Some(per_mille) => self.random.chance(per_mille),
                };
                step += 1;
                match (kept, operation) {
                    (true, Operation::Length(length)) => content.resize(*length, 0),
                    (true, Operation::Write { .. }) => {
                        self.met.holes += u64::from(lost_before);
                        write(content, offset, bytes);
                    }
                    (false, _) => {
                        lost_before = true;
                        self.met.sectors_lost += 1;
                    }
                }
            }
        }
        if let Some(grown) = grown.filter(|grown| *grown > content.len())
            && self.random.below(8) == 0
        {
            content.resize(grown, 0);
        }
    }

    pub fn restore_power(&mut self) {
        self.cut_power();
        for number in 0..self.inodes.len() {
            let pending = mem::take(&mut self.inodes[number].pending);
            let mut content = mem::take(&mut self.inodes[number].durable);
            if !pending.is_empty() {
                self.survive(&mut content, &pending);
            }
            self.inodes[number].live.clone_from(&content);
            self.inodes[number].durable = content;
        }
        let ordered = self.random.below(2) == 0;
        let pending = mem::take(&mut self.pending_names);
        let kept = self.random.below(pending.len() as u64 + 1) as usize;
        for (number, operation) in pending.iter().enumerate() {
            // A journalling file system keeps a prefix; POSIX does not ask for it.
            let is_kept = if ordered { number < kept } else { self.random.below(2) == 0 };
            if is_kept {
                operation.apply(&mut self.durable_names);
            } else {
                self.met.names_lost += 1;
            }
        }
        self.live_names.clone_from(&self.durable_names);
        self.kill_process();
    }

    pub fn kill_process(&mut self) {
        self.faults = Faults::default();
        self.fuse = None;
        self.off = false;
        self.boot += 1;
    }
}

fn power_is_off() -> io::Error {
    io::Error::other("the power is off")
}
