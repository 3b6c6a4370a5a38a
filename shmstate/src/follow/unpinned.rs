//! How a follower catches up where the region is mapped for reading, and no pin can be held.
//!
//! The follower copies changed bytes word by word inside of an optimistic read, to private memory beside the image. If no writer
//! has written the copy meanwhile, it swaps these bytes with those of the image, and validates the parts in which they lie. If one
//! of the parts is no value, it swaps the bytes back, so that the image always ends up as a value.

use super::change::{Found as Differing, len_at};
use crate::commit::{Clock, Position};
use crate::error::{Error, ErrorRepr};
use crate::layout::{SharedLayout, Touched, merged};
use crate::os::{DEFAULT_TIMEOUT, Deadline};
use crate::region::copy_words;
use crate::state::{ReadOnly, finish_snapshot};
use std::ops::Range;
use std::path::Path;

/// Parts of an image, beside it.
#[derive(Default)]
pub(super) struct Pieces {
    /// For each piece: of which bytes of the image it is, and where it lies in `bytes`. The pieces of plain fields come first, in
    /// order.
    pieces: Vec<(Range<usize>, usize)>,
    /// How many of them are of plain fields.
    plain: usize,
    bytes: Vec<u8>,
}

/// What was found of the changes since a position.
pub(super) struct Found {
    pub(super) at: Position,
    /// Whether the log says what has changed.
    pub(super) is_known: bool,
}

/// Looks at the active copy until no writer has written it meanwhile.
fn read_active<T: SharedLayout>(
    view: &ReadOnly<T>,
    mut copy: impl FnMut(Position, *const u8) -> bool,
) -> Result<Found, Error> {
    let (region, mut clock) = (view.region(), Deadline::new(DEFAULT_TIMEOUT));
    loop {
        let mut found = None;
        let version = region.try_copy_numbered(0..size_of::<T>().next_multiple_of(8), |k, image| {
            found = region.shared().position_of(k).map(|at| Found { at, is_known: copy(at, image) });
        })?;
        if let Some(found) = found.filter(|found| version == Some(found.at.version)) {
            return Ok(found);
        }
        if clock.remaining().is_none() {
            return Err(ErrorRepr::Outrun { path: view.path().to_owned() }.into());
        }
    }
}

/// All of a state, and the position of that version.
pub(super) fn whole<T: SharedLayout>(view: &ReadOnly<T>) -> Result<(Position, Box<T>), Error> {
    let mut image = Box::<T>::new_uninit();
    let to = image.as_mut_ptr();
    let found = read_active(view, |_, from| {
        // SAFETY: the box is as large as a `T`; an image is readable up to the next word.
        unsafe { copy_words(to.cast(), from, size_of::<T>()) }
        true
    })?;
    // SAFETY: all bytes of the box have been written.
    Ok((found.at, unsafe { finish_snapshot(image, view.path()) }?))
}

/// Copies these bytes of the newest version, one part after the other, and gathers what the log says since `from`.
pub(super) fn parts<T: SharedLayout>(
    view: &ReadOnly<T>,
    parts: &[Range<usize>],
    from: Option<Position>,
    entries: &mut Vec<Range<u64>>,
) -> Result<(Found, Vec<u8>), Error> {
    let (mut copied, mut words) = (Vec::new(), Vec::new());
    let found = read_active(view, |to, image| {
        copied.clear();
        for part in parts {
            // Whole words, as for a follower.
            let first = part.start / 8 * 8;
            words.resize(part.end.next_multiple_of(8) - first, 0);
            // SAFETY: words of an image, and as many bytes.
            unsafe { copy_words(words.as_mut_ptr(), image.wrapping_add(first), words.len()) }
            copied.extend_from_slice(&words[part.start - first..part.end - first]);
        }
        from.is_some_and(|from| view.region().shared().entries_between(from, to, entries))
    })?;
    Ok((found, copied))
}

