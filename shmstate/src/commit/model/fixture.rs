//! A region, its kernel and its handles, made of the explorer's parts.

use super::super::words::{NOTIFY, OWNER};
use super::super::{
    BeginError, Clock, Control, CopyLine, Images, Listed, NEVER, Os, Pin, Published, Reader, Shared, SlotLine, Tasks,
};
use super::cell::UnsafeCell;
use super::images::{Cells, FIELDS, Image, SIZE, check};
use crate::sync::model::{Died, dies_before, explorer, is_dead, writes};
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::track::{DirtyRanges, Granule, Pages, log_len};
use explorer::sync::{Condvar, Mutex, atomic};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// How a transaction ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Commit,
    /// It has touched so much that what has changed is in a page's bit, and not in the log.
    Spill,
    /// It has scribbled over two fields.
    RollBack,
    /// It has scribbled, and it is unknown where: the walk over `T` has panicked.
    None,
}

/// A region with its images, and the kernel that keeps its locks.
pub(super) struct Fixture {
    control: Control,
    slots: Vec<SlotLine>,
    listed: [AtomicU64; 2],
    copies: Vec<CopyLine>,
    /// Which copies have memory. Not loom's: the kernel is of one mind.
    room: Vec<AtomicBool>,
    log: Vec<AtomicU64>,
    pages: Vec<AtomicU64>,
    images: Vec<UnsafeCell<Image>>,
    /// The byte locks: 0, or the description that holds the byte.
    bytes: Vec<atomic::AtomicU32>,
    /// Of the lock word and of the bell: a handle sleeps on it until it is woken; without, a sleep may end at any time.
    futexes: [Option<(Mutex<()>, Condvar)>; 2],
}

// SAFETY: the images are accessed as the protocol allows it, and loom reports it if that is a race.
unsafe impl Send for Fixture {}
// SAFETY: as above.
unsafe impl Sync for Fixture {}

/// The description that holds a handle's own byte.
const fn live(slot: usize) -> u32 {
    slot as u32 * 2 + 1
}

/// The description by which a handle tries others' bytes.
const fn probe(slot: usize) -> u32 {
    slot as u32 * 2 + 2
}

impl Fixture {
    /// Version 0 in `copies` copies, `slots` slots, of which the first `claimed` ones are claimed.
    pub(super) fn new(copies: usize, slots: usize, claimed: usize) -> Arc<Fixture> {
        Arc::new(Self::build(copies, copies, slots, claimed, [false; 2]))
    }

    /// Where the copies after the first two rest until a reader is in the way.
    pub(super) fn where_copies_rest(copies: usize, slots: usize, claimed: usize) -> Arc<Fixture> {
        let fixture = Self::new(copies, slots, claimed);
        fixture.control.active.turns.store(2, Relaxed);
        fixture.control.active.turns_until.store(0, Relaxed);
        fixture
    }

    /// Where naps do not end by themselves, so that a wake-up that got lost is a deadlock.
    pub(super) fn without_naps(copies: usize, slots: usize) -> Arc<Fixture> {
        Arc::new(Self::build(copies, copies, slots, slots, [true; 2]))
    }

    /// Where only handles that wait for a version sleep until they are woken; writers find out which owner of the lock is dead.
    #[cfg(shmstate_loom)]
    pub(super) fn with_a_bell(copies: usize, slots: usize) -> Arc<Fixture> {
        Arc::new(Self::build(copies, copies, slots, slots, [false, true]))
    }

    /// Where writers may take one more copy into use.
    pub(super) fn with_a_spare(copies: usize, slots: usize) -> Arc<Fixture> {
        Arc::new(Self::build(copies, copies + 1, slots, slots, [false; 2]))
    }

