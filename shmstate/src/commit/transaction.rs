//! One update: from the lock to the store that publishes.
//!
//! [`Shared::begin`] takes the lock, chooses a copy and catches it up; the caller runs the closure on it; [`Shared::commit`] or
//! [`Shared::roll_back`] ends the update; the caller unlocks.

use super::lock::LockError;
use super::outside::{Clock, Images, Os};
use super::shared::Shared;
use super::words::{CopyLine, LAGS, Published, WHOLE, count};
use crate::sync::{
    Ordering::{Relaxed, Release},
    fence_after_lock,
};
use crate::track::DirtyRanges;

/// Why an update did not begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BeginError {
    /// The lock was not to be had.
    Lock(LockError),
    /// Every copy is pinned by readers that live; one bit for each of the first 64 slots that pin.
    Pinned { slots: u64 },
    /// The region names an active copy that it does not have.
    NoSuchCopy { copy: usize },
}

/// A running update: the lock is held, the copy is caught up, and no reader is in it.
///
/// These are plain values without a destructor. Nothing takes their address, so that an update keeps them in registers. An update
/// that ends without [`commit`](Shared::commit) is [rolled back](Shared::roll_back). If the walk over `T` panicked, the copy stays
/// odd instead, so that its next user copies everything. The lock is released by the caller in any case.
#[derive(Clone, Copy)]
#[must_use]
pub(crate) struct Transaction<'a, P> {
    active: Published,
    /// The copy that this update writes.
    copy: usize,
    line: &'a CopyLine,
    /// The odd number that the copy has.
    odd: u64,
    /// The log's end.
    log_end: u64,
    pair: P,
}

/// A running update without the references into the region: what a guard keeps from call to call.
#[cfg(any(shmstate_loom, feature = "dynamic"))]
#[derive(Clone, Copy)]
#[must_use]
pub(crate) struct Suspended {
    active: Published,
    copy: usize,
    odd: u64,
    log_end: u64,
}

#[cfg(any(shmstate_loom, feature = "dynamic"))]
impl Suspended {
    /// The copy that the update writes, and the one that readers see.
    pub(crate) fn copies(&self) -> (usize, usize) {
        (self.copy, self.active.copy)
    }

    /// The version that the update makes, if it commits.
    pub(crate) fn version(&self) -> u64 {
        let Published { version, .. } = self.active;
        version + 1
    }
}

