//! A handle on a shared state.

use super::images::TypedImages;
#[cfg(doc)]
use super::options::Options;
use super::txn_buffer::TxnBuffer;
use crate::commit::{Pin, Reader, Service};
use crate::error::Error;
use crate::layout::{Schema, SharedLayout, ValidityError};
use crate::os::{self, ANONYMOUS, Access, Deadline, Guarded, Origin, RegionPath};
use crate::region::{Region, StateType};
use crate::sync::{AtomicU64, Ordering::Relaxed};
use crate::track::{Frame, thread_number};
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A `T` that several processes share.
///
/// Each value is a *handle*: it has the region mapped and holds one of its slots. Threads can share a handle by
/// reference or [`Arc`](std::sync::Arc), or have one each ([`try_clone`](Self::try_clone)). Dropping it leaves the region
/// as it is, for the next process.
///
/// All handles of a process on a region share one descriptor. A program may close or replace this descriptor (`daemon(3)`,
/// `closefrom`): the handles open it again when they need it. A library that is unloaded (`dlclose`) has to drop its handles first:
/// a handle in a `static` keeps its mapping and its slot until the process ends.
///
/// ```
/// use shmstate::{List, SharedLayout, State, Text};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board {
///     ticks: u64,
///     owner: Text<32>,
///     samples: List<f64, 1024>,
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("board");
/// let board = State::<Board>::open_or_create(&name)?;
/// board.try_update(|s| {
///     s.ticks += 1;
///     s.samples.push(0.5)
/// })??;
/// let mean = board.read(|s| s.samples.iter().sum::<f64>() / s.samples.len() as f64)?;
/// assert_eq!(mean, 0.5);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct State<T: SharedLayout> {
    region: Region,
    images: TypedImages<T>,
    txn_buffer: TxnBuffer,
    terms: Terms,
    /// The thread that reads as the handle's owner: the first one that read; 0 before.
    owner: AtomicU64,
}

/// What a handle was opened with, and what a handle that takes its place is opened with.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// Which other users may have written the file.
    pub(super) access: Access,
    pub(super) timeout: Duration,
}

/// A panic in a closure leaves nothing half-done: an update is rolled back, and a read changes nothing.
impl<T: SharedLayout> UnwindSafe for State<T> {}
/// As for [`UnwindSafe`].
impl<T: SharedLayout> RefUnwindSafe for State<T> {}

const _: () = {
    const fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<State<u64>>();
};

