//! A file's bytes as memory.

use super::fork::NoFork;
use memmap2::{Advice, MmapOptions, MmapRaw};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// A mapping, which lives as long as this.
pub(crate) struct Mapping {
    map: MmapRaw,
}

impl Mapping {
    /// Maps the first `len` bytes of the file, to be shared and written. A forked child does not inherit them, and a core
    /// dump does not hold them.
    ///
    /// The mapping keeps the file's description, and its locks, for as long as it lives, except on overlayfs.
    pub(crate) fn new(file: &OwnedFd, len: usize) -> io::Result<Mapping> {
        // A child that is forked before the advice would inherit it.
        let _no_fork = NoFork::begin()?;
        let map = MmapOptions::new().len(len).map_raw(file.as_raw_fd())?;
        // A core dump of gigabytes keeps the dead process's byte locks for seconds.
        map.advise(Advice::DontDump)?;
        map.advise(Advice::DontFork)?;
        Ok(Mapping { map })
    }

    /// Maps the first `len` bytes of the file so that the kernel refuses every write.
    pub(crate) fn read_only(file: &OwnedFd, len: usize) -> io::Result<Mapping> {
        let map = MmapOptions::new().len(len).map_raw_read_only(file.as_raw_fd())?;
        map.advise(Advice::DontDump)?;
        Ok(Mapping { map })
    }

    /// Zeroed memory of this process alone, which the kernel provides page by page as it is touched.
    pub(crate) fn zeroed(len: usize) -> io::Result<Mapping> {
        let map = MmapOptions::new().len(len).no_reserve_swap().map_anon()?;
        Ok(Mapping { map: map.into() })
    }

    /// The first byte; aligned to a page.
    #[inline]
    pub(crate) fn base(&self) -> *mut u8 {
        self.map.as_mut_ptr()
    }

    /// Bytes.
    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    /// From the first address to the one after the last page.
    pub(crate) fn addresses(&self) -> (usize, usize) {
        let start = self.base().addr();
        (start, start + self.len().next_multiple_of(rustix::param::page_size()))
    }

    /// Writes `bytes` at `offset`, while no other process knows the file.
    ///
    /// # Panics
    /// If they do not lie inside the mapping.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) {
        assert!(offset <= self.len() && bytes.len() <= self.len() - offset, "outside of the mapping");
        let to = self.base().wrapping_add(offset);
        // SAFETY: inside the mapping, by the first line; the file is new, so that there is no other access to it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
    }

    /// In a forked child: the child has no such mapping, and its addresses may belong to something else by now.
    pub(crate) fn forget(self) {
        std::mem::forget(self.map);
    }
}
