//! [`DurableState`]: what the user holds.

use crate::advice;
use crate::backup;
use crate::error::Error;
use crate::keeper::{Keeper, Kept};
use crate::options::Options;
use shmstate::{Outcome, SharedLayout, State};
use std::fmt;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a process waits for a version to be made before it looks whether the region is still kept.
const LOOK: Duration = Duration::from_millis(50);

/// What to do with a backup of another layout.
const RESTORED_APART: &str = "a running state keeps its layout: make the file the store of another state with `shmstate_durable::restore`, and \
                              open that one with `DurableState::options().migrate(…)`";

/// A state that survives a restart of the machine: a [`State`] whose changes one of the processes that use it writes to disk.
///
/// It dereferences to its [`State`], so that [`read`](State::read), [`update`](State::update) and all other methods are the same and
/// cost the same.
///
/// ```
/// use shmstate::SharedLayout;
/// use shmstate_durable::DurableState;
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Counter { count: u64 }
///
/// # let dir = tempfile::tempdir()?;
/// # let (name, stores) = (dir.path().join("counter"), dir.path().join("stores"));
/// let counter = DurableState::<Counter>::open(&name, &stores)?;
/// counter.update(|s| s.count += 1)?; // on disk within a second
/// counter.update_durable(|s| s.count += 1)?; // on disk now
/// drop(counter);
///
/// shmstate_durable::remove(&name)?; // as a restart of the machine does
/// let counter = DurableState::<Counter>::open(&name, &stores)?;
/// assert_eq!(counter.read(|s| s.count)?, 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct DurableState<T: SharedLayout> {
    /// Before the handle: its thread may write a last version.
    _keeper: Keeper,
    kept: Arc<Kept>,
    state: State<T>,
}

// A panic in a closure rolls back, as for `State`.
impl<T: SharedLayout> UnwindSafe for DurableState<T> {}
impl<T: SharedLayout> RefUnwindSafe for DurableState<T> {}

impl<T: SharedLayout> DurableState<T> {
    /// Opens the state `name`, which is kept in the directory `dir`, in a file `name.redb`.
    ///
    /// If there is a region of that name, this is a handle on it, and the store has to belong to it. If there is none, the region is restored
    /// from the store. If there is no store either, both are created. A region without a store gets one, and is durable from then on. When
    /// this returns, the store has a version of the state.
    ///
    /// # Errors
    /// [`Error::State`] as for [`State::open_or_create`]; [`Error::Damaged`] if the store has changed since it was written; [`Error::Layout`]
    /// if the store is to be restored and has another layout than `T`, or would lose something that [`migrate`](Options::migrate) does not
    /// allow; [`Error::Unrelated`] and [`Error::OtherStore`] if region and store do not belong together; [`Error::Held`] if a process that
    /// does not use this region has the store open; [`Error::NoStore`] if the store was removed or replaced while other processes use the
    /// state; [`Error::Store`] with the system's message; [`Error::Opening`] if another process that
    /// restores the state takes longer than the timeout. In all these cases the store keeps its content, and a region that does not belong to
    /// it is not migrated. Nothing stays that this call has made, unless another process uses it.
    pub fn open(name: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open(name, dir)
    }

    /// How to open: interval, timeout, mode, migrations, and what a new region is like.
    pub fn options<'a>() -> Options<'a, T> {
        Options::new()
    }

    pub(crate) fn new(state: State<T>, kept: Arc<Kept>, keeper: Keeper) -> Self {
        DurableState { _keeper: keeper, kept, state }
    }

    /// The handle on the state.
    #[must_use]
    pub fn state(&self) -> &State<T> {
        &self.state
    }

    /// [`State::update`], which returns once the version that it makes is on disk.
    ///
    /// All earlier commits are then on disk as well. Updates that wait at the same time, in any process, share one transaction of the
    /// store.
    ///
    /// # Errors
    /// [`Error::State`] as for [`State::update`]: nothing has happened. [`Error::NotDurable`] and [`Error::Detached`]: the update
    /// is committed, and it is not known whether it is on disk.
    ///
    /// # Panics
    /// With whatever `f` panics, after everything has been rolled back.
    pub fn update_durable<R, UseTryUpdateForResult>(&self, f: impl FnOnce(&mut T) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        let (result, version) = self.state.update_versioned(|s, version| (f(s), version))?;
        self.waited(version)?;
        Ok(result)
    }

    /// [`State::try_update`], which waits, if the closure returns `Ok`, until the version that it makes is on disk.
    ///
    /// # Errors
    /// As for [`update_durable`](Self::update_durable).
    ///
    /// # Panics
    /// As for [`update_durable`](Self::update_durable).
    pub fn try_update_durable<R, E>(&self, f: impl FnOnce(&mut T) -> Result<R, E>) -> Result<Result<R, E>, Error> {
        match self.state.try_update_versioned(|s, version| f(s).map(|result| (result, version)))? {
            Ok((result, version)) => {
                self.waited(version)?;
                Ok(Ok(result))
            }
            Err(e) => Ok(Err(e)),
        }
    }

    /// Waits until everything that is committed now is on disk. Returns the version.
    ///
    /// # Errors
    /// [`Error::NotDurable`] if that takes longer than the timeout; [`Error::Detached`].
    pub fn flush(&self) -> Result<u64, Error> {
        let version = self.state.version()?;
        self.waited(version)?;
        Ok(version)
    }

