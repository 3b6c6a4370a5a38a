//! One field, without a pin.

use super::handle::State;
use super::read_only::ReadOnly;
use crate::error::{Error, ErrorRepr};
use crate::layout::SharedLayout;
use crate::os::Mapping;
use crate::region::{copy_words, word_at};
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::path::Path;

/// Where a field `F` lies in a `T`: made by [`State::project`], for [`State::load`].
pub struct Projection<T, F> {
    /// Invariant: an `F` that is aligned lies here in every `T`, plain and live.
    offset: usize,
    types: PhantomData<fn(&T) -> &F>,
}

impl<T, F> Clone for Projection<T, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, F> Copy for Projection<T, F> {}

impl<T, F> fmt::Debug for Projection<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projection").field("offset", &self.offset).finish()
    }
}

impl<T: SharedLayout, F: SharedLayout> Projection<T, F> {
    fn new(path: &Path, field: impl FnOnce(&T) -> &F) -> Result<Self, Error> {
        const { assert!(!F::TRACKED, "a field with containers cannot be loaded: use `read`") }
        match place_in_empty(path, field)? {
            Some(bytes) if T::LAYOUT.is_plain(bytes.clone()) => {
                Ok(Projection { offset: bytes.start, types: PhantomData })
            }
            _ => Err(ErrorRepr::InvalidProjection { of: T::LAYOUT.name }.into()),
        }
    }

    /// The bytes of a state that are the field.
    pub(crate) fn bytes(self) -> Range<usize> {
        self.offset..self.offset + size_of::<F>()
    }

    /// The words of a state that the field lies in.
    fn words(self) -> Range<usize> {
        self.offset / 8 * 8..(self.offset + size_of::<F>()).next_multiple_of(8)
    }

    /// Copies the field out of the image at `image`.
    ///
    /// # Safety
    /// `image` is a copy of a `T` in a mapping, or one of the field's words.
    #[inline]
    unsafe fn copy(self, image: *const u8, to: &mut MaybeUninit<F>) {
        let (to, from) = (to.as_mut_ptr().cast::<u8>(), image.wrapping_add(self.offset));
        let skip = self.offset % 8;
        if size_of::<F>() <= 8 && align_of::<F>() == size_of::<F>() {
            // All of it lies in one word.
            // SAFETY: the caller's promise; the field lies in an image, which is aligned and padded to a page.
            let word = unsafe { word_at(from.wrapping_sub(skip)) } >> (8 * skip);
            // SAFETY: as many bytes as an `F` has, of a word of as many or more. Both platforms are little-endian.
            return unsafe { std::ptr::copy_nonoverlapping((&raw const word).cast(), to, size_of::<F>()) };
        }
        let first = if skip == 0 { 0 } else { (8 - skip).min(size_of::<F>()) };
        if first > 0 {
            // SAFETY: as above.
            let word = unsafe { word_at(from.wrapping_sub(skip)) } >> (8 * skip);
            // SAFETY: what is left of the word, and no more than an `F` has.
            unsafe { std::ptr::copy_nonoverlapping((&raw const word).cast(), to, first) }
        }
        // SAFETY: as above; what is left of the field begins at a word.
        unsafe { copy_words(to.wrapping_add(first), from.wrapping_add(first), size_of::<F>() - first) }
    }

    /// Makes a value of what was copied of one version.
    ///
    /// # Safety
    /// All bytes of `found` have been written.
    #[inline]
    unsafe fn finish(path: impl FnOnce() -> Box<Path>, found: MaybeUninit<F>) -> Result<F, Error> {
        if F::CHECKED {
            // SAFETY: aligned, fully initialised by the caller's promise, private.
            unsafe { F::validate(found.as_ptr()) }.map_err(|invalid| Error::invalid_state(&path(), &invalid))?;
        }
        // SAFETY: the bytes are a value: they were checked, or need no check.
        Ok(unsafe { found.assume_init() })
    }
}

/// The bytes of a state that `part` returns a reference to; `None` if they do not lie in the state that it is given.
fn place_in_empty<T: SharedLayout, P: ?Sized>(
    path: &Path,
    part: impl FnOnce(&T) -> &P,
) -> Result<Option<Range<usize>>, Error> {
    // An empty state, of which only the page that `part` looks at gets memory, however large it is.
    let empty = Mapping::zeroed(size_of::<T>()).map_err(|e| Error::io(path, "map memory for a projection of", e))?;
    let start = empty.base().cast::<T>().cast_const();
    // SAFETY: as many bytes as a `T`, aligned to a page; zeroes are a value; there is no other reference to them.
    let part = part(unsafe { &*start });
    let offset = std::ptr::from_ref(part).addr().wrapping_sub(start.addr());
    let end = offset.checked_add(size_of_val(part)).filter(|end| *end <= size_of::<T>());
    Ok(end.map(|end| offset..end))
}

