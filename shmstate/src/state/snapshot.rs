//! A private copy of the state.

use super::handle::State;
use super::images::TypedImages;
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::region::copy_words;
use crate::track::Stamp;
use std::mem::MaybeUninit;
use std::path::Path;

impl<T: SharedLayout> State<T> {
    /// Copies the committed version to the heap. Nothing is held for longer than the copying.
    ///
    /// The bytes are copied word by word and checked in private memory before they become a `T`: even a process that
    /// writes garbage into the region cannot make this one read outside of its own memory here.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let before = board.snapshot()?;
    /// board.update(|s| s.ticks = 7)?;
    /// assert_eq!((before.ticks, board.snapshot()?.ticks), (0, 7));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) if the bytes are no `T`; [`Forked`](crate::ErrorKind::Forked) in a child of
    /// the process that opened the handle.
    pub fn snapshot(&self) -> Result<Box<T>, Error> {
        self.snapshot_versioned().map(|(_, snapshot)| snapshot)
    }

    /// [`snapshot`](Self::snapshot), with the version that it is of.
    ///
    /// # Errors
    /// As for [`snapshot`](Self::snapshot).
    pub fn snapshot_versioned(&self) -> Result<(u64, Box<T>), Error> {
        let mut snapshot = Box::<T>::new_uninit();
        let to = snapshot.as_mut_ptr();
        let version = self.pinned(|images: &TypedImages<T>, copy| {
            // SAFETY: the copy is pinned; the box is as large as a `T`; an image is readable up to the next page.
            unsafe { copy_words(to.cast(), images.image(copy).cast_const().cast(), size_of::<T>()) }
            self.region().shared().version_of(copy)
        })?;
        // SAFETY: all bytes of the box have been written.
        Ok((version, unsafe { finish_snapshot(snapshot, self.region().path()) }?))
    }
}

/// Checks bytes that were copied out of the region at `path`, and makes a value of them.
///
/// # Safety
/// All bytes of the box have been written.
pub(crate) unsafe fn finish_snapshot<T: SharedLayout>(
    mut snapshot: Box<MaybeUninit<T>>,
    path: &Path,
) -> Result<Box<T>, Error> {
    if T::CHECKED {
        // SAFETY: aligned, fully initialised by the caller's promise, private.
        unsafe { T::validate(snapshot.as_mut_ptr()) }.map_err(|invalid| Error::invalid_state(path, &invalid))?;
    }
    // SAFETY: the bytes are a value: they were checked, or need no check.
    let mut snapshot = unsafe { snapshot.assume_init() };
    if T::TRACKED {
        // SAFETY: a value of this function's own.
        unsafe { T::stamp(&raw mut *snapshot, Stamp::VOID) }
    }
    Ok(snapshot)
}