    /// The newest version that is known to be on disk. After a power cut, the state is restored as of this version or of a later one:
    /// only commits after it may be lost.
    ///
    /// # Errors
    /// [`Error::Detached`] if the region of this handle is no longer written to the store; [`Error::State`].
    pub fn durable_version(&self) -> Result<u64, Error> {
        self.kept.control.durable(self.kept.lineage)?.ok_or_else(|| self.detached())
    }

    /// Waits until `version` is on disk, and requests that it is written; `false` if that takes longer than `timeout`. If the version
    /// has not been made yet, this first waits until it is made.
    ///
    /// # Errors
    /// [`Error::Detached`] if the region of this handle is no longer written to the store; [`Error::State`], for example
    /// [`Retired`](shmstate::ErrorKind::Retired) if the version has not been made and the region was replaced: [`reopen`](Self::reopen) and
    /// wait again.
    pub fn wait_durable(&self, version: u64, timeout: Duration) -> Result<bool, Error> {
        let Kept { control, lineage, .. } = &*self.kept;
        let until = Instant::now().checked_add(timeout);
        let remaining = || until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        loop {
            if self.durable_version()? >= version {
                return Ok(true);
            }
            // It is not wanted before, because an update does not wake the process that writes.
            if self.state.version()? >= version {
                control.want(*lineage, version)?;
                break;
            }
            if remaining().is_zero() {
                return Ok(false);
            }
            self.state.wait_newer(version - 1, remaining().min(LOOK))?;
        }
        let reached = control.progress.wait_until(remaining(), |p| {
            if p.lineage != *lineage { Some(None) } else { (p.durable >= version).then_some(Some(())) }
        })?;
        match reached {
            Some(Some(())) => Ok(true),
            Some(None) => Err(self.detached()),
            None => Ok(false),
        }
    }

    /// Why the last attempt to write to the store failed; empty if it succeeded, or if there was none yet.
    ///
    /// # Errors
    /// [`Error::State`].
    pub fn last_failure(&self) -> Result<String, Error> {
        Ok(self.kept.control.progress.read(|p| p.why.to_string())?)
    }

    /// Waits for a version as long as the timeout says.
    fn waited(&self, version: u64) -> Result<(), Error> {
        if self.wait_durable(version, self.kept.timeout)? {
            return Ok(());
        }
        let (durable, why) = (self.durable_version()?, self.last_failure()?);
        let why = match &*why {
            "" => ", and the process that writes has not said why; `attached` lists the processes".to_owned(),
            why => format!("; the process that writes says: {why}"),
        };
        Err(Error::NotDurable { region: self.kept.paths.region.clone(), version, durable, why })
    }

    fn detached(&self) -> Error {
        Error::Detached { region: self.kept.paths.region.clone() }
    }

    /// Writes the committed version to a new file, which is a store of its own, while other processes use the state: see
    /// [`backup`](crate::backup()).
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if the file exists; [`Error::Held`] if another process is making it; [`Error::Store`];
    /// [`Error::State`].
    pub fn backup(&self, file: impl AsRef<Path>) -> Result<u64, Error> {
        let follower = self.state.follow()?;
        backup::write(file.as_ref(), follower.version(), &State::<T>::schema(), follower.bytes())?;
        Ok(follower.version())
    }

    /// Gives the state the content of a backup, while other processes use the state. This is one update. Its version is returned once it is
    /// on disk.
    ///
    /// Before the update, the backup is read and checked as a whole. It has to have this layout. The call needs memory for three images of
    /// the state.
    ///
    /// # Errors
    /// As for [`verify`](crate::verify) and [`update_durable`](Self::update_durable); [`Error::Layout`].
    pub fn restore(&self, file: impl AsRef<Path>) -> Result<u64, Error> {
        let content = backup::verify(&file)?;
        // A region without a name checks what only the program can check: archives, and where its keys lie. It goes with its handle, and so
        // with the process.
        let restored = State::<T>::options().copies(2).handles(1).restore_anonymous(&content).map_err(Error::from);
        let restored = restored.map_err(Error::content(file.as_ref(), RESTORED_APART))?;
        drop(content);
        let mut content = restored.snapshot()?;
        drop(restored);
        let version = self.state.update_versioned(|s, version| {
            std::mem::swap(s, &mut content);
            version
        })?;
        self.waited(version)?;
        Ok(version)
    }

    /// [`State::reopen`]: what to do after [`Retired`](shmstate::ErrorKind::Retired).
    ///
    /// # Errors
    /// [`Error::State`] as for [`State::reopen`]; [`Error::Detached`] if the name leads to a region of another state by now.
    pub fn reopen(&mut self) -> Result<bool, Error> {
        let moved = self.state.reopen().map_err(|e| advice::of_state(&self.kept.paths)(e.into()))?;
        if self.state.lineage() == self.kept.lineage { Ok(moved) } else { Err(self.detached()) }
    }

    /// [`State::recreate`]: moves the state to a region of other sizes, which is kept in the same store.
    ///
    /// # Errors
    /// [`Error::State`] as for [`State::recreate`].
    pub fn recreate(&mut self, options: shmstate::Options<'_, T>) -> Result<(), Error> {
        Ok(self.state.recreate(options)?)
    }
}

impl<T: SharedLayout> Deref for DurableState<T> {
    type Target = State<T>;

    #[inline]
    fn deref(&self) -> &State<T> {
        &self.state
    }
}

/// The handle, and where it is kept.
impl<T: SharedLayout> fmt::Debug for DurableState<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableState")
            .field("state", &self.state)
            .field("store", &self.kept.paths.store)
            .finish_non_exhaustive()
    }
}