/// The bytes of a state that `part` returns a reference to.
///
/// # Panics
/// If they do not lie in the state that it is given.
pub(crate) fn place_of<T: SharedLayout, P: ?Sized>(
    path: &Path,
    part: impl FnOnce(&T) -> &P,
) -> Result<Range<usize>, Error> {
    let place = place_in_empty(path, part)?;
    Ok(place.expect("`part` returns a reference into the state that it is given"))
}

impl<T: SharedLayout> State<T> {
    /// Selects the field that [`load`](Self::load) reads: `field` is given an empty state and returns a reference into it.
    ///
    /// It can be any plain field, or an item of an array, that lies outside of containers and of payloads of enums: bytes in those
    /// may be out of use. A projection is a number: it can be copied and kept, and used with every handle on a state of that type.
    ///
    /// # Errors
    /// [`InvalidProjection`](crate::ErrorKind::InvalidProjection) for anything else.
    ///
    /// # Panics
    /// With whatever `field` panics.
    pub fn project<F: SharedLayout>(&self, field: impl FnOnce(&T) -> &F) -> Result<Projection<T, F>, Error> {
        Projection::new(self.region().path(), field)
    }

    /// Reads one field of the committed version.
    ///
    /// It is for one number that is read often: nothing is written to the region, not even a pin, so any number of cores can load
    /// at the same time without slowing each other down. Two loads may be of two versions. Values that have to fit together belong
    /// in one field, or use [`read`](Self::read).
    ///
    /// The words are copied. If a writer has written the copy in which they lie meanwhile, they are copied again; this takes two
    /// updates that begin during the copying. After a few failed attempts, the load takes a pin, as `read` does.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State, Text};
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board {
    ///     ticks: u64,
    ///     owner: Text<32>,
    /// }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let ticks = board.project(|s| &s.ticks)?; // once
    /// board.update(|s| s.ticks += 1)?;
    /// assert_eq!(board.load(&ticks)?, 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A container is no plain field:
    ///
    /// ```compile_fail
    /// # use shmstate::{List, State};
    /// let lists = State::<List<u64, 4>>::create("lists").unwrap();
    /// let list = lists.project(|s| s);
    /// ```
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle;
    /// [`Corrupt`](crate::ErrorKind::Corrupt) if the bytes are no `F`.
    #[inline]
    pub fn load<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<F, Error> {
        let region = self.region();
        region.check()?;
        let mut found = MaybeUninit::uninit();
        // SAFETY: an image of the region's.
        let mut copy = |k| unsafe { field.copy(self.images().image(k).cast_const().cast(), &mut found) };
        if let Err(named) = region.shared().load(region.slot(), &mut copy) {
            let pin = self.enter_leaving(named)?;
            copy(pin.copy());
        }
        // SAFETY: all bytes of the field have been copied.
        unsafe { Projection::<T, F>::finish(|| self.region().path().into(), found) }
    }

    /// [`load`](Self::load), with the version that the field is of.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    #[inline]
    pub fn load_versioned<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<(u64, F), Error> {
        let region = self.region();
        region.check()?;
        let mut found = MaybeUninit::uninit();
        let mut copy = |k| {
            // SAFETY: an image of the region's.
            unsafe { field.copy(self.images().image(k).cast_const().cast(), &mut found) }
            region.shared().version_of(k)
        };
        let version = match region.shared().load(region.slot(), &mut copy) {
            Ok(version) => version,
            Err(named) => copy(self.enter_leaving(named)?.copy()),
        };
        // SAFETY: all bytes of the field have been copied.
        Ok((version, unsafe { Projection::<T, F>::finish(|| region.path().into(), found) }?))
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    /// Selects the field that [`load`](Self::load) reads: see [`State::project`].
    ///
    /// # Errors
    /// As for [`State::project`].
    ///
    /// # Panics
    /// As for [`State::project`].
    pub fn project<F: SharedLayout>(&self, field: impl FnOnce(&T) -> &F) -> Result<Projection<T, F>, Error> {
        Projection::new(self.path(), field)
    }

    /// Reads one field of the committed version: see [`State::load`]. It never takes a pin.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// # let board = State::<Board>::create(&name)?;
    /// let view = State::<Board>::open_read_only(&name)?;
    /// let ticks = view.project(|s| &s.ticks)?;
    /// board.update(|s| s.ticks = 7)?;
    /// assert_eq!(view.load(&ticks)?, 7);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`snapshot`](Self::snapshot).
    #[inline]
    pub fn load<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<F, Error> {
        self.load_versioned(field).map(|(_, found)| found)
    }

    /// [`load`](Self::load), with the version that the field is of.
    ///
    /// # Errors
    /// As for [`snapshot`](Self::snapshot).
    #[inline]
    pub fn load_versioned<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<(u64, F), Error> {
        let mut found = MaybeUninit::uninit();
        // SAFETY: the bytes of the field in an image of the region's.
        let version = self.copied(field.words(), |image| unsafe { field.copy(image, &mut found) })?;
        // SAFETY: all bytes of the field have been copied.
        Ok((version, unsafe { Projection::<T, F>::finish(|| self.path().into(), found) }?))
    }
}
