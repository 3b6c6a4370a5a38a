//! A state that this process may only look at.

use super::handle::State;
use super::snapshot::finish_snapshot;
use crate::commit::Clock;
use crate::error::{Error, ErrorRepr};
use crate::layout::SharedLayout;
use crate::os::{DEFAULT_TIMEOUT, Deadline, RegionPath};
use crate::region::{ReadOnlyRegion, copy_words};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::Path;

/// A shared `T` that this process may only look at: [`State::open_read_only`].
///
/// It needs no permission to write the file, takes no handle, and no process notices it: the kernel refuses this process every
/// write to the mapping. In return, it gives only [`snapshot`](Self::snapshot)s and single fields ([`load`](Self::load)): a `&T`
/// would take a pin, and a pin is a write.
pub struct ReadOnly<T: SharedLayout> {
    region: ReadOnlyRegion,
    state: PhantomData<fn() -> T>,
}

impl<T: SharedLayout> State<T> {
    /// Opens a state that exists, to look at it.
    ///
    /// It is for users that may read the file and not write it: [`Options::mode`](crate::Options::mode) with `0o644`, say. The file
    /// may belong to any user, and any user may have written it: what is read is checked before it becomes a `T`. A user that may
    /// truncate the file can end this process (SIGBUS), as with any mapped file.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// let board = State::<Board>::options().mode(0o644).create(&name)?;
    /// let view = State::<Board>::open_read_only(&name)?; // any user's process
    /// board.update(|s| s.ticks = 7)?;
    /// assert_eq!((view.snapshot()?.ticks, view.version()), (7, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`open`](Self::open), without `Busy`.
    pub fn open_read_only(name: impl AsRef<Path>) -> Result<ReadOnly<T>, Error> {
        let region = ReadOnlyRegion::open(&RegionPath::find(name.as_ref())?, Self::TYPE)?;
        Ok(ReadOnly::new(region))
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    pub(super) fn new(region: ReadOnlyRegion) -> Self {
        ReadOnly { region, state: PhantomData }
    }

    /// Copies the committed version to the heap, and checks it.
    ///
    /// Without a pin, writers may overwrite the copy that is being read; then the snapshot begins again. With three copies, this
    /// takes two commits during the copying, or one if a copy rests. If a writer commits without a break, a snapshot of some KiB
    /// may need many attempts, and a much larger one may end with `Busy`. In that case, open the state for writing.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) if writers were faster for five seconds; [`Corrupt`](crate::ErrorKind::Corrupt) if
    /// the bytes are no `T`.
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
        let all = 0..size_of::<T>().next_multiple_of(8);
        // SAFETY: the box is as large as a `T`; an image is readable up to the next word.
        let version = self.copied(all, |image| unsafe { copy_words(to.cast(), image, size_of::<T>()) })?;
        // SAFETY: all bytes of the box have been written.
        Ok((version, unsafe { finish_snapshot(snapshot, self.path()) }?))
    }

    /// Calls `copy` with the active image, of which it may read `bytes`: whole words. Repeats this until no writer has written that
    /// image meanwhile. Returns the version of the last attempt.
    #[inline]
    pub(super) fn copied(&self, bytes: Range<usize>, mut copy: impl FnMut(*const u8)) -> Result<u64, Error> {
        let mut clock = Deadline::new(DEFAULT_TIMEOUT);
        loop {
            if let Some(version) = self.region.try_copy(bytes.clone(), &mut copy)? {
                return Ok(version);
            }
            if clock.remaining().is_none() {
                return Err(ErrorRepr::Outrun { path: self.path().to_owned() }.into());
            }
        }
    }

    #[inline]
    pub(crate) fn region(&self) -> &ReadOnlyRegion {
        &self.region
    }

    /// The number of commits so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.region.published().version
    }

    /// The region's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.region.origin().path()
    }

    /// Whether the name still leads to this region: see [`State::is_current`].
    ///
    /// # Errors
    /// What the operating system says when it cannot look.
    pub fn is_current(&self) -> Result<bool, Error> {
        Ok(self.region.origin().now()? == Some(self.region.key()))
    }
}

impl<T: SharedLayout> fmt::Debug for ReadOnly<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnly").field("path", &self.region.origin().path()).finish_non_exhaustive()
    }
}
