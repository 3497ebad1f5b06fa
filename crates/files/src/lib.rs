//! The file layer under everything durable: journal, checkpoints, the pool's file.
//!
//! Two disks implement it. [`SystemFiles`] is the operating system's, and adds nothing but an indirect call to a system
//! call. [`simulated::SimulatedFiles`] is a disk in memory that loses power: what was not synced is dropped, reordered or torn.
//! Code that is right on the second does not rest on what the first happens to do.

pub mod simulated;
mod system;
#[cfg(test)]
mod tests;

use std::{
    fmt::Debug,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

pub use system::SystemFiles;

/// Whether an error says that there is no room.
pub const fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Whether an error says that nothing may be written.
pub const fn is_read_only(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

/// What the operator can do about an error; empty if there is nothing to say. To be put behind the message.
pub const fn remedy(kind: io::ErrorKind) -> &'static str {
    if is_full(kind) {
        "; make room on that disk and restart: what was acknowledged is safe"
    } else if is_read_only(kind) {
        "; make the directory writable for this user and restart"
    } else {
        ""
    }
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// For reading; must exist.
    Read,
    /// For reading and writing; must exist.
    Existing,
    /// For reading and writing; created if absent, kept if present.
    Create,
    /// For reading and writing; created if absent, emptied if present.
    Truncate,
}

/// A directory tree.
pub trait Files: Debug + Send + Sync {
    fn open(&self, path: &Path, mode: Open) -> io::Result<Arc<dyn StoredFile>>;

    /// The files directly inside a directory, in no order. Subdirectories may be among them.
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>>;

    /// Replaces `to` in one step; durable after [`Files::sync_dir`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Durable after [`Files::sync_dir`].
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a directory and its parents. Durable on return.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Makes creations, renames and removals inside a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// An open file. Offsets and lengths are in bytes.
pub trait StoredFile: Debug + Send + Sync {
    fn length(&self) -> io::Result<u64>;

    /// Reads what is there, perhaps less than asked for; zero at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes, perhaps only a first part; returns how much.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Content and length become durable (fdatasync).
    fn sync_data(&self) -> io::Result<()>;

    /// Content, length and the rest of the inode become durable (fsync). The file's name needs [`Files::sync_dir`].
    fn sync_all(&self) -> io::Result<()>;

    /// Fills the buffer, or fails with `UnexpectedEof`.
    fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes everything. After an error a part may have been written.
    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write_at(bytes, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = &bytes[written..];
                    offset += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Makes what happened to the name of this file durable.
pub fn sync_parent(files: &dyn Files, path: &Path) -> io::Result<()> {
    files.sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// A place in a file, for buffered readers and writers.
#[derive(Debug)]
pub struct Cursor {
    file: Arc<dyn StoredFile>,
    offset: u64,
}

impl Cursor {
    pub const fn new(file: Arc<dyn StoredFile>, offset: u64) -> Self {
        Self { file, offset }
    }

    pub fn into_file(self) -> Arc<dyn StoredFile> {
        self.file
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Write for Cursor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_at(bytes, self.offset)?;
        self.offset += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
