//! Changing where a name leads: replacing a region, and removing it.

use super::handle::{State, Terms};
use super::options::{NewRegion, Options};
use crate::commit::Clock;
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::SharedLayout;
use crate::os::{Access, Deadline, Making, NameLock, NewFile, RegionPath};
use crate::region::{Region, remove_name};
use std::os::fd::OwnedFd;
use std::path::Path;

impl<T: SharedLayout> State<T> {
    /// Opens the state, or creates it if it does not exist. Replaces a region that this program cannot use by a new one: a region
    /// of another layout, of another format, or from before the machine was restarted.
    ///
    /// **What the old region holds is lost.** It is for states that can be built anew: a cache, metrics, what a supervisor
    /// gathers from its workers.
    ///
    /// When several processes do this at once, one replaces the region, and all get the same new one. Handles on the old region are
    /// out of service: from then on, each `update`, `try_update`, `transact`, `read`, `load` and `snapshot` through them returns
    /// the error [`Retired`](crate::ErrorKind::Retired), and the program opens the name again. Nothing is committed in the old
    /// region after the new one has the name; a closure that reads keeps its version until it returns. If the process that replaces
    /// dies, either the old region is in service or the new one.
    ///
    /// If two releases with different layouts both call it, they replace each other's region each time one of their processes
    /// starts. The older release should call [`open_or_create`](Self::open_or_create) instead.
    ///
    /// A damaged region is not replaced, so that it can be examined. To get a new one, [`remove`] it first.
    ///
    /// ```
    /// use shmstate::{ErrorKind, SharedLayout, State};
    ///
    /// mod release_1 {
    ///     #[derive(shmstate::SharedLayout)]
    ///     #[repr(C)]
    ///     pub struct Board { pub ticks: u64 }
    /// }
    ///
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board { ticks: u64, misses: u64 }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// let old = State::<release_1::Board>::open_or_create(&name)?;
    /// let new = State::<Board>::open_or_replace(&name)?;
    /// new.update(|s| s.misses += 1)?;
    /// assert_eq!(old.update(|s| s.ticks += 1).unwrap_err().kind(), ErrorKind::Retired);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`open_or_create`](Self::open_or_create), without `LayoutMismatch`; [`Busy`](crate::ErrorKind::Busy) if an update of
    /// the old region does not end before the timeout, if all its handles are taken (to replace it takes one), or if another
    /// process that replaces or removes it does not finish; [`Reentrant`](crate::ErrorKind::Reentrant) in an update of the old
    /// region. A region of another format, or from before a restart, is replaced only if no process has it open: the error is
    /// `UnknownFormat` or `Rebooted` otherwise.
    pub fn open_or_replace(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open_or_replace(name)
    }

    /// Removes the name of this very region, and drops the handle. Returns whether the name led here, and was removed.
    ///
    /// `Ok(false)`: the path by which the handle was opened now leads nowhere, or to another file of whatever kind. The region was
    /// removed or replaced, or its file or a directory above it was renamed or removed. Whatever is at the path is left alone, and
    /// the region is not searched for under another name.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// let (mine, other) = (State::<Board>::create(&name)?, State::<Board>::open(&name)?);
    /// assert!(mine.remove()?);
    /// let next = State::<Board>::create(&name)?;
    /// assert!(!other.remove()?);
    /// assert!(next.is_current()?);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`remove`]; [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a state without a name, or whose name this process cannot look up any
    /// more (`chroot`).
    pub fn remove(self) -> Result<bool, Error> {
        let region = self.region();
        region.check()?;
        let Some(origin) = region.origin() else {
            let why = "it has no name that could be removed; it is gone with the last process that has it";
            return Err(ErrorRepr::Unsupported { path: self.region().path().to_owned(), why: why.into() }.into());
        };
        // Its directory may be gone too, or be out of reach.
        if origin.now()? != Some(region.key()) {
            return Ok(false);
        }
        match RegionPath::find(origin.absolute())
            .and_then(|region_path| remove_at(&region_path, |key| key == region.key()))
        {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            removed => removed,
        }
    }
}

