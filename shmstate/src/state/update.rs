//! One transaction, from the lock to the verdict.

use super::handle::State;
use super::outcome::Outcome;
use super::txn_buffer::Inner;
use crate::commit::{BeginError, Clock, Images, Transaction};
use crate::error::{Call, Error, ErrorRepr};
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::region::Region;
use crate::track::{DirtyRanges, Frame, Stamp};
use std::time::Duration;

/// The copy that an update writes, and what belongs to it.
pub(super) struct Pointers<'a, T> {
    /// Holds a value, and is this update's alone.
    pub(super) copy: *mut T,
    /// The version before: a value that no process writes.
    pub(super) active: *const T,
    /// The version that the update makes.
    pub(super) version: u64,
    pub(super) stamp: Stamp,
    pub(super) touched: &'a DirtyRanges,
}

impl<T: SharedLayout> State<T> {
    /// Runs `f` on the state. When `f` returns, what it did becomes the next version, all at once.
    ///
    /// No process sees any of it before that. If the closure panics or the process dies, no process ever sees it: other processes
    /// go on with the version before. `f` runs under the region's lock, which blocks other writers, but not readers.
    ///
    /// The lock is not fair: a writer that updates again at once may get it before writers that wait. Do long work outside of `f`.
    ///
    /// Fields that are no containers are copied before each update whether or not they change, so keep large tables in containers;
    /// a container costs only what is touched in it.
    ///
    /// The return value of the closure decides nothing: an `Option` that is `None` is committed as well. A closure that returns a
    /// `Result` does not compile, because its `Err` would be committed: [`try_update`](Self::try_update) and
    /// [`transact`](Self::transact) roll back. [`Outcome`] explains how the compiler tells.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let ticks = board.update(|s| {
    ///     s.ticks += 1;
    ///     s.ticks
    /// })?;
    /// assert_eq!((ticks, board.version()?), (1, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```compile_fail,E0283
    /// # let lists = shmstate::State::<shmstate::List<u64, 4>>::anonymous().unwrap();
    /// lists.update(|s| s.push(1)).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) if another writer, or readers in all other copies, stay longer than the timeout;
    /// [`Reentrant`](crate::ErrorKind::Reentrant) inside of a closure over the same region on the same thread;
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle. `f` has not run then.
    ///
    /// # Panics
    /// With whatever `f` panics, after everything has been rolled back.
    #[inline]
    pub fn update<R, UseTryUpdateForResult>(&self, f: impl FnOnce(&mut T) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        match self.try_update(|s| Ok::<R, std::convert::Infallible>(f(s)))? {
            Ok(r) => Ok(r),
        }
    }

    /// Runs `f` on the state; if it returns `Ok`, what it did becomes the next version; if `Err`, nothing has happened.
    ///
    /// The outer result is the state's own error, the inner one is what `f` returned, so that `??` is at the end of most calls. The
    /// compiler must know the type of the inner error: from what `f` returns, or because it is written out (`|s| -> Result<_,
    /// MyError>`, `Ok::<_, MyError>(())`). A closure whose only errors are those of this library needs none of this in
    /// [`transact`](Self::transact). [`Error`] shows both together with error types of other crates.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Account { cents: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let account = State::<Account>::create(dir.path().join("account"))?;
    /// let verdict = account.try_update(|s| {
    ///     s.cents += 5;
    ///     if s.cents > 3 { Err("too rich") } else { Ok(()) }
    /// })?;
    /// assert_eq!(verdict, Err("too rich"));
    /// assert_eq!(account.read(|s| s.cents)?, 0);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    ///
    /// # Panics
    /// As for [`update`](Self::update).
    #[inline]
    pub fn try_update<R, E>(&self, f: impl FnOnce(&mut T) -> Result<R, E>) -> Result<Result<R, E>, Error> {
        self.update_within(|| self.timeout(), |s, _| f(s))
    }

