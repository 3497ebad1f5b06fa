//! Files in chunks: length, CRC-32C, content. Damage is found at the chunk that has it, and nothing is allocated on the word
//! of a damaged length.

use std::io::{self, ErrorKind, Read, Write};

const CHUNK: usize = 1 << 20;

pub struct ChunkWriter<W> {
    file: W,
    buffer: Vec<u8>,
    digest: u32,
}

impl<W: Write> ChunkWriter<W> {
    pub fn new(file: W) -> Self {
        Self { file, buffer: Vec::with_capacity(2 * CHUNK), digest: 0 }
    }

    /// The chunk in the making.
    pub const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Ends the chunk, even an empty one.
    pub fn flush(&mut self) -> io::Result<()> {
        let crc = crc32c::crc32c(&self.buffer);
        self.digest = crc32c::crc32c_append(self.digest, &crc.to_le_bytes());
        self.file.write_all(&(self.buffer.len() as u32).to_le_bytes())?;
        self.file.write_all(&crc.to_le_bytes())?;
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// To be called after every record: records do not span chunks.
    pub fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    pub fn flush_if_any(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.flush() }
    }

    /// Over all chunks so far, in their order.
    pub const fn digest(&self) -> u32 {
        self.digest
    }

    pub fn into_inner(self) -> W {
        self.file
    }
}

pub struct ChunkReader<R> {
    file: R,
    offset: u64,
    length: u64,
    digest: u32,
}

impl<R: Read> ChunkReader<R> {
    /// `length`: of the whole file, in bytes.
    pub const fn new(file: R, length: u64) -> Self {
        Self { file, offset: 0, length, digest: 0 }
    }

    /// Where the next chunk begins.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// As [`ChunkWriter::digest`].
    pub const fn digest(&self) -> u32 {
        self.digest
    }

    /// The next chunk. Damage is an error of kind `InvalidData`, a file that ends here or within one of kind `UnexpectedEof`.
    pub fn next(&mut self) -> io::Result<Vec<u8>> {
        let mut header = [0; 8];
        self.file.read_exact(&mut header)?;
        let size = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let crc = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let end = self.offset + 8 + u64::from(size);
        if end > self.length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut chunk = vec![0; size as usize];
        self.file.read_exact(&mut chunk)?;
        if crc32c::crc32c(&chunk) != crc {
            return Err(ErrorKind::InvalidData.into());
        }
        self.offset = end;
        self.digest = crc32c::crc32c_append(self.digest, &crc.to_le_bytes());
        Ok(chunk)
    }
}
