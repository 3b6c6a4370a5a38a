//! Bytes that are written: of the copy that an update writes, or of a new value that is not in the state yet.

use super::fault::damaged;
use super::source::Source;
use crate::error::Error;
use crate::track::DirtyRanges;
use std::ops::Range;

/// Bytes, and a note of what is written of them.
pub(super) struct Image<'a> {
    bytes: &'a mut [u8],
    /// What the update has touched; nothing notes what is written of a new value.
    touched: Option<&'a DirtyRanges>,
}

impl<'a> Image<'a> {
    /// The copy that an update writes.
    pub(super) fn of_update(bytes: &'a mut [u8], touched: &'a DirtyRanges) -> Self {
        Image { bytes, touched: Some(touched) }
    }

    /// A new value: zeroes.
    pub(super) fn of_value(bytes: &'a mut [u8]) -> Self {
        Image { bytes, touched: None }
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source::Whole(self.bytes)
    }

    /// These bytes, which are about to be written.
    fn written(&mut self, range: Range<usize>) -> Result<&mut [u8], Error> {
        let bytes = self.bytes.get_mut(range.clone());
        let bytes = bytes.ok_or_else(|| damaged(format!("bytes {range:?} are outside of the state")))?;
        if let Some(touched) = self.touched.filter(|_| !range.is_empty()) {
            touched.add_bytes(range.start as u64..range.end as u64);
        }
        Ok(bytes)
    }

    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Error> {
        self.written(at..at + bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// Makes bytes zero.
    pub(super) fn zero(&mut self, at: usize, len: usize) -> Result<(), Error> {
        self.written(at..at.saturating_add(len))?.fill(0);
        Ok(())
    }

    /// Bytes that code of the program is about to change.
    pub(super) fn place(&mut self, at: usize, len: usize) -> Result<&mut [u8], Error> {
        self.written(at..at.saturating_add(len))
    }

    pub(super) fn put_u32(&mut self, at: usize, number: usize) -> Result<(), Error> {
        self.put(at, &(number as u32).to_ne_bytes())
    }

    pub(super) fn put_u64(&mut self, at: usize, number: u64) -> Result<(), Error> {
        self.put(at, &number.to_ne_bytes())
    }

    /// Copies bytes to where `to` is; both may overlap.
    pub(super) fn carry(&mut self, from: Range<usize>, to: usize) -> Result<(), Error> {
        if from.end > self.bytes.len() || from.start > from.end {
            return Err(damaged(format!("bytes {from:?} are outside of the state")));
        }
        let _ = self.written(to..to + from.len())?;
        self.bytes.copy_within(from, to);
        Ok(())
    }
}
