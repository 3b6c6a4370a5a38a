//! The copies: which one an update writes, how it is caught up, and how it becomes the active one.
//!
//! A writer's life, and what its death leaves:
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
use crate::sync::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence_after_lock,
};
use crate::track::{Granule, Touched};
use std::ops::Range;

/// The images of `T`, by the number of their copy.
pub(crate) trait Images: Copy {
    /// Two images, looked up once: one that is written, and one that it is copied from.
    type Pair: Copy;

    /// Bytes of `T`, which are those of the region.
    fn size(&self) -> u64;

    /// The images of two copies.
    fn pair(&self, to: usize, from: usize) -> Self::Pair;

    /// What lies at `start` is going to be copied: fetches it. A hint.
    fn fetch(&self, _pair: Self::Pair, _start: u64) {}

    /// Copies all of `T`.
    ///
    /// # Safety
    /// There is no other access to the first image of the pair, and no write to the second; they are of two copies that exist.
    unsafe fn copy_all(&self, pair: Self::Pair);

    /// Copies what is not tracked.
    ///
    /// # Safety
    /// As for [`Images::copy_all`].
    unsafe fn copy_plain(&self, pair: Self::Pair);

    /// Copies `range`, which lies inside `T`.
    ///
    /// # Safety
    /// As for [`Images::copy_all`].
    unsafe fn copy_range(&self, pair: Self::Pair, range: Range<u64>);
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

/// A running update: the lock is held, the copy is caught up, and no reader is in it.
///
/// Plain values, of which nothing takes the address, so that an update keeps them in registers: there is no destructor. What
/// ends without [`commit`](Self::commit) is [rolled back](Shared::roll_back), or leaves its copy odd (the walk over `T`
/// panicked), so that the copy's next user copies everything. The lock is released by the caller in any case.
#[derive(Clone, Copy)]
#[must_use]
pub(crate) struct Txn<'a, P> {
    shared: &'a Shared<'a>,
    active: Published,
    /// The copy that this update writes.
    copy: usize,
    line: &'a CopyLine,
    /// The odd number that the copy has.
    odd: u64,
    /// The log's end.
    noted: u64,
    pair: P,
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
        if let Acquired::OwnerDied { slot } = acquired {
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
        self.list_all();
        if let Some(line) = self.copies.get(active.copy) {
            let generation = line.generation.load(Relaxed);
            if generation % 2 == 1 {
                // It had committed: `active` named this copy, and only its own writer does that.
                line.generation.store(generation.wrapping_add(1), Release);
            }
        }
        count(&self.control.counters.recoveries);
        news
    }

    /// Tells what happened, with the lock held and nothing begun: should the listener panic, the lock is released.
    #[cold]
    pub(super) fn tell<H: Host>(&self, news: News, host: &H) {
        self.unlocked_by_a_panic(host, || host.tell(news));
    }