impl<T: SharedLayout> State<T> {
    /// What a region of this type has to hold.
    pub(super) const TYPE: StateType<'static> = {
        assert!(align_of::<T>() <= 4096, "a state is aligned to at most 4096 bytes");
        assert!(size_of::<T>() > 0, "a state without bytes has nothing to share");
        StateType::Known {
            layout: T::LAYOUT,
            validate: {
                unsafe fn validate<T: SharedLayout>(bytes: *const u8) -> Result<(), ValidityError> {
                    // SAFETY: the caller's promise.
                    unsafe { T::validate(bytes.cast()) }
                }
                validate::<T>
            },
        }
    };

    pub(super) fn new(region: Region, terms: Terms) -> Self {
        let (images, txn_buffer) = (TypedImages::of(&region), TxnBuffer::new(region.key(), size_of::<T>()));
        State { region, images, txn_buffer, terms, owner: AtomicU64::new(0) }
    }

    /// Remembers how many copies the program has asked for, for the error when they are missing.
    pub(super) fn asked_for(mut self, copies: usize) -> Self {
        self.region = self.region.asked_for(copies);
        self
    }

    /// Attaches to a new region, whether or not it has its name yet.
    pub(super) fn attach_new(region_path: Option<&RegionPath>, file: &Guarded, terms: Terms) -> Result<Self, Error> {
        let origin = region_path.map(|region_path| Arc::new(region_path.origin()));
        let key = os::opened_as(region_path.map_or(Path::new(ANONYMOUS), RegionPath::path), file)?;
        let region = Region::attach_anywhere(origin, file, key, Some(Self::TYPE), &mut Deadline::new(terms.timeout))?;
        Ok(Self::new(region, terms))
    }

    /// Runs `f` on the committed version, in place.
    ///
    /// Takes no lock, never waits, and copies nothing. Writers go on while `f` runs, and the version that `f` sees stays as it is
    /// until `f` returns. A reader that stays keeps one copy from being reused. With K copies, K − 2 such readers block no writer.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle;
    /// [`Corrupt`](crate::ErrorKind::Corrupt) if a process that does not run this protocol has written into the region.
    ///
    /// # Panics
    /// With whatever `f` panics.
    #[inline]
    pub fn read<R>(&self, f: impl FnOnce(&T) -> R) -> Result<R, Error> {
        // SAFETY: a committed version holds a value, and no process writes a copy that is pinned.
        self.pinned(|images, copy| f(unsafe { &*images.image(copy) }))
    }

    /// [`read`](Self::read), with the version that `f` sees.
    ///
    /// A call of [`version`](Self::version) after a read may return another number, because writers go on between the two calls.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// board.update(|s| s.ticks = 7)?;
    /// assert_eq!(board.read_versioned(|s, version| (version, s.ticks))?, (1, 7));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    ///
    /// # Panics
    /// With whatever `f` panics.
    #[inline]
    pub fn read_versioned<R>(&self, f: impl FnOnce(&T, u64) -> R) -> Result<R, Error> {
        // SAFETY: as in `read`.
        self.pinned(|images, copy| f(unsafe { &*images.image(copy) }, self.region.shared().version_of(copy)))
    }

    /// Runs `f` with the active copy pinned, and noted as open on this thread.
    #[inline]
    pub(crate) fn pinned<R>(&self, f: impl FnOnce(&TypedImages<T>, usize) -> R) -> Result<R, Error> {
        let region = &self.region;
        region.check()?;
        let pin = region
            .shared()
            .enter(region.slot(), region.slot_line(), self.reader())
            .or_else(|copy| self.enter_leaving(copy))?;
        let copy = pin.copy();
        let pinned = Pinned { region, pin: ManuallyDrop::new(pin) };
        let result = Frame::new(region.key().numbers()).enter(|| f(&self.images, copy));
        drop(pinned);
        // The closure may have forked, and this be the child.
        region.check()?;
        Ok(result)
    }

    /// A pin in a region that names an active copy that it does not have, because it is being replaced, or has been.
    #[cold]
    pub(super) fn enter_leaving(&self, copy: usize) -> Result<Pin<'_>, Error> {
        self.region.check_service(copy)?;
        let shared = self.region.shared();
        shared.enter_leaving(self.region.slot()).map_err(|copy| match self.region.check_service(copy) {
            Err(error) => error,
            Ok(()) => self.region.no_such_copy(copy),
        })
    }

    /// Whether this thread is the handle's owner or a guest. A later thread that has the number of an owner that has ended takes
    /// the owner's place.
    #[inline]
    fn reader(&self) -> Reader {
        let (me, owner) = (thread_number(), self.owner.load(Relaxed));
        let first = || owner == 0 && self.owner.compare_exchange(0, me, Relaxed, Relaxed).is_ok();
        if owner == me || first() { Reader::Owner } else { Reader::Guest }
    }

    /// The number of commits so far.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// board.update(|s| s.ticks += 1)?;
    /// assert_eq!(board.version()?, 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// For a region that has been [replaced](crate::ErrorKind::Retired), it is the number of the region's last commit. Reads return
    /// the error then, and this number says how far the region had come.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle.
    #[inline]
    pub fn version(&self) -> Result<u64, Error> {
        self.region.check()?;
        Ok(self.region.shared().published().version)
    }

    /// The path by which the region's file was found; `None` for an [anonymous](State::anonymous) region.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let name = dir.path().join("board");
    /// assert_eq!(State::<Board>::create(&name)?.path(), Some(&*name));
    /// assert_eq!(State::<Board>::anonymous()?.path(), None);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.region.origin().map(Origin::path)
    }

    /// A random number that the region got when it was created with new content. A region that took over the content of another one
    /// ([`recreate`](Self::recreate), a [migration](Options::migrate)) took over this number as well. So the number tells whether
    /// two regions are the same state at two times, whatever their names.
    ///
    /// ```
    /// # use shmstate::State;
    /// # let dir = tempfile::tempdir()?;
    /// let mut state = State::<u64>::create(dir.path().join("number"))?;
    /// let before = state.lineage();
    /// state.recreate(State::options().handles(100))?;
    /// assert_eq!(state.lineage(), before);
    /// assert_ne!(State::<u64>::create(dir.path().join("other"))?.lineage(), before);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lineage(&self) -> u128 {
        self.region.lineage()
    }

    /// The schema of a region of this type: one JSON document, which [the format chapter](mod@crate::format) describes.
    #[must_use]
    pub fn schema() -> String {
        Schema::of(T::LAYOUT).document()
    }

    /// Whether the name still leads to this region. After the region has been removed, the name does not, even if another region
    /// has been created under it since. Processes that have the old region mapped keep working on it. An anonymous region is always
    /// current.
    ///
    /// # Errors
    /// What the operating system says when it cannot look.
    pub fn is_current(&self) -> Result<bool, Error> {
        self.region.is_current()
    }

    /// Another handle on the same region, with a slot of its own, whatever its name leads to by now.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) when all handles are taken, [`Forked`](crate::ErrorKind::Forked);
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the program has closed the region's descriptor and the region cannot
    /// be opened again; or what the operating system says.
    pub fn try_clone(&self) -> Result<Self, Error> {
        self.region.check()?;
        let region = Region::attach_same(&self.region, Self::TYPE, &mut Deadline::new(self.terms.timeout))?;
        Ok(Self::new(region, self.terms))
    }

    #[inline]
    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    #[inline]
    pub(super) fn images(&self) -> &TypedImages<T> {
        &self.images
    }

    #[inline]
    pub(super) fn txn_buffer(&self) -> &TxnBuffer {
        &self.txn_buffer
    }

    pub(super) fn terms(&self) -> Terms {
        self.terms
    }

    #[inline]
    pub(super) fn timeout(&self) -> Duration {
        self.terms.timeout
    }
}

/// A pin that is released on every way out of a closure, but not in a child that was forked inside of the closure: the pin is the
/// parent's, and the child has no mapping, or another one at the same addresses.
struct Pinned<'a> {
    region: &'a Region,
    pin: ManuallyDrop<Pin<'a>>,
}

impl Drop for Pinned<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.region.is_mine() {
            // SAFETY: dropped here alone, once.
            unsafe { ManuallyDrop::drop(&mut self.pin) }
        }
    }
}

/// Shows the type, where the state lies, and its present numbers, but not its content, which [`read`](State::read) shows.
impl<T: SharedLayout> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("State");
        debug.field("type", &T::LAYOUT.name).field("path", &self.region.path());
        if !self.region.is_mine() {
            // The mapping is the parent's.
            return debug.field("forked", &true).finish_non_exhaustive();
        }
        let shared = self.region.shared();
        debug
            .field("version", &shared.published().version)
            .field("in_service", &(shared.published().service() != Service::Retired))
            .field("copies", &shared.in_use())
            .field("max_copies", &shared.copies.len())
            .field("handle", &self.region.slot())
            .field("handles", &shared.slots.len())
            .finish_non_exhaustive()
    }
}
