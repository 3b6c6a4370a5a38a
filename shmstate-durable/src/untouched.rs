//! A medium that is only read: what the engine writes stays in memory.

use redb::StorageBackend;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes that are kept together.
const BLOCK: u64 = 4096;

/// A medium, and what was written to it since. The engine writes little where it only looks.
#[derive(Debug)]
pub(crate) struct Untouched<M> {
    medium: M,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    len: u64,
    /// Bytes of the medium that still count.
    kept: u64,
    /// By number: blocks that differ from the medium.
    blocks: BTreeMap<u64, Vec<u8>>,
}

/// The blocks that bytes lie in: their numbers, and which bytes of each.
fn blocks(bytes: Range<u64>) -> impl Iterator<Item = (u64, Range<usize>)> {
    (bytes.start / BLOCK..bytes.end.div_ceil(BLOCK)).map(move |block| {
        let within = |at: u64| at.saturating_sub(block * BLOCK).min(BLOCK) as usize;
        (block, within(bytes.start)..within(bytes.end))
    })
}

impl<M: StorageBackend> Untouched<M> {
    pub(crate) fn new(medium: M) -> io::Result<Self> {
        let len = medium.len()?;
        Ok(Untouched { medium, written: Mutex::new(Written { len, kept: len, blocks: BTreeMap::new() }) })
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of the medium, and zeroes where it has none.
    fn medium(&self, kept: u64, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let there = kept.saturating_sub(at).min(len as u64) as usize;
        let mut bytes = if there == 0 { Vec::new() } else { self.medium.read(at, there)? };
        bytes.resize(len, 0);
        Ok(bytes)
    }
}

impl<M: StorageBackend> StorageBackend for Untouched<M> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().len)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let written = self.written();
        let end = offset.checked_add(len as u64).filter(|end| *end <= written.len);
        let end = end.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let mut bytes = self.medium(written.kept, offset, len)?;
        for (number, part) in blocks(offset..end) {
            if let Some(block) = written.blocks.get(&number) {
                let at = (number * BLOCK + part.start as u64 - offset) as usize;
                bytes[at..at + part.len()].copy_from_slice(&block[part]);
            }
        }
        Ok(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written();
        if len < written.len {
            written.blocks.split_off(&len.div_ceil(BLOCK));
            if let Some(block) = written.blocks.get_mut(&(len / BLOCK)) {
                block[(len % BLOCK) as usize..].fill(0);
            }
        }
        (written.len, written.kept) = (len, written.kept.min(len));
        Ok(())
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        let (kept, mut data) = (written.kept, data);
        for (number, part) in blocks(offset..offset.saturating_add(data.len() as u64)) {
            let (now, later) = data.split_at(part.len());
            data = later;
            let block = match written.blocks.entry(number) {
                Entry::Occupied(block) => block.into_mut(),
                Entry::Vacant(free) => free.insert(self.medium(kept, number * BLOCK, BLOCK as usize)?),
            };
            block[part].copy_from_slice(now);
        }
        Ok(())
    }
}
