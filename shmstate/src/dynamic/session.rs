//! A handle on a region, used as bytes: reads under a pin, updates under the lock, both by the protocol of every handle.
//!
//! This file and [`deferred`](super::deferred) are the only ones of the dynamic view with unsafe code.

use super::deferred::{Deferred, LONG};
use super::plain::Plain;
use super::shape::Shapes;
use crate::commit::{BeginError, Clock, Images, Pin, Reader, Suspended, Transaction};
use crate::error::{Call, Error, ErrorRepr};
use crate::os::{self, Deadline};
use crate::region::{Region, copy_words};
use crate::sync::{AtomicU64, Ordering::Relaxed};
use crate::track::{DirtyRanges, Frame, OpenFrame, Running, thread_number};
use std::cell::{RefCell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// A handle.
pub(super) struct Session {
    region: Region,
    /// The first copy in the region's mapping, and the bytes from one copy to the next.
    base: *mut u8,
    stride: usize,
    /// Bytes of the state.
    size: usize,
    plain: Plain,
    timeout: Duration,
    /// The thread that reads as the handle's owner: the first one that read; 0 before.
    owner: AtomicU64,
    /// Invariant: accessed only while this handle's slot owns the region's lock, by the call or the guard that took it.
    update: UnsafeCell<Update>,
}

/// What a running update needs.
struct Update {
    frame: Frame,
    running: Running,
}

// SAFETY: a region is, and `base` is an address in its mapping, which every access has its own proof for; by the invariant of
// `update`, one call or guard at a time has that, and each is on one thread at a time.
unsafe impl Sync for Session {}
// SAFETY: the mapping stays where it is; the session moves only between updates, and the pointers in `update` mean nothing then.
unsafe impl Send for Session {}

/// The images of the state in the mapping.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    base: *mut u8,
    stride: usize,
    size: usize,
    plain: &'a Plain,
    /// Where long ranges of the log are written down, instead of being copied.
    left_out: Option<&'a RefCell<Vec<Range<usize>>>>,
}

impl Bytes<'_> {
    fn image(&self, copy: usize) -> *mut u8 {
        self.base.wrapping_add(copy * self.stride)
    }
}

/// The bytes of two images, of which one is written.
///
/// # Safety
/// Two images of the same mapping, of which the first has no other access and the second no write.
unsafe fn slices<'a>((to, from): (*mut u8, *const u8), size: usize) -> (&'a mut [u8], &'a [u8]) {
    // SAFETY: the caller's promise; an image is as large as the state, and mapped bytes are initialised.
    let to = unsafe { std::slice::from_raw_parts_mut(to, size) };
    // SAFETY: the same.
    (to, unsafe { std::slice::from_raw_parts(from, size) })
}

impl Images for Bytes<'_> {
    type Pair = (*mut u8, *const u8);

    fn size(&self) -> u64 {
        self.size as u64
    }

    fn pair(&self, to: usize, from: usize) -> Self::Pair {
        (self.image(to), self.image(from))
    }

    unsafe fn copy_all(&self, pair: Self::Pair) {
        if let Some(left_out) = self.left_out {
            left_out.borrow_mut().clear();
        }
        // SAFETY: the caller's promise.
        let (to, from) = unsafe { slices(pair, self.size) };
        to.copy_from_slice(from);
    }

    unsafe fn copy_plain(&self, pair: Self::Pair) {
        // SAFETY: the caller's promise.
        let (to, from) = unsafe { slices(pair, self.size) };
        self.plain.copy(to, from, 0);
    }

    unsafe fn copy_range(&self, pair: Self::Pair, range: Range<u64>) {
        let range = range.start as usize..range.end as usize;
        // SAFETY: the caller's promise; the range lies inside of the state, whose images are padded to whole pages.
        let (to, from) = unsafe { slices(pair, range.end.max(self.size)) };
        to[range.clone()].copy_from_slice(&from[range]);
    }

    unsafe fn copy_long(&self, pair: Self::Pair, range: Range<u64>) {
        match self.left_out {
            Some(left_out) if range.end - range.start >= LONG => {
                left_out.borrow_mut().push(range.start as usize..range.end as usize);
            }
            // SAFETY: the caller's promise.
            _ => unsafe { self.copy_range(pair, range) },
        }
    }
}