    /// Where the log has room for entries that a follower takes over: twice as many as one transaction writes.
    #[cfg(shmstate_loom)]
    pub(super) fn with_a_longer_log(copies: usize, slots: usize) -> Arc<Fixture> {
        let mut fixture = Self::build(copies, copies, slots, 0, [false; 2]);
        fixture.log = (0..2 * log_len(SIZE)).map(|_| AtomicU64::new(0)).collect();
        assert!((0..slots).all(|slot| fixture.claim(slot)));
        Arc::new(fixture)
    }

    fn build(copies: usize, places: usize, slots: usize, claimed: usize, futexes: [bool; 2]) -> Fixture {
        let fixture = Fixture {
            control: Control::new(Published { version: 0, copy: 0 }, copies),
            slots: (0..slots).map(|_| SlotLine::new()).collect(),
            listed: std::array::from_fn(|_| AtomicU64::new(0)),
            copies: (0..places)
                .map(|k| if k < copies { CopyLine::new(0, 0) } else { CopyLine::new(1, NEVER) })
                .collect(),
            room: (0..places).map(|k| AtomicBool::new(k < copies)).collect(),
            log: (0..log_len(SIZE)).map(|_| AtomicU64::new(0)).collect(),
            pages: (0..places * Pages::words(SIZE)).map(|_| AtomicU64::new(0)).collect(),
            images: (0..places).map(|_| UnsafeCell::new([0; FIELDS])).collect(),
            bytes: (0..slots).map(|_| atomic::AtomicU32::new(0)).collect(),
            futexes: futexes.map(|there| there.then(|| (Mutex::new(()), Condvar::new()))),
        };
        assert!((0..claimed).all(|slot| fixture.claim(slot)));
        fixture
    }

    /// A new region that has taken over the content of another one: so many commits, all in copy 0.
    #[cfg(shmstate_shuttle)]
    pub(super) fn successor(&self, commits: usize) -> Arc<Fixture> {
        let mut fixture = Self::build(self.copies.len(), self.copies.len(), self.slots.len(), 0, [false; 2]);
        fixture.control = Control::new(Published { version: commits as u64, copy: 0 }, self.copies.len());
        fixture.copies = (0..self.copies.len()).map(|_| CopyLine::new(1, NEVER)).collect();
        fixture.copies[0] = CopyLine::new(0, commits as u64);
        let content = std::array::from_fn(|field| ((commits + FIELDS - 1 - field) / FIELDS) as u64);
        fixture.images[0] = UnsafeCell::new(content);
        Arc::new(fixture)
    }

