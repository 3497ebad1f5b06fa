//! A disk in memory that loses power, fills up and fails; for tests.
//!
//! What a program sees is the *live* state: every write is visible at once. What a power loss leaves is the *durable*
//! state and, of everything that was not synced, whatever the seed picks: for each file nothing, a prefix, any set of
//! sectors, or a grown length without the bytes; for each directory any subset of creations, renames and removals. That is
//! more than a real file system does, and no less than POSIX allows it.
//!
//! - A sector (512 bytes, aligned) is written whole or not at all; a write of no more than one is never cut short.
//! - A file's sync covers its bytes and its length, never its name: that is [`Files::sync_dir`]'s part.
//! - After a failed sync the lost bytes stay visible, and the next sync succeeds without them, as Linux has it.
//! - Directories themselves are durable at once.

mod random;
mod state;

use std::{
    io,
    ops::AddAssign,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use random::Random;
use state::{Disk, Inode, NameOperation, Operation};

use crate::{Files, Open, StoredFile};

/// What goes wrong without a loss of power. Chances are per mille of operations of that kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Bytes that fit; beyond them writes end short, then fail with `StorageFull`.
    pub capacity: Option<usize>,
    /// Everything that changes something fails with `ReadOnlyFilesystem`.
    pub read_only: bool,
    /// Writes that fail with EIO, perhaps after a part.
    pub write_errors: u64,
    /// Syncs that fail with EIO and lose a part.
    pub sync_errors: u64,
    /// Writes that do only a part, without an error.
    pub short_writes: u64,
    /// Reads that fail with EIO.
    pub read_errors: u64,
    /// Reads of which one bit comes back wrong.
    pub read_flips: u64,
}

/// How often each fault was met, so that a test can tell a calm run from a storm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Met {
    pub power_cuts: u64,
    /// Power cuts in the middle of an operation, by the fuse.
    pub fuses: u64,
    pub sectors_lost: u64,
    /// Sectors lost before sectors kept.
    pub holes: u64,
    pub names_lost: u64,
    pub full: u64,
    pub read_only: u64,
    pub write_errors: u64,
    pub sync_errors: u64,
    pub short_writes: u64,
    pub read_errors: u64,
    pub read_flips: u64,
}

impl AddAssign for Met {
    fn add_assign(&mut self, other: Self) {
        self.power_cuts += other.power_cuts;
        self.fuses += other.fuses;
        self.sectors_lost += other.sectors_lost;
        self.holes += other.holes;
        self.names_lost += other.names_lost;
        self.full += other.full;
        self.read_only += other.read_only;
        self.write_errors += other.write_errors;
        self.sync_errors += other.sync_errors;
        self.short_writes += other.short_writes;
        self.read_errors += other.read_errors;
        self.read_flips += other.read_flips;
    }
}

/// Clones share the disk.
#[derive(Debug, Clone)]
pub struct SimulatedFiles {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug)]
struct SimulatedFile {
    disk: Arc<Mutex<Disk>>,
    inode: usize,
    /// Handles from before a power cut are dead.
    boot: u64,
    writable: bool,
}

impl SimulatedFiles {
    /// An empty disk; the seed decides all that is left to chance.
    pub fn new(seed: u64) -> Self {
        Self { disk: Arc::new(Mutex::new(Disk::new(seed))) }
    }

    pub fn set_faults(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    pub fn met(&self) -> Met {
        self.lock().met
    }

    /// Changing operations so far (writes, lengths, syncs, names): the fuse's clock.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Cuts the power in the middle of the changing operation that many from now (1: the next).
    pub fn cut_power_after(&self, operations: u64) {
        let mut disk = self.lock();
        disk.fuse = Some(disk.operations + operations);
    }

    /// From now on every operation fails.
    pub fn cut_power(&self) {
        self.lock().cut_power();
    }

    pub fn is_off(&self) -> bool {
        self.lock().off
    }

    /// Decides what the cut left, and starts again: handles from before are dead, faults and fuse are gone.
    pub fn restore_power(&self) {
        self.lock().restore_power();
    }

    /// Ends the program alone (kill -9): what it wrote stays visible, synced or not; its handles are dead.
    pub fn kill_process(&self) {
        self.lock().kill_process();
    }

    /// Bytes of a file as a program sees them.
    pub fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let disk = self.lock();
        Some(disk.inodes[*disk.live_names.get(path)?].live.clone())
    }

