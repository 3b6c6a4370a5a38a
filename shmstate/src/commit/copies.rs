//! The copies: which one an update writes, how it is caught up, and how it becomes the active one.
//!
//! A writer's life, and what its death leaves behind:
//!
//! | died | what is there | what the next one does |
//! |---|---|---|
//! | before `generation` is odd | nothing has changed | nothing |
//! | while the copy is odd and not active | a copy of unknown content | copies everything when it uses that copy |
//! | in the notes of a commit | notes too many in the log | takes over bytes that are equal already |
//! | after `active`, before even | a good active copy marked odd | [`Shared::recover`] makes it even |
//! | after even, before unlock | a lock that names a dead slot | takes the lock |

use super::lock::{self, Acquired, Clock, Host, LockError, News};
use super::readers::Listed;
use super::words::{Control, CopyLine, NEVER, Published, SlotLine, count};
use crate::mutant::{order, planted};
use crate::sync::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    STREAMED, fence_after_lock, fence_release, fence_streaming,
};
use crate::track::{Granule, Touched};
use std::ops::Range;

/// The images of `T`, by the number of their copy.
pub(crate) trait Images: Copy {
    /// Bytes of `T`, which are those of the region.
    fn size(&self) -> u64;

    /// Copies all of `T`.
    ///
    /// # Safety
    /// Nobody accesses `to`, nobody writes `from`; they are two copies that exist.
    unsafe fn copy_all(&self, to: usize, from: usize);

    /// Copies what is not tracked.
    ///
    /// # Safety
    /// As for [`Images::copy_all`].
    unsafe fn copy_plain(&self, to: usize, from: usize);

    /// Copies `range`, which lies inside `T`.
    ///
    /// # Safety
    /// As for [`Images::copy_all`].
    unsafe fn copy_range(&self, to: usize, from: usize, range: Range<u64>);
}

/// The shared words of one region, borrowed from wherever they lie.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) control: &'a Control,
    pub(crate) slots: &'a [SlotLine],
    /// Which of the slots a scan of the pins looks at.
    pub(crate) listed: Listed<'a>,
    /// Of the copies in use, then of the spare ones.
    pub(crate) copies: &'a [CopyLine],
    /// The log of what was touched: a power of two of packed byte ranges. See [`super::notes`].
    pub(crate) notes: &'a [AtomicU64],
    /// The page bits of all copies, one after the other.
    pub(crate) pages: &'a [AtomicU64],
    /// Bytes of `T`.
    pub(crate) size: u64,
    pub(crate) granule: Granule,
}

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

/// A running update: the lock is held, the copy is caught up, and nobody looks at it.
///
/// Dropped without a verdict (the walk over `T` panicked), it leaves the copy odd: its next user copies everything.
#[must_use]
pub(crate) struct Txn<'a, H: Host> {
    shared: &'a Shared<'a>,
    host: &'a H,
    active: Published,
    /// The copy that this update writes.
    copy: usize,
    line: &'a CopyLine,
    /// The odd number that the copy has.
    odd: u64,
    /// Whether the lock is this process's to release.
    mine: bool,
}

impl<'a> Shared<'a> {
    /// The active version and copy, as the region says.
    #[inline]
    pub(crate) fn published(&self) -> Published {
        Published::unpack(self.control.active.published.load(Acquire))
    }

    /// Takes the writer's lock and sets right what a dead owner left.
    pub(crate) fn lock(&self, me: usize, host: &impl Host, clock: &mut impl Clock) -> Result<Acquired, LockError> {
        let acquired = lock::lock(&self.control.lock.word, me, self.slots.len(), host, clock)?;
        if let Acquired::OwnerDied { slot } = acquired
            && !planted("take_over_does_not_recover")
        {
            self.tell(self.recover(slot), host);
        }
        Ok(acquired)
    }

    /// Releases the writer's lock.
    #[inline]
    pub(crate) fn unlock(&self, host: &impl Host) {
        lock::unlock(&self.control.lock.word, host);
    }

    /// Sets right what the death of the writer with that slot may have left. Idempotent: a death in here leaves the same
    /// work.
    fn recover(&self, slot: usize) -> News {
        let active = self.published();
        let news = News::Recovered { slot, pid: self.pid(slot), version: active.version };
        if planted("recovery_does_nothing") {
            return news;
        }
        self.list_all();
        if let Some(line) = self.copies.get(active.copy) {
            let generation = line.generation.load(Relaxed);
            if generation % 2 == 1 {
                // It had committed: `active` named this copy, and only its own writer does that.
                line.generation.store(generation.wrapping_add(1), Release);
            }
        }
        if planted("recovery_trusts_every_copy") {
            for line in self.copies {
                line.generation.store((line.generation.load(Relaxed) + 1) & !1, Release);
            }
        }
        count(&self.control.counters.recoveries);
        news
    }