impl Shared<'_> {
    /// The update that was [suspended](Transaction::suspend), of this region.
    #[cfg(any(shmstate_loom, feature = "dynamic"))]
    pub(crate) fn resume(&self, suspended: Suspended) -> Transaction<'_, ()> {
        let Suspended { active, copy, odd, log_end } = suspended;
        Transaction { active, copy, line: &self.copies[copy], odd, log_end, pair: () }
    }

    /// Begins an update: takes the lock, chooses a copy and catches it up. The `clock` is made when there is something to wait
    /// for.
    ///
    /// # Safety
    /// `images` are the images of this region, the active one holds a valid value, and slot `me` is the caller's.
    #[inline(always)]
    pub(crate) unsafe fn begin<I: Images, C: Clock>(
        &self,
        me: usize,
        os: &impl Os,
        clock: impl FnOnce() -> C,
        images: I,
    ) -> Result<Transaction<'_, I::Pair>, BeginError> {
        let (active, (mut copy, mut line)) = if self.try_lock(me) {
            let active = Published::unpack(self.control.active.published.load(Relaxed));
            fence_after_lock(); // [W2]
            match self.choose_in_turn(active) {
                Some(chosen) => (active, chosen),
                None => self.begin_slowly(true, me, os, clock())?,
            }
        } else {
            self.begin_slowly(false, me, os, clock())?
        };
        if line.lacks_pages() {
            // SAFETY: the lock is held, and the scan has found no reader in `copy`, which is not the active one.
            copy = unsafe { self.repair(active, copy, images) };
            line = &self.copies[copy];
        }
        let odd = self.begin_write(line, images.size());
        let (log_end, pair) = (self.control.active.log_end.load(Relaxed), images.pair(copy, active.copy));
        // SAFETY: as above; no process writes the active copy while the lock is held.
        let by_log = unsafe { self.copy_logged(line, log_end, images, pair) };
        if !by_log {
            // SAFETY: as above.
            unsafe { self.copy_everything(line, images, pair) }
        }
        Ok(Transaction { active, copy, line, odd, log_end, pair })
    }

    /// Takes the lock, if it is not held already, and chooses a copy, where one of the two takes a call or waiting. Returns the
    /// active version, then the copy.
    #[cold]
    #[inline(never)]
    fn begin_slowly<C: Clock>(
        &self,
        locked: bool,
        me: usize,
        os: &impl Os,
        mut clock: C,
    ) -> Result<(Published, (usize, &CopyLine)), BeginError> {
        let begun = self.begin_waiting(locked, me, os, &mut clock);
        if begun.is_ok() {
            // It tells how long it has waited.
            self.unlock_on_panic(os, || drop(clock));
        }
        begun
    }

    fn begin_waiting(
        &self,
        locked: bool,
        me: usize,
        os: &impl Os,
        clock: &mut impl Clock,
    ) -> Result<(Published, (usize, &CopyLine)), BeginError> {
        if !locked {
            let _ = self.lock(me, os, clock).map_err(BeginError::Lock)?;
        }
        let active = Published::unpack(self.control.active.published.load(Relaxed));
        if active.copy >= self.in_use() {
            self.unlock(os);
            return Err(BeginError::NoSuchCopy { copy: active.copy });
        }
        fence_after_lock(); // [W2]
        match self.choose(active, me, os, clock) {
            Ok(copy) if copy != active.copy => Ok((active, (copy, &self.copies[copy]))),
            Ok(copy) => {
                // A process that does not run this protocol has changed the number of copies in between.
                self.unlock(os);
                Err(BeginError::NoSuchCopy { copy })
            }
            Err(slots) => {
                self.unlock(os);
                Err(BeginError::Pinned { slots })
            }
        }
    }

    /// Makes the copy that the update has written the active one; the others have to take over what was touched. The update is
    /// over. Returns the new version.
    #[inline(always)]
    pub(crate) fn commit<P: Copy>(&self, txn: Transaction<'_, P>, touched: &DirtyRanges) -> u64 {
        let Transaction { copy, line, odd, log_end, .. } = txn;
        let version = txn.version();
        let end = self.append(log_end, touched, || self.mark_others(copy, touched));
        line.log_position.store(end, Relaxed);
        line.synced.store(version, Relaxed);
        self.control.active.published.store(Published { version, copy }.pack(), Release); // [W4]
        line.sequence.store(odd.wrapping_add(WHOLE), Release); // [W5]
        version
    }

    /// Marks pages for followers, and for all copies but `copy`, which was written.
    #[cold]
    #[inline(never)]
    fn mark_others(&self, copy: usize, touched: &DirtyRanges) {
        self.others(copy).for_each(|other| self.mark_pages(other, touched));
        // Not the update's own knowledge, which it would have to keep in memory for this.
        let next = self.published().version + 1;
        self.control.active.spilled.store(next, Relaxed);
    }

    /// Leaves the active copy as it is; copy `copy`, which the running update writes, has to take back what was touched. The
    /// update is over.
    #[cold]
    pub(crate) fn roll_back(&self, copy: usize, touched: &DirtyRanges) {
        let (line, log_end) = (&self.copies[copy], self.control.active.log_end.load(Relaxed));
        let even = line.odd_sequence().wrapping_add(LAGS);
        // It was caught up when the update began; its position stays before the new entries.
        line.log_position.store(log_end, Relaxed);
        self.append(log_end, touched, || self.mark_pages(line, touched));
        line.sequence.store(even, Release); // [W5]
        count(&self.control.counters.roll_backs);
    }

    /// The copies in use but for that one.
    fn others(&self, copy: usize) -> impl Iterator<Item = &CopyLine> {
        let lines = self.copies[..self.in_use()].iter().enumerate();
        lines.filter(move |(k, _)| *k != copy).map(|(_, line)| line)
    }
}

impl<P: Copy> Transaction<'_, P> {
    /// The copy that this update writes.
    #[inline]
    pub(crate) fn copy(&self) -> usize {
        self.copy
    }

    /// The version that this update makes, if it commits.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.active.version + 1
    }

    /// The copy that readers see.
    #[inline]
    pub(crate) fn active(&self) -> usize {
        self.active.copy
    }

    /// The images of the copy that this update writes and of the copy that readers see.
    #[inline]
    pub(crate) fn pair(&self) -> P {
        self.pair
    }

    /// The update, which [`Shared::resume`] continues.
    #[cfg(any(shmstate_loom, feature = "dynamic"))]
    pub(crate) fn suspend(self) -> Suspended {
        let Transaction { active, copy, odd, log_end, .. } = self;
        Suspended { active, copy, odd, log_end }
    }
}