    /// Replaces a file's content, durably: damage from outside.
    pub fn set_content(&self, path: &Path, content: &[u8]) {
        let mut disk = self.lock();
        let inode = Inode { live: content.to_vec(), durable: content.to_vec(), pending: Vec::new() };
        disk.inodes.push(inode);
        let number = disk.inodes.len() - 1;
        disk.live_names.insert(path.into(), number);
        disk.durable_names.insert(path.into(), number);
    }

    /// Paths of all files.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.lock().live_names.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        lock(&self.disk)
    }
}

/// A test that panicked elsewhere must not hide its message behind a poisoned lock.
fn lock(disk: &Mutex<Disk>) -> MutexGuard<'_, Disk> {
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Files for SimulatedFiles {
    fn open(&self, path: &Path, mode: Open) -> io::Result<Arc<dyn StoredFile>> {
        let mut disk = self.lock();
        disk.check_power()?;
        let known = disk.live_names.get(path).copied();
        let inode = match (known, mode) {
            (None, Open::Read | Open::Existing) => return Err(io::ErrorKind::NotFound.into()),
            (None, Open::Create | Open::Truncate) => {
                disk.begin_change()?;
                disk.check_writable()?;
                disk.inodes.push(Inode::default());
                let inode = disk.inodes.len() - 1;
                disk.change_name(NameOperation::Link { path: path.into(), inode });
                disk.end_change()?;
                inode
            }
            (Some(inode), Open::Truncate) => {
                disk.begin_change()?;
                disk.check_writable()?;
                disk.inodes[inode].change(Operation::Length(0));
                disk.end_change()?;
                inode
            }
            (Some(inode), Open::Existing | Open::Create) => {
                disk.check_writable()?;
                inode
            }
            (Some(inode), Open::Read) => inode,
        };
        let boot = disk.boot;
        Ok(Arc::new(SimulatedFile { disk: self.disk.clone(), inode, boot, writable: mode != Open::Read }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let disk = self.lock();
        disk.check_power()?;
        Ok(disk.live_names.keys().filter(|path| path.parent() == Some(dir)).cloned().collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.lock();
        disk.begin_change()?;
        disk.check_writable()?;
        let inode = *disk.live_names.get(from).ok_or(io::ErrorKind::NotFound)?;
        disk.change_name(NameOperation::Rename { from: from.into(), to: to.into(), inode });
        disk.end_change()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.lock();
        disk.begin_change()?;
        disk.check_writable()?;
        if !disk.live_names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        disk.change_name(NameOperation::Unlink { path: path.into() });
        disk.end_change()
    }

    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        self.lock().check_power()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.lock();
        disk.begin_change()?;
        let fused = disk.off;
        disk.sync_dir(dir, fused);
        disk.end_change()
    }
}

impl SimulatedFile {
    fn disk(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let disk = lock(&self.disk);
        disk.check_power()?;
        if disk.boot != self.boot {
            return Err(io::Error::other("this handle is from before the power cut"));
        }
        Ok(disk)
    }

    fn writable_disk(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let mut disk = self.disk()?;
        if !self.writable {
            return Err(io::Error::from_raw_os_error(state::EBADF));
        }
        disk.begin_change()?;
        disk.check_writable()?;
        Ok(disk)
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk()?;
        disk.begin_change()?;
        disk.sync_file(self.inode)?;
        disk.end_change()
    }
}

impl StoredFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk()?.inodes[self.inode].live.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk()?.read(self.inode, buffer, offset as usize)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut disk = self.writable_disk()?;
        let written = disk.write(self.inode, bytes, offset as usize)?;
        disk.end_change()?;
        Ok(written)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut disk = self.writable_disk()?;
        disk.inodes[self.inode].change(Operation::Length(length as usize));
        disk.end_change()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }
}