    /// Tells what happened, with the lock held and nothing begun: should the listener panic, the lock is released.
    #[cold]
    pub(super) fn tell<H: Host>(&self, news: News, host: &H) {
        struct Unlock<'a, H: Host>(&'a Shared<'a>, &'a H);
        impl<H: Host> Drop for Unlock<'_, H> {
            fn drop(&mut self) {
                self.0.unlock(self.1);
            }
        }
        let unlock = Unlock(self, host);
        host.tell(news);
        std::mem::forget(unlock);
    }

    /// Who holds or held a slot, for people to read.
    #[cold]
    pub(super) fn pid(&self, slot: usize) -> u32 {
        self.slots.get(slot).map_or(0, |line| line.pid.load(Relaxed))
    }

    /// Makes a claimed slot clean: its last holder is dead, and the caller holds its byte.
    pub(crate) fn take_slot(&self, me: usize, host: &impl Host) {
        if !planted("claim_counts_no_slot") {
            self.control.counters.used.fetch_max(me as u32 + 1, Relaxed);
        }
        if lock::is_owned_by(&self.control.lock.word, me) && !planted("claim_ignores_the_word") {
            // The last holder died with the lock, so it is mine by construction.
            let news = match planted("claim_does_not_recover") {
                true => None,
                false => Some(self.recover(me)),
            };
            self.unlock(host);
            if let Some(news) = news {
                host.tell(news);
            }
        }
        if !planted("claim_leaves_pins") {
            self.clear_pins(me);
        }
    }

    /// Takes away the pins of a slot whose holder is dead or leaves; the caller holds its byte.
    pub(crate) fn clear_pins(&self, slot: usize) {
        self.slots[slot].clear_pins();
    }

    /// Makes the region clean for a first handle: nobody else is attached, and the caller keeps them out.
    ///
    /// Whatever the file says that is not content is forgotten; every copy but the active one is copied anew when it is
    /// used.
    pub(crate) fn reset(&self, active: usize) {
        if !planted("reset_keeps_the_word") {
            self.control.lock.word.store(0, Relaxed);
        }
        for slot in (0..self.slots.len()).filter(|_| !planted("reset_keeps_pins")) {
            self.clear_pins(slot);
        }
        self.control.counters.used.store(0, Relaxed);
        self.forget_readers();
        self.forget_log();
        for (k, line) in self.copies.iter().enumerate() {
            let generation = line.generation.load(Relaxed);
            let odd = generation | 1;
            if k != active && planted("reset_believes_copies") {
                self.forget_notes(line);
                continue;
            }
            line.generation.store(if k == active { odd.wrapping_add(1) } else { odd }, Relaxed);
            if k != active {
                line.synced.store(NEVER, Relaxed);
            }
            self.forget_notes(line);
        }
    }

    /// Begins an update: takes the lock, chooses a copy and catches it up.
    ///
    /// # Safety
    /// `images` are the images of this region, the active one holds a valid value, and slot `me` is the caller's.
    #[inline(always)]
    pub(crate) unsafe fn begin<'s, H: Host>(
        &'s self,
        me: usize,
        host: &'s H,
        clock: &mut impl Clock,
        images: impl Images,
    ) -> Result<Txn<'s, H>, BeginError> {
        let _ = self.lock(me, host, clock).map_err(BeginError::Lock)?;
        let active = Published::unpack(self.control.active.published.load(Relaxed));
        if active.copy >= self.in_use() {
            self.unlock(host);
            return Err(BeginError::NoSuchCopy { copy: active.copy });
        }
        if !planted("W2") {
            fence_after_lock(); // [W2]
        }
        let copy = match self.choose(active, me, host, clock) {
            Ok(copy) if copy != active.copy => copy,
            Ok(copy) => {
                // A stranger has changed the number of copies in between.
                self.unlock(host);
                return Err(BeginError::NoSuchCopy { copy });
            }
            Err(slots) => {
                self.unlock(host);
                return Err(BeginError::Pinned { slots });
            }
        };
        let line = &self.copies[copy];
        let whole = Self::is_torn(line);
        // A copy that is odd already stays so: nobody compares the numbers of odd ones.
        let odd = line.generation.load(Relaxed) | 1;
        if !planted("odd_left_out") && !planted("odd_after_catch_up") {
            line.generation.store(odd, Relaxed);
        }
        if !planted("W7") {
            fence_release(); // [W7]
            if images.size() >= STREAMED {
                fence_streaming(); // [W7]
            }
        }
        // SAFETY: the lock is held, and the scan has found no reader in `copy`, which is not the active one; nobody writes
        // the active one while the lock is held.
        unsafe { self.catch_up(copy, active.copy, whole, images) }
        if planted("odd_after_catch_up") {
            line.generation.store(odd, Relaxed);
        }
        self.forget_notes(line);
        line.synced.store(NEVER, Relaxed);
        Ok(Txn { shared: self, host, active, copy, line, odd, mine: true })
    }

    /// Whether the last writer of a copy did not come to its end.
    #[inline]
    pub(crate) fn is_torn(line: &CopyLine) -> bool {
        let generation = line.generation.load(Relaxed);
        let trusted = planted("odd_is_trusted") || planted("odd_is_trusted_once_used") && generation > 1;
        generation % 2 == 1 && !trusted
    }

    /// Makes copy `to` equal to copy `from`, the active one.
    ///
    /// # Safety
    /// Nobody accesses copy `to` of `images`, nobody writes `from`; they are two copies that exist.
    #[inline(always)]
    pub(crate) unsafe fn catch_up(&self, to: usize, from: usize, whole: bool, images: impl Images) {
        let line = &self.copies[to];
        if planted("notes_cleared_before_use") {
            self.forget_notes(line);
        }
        let sound = !whole && {
            // SAFETY: the caller's promise.
            unsafe { images.copy_plain(to, from) }
            self.for_each_note(line, images.size(), move |range| {
                // SAFETY: the caller's promise; `for_each_note` keeps ranges inside of `T`.
                unsafe { images.copy_range(to, from, range) }
            })
        };
        if !sound {
            // SAFETY: as above.
            unsafe { images.copy_all(to, from) }
        }
    }
}

