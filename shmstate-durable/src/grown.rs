//! A medium that syncs a new length before anything on disk refers to it.

use redb::StorageBackend;
use std::io;

/// The engine makes its file longer and writes a header that says so before one and the same sync. A power cut may leave the header
/// and not the length, and then the engine does not open the file any more. Files grow seldom, so that a sync each time costs
/// nothing that matters.
#[derive(Debug)]
pub(crate) struct Grown<M>(pub(crate) M);

impl<M: StorageBackend> StorageBackend for Grown<M> {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.0.read(offset, len)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)?;
        self.0.sync_data(false)?;
        Ok(())
    }

    fn sync_data(&self, eventual: bool) -> io::Result<()> {
        self.0.sync_data(eventual)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