impl Pieces {
    /// Copies what has changed since `from`, if the log says what that is: the `unmarked` bytes, and those of its entries.
    pub(super) fn copy_changes<T: SharedLayout>(
        &mut self,
        view: &ReadOnly<T>,
        from: Position,
        unmarked: &[Range<usize>],
        entries: &mut Vec<Range<u64>>,
    ) -> Result<Found, Error> {
        read_active(view, |to, image| {
            if !view.region().shared().entries_between(from, to, entries) {
                return false;
            }
            self.pieces.clear();
            self.bytes.clear();
            let entries = entries.iter().map(|entry| entry.start as usize..entry.end as usize);
            for bytes in unmarked.iter().cloned().chain(entries.filter(|bytes| !bytes.is_empty())) {
                // Whole words: an image is readable up to the next page, and they are of the same version.
                let words = bytes.start / 8 * 8..bytes.end.min(size_of::<T>()).next_multiple_of(8);
                let piece = words.start..words.end.min(size_of::<T>());
                let at = self.bytes.len();
                if at + piece.len() > size_of::<T>() + size_of::<T>() / 2 {
                    // The log may name the same bytes again and again: all of them are fewer.
                    return false;
                }
                self.bytes.resize(at + piece.len(), 0);
                // SAFETY: words of an image, and as many bytes.
                unsafe { copy_words(self.bytes[at..].as_mut_ptr(), image.wrapping_add(piece.start), piece.len()) }
                self.pieces.push((piece, at));
            }
            self.plain = unmarked.len();
            true
        })
    }

    /// Makes the pieces a part of the image, and returns in which bytes they differed. An error if the image would no longer be a
    /// value; then it stays as it was.
    pub(super) fn take_over<T: SharedLayout>(
        &mut self,
        image: &mut Box<T>,
        unmarked: &[Range<usize>],
        indivisible: &[Range<usize>],
        path: &Path,
    ) -> Result<Differing, Error> {
        let base = (&raw mut **image).cast::<u8>();
        let differing = self.differing(&**image, unmarked, indivisible);
        let mut swapped = Vec::new();
        // SAFETY: all bytes of a `T` are initialised; there is no other reference to them. What it is made of is checked below.
        let bytes = unsafe { std::slice::from_raw_parts_mut(base, size_of::<T>()) };
        for (piece, at) in &self.pieces {
            let (old, new) = (&mut bytes[piece.clone()], &mut self.bytes[*at..at + piece.len()]);
            if old != new {
                swapped.push(piece.clone());
            }
            old.swap_with_slice(new);
        }
        if T::CHECKED {
            let (before, swapped) = (|offset| self.before(offset), merged(swapped));
            let touched = Touched::new(base, &swapped, &before);
            // SAFETY: aligned and initialised; it was a value before, and has changed in these bytes alone.
            if let Err(invalid) = unsafe { T::validate_touched(base.cast::<T>(), &touched) } {
                // SAFETY: as above.
                let bytes = unsafe { std::slice::from_raw_parts_mut(base, size_of::<T>()) };
                for (piece, at) in self.pieces.iter().rev() {
                    bytes[piece.clone()].swap_with_slice(&mut self.bytes[*at..at + piece.len()]);
                }
                return Err(Error::invalid_state(path, &invalid));
            }
        }
        Ok(differing)
    }

    /// In what the pieces differ from the image.
    fn differing<T: SharedLayout>(
        &self,
        image: &T,
        unmarked: &[Range<usize>],
        indivisible: &[Range<usize>],
    ) -> Differing {
        // SAFETY: a `T` has no padding, and is not written for as long as it is borrowed.
        let image = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(image).cast::<u8>(), size_of::<T>()) };
        let both = |list: usize| len_at(image, list).min(self.before(list).map_or(0, |len| len as usize));
        let mut differing = Differing::default();
        for (n, (piece, at)) in self.pieces.iter().enumerate() {
            let (old, new) = (&image[piece.clone()], &self.bytes[*at..at + piece.len()]);
            if n < self.plain {
                // Not the rest of their words, which are no part of it.
                let own = unmarked[n].start - piece.start..unmarked[n].end - piece.start;
                differing.add_plain(&old[own.clone()], &new[own], unmarked[n].start, indivisible);
            } else {
                differing.add_entry(T::LAYOUT, (old, new), piece.start, unmarked, &both);
            }
        }
        differing
    }

    /// What the pieces have for the word of 4 bytes at an offset, if it is a part of a plain field: what the image held before, once they were
    /// taken over.
    fn before(&self, offset: usize) -> Option<u32> {
        let plain = &self.pieces[..self.plain];
        let (piece, at) = plain.get(plain.partition_point(|(piece, _)| piece.end <= offset))?;
        let start = at + offset.checked_sub(piece.start)?;
        Some(u32::from_ne_bytes(self.bytes.get(start..start + 4)?.try_into().ok()?))
    }
}