impl<T: SharedLayout> Options<'_, T> {
    /// Opens the state, creates it, or replaces it: see [`State::open_or_replace`].
    ///
    /// # Errors
    /// As for [`State::open_or_replace`]; [`InvalidOption`](ErrorKind::InvalidOption).
    ///
    /// # Panics
    /// With whatever `init` panics; nothing has been created or replaced then.
    pub fn open_or_replace(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        let asked = self.asked();
        asked.tell(self.opened_or_replaced(name.as_ref()))
    }

    fn opened_or_replaced(self, name: &Path) -> Result<State<T>, Error> {
        #[cfg(feature = "dynamic")]
        if let Some(state) = super::migrating::migrated(&self, name)? {
            return Ok(state);
        }
        let mut region_path = RegionPath::find(name)?;
        Making::check(&region_path)?;
        let terms = self.terms()?;
        let clock = &mut Deadline::new(terms.timeout);
        let mut new = New::Planned(self);
        loop {
            match Self::open_if_there(&region_path, terms, clock) {
                Ok(Some(state)) => return Ok(state),
                Ok(None) => {
                    let _turn = region_path.turn(new.room()?, clock);
                    if region_path.now()?.is_some() {
                        continue;
                    }
                    match new.made(&region_path, terms.access).and_then(|new| Self::publish(&region_path, new, terms)) {
                        Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                        // The directory was removed just now. That of bare names is made again.
                        Err(e) if e.kind() == ErrorKind::NotFound && region_path.is_gone() => {
                            region_path = region_path.find_again(name, e)?
                        }
                        // Another process may have taken the room for this very region.
                        Err(e) if e.kind() == ErrorKind::NoSpace => {
                            return Self::open_if_there(&region_path, terms, clock)?.ok_or(e);
                        }
                        published => return published,
                    }
                }
                Err(e) if is_replaced(e.kind()) => {
                    let file = match region_path.open(terms.access) {
                        Err(e) if e.kind() == ErrorKind::NotFound => continue,
                        file => file?,
                    };
                    let Some(lock) = NameLock::take(&region_path, &file, clock)? else { continue };
                    // What the name leads to now, and for as long as it is locked, may be another file than the one that was
                    // refused: the one that another process has put in its place.
                    let unusable = match Self::open_if_there(&region_path, terms, clock) {
                        Err(e) if is_replaced(e.kind()) => e,
                        Ok(None) => continue,
                        Ok(Some(state)) => return Ok(state),
                        Err(e) => return Err(e),
                    };
                    // Made while the name is locked: of several processes, one at a time takes the room for it.
                    let new = new.made(&region_path, terms.access)?;
                    if let Some(state) = Self::replace(&region_path, &file, &lock, new, unusable, terms, clock)? {
                        return Ok(state);
                    }
                }
                Err(e) => return Err(e),
            }
            if clock.remaining().is_none() {
                return Err(ErrorRepr::Opening { path: region_path.path().to_owned() }.into());
            }
        }
    }

    /// Replaces the region in `file`, whose name the caller has locked, by the new one. `None`: the name leads
    /// elsewhere by now.
    fn replace(
        region_path: &RegionPath,
        file: &OwnedFd,
        lock: &NameLock,
        new: &mut NewFile,
        unusable: Error,
        terms: Terms,
        clock: &mut Deadline,
    ) -> Result<Option<State<T>>, Error> {
        // Before the name, as in `publish`; without `/proc` after it.
        let attach = |new: &NewFile| State::<T>::attach_new(Some(region_path), new.file(), terms);
        let attached = match attach(new) {
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            state => Some(state?),
        };
        new.prepare(region_path)?;
        let replaced = if unusable.kind() == ErrorKind::LayoutMismatch {
            match Region::attach(region_path, file, None, clock)? {
                Some(old) => old.replace(clock, |_| Ok(()), |_| new.take_name(region_path))?.is_some(),
                None => false,
            }
        } else {
            // Its words are not to be believed, so that its handles cannot learn of it: there must be none.
            let closed = lock.try_close().map_err(|e| Error::io(region_path.path(), "lock", e))?;
            if !closed && unusable.kind() != ErrorKind::Retired {
                return Err(unusable);
            }
            new.take_name(region_path).map(|()| true)?
        };
        if !replaced {
            return Ok(None);
        }
        let state = attached.map_or_else(|| attach(new), Ok)?;
        state.region().tell_created();
        Ok(Some(state))
    }
}

/// The errors of a region that is replaced.
fn is_replaced(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::LayoutMismatch | ErrorKind::UnknownFormat | ErrorKind::Rebooted | ErrorKind::Retired)
}

/// The new region, which is made once, with whatever `init` does.
enum New<'a, T> {
    Planned(Options<'a, T>),
    Made(NewFile),
    /// Its making has failed.
    Spent,
}

impl<T: SharedLayout> New<'_, T> {
    /// Bytes of memory that it still takes.
    fn room(&self) -> Result<u64, Error> {
        match self {
            New::Planned(options) => Ok(options.plan()?.room()),
            New::Made(_) | New::Spent => Ok(0),
        }
    }

    fn made(&mut self, region_path: &RegionPath, access: Access) -> Result<&mut NewFile, Error> {
        if let New::Planned(options) = self {
            let plan = options.plan()?;
            let file = region_path.new_file(access, plan.len(), plan.room(), options.limits())?;
            if let New::Planned(options) = std::mem::replace(self, New::Spent) {
                options.make(NewRegion { plan: &plan, region_path, file: &file })?;
            }
            *self = New::Made(file);
        }
        match self {
            New::Made(file) => Ok(file),
            New::Planned(_) | New::Spent => Err(ErrorRepr::Opening { path: region_path.path().to_owned() }.into()),
        }
    }
}

/// Removes the region of that name. Processes that have it mapped keep working on it; the region is gone when the last of them has
/// dropped it.
///
/// Only the region that was found under the name loses it. Removing takes neither a handle nor the writer's lock, so it works while
/// updates run, while all handles are taken, and for a region that cannot be opened: damaged, of another format, or from before a
/// restart of the machine.
///
/// # Errors
/// [`NotFound`](crate::ErrorKind::NotFound); [`Busy`](crate::ErrorKind::Busy) if another process that removes or replaces the
/// region does not finish within five seconds; [`Permission`](crate::ErrorKind::Permission) if it belongs to another user;
/// [`NotAFile`](crate::ErrorKind::NotAFile), and [`Corrupt`](crate::ErrorKind::Corrupt) for a file that is nothing like a region:
/// such a file is not removed.
pub fn remove(name: impl AsRef<Path>) -> Result<(), Error> {
    let region_path = RegionPath::find(name.as_ref())?;
    remove_at(&region_path, |_| true).map(drop)
}

/// Removes the region at that path if it is the one that is meant. Returns whether it was.
fn remove_at(region_path: &RegionPath, is_meant: impl Fn(crate::os::RegionKey) -> bool) -> Result<bool, Error> {
    Making::check(region_path)?;
    remove_name(region_path, is_meant)
}