impl Session {
    pub(super) fn new(region: Region, shapes: &Shapes, timeout: Duration) -> Session {
        let size = shapes.size();
        let (frame, running) = (Frame::new(region.key().numbers()), Running::new(size, os::random_u64()));
        let update = UnsafeCell::new(Update { frame, running });
        let (base, stride) = region.images();
        Session { region, base, stride, size, plain: Plain::of(shapes), timeout, owner: AtomicU64::new(0), update }
    }

    pub(super) fn region(&self) -> &Region {
        &self.region
    }

    fn images(&self) -> Bytes<'_> {
        Bytes { base: self.base, stride: self.stride, size: self.size, plain: &self.plain, left_out: None }
    }

    /// Runs `f` on the committed version, which stays as it is meanwhile, and the number of its copy.
    #[inline]
    pub(super) fn read<R>(&self, f: impl FnOnce(&[u8], usize) -> R) -> Result<R, Error> {
        let region = &self.region;
        let pin = self.pin(self.reader())?;
        let copy = pin.copy();
        let pinned = Pinned { region, pin: ManuallyDrop::new(pin) };
        // SAFETY: `pinned` keeps the copy as it is until after the call.
        let bytes = unsafe { self.pinned_bytes(copy) };
        let result = Frame::new(region.key().numbers()).enter(|| f(bytes, copy));
        drop(pinned);
        // The closure may have forked, and this be the child.
        region.check()?;
        Ok(result)
    }

    /// Pins the committed version.
    #[inline(always)]
    fn pin(&self, reader: Reader) -> Result<Pin<'_>, Error> {
        let region = &self.region;
        region.check()?;
        let entered = region.shared().enter(region.slot(), region.slot_line(), reader);
        entered.or_else(|copy| self.enter_leaving(copy))
    }

    /// The bytes of a copy.
    ///
    /// # Safety
    /// No process writes the copy as long as they are used, and this process is the one that has the mapping.
    #[inline]
    unsafe fn pinned_bytes(&self, copy: usize) -> &[u8] {
        let image = self.images().image(copy).cast_const();
        // SAFETY: as many mapped, initialised bytes as the state has; the caller's promise.
        unsafe { std::slice::from_raw_parts(image, self.size) }
    }

    /// Copies copy `k` word by word, if it holds a version: that one's number. `None` if it holds none, or was written meanwhile.
    pub(super) fn try_copy_of(&self, k: usize, to: &mut [u8]) -> Result<Option<u64>, Error> {
        self.region.check()?;
        assert_eq!(to.len(), self.size, "a copy of the state");
        let image = self.images().image(k).cast_const();
        // SAFETY: the region has copy `k`, or it is not read; an image begins at a page and is padded to one; `to` is as long.
        let read = || unsafe { copy_words(to.as_mut_ptr(), image, to.len()) };
        Ok(self.region.shared().inspect(k, read).map(|((), version)| version))
    }

    /// The version in a copy that is being read.
    pub(super) fn version_of(&self, copy: usize) -> u64 {
        self.region.shared().version_of(copy)
    }

    /// What this thread is to the handle, as for a `State`.
    #[inline]
    fn reader(&self) -> Reader {
        let (me, owner) = (thread_number(), self.owner.load(Relaxed));
        let first = || owner == 0 && self.owner.compare_exchange(0, me, Relaxed, Relaxed).is_ok();
        if owner == me || first() { Reader::Owner } else { Reader::Guest }
    }

    /// A pin where the region does not have the copy that it names: it is being replaced, or has been.
    #[cold]
    fn enter_leaving(&self, copy: usize) -> Result<Pin<'_>, Error> {
        let region = &self.region;
        region.check_service(copy)?;
        region.shared().enter_leaving(region.slot()).map_err(|copy| match region.check_service(copy) {
            Err(error) => error,
            Ok(()) => region.no_such_copy(copy),
        })
    }

    /// Runs `f` on a copy of the committed version, which becomes the next one if it returns `Ok`. `f` notes what it writes.
    pub(super) fn update<R, E: From<Error>>(
        &self,
        f: impl FnOnce(&mut [u8], &DirtyRanges) -> Result<R, E>,
    ) -> Result<R, E> {
        let region = &self.region;
        let txn = self.start(self.timeout, self.images())?;
        let (to, _) = txn.pair();
        let unfinished = Unfinished { session: self, copy: txn.copy() };
        // SAFETY: the lock is held, by this call.
        let Update { frame, running } = unsafe { &*self.update.get() };
        let touched = &running.touched;
        // SAFETY: the copy is caught up, and it is this transaction's alone until it ends; as many bytes as the state has.
        let bytes = unsafe { std::slice::from_raw_parts_mut(to, self.size) };
        // SAFETY: it is in this handle, and the lock keeps it this thread's.
        let verdict = unsafe { frame.enter_update(&raw const *running, || f(bytes, touched)) };
        // The closure may have forked, and this be the child.
        region.check()?;
        let result = verdict?;
        std::mem::forget(unfinished);
        region.shared().commit(txn, &running.touched);
        region.shared().unlock(region.os());
        Ok(result)
    }

    /// Takes the lock and a copy to write, of which nothing has been touched.
    fn start(&self, timeout: Duration, images: Bytes<'_>) -> Result<Transaction<'_, (*mut u8, *const u8)>, Error> {
        let region = &self.region;
        region.check()?;
        if Frame::is_open(region.key().numbers()) {
            return Err(ErrorRepr::Reentrant { path: region.path().to_owned(), call: Call::Update }.into());
        }
        let txn = self.begin(timeout, images)?;
        // SAFETY: the lock is held, by this call.
        let running = unsafe { &(*self.update.get()).running };
        running.begin(txn.pair().0.addr());
        Ok(txn)
    }

    /// Takes the lock and a copy to write.
    fn begin(&self, timeout: Duration, images: Bytes<'_>) -> Result<Transaction<'_, (*mut u8, *const u8)>, Error> {
        let region = &self.region;
        let waiting = || Waiting { region, deadline: Deadline::new(timeout) };
        loop {
            // SAFETY: these are the region's images; the active one holds a value (checked at attach, and every commit
            // publishes one); the slot is this handle's.
            let begun = unsafe { region.shared().begin(region.slot(), region.os(), waiting, images) };
            match begun {
                Err(BeginError::NoSuchCopy { copy }) => region.settle(copy, &mut waiting())?,
                begun => return begun.map_err(|e| region.to_error(e)),
            }
        }
    }

    /// How long an update waits.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// A version that stays as it is until this is dropped, on any thread.
pub(super) struct Held {
    session: Arc<Session>,
    /// Invariant: this handle has a pin of its own on this copy, in the process that has the mapping.
    copy: usize,
    _frame: OpenFrame,
}

impl Held {
    /// Pins the committed version.
    pub(super) fn new(session: &Arc<Session>) -> Result<Held, Error> {
        // A guest's: the pin may end on another thread.
        let copy = session.pin(Reader::Guest)?.keep();
        let frame = OpenFrame::new(session.region.key().numbers(), false);
        Ok(Held { session: Arc::clone(session), copy, _frame: frame })
    }

    /// The version, and its bytes.
    pub(super) fn bytes(&self) -> Result<&[u8], Error> {
        // A child of the process that pinned it has no mapping.
        self.session.region.check()?;
        // SAFETY: the invariant of `copy`.
        Ok(unsafe { self.session.pinned_bytes(self.copy) })
    }

    /// The number of the version.
    pub(super) fn version(&self) -> Result<u64, Error> {
        self.session.region.check()?;
        Ok(self.session.version_of(self.copy))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // The pin is the parent's in a child.
        if self.session.region.is_mine() {
            self.session.region.slot_line().leave(self.copy);
        }
    }
}

/// A running update that lasts from call to call. Dropped, it is rolled back.
pub(super) struct Writing {
    session: Arc<Session>,
    /// Invariant: until it is over, this handle's slot owns the region's lock, for this update, in the process that has the mapping.
    txn: Suspended,
    /// Its images, which are not used after it is over.
    bytes: Deferred,
    /// Whether it is not over.
    open: bool,
    _frame: OpenFrame,
}

impl Writing {
    /// Begins an update, and waits so long for it.
    pub(super) fn new(session: &Arc<Session>, timeout: Duration) -> Result<Writing, Error> {
        let left_out = RefCell::default();
        let txn = session.start(timeout, Bytes { left_out: Some(&left_out), ..session.images() })?;
        let (to, from) = txn.pair();
        // SAFETY: images of this state; the lock keeps the first one this update's alone, and the second one as it is, until the
        // update is over.
        let bytes = unsafe { Deferred::new(to, from, session.size, left_out.into_inner()) };
        let frame = OpenFrame::new(session.region.key().numbers(), true);
        Ok(Writing { session: Arc::clone(session), txn: txn.suspend(), bytes, open: true, _frame: frame })
    }

    /// The bytes of the copy that it writes.
    pub(super) fn bytes(&self) -> Result<&Deferred, Error> {
        self.session.region.check()?;
        Ok(&self.bytes)
    }

    /// The same, to be written, and what is to be noted of that.
    pub(super) fn bytes_mut(&mut self) -> Result<(&mut Deferred, &DirtyRanges), Error> {
        let session = &*self.session;
        session.region.check()?;
        // SAFETY: the lock is held, by this guard.
        let running = unsafe { &(*session.update.get()).running };
        Ok((&mut self.bytes, &running.touched))
    }

    /// The addresses of the copy that it writes.
    pub(super) fn as_ptr_range(&self) -> Range<*const u8> {
        let image = self.session.images().image(self.txn.copies().0).cast_const();
        image..image.wrapping_add(self.session.size)
    }

    /// The version that it makes.
    pub(super) fn version(&self) -> u64 {
        self.txn.version()
    }

    /// Makes the copy the committed version. Returns its number.
    pub(super) fn commit(mut self) -> Result<u64, Error> {
        let region = &self.session.region;
        region.check()?;
        self.bytes.finish();
        // SAFETY: the lock is held, by this guard.
        let running = unsafe { &(*self.session.update.get()).running };
        let version = region.shared().commit(region.shared().resume(self.txn), &running.touched);
        self.open = false;
        region.shared().unlock(region.os());
        Ok(version)
    }

    /// Rolls back, and keeps the copy from being written by any process until what is returned is dropped.
    pub(super) fn abandon(mut self) -> Result<Held, Error> {
        let (session, copy) = (Arc::clone(&self.session), self.txn.copies().0);
        let region = &session.region;
        region.check()?;
        region.shared().pin_written(region.slot(), region.slot_line(), copy);
        self.roll_back();
        let frame = OpenFrame::new(region.key().numbers(), false);
        Ok(Held { session, copy, _frame: frame })
    }

    fn roll_back(&mut self) {
        self.open = false;
        // A copy that was rolled back lacks what was touched, and nothing else.
        self.bytes.finish();
        self.session.roll_back(self.txn.copies().0);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // The update is the parent's in a child.
        if self.open && self.session.region.is_mine() {
            self.roll_back();
        }
    }
}

impl Session {
    /// Ends the running update, which writes that copy, without a new version. The lock is held, by the caller's update, which
    /// does not use `update` any more.
    fn roll_back(&self, copy: usize) {
        let region = &self.region;
        // SAFETY: the lock is held, and the update's own borrow is not used any more.
        let running = unsafe { &(*self.update.get()).running };
        // What was written is noted, so that the next update of this copy takes it back.
        region.shared().roll_back(copy, &running.touched);
        region.shared().unlock(region.os());
    }
}

/// A pin that is left on every way out of a closure, but not by a child that was forked inside of it: the pin is the
/// parent's.
struct Pinned<'a> {
    region: &'a Region,
    pin: ManuallyDrop<Pin<'a>>,
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        if self.region.is_mine() {
            // SAFETY: dropped here alone, once.
            unsafe { ManuallyDrop::drop(&mut self.pin) }
        }
    }
}

/// An update whose closure runs. Dropped, as by `Err` or by unwinding, it rolls back; dropped in a child that was forked in the
/// closure, it leaves the update to the parent.
struct Unfinished<'a> {
    session: &'a Session,
    copy: usize,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.session.region.is_mine() {
            self.session.roll_back(self.copy);
        }
    }
}

/// The clock of an update that waits; how long it has waited is noted at its end.
struct Waiting<'a> {
    region: &'a Region,
    deadline: Deadline,
}

impl Clock for Waiting<'_> {
    fn remaining(&mut self) -> Option<Duration> {
        self.deadline.remaining()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // A listener of events that has panicked is not called again: a second panic would end the process.
        if let Some(waited) = self.deadline.waited().filter(|_| !std::thread::panicking()) {
            let ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
            self.region.shared().control.counters.longest_wait_ns.fetch_max(ns, Relaxed);
            crate::events::waited(self.region.path(), waited);
        }
    }
}
