//! One transaction, from the lock to the verdict.

use super::clock::Deadline;
use super::handle::State;
use super::outcome::Outcome;
use crate::commit::{Host, Images, Txn};
use crate::error::{Error, Trouble};
use crate::layout::SharedLayout;
use crate::mutant;
use crate::os;
use crate::region::Region;
use crate::track::{Frame, Stamp, Touched};
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::Range;
use std::time::Duration;

/// What a handle's running transaction needs; allocated when the handle is made.
pub(super) struct Scratch {
    /// Invariant: accessed only while this handle's slot owns the region's lock, by the thread that took it.
    inner: UnsafeCell<Inner>,
}

struct Inner {
    /// The id of the last transaction: random at first, then counted, never taken from the file. Never 0.
    tx: u64,
    touched: Touched,
}

// SAFETY: by the invariant of `inner`, one thread at a time.
unsafe impl Sync for Scratch {}

impl Scratch {
    pub(super) fn new(size: u64) -> Self {
        let tx = if mutant::planted("transaction_ids_from_the_file") { 1 } else { os::random_u64() };
        Scratch { inner: UnsafeCell::new(Inner { tx, touched: Touched::new(size) }) }
    }
}

/// The images of `T` in a mapping: worked out once, for every read and update needs them.
pub(super) struct TypedImages<T> {
    base: *mut u8,
    stride: usize,
    ty: PhantomData<fn() -> T>,
}

// SAFETY: an address; whoever follows it promises what that takes.
unsafe impl<T> Send for TypedImages<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for TypedImages<T> {}

impl<T> Clone for TypedImages<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TypedImages<T> {}

impl<T: SharedLayout> TypedImages<T> {
    pub(super) fn of(region: &Region) -> Self {
        let (base, stride) = region.images();
        TypedImages { base, stride, ty: PhantomData }
    }

    /// Copy `k`, which exists.
    #[inline]
    pub(super) fn image(&self, k: usize) -> *mut T {
        self.base.wrapping_add(k * self.stride).cast()
    }
}

impl<T: SharedLayout> Images for TypedImages<T> {
    #[inline]
    fn size(&self) -> u64 {
        size_of::<T>() as u64
    }

    #[inline]
    unsafe fn copy_all(&self, to: usize, from: usize) {
        // SAFETY: the caller's promise; two copies of `T` in the mapping.
        unsafe { std::ptr::copy_nonoverlapping(self.image(from).cast::<u8>(), self.image(to).cast(), size_of::<T>()) }
    }

    #[inline]
    unsafe fn copy_plain(&self, to: usize, from: usize) {
        // SAFETY: the caller's promise; two copies of `T` in the mapping, of which `from` holds a value.
        unsafe { T::copy_plain(self.image(to), self.image(from)) }
    }

    #[inline]
    unsafe fn copy_range(&self, to: usize, from: usize, range: Range<u64>) {
        let (start, len) = (range.start as usize, (range.end - range.start) as usize);
        let to = self.image(to).cast::<u8>().wrapping_add(start);
        let from = self.image(from).cast::<u8>().wrapping_add(start).cast_const();
        if len == 8 {
            // The commonest range: one unit, not worth a call.
            // SAFETY: the caller's promise; the range lies inside `T`.
            unsafe { std::ptr::copy_nonoverlapping(from, to, 8) }
        } else {
            // SAFETY: the caller's promise; the range lies inside `T`.
            unsafe { std::ptr::copy_nonoverlapping(from, to, len) }
        }
    }
}