    /// [`update`](Self::update), with the number of the version that it makes.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64, changed_at: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let made = board.update_versioned(|s, version| {
    ///     s.ticks += 1;
    ///     s.changed_at = version;
    ///     version
    /// })?;
    /// assert_eq!(made, 1);
    /// assert_eq!(board.read_versioned(|s, version| (version, s.changed_at))?, (1, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    ///
    /// # Panics
    /// As for [`update`](Self::update).
    #[inline]
    pub fn update_versioned<R, UseTryUpdateForResult>(&self, f: impl FnOnce(&mut T, u64) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        match self.try_update_versioned(|s, version| Ok::<R, std::convert::Infallible>(f(s, version)))? {
            Ok(r) => Ok(r),
        }
    }

    /// [`try_update`](Self::try_update), with the number of the version that it makes if it returns `Ok`. After an `Err`, the next
    /// update makes the version of that number.
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    ///
    /// # Panics
    /// As for [`update`](Self::update).
    #[inline]
    pub fn try_update_versioned<R, E>(
        &self,
        f: impl FnOnce(&mut T, u64) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        self.update_within(|| self.timeout(), f)
    }

    /// [`try_update`](Self::try_update), which waits no longer than `timeout` says, and tells `f` which version it makes.
    #[inline]
    pub(crate) fn update_within<R, E>(
        &self,
        timeout: impl Fn() -> Duration,
        f: impl FnOnce(&mut T, u64) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        // SAFETY: the copy holds a value and is this update's alone; the reference ends with the closure.
        self.update_by_pointer(timeout, |running| f(unsafe { &mut *running.copy }, running.version))
    }

    /// An update whose closure is given pointers instead of a reference. It leaves a value in the copy.
    #[inline(always)]
    pub(super) fn update_by_pointer<R, E>(
        &self,
        timeout: impl Fn() -> Duration,
        f: impl FnOnce(Pointers<'_, T>) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        let region = self.region();
        region.check()?;
        if Frame::is_open(region.key().numbers()) {
            return Err(self.reentrant());
        }
        let shared = region.shared();
        // SAFETY: these are the region's images; the active one holds a value (checked at attach, and every commit
        // publishes one); the slot is this handle's.
        let begun = unsafe { shared.begin(region.slot(), region.os(), || self.waiting(timeout()), self.images()) };
        let txn = match begun {
            Ok(txn) => txn,
            Err(BeginError::NoSuchCopy { copy }) => self.begin_again(copy, timeout())?,
            Err(e) => return Err(region.to_error(e)),
        };
        let (copy, active) = txn.pair();
        // SAFETY: the lock is held, by this thread.
        let Inner { frame, running, copies } = unsafe { &mut *self.txn_buffer().inner.get() };
        let stamp = Stamp::root(running.begin(copy.addr()));
        *copies = [txn.copy(), txn.active()];
        // Dropped where it is: rolls back what has not been committed.
        let unfinished = Unfinished(self);
        if T::TRACKED {
            // SAFETY: the copy is caught up, so it holds a value, and it is this transaction's alone.
            unsafe { T::stamp(copy, stamp) }
        }
        let closure = || f(Pointers { copy, active, version: txn.version(), stamp, touched: &running.touched });
        // SAFETY: it is in this handle, and the lock keeps it this thread's.
        let verdict = unsafe { frame.enter_update(&raw const *running, closure) };
        // The closure may have forked, and this be the child.
        region.check()?;
        if verdict.is_ok() {
            if T::TRACKED {
                // SAFETY: a value that is this transaction's alone.
                unsafe { T::collect_dirty::<false>(copy, copy, stamp, &mut running.touched) }
            }
            std::mem::forget(unfinished);
            shared.commit(txn, &running.touched);
            shared.unlock(region.os());
        }
        Ok(verdict)
    }

    /// Begins an update of a region that names an active copy that it does not have: it is being replaced, or has been.
    #[cold]
    #[inline(never)]
    fn begin_again(&self, copy: usize, timeout: Duration) -> Result<Transaction<'_, (*mut T, *const T)>, Error> {
        let region = self.region();
        let mut named = copy;
        loop {
            region.settle(named, &mut self.waiting(timeout))?;
            let clock = || self.waiting(timeout);
            // SAFETY: as in `try_update`.
            match unsafe { region.shared().begin(region.slot(), region.os(), clock, self.images()) } {
                Err(BeginError::NoSuchCopy { copy }) => named = copy,
                begun => return begun.map_err(|e| region.to_error(e)),
            }
        }
    }

