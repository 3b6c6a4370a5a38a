//! The writer's lock: a futex word that names its owner's slot.
//!
//! Ownership is decided by slots, never by process or thread ids, which repeat across namespaces. The [`Os`] says whether the owner
//! of a slot lives, and holds a dead owner's slot for as long as the answer is used. So no handle can claim that slot before the word
//! has changed hands.

use super::outside::{Clock, Event, Os};
use super::shared::Shared;
use super::words::{NEXT, NOTIFY, OWNER, WAIT};
use crate::sync::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
    fence_acquire, spin_loop,
};
use std::time::Duration;

/// How often a writer tries to be the next one before it sleeps.
const ROUNDS: u32 = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 1 } else { 3 };

/// How long a writer leaves the lock's cache line alone before each round. The owner makes its updates at full speed in this
/// time, with all lines in its cache; each change of the owner moves them to another core.
const APART: Duration = Duration::from_nanos(1500);

/// How many looks at the word the next writer takes, with a pause before each.
const LOOKS: u32 = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 1 } else { 64 };

/// How long an owner that unlocks leaves the line alone when a writer is next: about what a cache line takes to come to another
/// core, twice.
const COURTESY: Duration = Duration::from_nanos(400);

/// How long to sleep before asking whether the owner lives: the first time; it doubles from then on.
const FIRST_NAP: Duration = Duration::from_micros(250);

/// The longest time to sleep before asking.
const LONGEST_NAP: Duration = Duration::from_millis(2);

/// The lock is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub(crate) enum Acquired {
    /// Its last owner had released it.
    Clean,
    /// Its last owner, with that slot, died with it: recover before anything else.
    OwnerDied { slot: usize },
}

/// The lock was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LockError {
    /// The time was up; the slot held it last.
    Busy { slot: usize },
    /// The word names a slot that the region does not have.
    Corrupt { word: u32 },
}

/// Takes the lock for slot `me`, if it is free.
#[inline(always)]
fn try_lock(word: &AtomicU32, me: usize) -> bool {
    word.compare_exchange(0, owner(me), Acquire, Relaxed).is_ok() // [W1]
}

/// [`try_lock`], which keeps the flag of a handle that waits for a version.
fn try_lock_flagged(word: &AtomicU32, me: usize) -> bool {
    let seen = word.load(Relaxed);
    seen & !NOTIFY == 0 && word.compare_exchange(seen, seen | owner(me), Acquire, Relaxed).is_ok() // [W1]
}

/// Watches for an unlock as the next writer. The owner that finds [`NEXT`] at its unlock leaves the lock alone for a moment, so
/// that the next writer gets it. If another writer has raised the flag, it goes first, and this one returns `false`.
///
/// The flag promises nothing: a writer that raised it and died, or was stopped, costs one owner that moment.
fn lock_as_next(word: &AtomicU32, me: usize) -> bool {
    let mut next = false;
    for _ in 0..LOOKS {
        let seen = word.load(Relaxed);
        if seen & OWNER == 0 {
            if try_lock_flagged(word, me) {
                return true; // [W1]
            }
        } else if seen & NEXT == 0 {
            next = word.compare_exchange(seen, seen | NEXT, Relaxed, Relaxed).is_ok();
        } else if !next {
            return false;
        }
        spin_loop();
    }
    false
}

/// How slot `slot` stands in the word.
const fn owner(slot: usize) -> u32 {
    slot as u32 + 1
}