    pub(super) fn shared(&self) -> Shared<'_> {
        Shared {
            control: &self.control,
            slots: &self.slots,
            listed: Listed::new(&self.listed, self.slots.len()),
            copies: &self.copies,
            log: &self.log,
            pages: &self.pages,
            size: SIZE,
            granule: Granule::of(SIZE),
        }
    }

    /// Claims `slot`, if no process holds its byte.
    pub(super) fn claim(&self, slot: usize) -> bool {
        let granted = self.set_lock(slot, live(slot));
        if granted {
            self.shared().reset_slot(slot, &Handle { fixture: self, slot });
        }
        granted
    }

    /// Gives the slot back, as a handle does that is dropped.
    #[cfg(shmstate_shuttle)]
    pub(super) fn release(&self, slot: usize) {
        self.shared().clear_pins(slot);
        self.bytes[slot].store(0, Ordering::Release);
    }

    /// `F_OFD_SETLK`: what the last holder of the byte did before it lost it has happened before.
    fn set_lock(&self, slot: usize, description: u32) -> bool {
        self.bytes[slot].compare_exchange(0, description, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    pub(super) fn cells(&self) -> Cells<'_> {
        Cells(&self.images, &self.room)
    }

    /// One update by the handle `me`. Returns the new version.
    pub(super) fn update(&self, me: usize) -> usize {
        self.transact(me, &mut Naps(u32::MAX), Verdict::Commit).expect("no writer stays in the way for ever")
    }

    /// One transaction by the handle `me`. Returns the number of commits that it knows of.
    pub(super) fn transact(&self, me: usize, clock: &mut Naps, verdict: Verdict) -> Result<usize, BeginError> {
        let os = Handle { fixture: self, slot: me };
        let images = self.cells();
        let shared = self.shared();
        // SAFETY: the images of this region, of which the active one is right; the slot is the caller's.
        let txn = unsafe { shared.begin(me, &os, || clock, images) }?;
        let _locked = Locked(shared, &os);
        let active = self.copies[txn.active()].sequence.load(Ordering::Relaxed);
        assert_eq!(active % 2, 0, "the active copy is marked as half-written");
        let commits = check(images.get(txn.copy()));
        let mut touched = DirtyRanges::new(SIZE);
        let mut put = |field: usize, value: u64| {
            images.put(txn.copy(), field, value);
            touched.add((field * size_of::<u64>()) as u64, size_of::<u64>());
        };
        if matches!(verdict, Verdict::Commit | Verdict::Spill) {
            let field = commits % FIELDS;
            if verdict == Verdict::Spill {
                // Two ranges that do not touch each other, of which the last one does not touch the field.
                for other in [[2, 1], [0, 2], [1, 0]][field] {
                    put(other, images.get(txn.copy())[other]);
                }
            }
            put(field, (commits / FIELDS) as u64 + 1);
            assert_eq!(touched.spilled(), verdict == Verdict::Spill);
            let version = shared.commit(txn, &touched) as usize;
            assert_eq!(version, commits + 1, "a commit got lost");
            return Ok(version);
        }
        put(0, u64::MAX);
        put(2, u64::MAX);
        match verdict {
            Verdict::RollBack => shared.roll_back(txn.copy(), &touched),
            _ => {}
        }
        Ok(commits)
    }

    /// Begins an update that lasts from call to call, by the handle `me`.
    #[cfg(shmstate_loom)]
    pub(super) fn suspended(&self, me: usize) -> super::super::Suspended {
        let (os, shared, mut clock) = (Handle { fixture: self, slot: me }, self.shared(), Naps(u32::MAX));
        // SAFETY: as in `transact`.
        let begun = unsafe { shared.begin(me, &os, || &mut clock, self.cells()) };
        begun.expect("no writer stays in the way for ever").suspend()
    }

    /// Writes a field of a copy, which is not read by any other handle.
    #[cfg(shmstate_loom)]
    pub(super) fn put(&self, copy: usize, field: usize, value: u64) {
        self.cells().put(copy, field, value);
    }

    /// Ends the update of the handle `me` by `f`, and unlocks.
    #[cfg(shmstate_loom)]
    pub(super) fn unlocking<R>(&self, me: usize, f: impl FnOnce(&Shared<'_>) -> R) -> R {
        let (os, shared) = (Handle { fixture: self, slot: me }, self.shared());
        let _locked = Locked(shared, &os);
        f(&shared)
    }

    /// One look at the state by the handle `me`. Returns the number of commits that it shows.
    pub(super) fn read(&self, me: usize, who: Reader) -> usize {
        self.read_for(me, who, 1)
    }

    /// A reader that stays.
    pub(super) fn pin(&self, me: usize, who: Reader) -> Pin<'_> {
        self.shared().enter(me, &self.slots[me], who).expect("the copy exists")
    }

    /// [`Self::read`], of a reader that stays in its closure and looks so often.
    pub(super) fn read_for(&self, me: usize, who: Reader, looks: usize) -> usize {
        let pin = self.pin(me, who);
        let first = check(self.cells().get(pin.copy()));
        for _ in 1..looks {
            assert_eq!(check(self.cells().get(pin.copy())), first, "what a reader holds has changed");
        }
        first
    }

    /// `n` looks, of which none shows less than the one before.
    pub(super) fn reads(&self, me: usize, who: Reader, n: usize) {
        (0..n).fold(0, |last, _| {
            let now = self.read(me, who);
            assert!(now >= last, "a reader went back");
            now
        });
    }

    /// Sleeps until there is a version after `version`, as the handle `me`; `None` after as many naps.
    pub(super) fn wait_newer(&self, me: usize, version: usize, mut naps: Naps) -> Option<usize> {
        let os = Handle { fixture: self, slot: me };
        let sleep = |word: &AtomicU32, seen, limit| os.wait(word, seen, limit);
        self.shared().wait_newer(version as u64, sleep, &mut &mut naps).map(|now| now.version as usize)
    }

    /// Tries to have the handle `me` elected.
    #[cfg(shmstate_loom)]
    pub(super) fn try_elect(&self, me: usize) -> bool {
        self.shared().try_elect(me, &Handle { fixture: self, slot: me })
    }

    /// Sleeps until the handle `me` is elected.
    #[cfg(shmstate_loom)]
    pub(super) fn wait_elected(&self, me: usize) {
        loop {
            let bell = self.shared().bell();
            if self.try_elect(me) {
                return;
            }
            Handle { fixture: self, slot: me }.wait(&self.control.lock.bell, bell, Duration::MAX);
        }
    }

    /// The handle `me` resigns.
    #[cfg(shmstate_loom)]
    pub(super) fn resign(&self, me: usize) {
        assert!(self.shared().resign(me), "the elected handle is another one");
        let os = Handle { fixture: self, slot: me };
        self.shared().ring_bell(|bell| os.wake_all(bell));
    }

    /// Dismisses the thread that serves the tasks of a process, through the slot `me`.
    #[cfg(shmstate_loom)]
    pub(super) fn dismiss(&self, me: usize, tasks: &Tasks) {
        let os = Handle { fixture: self, slot: me };
        self.shared().dismiss(tasks, |bell| os.wake_all(bell));
    }

    /// Sleeps for the tasks of a process, through the slot `me`, until none waits.
    #[cfg(shmstate_loom)]
    pub(super) fn serve(&self, me: usize, tasks: &Tasks) {
        let os = Handle { fixture: self, slot: me };
        let sleep = |word: &AtomicU32, seen, limit| os.wait(word, seen, limit);
        self.shared().serve(tasks, true, sleep, || (), || ());
    }

    /// Catches versions until `last`, as the handle `me`, and looks at each.
    pub(super) fn catch_versions(&self, me: usize, last: usize) {
        let mut seen = 0;
        while seen < last {
            let newer = self.wait_newer(me, seen, Naps(u32::MAX)).expect("it has time");
            assert!(newer > seen, "a waiter was woken for nothing");
            seen = self.read(me, Reader::Owner);
            assert!(seen >= newer, "a waiter sees less than it was woken for");
        }
    }

    /// The flags in the lock word.
    #[cfg(shmstate_loom)]
    pub(super) fn flags(&self) -> u32 {
        self.control.lock.word.load(Ordering::Acquire) & !OWNER
    }

    /// A sweep of the list of readers, by the handle `me`.
    #[cfg(shmstate_loom)]
    pub(super) fn sweep(&self, me: usize) {
        self.locked(me, |shared| shared.sweep());
    }

    /// Runs `f` with the writer's lock, by the handle `me`.
    pub(super) fn locked<R>(&self, me: usize, f: impl FnOnce(&Shared<'_>) -> R) -> R {
        let os = Handle { fixture: self, slot: me };
        let shared = self.shared();
        let _ = shared.lock(me, &os, &mut &mut Naps(u32::MAX)).expect("no writer keeps the lock for ever");
        let _locked = Locked(shared, &os);
        f(&shared)
    }

    /// The number of commits that a pinned copy shows.
    #[cfg(shmstate_loom)]
    pub(super) fn shown(&self, pin: &Pin<'_>) -> usize {
        check(self.cells().get(pin.copy()))
    }

    /// The number of commits that a copy shows. The caller has the lock, and it is the active one.
    pub(super) fn content(&self, copy: usize) -> usize {
        check(self.cells().get(copy))
    }

    /// The slot with that number.
    #[cfg(shmstate_loom)]
    pub(super) fn slot(&self, me: usize) -> &SlotLine {
        &self.slots[me]
    }

    /// Runs `f` as the handle `me`, and kills it before its write number `writes`. Returns what `f` did if it lived on.
    pub(super) fn killed<R>(&self, me: usize, writes: u32, f: impl FnOnce() -> R) -> Result<R, Died> {
        let result = dies_before(writes, f);
        if result.is_err() {
            // What the kernel does. The handle's own byte goes last, so that a successor has its numbers for itself.
            for description in [probe(me), live(me)] {
                for byte in &self.bytes {
                    let _ = byte.compare_exchange(description, 0, Ordering::AcqRel, Ordering::Relaxed);
                }
            }
        }
        result
    }

    /// When all threads are joined: nothing is held, and the content is what `commits` commits make of it.
    pub(super) fn finish(&self, commits: usize) {
        let published = self.shared().published();
        assert_eq!(published.version as usize, commits, "an acknowledged commit is not counted");
        assert_eq!(check(self.cells().get(published.copy)), commits, "the content is another version's");
        // A waiter that has seen its version before it slept leaves its flag.
        assert_eq!(self.control.lock.word.load(Ordering::Relaxed) & !NOTIFY, 0, "the lock is held");
        for slot in &self.slots {
            assert!(slot.pins.iter().all(|pin| pin.load(Ordering::Relaxed) == 0), "a pin is left");
        }
    }
}

/// The lock of an update, which the dead do not release.
struct Locked<'a>(Shared<'a>, &'a Handle<'a>);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.0.unlock(self.1);
    }
}