impl<H: Host> Txn<'_, H> {
    /// The copy that this update writes.
    #[inline]
    pub(crate) fn copy(&self) -> usize {
        self.copy
    }

    /// The copy that readers see.
    #[inline]
    pub(crate) fn active(&self) -> usize {
        self.active.copy
    }

    /// Leaves the update to another process: this one is a child that was forked in its midst.
    #[cold]
    pub(crate) fn disown(&mut self) {
        self.mine = false;
    }

    /// Makes the copy the active one; the others have to take over what was touched. The update is over. Returns the
    /// new version.
    #[inline(always)]
    pub(crate) fn commit(&mut self, touched: &Touched) -> u64 {
        let shared = self.shared;
        let version = self.active.version + u64::from(!planted("version_stays"));
        let published = Published { version, copy: self.copy };
        if planted("active_before_notes") {
            shared.control.active.published.store(published.pack(), Release);
        }
        let line = self.line;
        if !planted("commit_not_noted") {
            line.place.store(shared.note(touched), Relaxed);
        }
        if touched.spilled() {
            self.note_pages(touched);
        }
        if planted("notes_to_one_copy") {
            self.others().skip(1).for_each(|other| shared.forget_notes(other));
        }
        if planted("even_before_active") {
            line.generation.store(self.odd.wrapping_add(1), Release);
        }
        if !planted("synced_after_active") {
            line.synced.store(version, Relaxed);
        }
        shared.name_next(version, self.active.copy, touched.count());
        shared.control.active.published.store(published.pack(), order("W4", Release, Relaxed)); // [W4]
        if planted("synced_after_active") {
            line.synced.store(version, Relaxed);
        }
        if !planted("even_left_out") {
            line.generation.store(self.odd.wrapping_add(1), Release); // [W5]
        }
        version
    }

    /// The copies that this update does not write.
    fn others(&self) -> impl Iterator<Item = &CopyLine> {
        self.shared.copies[..self.shared.in_use()].iter().filter(|other| !std::ptr::eq(*other, self.line))
    }

    #[cold]
    fn note_pages(&self, touched: &Touched) {
        self.others().for_each(|other| self.shared.note_pages(other, touched));
    }

    /// Leaves the active copy as it is; this one has to take back what was touched. The update is over.
    #[inline]
    pub(crate) fn roll_back(&mut self, touched: &Touched) {
        let line = self.line;
        if planted("even_before_notes") {
            line.generation.store(self.odd.wrapping_add(1), Release);
        }
        if !planted("roll_back_not_noted") {
            // The copy's place stays before them.
            self.shared.note(touched);
            if touched.spilled() {
                self.shared.note_pages(line, touched);
            }
        }
        line.generation.store(self.odd.wrapping_add(1), Release); // [W5]
        count(&self.shared.control.counters.roll_backs);
    }
}

impl<H: Host> Drop for Txn<'_, H> {
    #[inline]
    fn drop(&mut self) {
        if !self.mine {
            return;
        }
        if planted("unfinished_is_even") {
            self.line.generation.store(self.odd.wrapping_add(1), Release);
        }
        if !planted("unlock_left_out") {
            self.shared.unlock(self.host);
        }
    }
}