impl<T: SharedLayout> State<T> {
    /// Runs `f` on the state; what it did becomes the next version, all of it at once, when it returns.
    ///
    /// Nobody sees anything of it before, or ever, if the closure panics or the process dies: other processes go on with
    /// the version before. `f` runs under the region's lock: readers are not blocked by it, other writers are.
    ///
    /// The lock is not fair: whoever updates again at once may get it before those that wait. What takes long belongs
    /// outside of `f`.
    ///
    /// Fields that are no containers are copied before each update whether or not they change, so keep large tables in
    /// containers; a container costs what is touched in it.
    ///
    /// The closure decides nothing by what it returns: an `Option` that is `None` is committed as well. A closure that returns
    /// a `Result` does not compile, because its `Err` would be committed: [`try_update`](Self::try_update) and
    /// [`transact`](Self::transact) roll back. [`Outcome`] says how that is told.
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
    /// assert_eq!((ticks, board.version()), (1, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```compile_fail,E0283
    /// # let lists = shmstate::State::<shmstate::List<u64, 4>>::anonymous().unwrap();
    /// lists.update(|s| s.push(1)).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) if another writer, or readers in all other copies, stay until the time is up;
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
    /// The outer result is the state's own error, the inner one is what `f` returned, so that `??` is at the end of most calls.
    /// The compiler must know the type of the inner error: from what `f` returns, or because it is written out (`|s| ->
    /// Result<_, MyError>`, `Ok::<_, MyError>(())`). A closure that fails by errors of this library alone needs none of that
    /// in [`transact`](Self::transact). [`Error`] shows both beside error types of other crates.
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
        self.update_within(self.timeout(), f)
    }

    /// [`try_update`](Self::try_update), which waits no longer than `timeout`.
    #[inline]
    pub(crate) fn update_within<R, E>(
        &self,
        timeout: Duration,
        f: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        let region = self.region();
        region.check()?;
        if Frame::is_open(region.key()) && !mutant::planted("re_entry_unnoticed") {
            return Err(self.reentrant());
        }
        let images = *self.images();
        let mut clock = Deadline::new(timeout);
        // SAFETY: these are the region's images; the active one holds a value (checked at attach, and every commit
        // publishes one); the slot is this handle's.
        let mut begun = unsafe { region.shared().begin(region.slot(), region.host(), &mut clock, images) };
        if let Some(waited) = clock.waited() {
            self.note_wait(waited);
        }
        // Used where it was returned: moving it would wait for the words just written.
        let txn = match &mut begun {
            Ok(txn) => txn,
            Err(e) => return Err(region.trouble(*e)),
        };
        // SAFETY: the lock is held, by this thread.
        let Inner { tx, touched } = unsafe { &mut *self.scratch().inner.get() };
        *tx = tx.wrapping_add(1).max(1);
        touched.clear();
        let stamp = Stamp::root(*tx);
        let (copy, active) = (images.image(txn.copy()), images.image(txn.active()));
        if T::TRACKED {
            // SAFETY: the copy is caught up, so it holds a value, and it is this transaction's alone.
            unsafe { T::stamp(copy, stamp) }
        }
        // Dropped where it is: rolls back what has not been committed.
        let mut open = Open { region, txn, committed: false, copy, active, stamp, touched };
        let bytes = copy.addr()..copy.addr() + size_of::<T>();
        let verdict = {
            let frame = Frame::writing(region.key(), bytes, *tx, open.touched);
            // SAFETY: as above; the reference ends with the closure.
            frame.enter(|| f(unsafe { &mut *copy }))
        };
        // The closure may have forked, and this be the child.
        region.check()?;
        if verdict.is_ok() {
            open.commit();
        } else if mutant::planted("id_used_again_after_roll_back") {
            *tx -= 1;
        }
        Ok(verdict)
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
        Trouble::Reentrant { path: self.path().to_owned() }.into()
    }
}

/// Makes every container in a state that was filled outside of an update forget which update it may come from, as a
/// commit does.
pub(super) fn forget_moves<T: SharedLayout>(state: &mut T) {
    if T::TRACKED {
        let mut touched = Touched::new(size_of::<T>() as u64);
        let stamp = Stamp::root(os::random_u64().max(1));
        let state = std::ptr::from_mut(state).cast_const();
        // SAFETY: a value that is the caller's alone; nothing in it has the stamp of this new transaction.
        unsafe { T::flatten::<false>(state, state, stamp, &mut touched) }
    }
}

/// An update whose closure runs. Dropped without a commit, as by `Err` or by unwinding, it rolls back. Dropped in a child
/// that was forked in the closure, it leaves the update to the parent.
struct Open<'a, 's, T: SharedLayout, H: Host> {
    region: &'a Region,
    /// Unlocks when it is dropped, which comes after this.
    txn: &'a mut Txn<'s, H>,
    committed: bool,
    /// Invariant: a value, of this transaction alone.
    copy: *mut T,
    /// Invariant: a value that nobody changes.
    active: *const T,
    stamp: Stamp,
    touched: &'a mut Touched,
}

impl<T: SharedLayout, H: Host> Open<'_, '_, T, H> {
    #[inline]
    fn commit(&mut self) {
        self.flatten(self.copy);
        self.txn.commit(self.touched);
        self.committed = true;
    }

    /// Gathers what the closure has touched, as far as it is live in `source`.
    #[inline]
    fn flatten(&mut self, source: *const T) {
        if T::TRACKED {
            // SAFETY: both hold values that nobody changes now, by the invariants of the fields.
            unsafe { T::flatten::<false>(self.copy, source, self.stamp, self.touched) }
        }
    }
}

impl<T: SharedLayout, H: Host> Open<'_, '_, T, H> {
    /// Not inlined: the walk over `T` is large, and the commit's stands beside it.
    #[inline(never)]
    fn roll_back(&mut self) {
        self.flatten(self.active);
        self.txn.roll_back(self.touched);
    }
}

impl<T: SharedLayout, H: Host> Drop for Open<'_, '_, T, H> {
    #[inline]
    fn drop(&mut self) {
        if self.committed {
            return;
        }
        if self.region.is_mine() { self.roll_back() } else { self.txn.disown() }
    }
}