/// So many naps, then it is enough.
pub(super) struct Naps(pub(super) u32);

impl Clock for &mut Naps {
    fn remaining(&mut self) -> Option<Duration> {
        self.0 = self.0.checked_sub(1)?;
        Some(Duration::MAX)
    }
}

/// What a handle knows of the kernel.
struct Handle<'a> {
    fixture: &'a Fixture,
    slot: usize,
}

impl Handle<'_> {
    /// Where handles sleep on that word, if nothing but a wake-up ends that.
    fn futex(&self, word: &AtomicU32) -> Option<&(Mutex<()>, Condvar)> {
        let bell = std::ptr::eq(word, &raw const self.fixture.control.lock.bell);
        self.fixture.futexes[usize::from(bell)].as_ref()
    }
}

/// A byte that is held by a probe. A process that dies with it has lost it; see [`Fixture::killed`].
pub(super) struct Held<'a>(&'a atomic::AtomicU32);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !is_dead() {
            self.0.store(0, Ordering::Release);
        }
    }
}

impl Os for Handle<'_> {
    type Held<'b>
        = Held<'b>
    where
        Self: 'b;

    fn probe(&self, slot: usize) -> Option<Held<'_>> {
        let byte = &self.fixture.bytes[slot];
        self.fixture.set_lock(slot, probe(self.slot)).then(|| Held(byte))
    }

    fn wait(&self, word: &AtomicU32, seen: u32, _limit: Duration) {
        match self.futex(word) {
            None => explorer::thread::yield_now(),
            Some((mutex, woken)) => {
                let guard = mutex.lock().expect("no poison");
                if word.load(Ordering::Relaxed) == seen {
                    drop(woken.wait(guard));
                }
            }
        }
    }

    fn wake(&self, word: &AtomicU32) {
        if let Some((mutex, woken)) = self.futex(word) {
            let _guard = mutex.lock().expect("no poison");
            woken.notify_one();
        }
    }

    fn wake_all(&self, word: &AtomicU32) {
        if let Some((mutex, woken)) = self.futex(word) {
            let _guard = mutex.lock().expect("no poison");
            woken.notify_all();
        }
    }

    fn make_room(&self, copy: usize) -> bool {
        if writes() {
            self.fixture.room[copy].store(true, Relaxed);
        }
        true
    }

    fn spin(&self, _time: Duration) {}

    fn pause(&self, _round: u32) {
        explorer::thread::yield_now();
    }
}