    /// Runs `f`, which may call a listener, with the lock held.
    fn unlocked_by_a_panic<H: Host>(&self, host: &H, f: impl FnOnce()) {
        struct Unlock<'a, H: Host>(&'a Shared<'a>, &'a H);
        impl<H: Host> Drop for Unlock<'_, H> {
            fn drop(&mut self) {
                self.0.unlock(self.1);
            }
        }
        let unlock = Unlock(self, host);
        f();
        std::mem::forget(unlock);
    }

    /// The process that holds or held a slot, for messages.
    #[cold]
    pub(super) fn pid(&self, slot: usize) -> u32 {
        self.slots.get(slot).map_or(0, |line| line.pid.load(Relaxed))
    }

    /// Makes a claimed slot clean: its last holder is dead, and the caller holds its byte.
    pub(crate) fn take_slot(&self, me: usize, host: &impl Host) {
        self.control.counters.used.fetch_max(me as u32 + 1, Relaxed);
        if lock::is_owned_by(&self.control.lock.word, me) {
            // The last holder died with the lock, so it is mine by construction.
            let news = self.recover(me);
            self.unlock(host);
            host.tell(news);
        }
        self.clear_pins(me);
    }

    /// Takes away the pins of a slot whose holder is dead or leaves; the caller holds its byte.
    pub(crate) fn clear_pins(&self, slot: usize) {
        self.slots[slot].clear_pins();
    }

    /// Makes the region clean for a first handle: no other handle is attached, and the caller keeps them out.
    ///
    /// Whatever the file says that is not content is forgotten; every copy but the active one is copied anew when it is
    /// used.
    pub(crate) fn reset(&self, active: usize) {
        self.control.lock.word.store(0, Relaxed);
        for slot in 0..self.slots.len() {
            self.clear_pins(slot);
        }
        self.control.counters.used.store(0, Relaxed);
        self.forget_readers();
        self.forget_log();
        for (k, line) in self.copies.iter().enumerate() {
            let odd = line.generation.load(Relaxed) | 1;
            line.generation.store(if k == active { odd.wrapping_add(1) } else { odd }, Relaxed);
            if k != active {
                line.synced.store(NEVER, Relaxed);
            }
            self.forget_notes(line);
        }
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
        host: &impl Host,
        clock: impl FnOnce() -> C,
        images: I,
    ) -> Result<Txn<'_, I::Pair>, BeginError> {
        let (active, mut copy) = match self.begin_at_once(me) {
            Ok(begun) => begun,
            Err(locked) => self.begin_slowly(locked, me, host, clock())?,
        };
        if self.copies[copy].needs_pages() {
            // SAFETY: the lock is held, and the scan has found no reader in `copy`, which is not the active one.
            copy = unsafe { self.mend(active, copy, images) };
        }
        let line = &self.copies[copy];
        let odd = self.begin_to_write(line, images.size());
        let (noted, pair) = (self.control.active.noted.load(Relaxed), images.pair(copy, active.copy));
        // SAFETY: as above; no process writes the active copy while the lock is held.
        let by_notes = unsafe { self.take_over_notes(line, noted, images, pair) };
        if !by_notes {
            // SAFETY: as above.
            unsafe { self.take_over_all(line, images, pair) }
        }
        Ok(Txn { shared: self, active, copy, line, odd, noted, pair })
    }

    /// The lock and a copy to write, if that takes no call and no waiting; the active version comes first. Else whether the
    /// lock is held.
    #[inline(always)]
    fn begin_at_once(&self, me: usize) -> Result<(Published, usize), bool> {
        if !lock::try_lock(&self.control.lock.word, me) {
            return Err(false);
        }
        let active = Published::unpack(self.control.active.published.load(Relaxed));
        fence_after_lock(); // [W2]
        self.choose_in_turn(active).map(|copy| (active, copy)).ok_or(true)
    }

    /// [`Self::begin_at_once`], where that was not enough.
    #[cold]
    #[inline(never)]
    fn begin_slowly<C: Clock>(
        &self,
        locked: bool,
        me: usize,
        host: &impl Host,
        mut clock: C,
    ) -> Result<(Published, usize), BeginError> {
        let begun = self.begin_waiting(locked, me, host, &mut clock);
        if begun.is_ok() {
            // It tells how long it has waited.
            self.unlocked_by_a_panic(host, || drop(clock));
        }
        begun
    }

    fn begin_waiting(
        &self,
        locked: bool,
        me: usize,
        host: &impl Host,
        clock: &mut impl Clock,
    ) -> Result<(Published, usize), BeginError> {
        if !locked {
            let _ = self.lock(me, host, clock).map_err(BeginError::Lock)?;
        }
        let active = Published::unpack(self.control.active.published.load(Relaxed));
        if active.copy >= self.in_use() {
            self.unlock(host);
            return Err(BeginError::NoSuchCopy { copy: active.copy });
        }
        fence_after_lock(); // [W2]
        match self.choose(active, me, host, clock) {
            Ok(copy) if copy != active.copy => Ok((active, copy)),
            Ok(copy) => {
                // A process that does not run this protocol has changed the number of copies in between.
                self.unlock(host);
                Err(BeginError::NoSuchCopy { copy })
            }
            Err(slots) => {
                self.unlock(host);
                Err(BeginError::Pinned { slots })
            }
        }
    }

    /// Leaves the active copy as it is; copy `copy`, which the running update writes, has to take back what was touched. The
    /// update is over.
    #[cold]
    pub(crate) fn roll_back(&self, copy: usize, touched: &Touched) {
        let (line, noted) = (&self.copies[copy], self.control.active.noted.load(Relaxed));
        let even = (line.generation.load(Relaxed) | 1).wrapping_add(1);
        // It was caught up when the update began; its place stays before the notes.
        line.place.store(noted, Relaxed);
        self.note(noted, touched);
        if touched.spilled() {
            self.note_pages(line, touched);
        }
        line.generation.store(even, Release); // [W5]
        count(&self.control.counters.roll_backs);
    }

    /// The copies in use but for that one.
    fn others(&self, copy: usize) -> impl Iterator<Item = &CopyLine> {
        let lines = self.copies[..self.in_use()].iter().enumerate();
        lines.filter(move |(k, _)| *k != copy).map(|(_, line)| line)
    }
}

impl<P: Copy> Txn<'_, P> {
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

    /// The images of both.
    #[inline]
    pub(crate) fn pair(&self) -> P {
        self.pair
    }

    /// Makes the copy the active one; the others have to take over what was touched. The update is over. Returns the
    /// new version.
    #[inline(always)]
    pub(crate) fn commit(self, touched: &Touched) -> u64 {
        let Txn { shared, active, copy, line, odd, noted, .. } = self;
        let version = active.version + 1;
        line.place.store(shared.note(noted, touched), Relaxed);
        if touched.spilled() {
            self.note_pages(touched);
        }
        line.synced.store(version, Relaxed);
        shared.control.active.published.store(Published { version, copy }.pack(), Release); // [W4]
        line.generation.store(odd.wrapping_add(1), Release); // [W5]
        version
    }

    #[cold]
    #[inline(never)]
    fn note_pages(self, touched: &Touched) {
        self.shared.others(self.copy).for_each(|other| self.shared.note_pages(other, touched));
    }
}