    /// Runs `f` on the state; if it returns `Ok`, what it did becomes the next version; if `Err`, nothing has happened.
    ///
    /// It is [`try_update`](Self::try_update) with one type of error: `?` in the closure takes the errors of all containers,
    /// and one `?` is enough outside.
    ///
    /// ```
    /// # use shmstate::{ErrorKind, List, SharedLayout, State, Text};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { owner: Text<4>, samples: List<f64, 16> }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// board.transact(|s| {
    ///     s.samples.push(0.5)?;
    ///     s.owner.set("me")?;
    ///     Ok(())
    /// })?;
    /// let failed = board.transact(|s| {
    ///     s.samples.clear();
    ///     s.owner.set("another one")?;
    ///     Ok(())
    /// });
    /// assert_eq!(failed.unwrap_err().kind(), ErrorKind::Full);
    /// assert_eq!(board.read(|s| s.samples.len())?, 1); // rolled back
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`update`](Self::update), and what `f` returns.
    ///
    /// # Panics
    /// As for [`update`](Self::update).
    #[inline]
    pub fn transact<R>(&self, f: impl FnOnce(&mut T) -> Result<R, Error>) -> Result<R, Error> {
        self.try_update(f)?
    }

    #[cold]
    fn reentrant(&self) -> Error {
        ErrorRepr::Reentrant { path: self.region().path().to_owned(), call: Call::Update }.into()
    }
}

/// An update whose closure runs. If it is dropped, as by `Err` or by unwinding, it rolls back. If it is dropped in a child that was
/// forked in the closure, it leaves the update to the parent.
///
/// It holds only a reference to the handle, which knows the rest, so that an update stores nothing else for it.
struct Unfinished<'a, T: SharedLayout>(&'a State<T>);

impl<T: SharedLayout> Drop for Unfinished<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.roll_back();
    }
}

/// The lock of an update that is rolled back. It is released on every way out. If the walk over `T` panics, the copy stays odd.
struct Locked<'a>(&'a Region);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.0.shared().unlock(self.0.os());
    }
}

impl<T: SharedLayout> State<T> {
    /// Rolls back the update that this handle runs.
    ///
    /// Not inlined, because the walk over `T` is large, and its callers have that of the commit already.
    #[inline(never)]
    fn roll_back(&self) {
        let region = self.region();
        if !region.is_mine() {
            return;
        }
        let _locked = Locked(region);
        // SAFETY: the lock is held, by this thread; the update's own borrow is not used any more.
        let Inner { running, copies: [copy, active], .. } = unsafe { &mut *self.txn_buffer().inner.get() };
        let (written, seen) = self.images().pair(*copy, *active);
        if T::TRACKED {
            // SAFETY: both hold values, of which one is this transaction's alone, and no process changes the other one.
            unsafe { T::collect_dirty::<false>(written, seen, Stamp::root(running.tx()), &mut running.touched) }
        }
        region.shared().roll_back(*copy, &running.touched);
    }

    /// A clock for an update that waits; how long it has waited is noted at its end.
    #[cold]
    fn waiting(&self, timeout: Duration) -> Waiting<'_, T> {
        Waiting { state: self, deadline: Deadline::new(timeout) }
    }
}

/// The clock of an update that waits.
struct Waiting<'a, T: SharedLayout> {
    state: &'a State<T>,
    deadline: Deadline,
}

impl<T: SharedLayout> Clock for Waiting<'_, T> {
    fn remaining(&mut self) -> Option<Duration> {
        self.deadline.remaining()
    }
}

impl<T: SharedLayout> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        // A listener of events that has panicked is not called again: a second panic would end the process.
        if let Some(waited) = self.deadline.waited().filter(|_| !std::thread::panicking()) {
            self.state.note_wait(waited);
        }
    }
}
