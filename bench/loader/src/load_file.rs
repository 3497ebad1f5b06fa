//! A signed load: each transaction as a little-endian u32 length and its EIP-2718 bytes.

use std::{fs, ops::Range};

use crate::Outcome;

pub struct LoadFile {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
}

impl LoadFile {
    pub fn read(path: &str) -> Outcome<Self> {
        let bytes = fs::read(path)?;
        let mut ranges = Vec::new();
        let mut position = 0;
        while position < bytes.len() {
            let head = bytes.get(position..position + 4).ok_or("the load file is cut")?;
            let end = position + 4 + u32::from_le_bytes(head.try_into()?) as usize;
            if end > bytes.len() {
                return Err("the load file is cut".into());
            }
            ranges.push(position + 4..end);
            position = end;
        }
        Ok(Self { bytes, ranges })
    }

    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    pub fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.ranges[index].clone()]
    }
}
