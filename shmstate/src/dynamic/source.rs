//! The bytes of one version of a state: all of them where they lie, fetched as they are looked at, or in two copies.

use super::deferred::Deferred;
use super::fault::damaged;
use crate::error::Error;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// Bytes that are fetched at a time.
const CHUNK: usize = 16 << 10;

/// One version.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Whole(&'a [u8]),
    Fetched(&'a Fetched<'a>),
    /// An update of which not all of the copy is caught up.
    Deferred(&'a Deferred),
}

/// Fills a buffer with these bytes of the state, which begin at a multiple of 8.
pub(super) type Fetch<'a> = dyn Fn(Range<usize>, &mut [u8]) -> Result<(), Error> + 'a;

/// A version of which each part is copied when it is looked at for the first time.
pub(super) struct Fetched<'a> {
    chunks: Box<[OnceCell<Box<[u8]>>]>,
    size: usize,
    fetch: &'a Fetch<'a>,
}

impl<'a> Fetched<'a> {
    pub(super) fn new(size: usize, fetch: &'a Fetch<'a>) -> Self {
        let chunks = std::iter::repeat_with(OnceCell::new).take(size.div_ceil(CHUNK)).collect();
        Fetched { chunks, size, fetch }
    }

    fn chunk(&self, index: usize) -> Result<&[u8], Error> {
        let cell = &self.chunks[index];
        if let Some(chunk) = cell.get() {
            return Ok(chunk);
        }
        let start = index * CHUNK;
        let mut chunk = vec![0; CHUNK.min(self.size - start)].into_boxed_slice();
        (self.fetch)(start..start + chunk.len(), &mut chunk)?;
        Ok(cell.get_or_init(|| chunk))
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Error> {
        let (first, last) = (range.start / CHUNK, range.end.saturating_sub(1).max(range.start) / CHUNK);
        if range.is_empty() {
            return Ok(Cow::Borrowed(&[]));
        }
        if first == last {
            let start = first * CHUNK;
            return Ok(Cow::Borrowed(&self.chunk(first)?[range.start - start..range.end - start]));
        }
        let mut bytes = Vec::with_capacity(range.len());
        for index in first..=last {
            let start = index * CHUNK;
            let chunk = self.chunk(index)?;
            let (from, to) = (range.start.max(start) - start, range.end.min(start + chunk.len()) - start);
            bytes.extend_from_slice(&chunk[from..to]);
        }
        Ok(Cow::Owned(bytes))
    }
}

/// Something leads out of the state.
#[cold]
#[inline(never)]
fn outside(at: usize, len: usize) -> Error {
    damaged(format!("{len} bytes from byte {at} on are outside of the state"))
}

impl<'a> Source<'a> {
    /// What an update of a guard has made so far.
    #[inline]
    pub(super) fn of_guard(bytes: &'a Deferred) -> Self {
        if bytes.is_empty() { Source::Whole(bytes.all()) } else { Source::Deferred(bytes) }
    }

    /// `len` bytes from `at` on.
    #[inline]
    pub(super) fn bytes(self, at: usize, len: usize) -> Result<Cow<'a, [u8]>, Error> {
        let end = at.checked_add(len).ok_or_else(|| outside(at, len))?;
        match self {
            Source::Whole(all) => all.get(at..end).map(Cow::Borrowed).ok_or_else(|| outside(at, len)),
            Source::Fetched(fetched) if end <= fetched.size => fetched.bytes(at..end),
            Source::Fetched(_) => Err(outside(at, len)),
            Source::Deferred(deferred) => deferred.get(at..end).ok_or_else(|| outside(at, len)),
        }
    }

    /// Bytes where they lie, if they lie in one piece in memory that stays.
    pub(super) fn in_place(self, range: Range<usize>) -> Option<&'a [u8]> {
        match self {
            Source::Whole(all) => all.get(range),
            Source::Deferred(deferred) => deferred.in_place(range),
            Source::Fetched(_) => None,
        }
    }

    /// `N` bytes from `at` on.
    #[inline(always)]
    pub(super) fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Error> {
        if let Source::Whole(all) = self
            && let Some(bytes) = all.get(at..).and_then(<[u8]>::first_chunk)
        {
            return Ok(*bytes);
        }
        self.array_of_parts(at)
    }

    /// [`Self::array`], unless the bytes lie where they can be read at once.
    #[inline(never)]
    fn array_of_parts<const N: usize>(self, at: usize) -> Result<[u8; N], Error> {
        let bytes = self.bytes(at, N)?;
        bytes.first_chunk().copied().ok_or_else(|| outside(at, N))
    }

    /// The `u32` at `at`.
    #[inline]
    pub(super) fn u32(self, at: usize) -> Result<usize, Error> {
        Ok(u32::from_ne_bytes(self.array(at)?) as usize)
    }

    /// The `u64` at `at`.
    #[inline]
    pub(super) fn u64(self, at: usize) -> Result<u64, Error> {
        Ok(u64::from_ne_bytes(self.array(at)?))
    }

    /// The unsigned number of `bytes` bytes at `at`, if these are 1, 2, 4 or 8.
    #[inline]
    pub(super) fn tag(self, at: usize, bytes: usize) -> Result<u64, Error> {
        match bytes {
            1 => Ok(u64::from(self.array::<1>(at)?[0])),
            2 => Ok(u64::from(u16::from_ne_bytes(self.array(at)?))),
            4 => Ok(u64::from(u32::from_ne_bytes(self.array(at)?))),
            _ => self.u64(at),
        }
    }
}