/// Takes the lock, which was not free just now.
#[cold]
fn lock_contended(
    word: &AtomicU32,
    me: usize,
    slots: usize,
    os: &impl Os,
    clock: &mut impl Clock,
) -> Result<Acquired, LockError> {
    for _ in 0..ROUNDS {
        os.spin(APART);
        if lock_as_next(word, me) {
            return Ok(Acquired::Clean);
        }
    }
    // A writer that has slept cannot know whether others still do: it keeps the flag when it takes the lock.
    let mut slept = 0;
    let mut nap = FIRST_NAP;
    loop {
        let seen = word.load(Relaxed);
        let holder = seen & OWNER;
        if holder == 0 {
            if word.compare_exchange(seen, owner(me) | seen | slept, Acquire, Relaxed).is_ok() {
                return Ok(Acquired::Clean); // [W1]
            }
            continue;
        }
        if holder as usize > slots {
            return Err(LockError::Corrupt { word: seen });
        }
        if seen & WAIT == 0 && word.compare_exchange(seen, seen | WAIT, Relaxed, Relaxed).is_err() {
            continue;
        }
        let remaining = clock.remaining();
        os.wait(word, seen | WAIT, remaining.unwrap_or_default().min(nap));
        nap = (nap * 2).min(LONGEST_NAP);
        slept = WAIT;
        // Another thread of this very handle lives as long as this one does.
        if word.load(Relaxed) & !(NOTIFY | NEXT) == holder | WAIT
            && holder != owner(me)
            && take_over(word, me, holder, os)
        {
            return Ok(Acquired::OwnerDied { slot: holder as usize - 1 }); // [W1]
        }
        if remaining.is_none() {
            return Err(LockError::Busy { slot: holder as usize - 1 });
        }
    }
}

/// Takes the lock from `holder` if that one is dead.
fn take_over(word: &AtomicU32, me: usize, holder: u32, os: &impl Os) -> bool {
    let Some(_held) = os.probe(holder as usize - 1) else { return false };
    // The slot is held until this returns: the word can lose only to another that takes over, or gain the flag.
    loop {
        let seen = word.load(Relaxed);
        if seen & OWNER != holder {
            return false;
        }
        if word.compare_exchange(seen, owner(me) | WAIT | seen & NOTIFY, Acquire, Relaxed).is_ok() {
            return true;
        }
    }
}

impl Shared<'_> {
    /// Takes the writer's lock for slot `me`, if it is free.
    #[inline(always)]
    pub(super) fn try_lock(&self, me: usize) -> bool {
        try_lock(&self.control.lock.word, me)
    }

    /// Takes the writer's lock for slot `me`. What a dead owner left is still to be set right.
    pub(super) fn acquire(&self, me: usize, os: &impl Os, clock: &mut impl Clock) -> Result<Acquired, LockError> {
        if try_lock_flagged(&self.control.lock.word, me) {
            return Ok(Acquired::Clean);
        }
        lock_contended(&self.control.lock.word, me, self.slots.len(), os, clock)
    }

    /// Whether the lock names `slot` as its owner.
    pub(super) fn is_locked_by(&self, slot: usize) -> bool {
        self.control.lock.word.load(Relaxed) & OWNER == owner(slot)
    }

    /// The slot that has the lock.
    #[cfg(feature = "dynamic")]
    pub(crate) fn locked_by(&self) -> Option<usize> {
        (self.control.lock.word.load(Relaxed) & OWNER).checked_sub(1).map(|slot| slot as usize)
    }

    /// Releases the writer's lock.
    #[inline]
    pub(crate) fn unlock(&self, os: &impl Os) {
        let flags = self.control.lock.word.swap(0, Release) & !OWNER; // [W6]
        if flags != 0 {
            self.wake(flags, os);
        }
    }

    /// Wakes the waiters that the word had these flags for.
    #[cold]
    fn wake(&self, flags: u32, os: &impl Os) {
        let lock = &self.control.lock;
        if flags & WAIT != 0 {
            os.wake(&lock.word);
        } else if flags & NEXT != 0 {
            os.spin(COURTESY);
        }
        if flags & NOTIFY != 0 {
            fence_acquire(); // [F2]
            lock.bell.fetch_add(1, Release);
            os.wake_all(&lock.bell);
        }
    }

    /// Notifies of an event, with the lock held and nothing begun: should the listener panic, the lock is released.
    #[cold]
    pub(super) fn notify<O: Os>(&self, event: Event, os: &O) {
        self.unlock_on_panic(os, || os.notify(event));
    }

    /// Runs `f`, which may call a listener, with the lock held.
    pub(super) fn unlock_on_panic<O: Os>(&self, os: &O, f: impl FnOnce()) {
        struct Unlock<'a, O: Os>(&'a Shared<'a>, &'a O);
        impl<O: Os> Drop for Unlock<'_, O> {
            fn drop(&mut self) {
                self.0.unlock(self.1);
            }
        }
        let unlock = Unlock(self, os);
        f();
        std::mem::forget(unlock);
    }
}
