//! A handle on a region, used as bytes: reads under a pin, updates under the lock, both by the protocol of every handle.
//!
//! This is the only file of the dynamic view with unsafe code.

use super::plain::Plain;
use super::shape::Shapes;
use crate::commit::{BeginError, Clock, Images, Pin, Reader, Transaction};
use crate::error::{Error, Trouble};
use crate::os::{self, Deadline};
use crate::region::Region;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use crate::track::{DirtyRanges, Frame, Running, thread_number};
use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::time::Duration;

/// A handle.
pub(super) struct Session {
    region: Region,
    /// Bytes of the state.
    size: usize,
    plain: Plain,
    timeout: Duration,
    /// The thread that reads as the handle's owner: the first one that read; 0 before.
    owner: AtomicU64,
    /// Invariant: accessed only while this handle's slot owns the region's lock, by the thread that took it.
    update: UnsafeCell<Update>,
}

/// What a running update needs.
struct Update {
    frame: Frame,
    running: Running,
}

// SAFETY: a region is; by the invariant of `update`, one thread at a time has that.
unsafe impl Sync for Session {}
// SAFETY: it moves only between updates, and the pointers in `update` mean nothing then.
unsafe impl Send for Session {}

/// The images of the state in the mapping.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    base: *mut u8,
    stride: usize,
    size: usize,
    plain: &'a Plain,
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
}

impl Session {
    pub(super) fn new(region: Region, shapes: &Shapes, timeout: Duration) -> Session {
        let size = shapes.size();
        let (frame, running) = (Frame::new(region.key().numbers()), Running::new(size, os::random_u64()));
        let update = UnsafeCell::new(Update { frame, running });
        Session { region, size, plain: Plain::of(shapes), timeout, owner: AtomicU64::new(0), update }
    }

    pub(super) fn region(&self) -> &Region {
        &self.region
    }

    fn images(&self) -> Bytes<'_> {
        let (base, stride) = self.region.images();
        Bytes { base, stride, size: self.size, plain: &self.plain }
    }

    /// Runs `f` on the committed version, which stays as it is meanwhile, and the number of its copy.
    #[inline]
    pub(super) fn read<R>(&self, f: impl FnOnce(&[u8], usize) -> R) -> Result<R, Error> {
        let region = &self.region;
        region.check()?;
        let pin = region
            .shared()
            .enter(region.slot(), region.slot_line(), self.reader())
            .or_else(|copy| self.enter_leaving(copy))?;
        let image = self.images().image(pin.copy()).cast_const();
        let copy = pin.copy();
        let pinned = Pinned { region, pin: ManuallyDrop::new(pin) };
        // SAFETY: as many bytes as the state has, in a copy that no process writes while it is pinned.
        let bytes = unsafe { std::slice::from_raw_parts(image, self.size) };
        let result = Frame::new(region.key().numbers()).enter(|| f(bytes, copy));
        drop(pinned);
        // The closure may have forked, and this be the child.
        region.check()?;
        Ok(result)
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
        region.check()?;
        if Frame::is_open(region.key().numbers()) {
            return Err(Error::from(Trouble::Reentrant { path: region.path().to_owned() }).into());
        }
        let txn = self.begin()?;
        let (to, _) = txn.pair();
        // SAFETY: the lock is held, by this thread.
        let Update { frame, running } = unsafe { &mut *self.update.get() };
        running.begin(to.addr());
        let unfinished = Unfinished { session: self, copy: txn.copy() };
        let touched = &running.touched;
        // SAFETY: the copy is caught up, and it is this transaction's alone until it ends; as many bytes as the state has.
        let bytes = unsafe { std::slice::from_raw_parts_mut(to, self.size) };
        // SAFETY: it is in this handle, and the lock keeps it this thread's.
        let verdict = unsafe { frame.enter_update(&raw const *running, || f(bytes, touched)) };
        // The closure may have forked, and this be the child.
        region.check()?;
        let result = verdict?;
        std::mem::forget(unfinished);
        txn.commit(&running.touched);
        region.shared().unlock(region.os());
        Ok(result)
    }

    /// Takes the lock and a copy to write.
    fn begin(&self) -> Result<Transaction<'_, (*mut u8, *const u8)>, Error> {
        let region = &self.region;
        loop {
            // SAFETY: these are the region's images; the active one holds a value (checked at attach, and every commit
            // publishes one); the slot is this handle's.
            let begun = unsafe { region.shared().begin(region.slot(), region.os(), || self.waiting(), self.images()) };
            match begun {
                Err(BeginError::NoSuchCopy { copy }) => region.settle(copy, &mut self.waiting())?,
                begun => return begun.map_err(|e| region.trouble(e)),
            }
        }
    }

    fn waiting(&self) -> Waiting<'_> {
        Waiting { region: &self.region, deadline: Deadline::new(self.timeout) }
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
        let region = &self.session.region;
        if region.is_mine() {
            // SAFETY: the lock is held, by this thread; the update's own borrow is not used any more.
            let running = unsafe { &(*self.session.update.get()).running };
            // What was written is noted, so that the next update of this copy takes it back.
            region.shared().roll_back(self.copy, &running.touched);
            region.shared().unlock(region.os());
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
