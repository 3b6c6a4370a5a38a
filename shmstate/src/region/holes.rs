//! Reading copies of the state that may have holes, in a process that must not fill the holes.
//!
//! A new region has all its memory, but a copy of its file may have holes, and on a tmpfs, memory that was never touched looks like
//! a hole. Bytes that the file reports as data stay data, and are read in the mapping. Everything else is read from the file.

use super::geometry::Geometry;
use super::reopening::lost;
use crate::commit::MAX_COPIES;
use crate::error::{Error, ErrorRepr};
use crate::os::{Origin, Reader};
use crate::sync::{AtomicU64, Ordering::Relaxed};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What is known of each copy.
pub(super) struct Holes {
    reader: Arc<Reader>,
    /// Bytes at the beginning of each copy that are data.
    data: [AtomicU64; MAX_COPIES],
}

impl Holes {
    /// Nothing is known yet.
    pub(super) fn new(reader: Arc<Reader>) -> Holes {
        Holes { reader, data: [const { AtomicU64::new(0) }; MAX_COPIES] }
    }

    /// Whether these bytes of the file are data.
    pub(super) fn are_data(&self, bytes: Range<u64>, origin: &Origin) -> Result<bool, Error> {
        let data = self.reader.data(bytes.clone(), origin);
        let data = data.map_err(|e| self.to_error(origin, "look for holes in", e))?;
        Ok(data >= bytes.end - bytes.start)
    }

    /// The error for a file that could not be read. In a child, the file's descriptor is the parent's, and the program may have
    /// closed it: the file has to be opened again, and may have lost its name.
    #[cold]
    fn to_error(&self, origin: &Origin, doing: &'static str, e: io::Error) -> Error {
        match e.kind() {
            io::ErrorKind::NotFound if !self.reader.is_mine() => {
                ErrorRepr::Forked { path: origin.path().to_owned() }.into()
            }
            io::ErrorKind::NotFound => lost(origin.path(), e),
            _ => Error::io(origin.path(), doing, e),
        }
    }

    /// Calls `read` with copy `k`, of which it may look at `bytes`. This is the copy in the mapping, which begins at `image`, or,
    /// if the bytes may have holes, one that was read from the file.
    pub(super) fn read(
        &self,
        k: usize,
        bytes: Range<usize>,
        image: *const u8,
        (geometry, origin): (&Geometry, &Origin),
        read: impl FnOnce(*const u8),
    ) -> Result<(), Error> {
        let end = bytes.end as u64;
        if self.data[k].load(Relaxed) >= end {
            read(image);
            return Ok(());
        }
        let start = geometry.image(k);
        let data = self.reader.data(start..start + end, origin);
        let data = data.map_err(|e| self.to_error(origin, "look for holes in", e))?;
        self.data[k].store(data, Relaxed);
        let wanted = start + bytes.start as u64..start + end;
        if data >= end || self.are_data(wanted.clone(), origin)? {
            read(image);
            return Ok(());
        }
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        self.reader.read(wanted.start, &mut words, origin).map_err(|e| self.to_error(origin, "read", e))?;
        read(words.as_ptr().cast::<u8>().wrapping_sub(bytes.start));
        Ok(())
    }
}
