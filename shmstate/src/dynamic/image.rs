//! Bytes that are written: of the copy that an update writes, or of a new value that is not in the state yet.

use super::deferred::Deferred;
use super::fault::damaged;
use super::source::Source;
use crate::error::Error;
use crate::track::DirtyRanges;
use std::ops::Range;

/// Bytes, and a note of what is written of them.
pub(super) struct Image<'a> {
    bytes: Bytes<'a>,
    /// What the update has touched; nothing notes what is written of a new value.
    touched: Option<&'a DirtyRanges>,
}

enum Bytes<'a> {
    Whole(&'a mut [u8]),
    /// Not all of the copy is caught up.
    Deferred(&'a mut Deferred),
}

impl Bytes<'_> {
    /// These bytes, of which the caller may write some.
    fn get_mut(&mut self, range: Range<usize>) -> Option<&mut [u8]> {
        match self {
            Bytes::Whole(all) => all.get_mut(range),
            Bytes::Deferred(deferred) => deferred.get_mut(range),
        }
    }

    /// These bytes, all of which the caller is about to write.
    fn overwrite(&mut self, range: Range<usize>) -> Option<&mut [u8]> {
        match self {
            Bytes::Whole(all) => all.get_mut(range),
            Bytes::Deferred(deferred) => deferred.overwrite(range),
        }
    }
}

impl<'a> Image<'a> {
    /// The copy that an update writes.
    pub(super) fn of_update(bytes: &'a mut [u8], touched: &'a DirtyRanges) -> Self {
        Image { bytes: Bytes::Whole(bytes), touched: Some(touched) }
    }

    /// The copy that an update of a guard writes.
    pub(super) fn of_guard(bytes: &'a mut Deferred, touched: &'a DirtyRanges) -> Self {
        let bytes = if bytes.is_empty() { Bytes::Whole(bytes.all_mut()) } else { Bytes::Deferred(bytes) };
        Image { bytes, touched: Some(touched) }
    }

    /// A new value: zeroes.
    pub(super) fn of_value(bytes: &'a mut [u8]) -> Self {
        Image { bytes: Bytes::Whole(bytes), touched: None }
    }

    pub(super) fn source(&self) -> Source<'_> {
        match &self.bytes {
            Bytes::Whole(all) => Source::Whole(all),
            Bytes::Deferred(deferred) => Source::Deferred(deferred),
        }
    }

    /// These bytes, all of which are about to be written.
    fn overwritten(&mut self, range: Range<usize>) -> Result<&mut [u8], Error> {
        let bytes = self.bytes.overwrite(range.clone());
        noted(self.touched, bytes, &range)
    }

    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Error> {
        self.overwritten(at..at + bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// Makes bytes zero.
    pub(super) fn zero(&mut self, at: usize, len: usize) -> Result<(), Error> {
        self.overwritten(at..at.saturating_add(len))?.fill(0);
        Ok(())
    }

    /// Bytes, where they stay until the update ends.
    pub(super) fn look(&mut self, range: Range<usize>) -> Result<&[u8], Error> {
        self.bytes.get_mut(range.clone()).map(|bytes| &*bytes).ok_or_else(|| outside(&range))
    }

    /// Bytes that code of the program is about to change.
    pub(super) fn bytes_mut(&mut self, at: usize, len: usize) -> Result<&mut [u8], Error> {
        let range = at..at.saturating_add(len);
        let bytes = self.bytes.get_mut(range.clone());
        noted(self.touched, bytes, &range)
    }

    pub(super) fn put_u32(&mut self, at: usize, number: usize) -> Result<(), Error> {
        self.put(at, &(number as u32).to_ne_bytes())
    }

    pub(super) fn put_u64(&mut self, at: usize, number: u64) -> Result<(), Error> {
        self.put(at, &number.to_ne_bytes())
    }

    /// Copies bytes to where `to` is; both may overlap.
    pub(super) fn carry(&mut self, from: Range<usize>, to: usize) -> Result<(), Error> {
        if from.start > from.end {
            return Err(outside(&from));
        }
        if from.is_empty() {
            return Ok(());
        }
        let (len, target) = (from.len(), to..to.saturating_add(from.len()));
        let all = from.start.min(to)..from.end.max(target.end);
        let (first, from) = (all.start, from.start - all.start);
        let bytes = self.bytes.get_mut(all.clone()).ok_or_else(|| outside(&all))?;
        let _ = noted(self.touched, Some(&mut []), &target)?;
        bytes.copy_within(from..from + len, to - first);
        Ok(())
    }
}

/// These bytes, if there are, with a note that they are written.
fn noted<'b>(
    touched: Option<&DirtyRanges>,
    bytes: Option<&'b mut [u8]>,
    range: &Range<usize>,
) -> Result<&'b mut [u8], Error> {
    let bytes = bytes.ok_or_else(|| outside(range))?;
    if let Some(touched) = touched.filter(|_| !range.is_empty()) {
        touched.add_bytes(range.start as u64..range.end as u64);
    }
    Ok(bytes)
}

#[cold]
fn outside(range: &Range<usize>) -> Error {
    damaged(format!("bytes {range:?} are outside of the state"))
}
