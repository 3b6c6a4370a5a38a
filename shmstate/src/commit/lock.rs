//! The writer's lock: a futex word that names its owner's slot.
//!
//! Ownership is decided by slots, never by process or thread ids, which repeat across namespaces. Whether the owner of a
//! slot lives is asked from the [`Host`], which holds that slot for as long as the answer is used: a dead owner's slot
//! cannot be claimed before the word has changed hands.

use super::words::WAIT;
use crate::sync::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
    spin_loop,
};
use std::time::Duration;

/// Attempts before sleeping.
const ATTEMPTS: u32 = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 1 } else { 24 };

/// Pauses before an attempt, as a power of two: they double from one attempt to the next, up to this. Each look at the word
/// takes its cache line from the owner, so that writers that look without a pause slow down the one that they wait for; and one that
/// pauses for long lets others pass.
const MOST_PAUSES: u32 = 5;

/// How long to sleep before asking whether the owner lives: the first time; it doubles from then on.
const FIRST_NAP: Duration = Duration::from_micros(250);

/// The longest time to sleep before asking.
const LONGEST_NAP: Duration = Duration::from_millis(2);

/// What the protocol needs from the operating system.
pub(crate) trait Host {
    /// A dead owner's slot, held so that it cannot be claimed.
    type Held<'a>
    where
        Self: 'a;

    /// Holds the slot if its owner is dead; `None` if it lives, or if that cannot be known now.
    fn probe(&self, slot: usize) -> Option<Self::Held<'_>>;

    /// Sleeps while `word` is `seen`, for at most `limit`.
    fn wait(&self, word: &AtomicU32, seen: u32, limit: Duration);

    /// Wakes one that sleeps on `word`.
    fn wake(&self, word: &AtomicU32);

    /// Lets time pass; `round` counts up from 0.
    fn pause(&self, round: u32);

    /// Makes sure that copy `copy` has memory. Returns whether it has.
    fn make_room(&self, copy: usize) -> bool;

    /// Hears what happened. Nothing depends on it.
    fn tell(&self, _news: News) {}
}

/// What an update has met with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// The writer with that slot died with the lock, which was taken over; the version is what it left.
    Recovered { slot: usize, pid: u32, version: u64 },
    /// The pins of a dead handle were in the way and were cleared.
    Reclaimed { slot: usize, pid: u32 },
    /// A spare copy was taken into use; there are so many now.
    Spare { copies: usize },
    /// Every copy is pinned by readers that live; one bit for each of the first 64 slots that pin.
    Pinned { slots: u64 },
}

/// How long a caller is willing to wait. Looked at only once waiting has begun.
pub(crate) trait Clock {
    /// What is left; `None` when nothing is.
    fn rest(&mut self) -> Option<Duration>;
}

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
pub(super) fn try_lock(word: &AtomicU32, me: usize) -> bool {
    word.compare_exchange(0, owner(me), Acquire, Relaxed).is_ok() // [W1]
}

/// Takes the lock for slot `me`.
pub(super) fn lock(
    word: &AtomicU32,
    me: usize,
    slots: usize,
    host: &impl Host,
    clock: &mut impl Clock,
) -> Result<Acquired, LockError> {
    if try_lock(word, me) {
        return Ok(Acquired::Clean);
    }
    lock_contended(word, me, slots, host, clock)
}

/// How slot `slot` stands in the word.
const fn owner(slot: usize) -> u32 {
    slot as u32 + 1
}

#[cold]
fn lock_contended(
    word: &AtomicU32,
    me: usize,
    slots: usize,
    host: &impl Host,
    clock: &mut impl Clock,
) -> Result<Acquired, LockError> {
    for attempt in 0..ATTEMPTS {
        for _ in 0..1u32 << attempt.min(MOST_PAUSES) {
            spin_loop();
        }
        if word.load(Relaxed) == 0 && try_lock(word, me) {
            return Ok(Acquired::Clean);
        }
    }
    // A writer that has slept cannot know whether others still do: it keeps the flag when it takes the lock.
    let mut slept = 0;
    let mut nap = FIRST_NAP;
    loop {
        let seen = word.load(Relaxed);
        let holder = seen & !WAIT;
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
        let rest = clock.rest();
        host.wait(word, holder | WAIT, rest.unwrap_or_default().min(nap));
        nap = (nap * 2).min(LONGEST_NAP);
        slept = WAIT;
        // Another thread of this very handle lives as long as this one does.
        if word.load(Relaxed) == holder | WAIT && holder != owner(me) && take_over(word, me, holder, host) {
            return Ok(Acquired::OwnerDied { slot: holder as usize - 1 }); // [W1]
        }
        if rest.is_none() {
            return Err(LockError::Busy { slot: holder as usize - 1 });
        }
    }
}

/// Takes the lock from `holder` if that one is dead.
fn take_over(word: &AtomicU32, me: usize, holder: u32, host: &impl Host) -> bool {
    let Some(_held) = host.probe(holder as usize - 1) else { return false };
    // The slot is held until this returns: the word can lose only to another that takes over, or gain the flag.
    loop {
        let seen = word.load(Relaxed);
        if seen & !WAIT != holder {
            return false;
        }
        if word.compare_exchange(seen, owner(me) | WAIT, Acquire, Relaxed).is_ok() {
            return true;
        }
    }
}

/// Whether the word names `slot` as the owner.
pub(super) fn is_owned_by(word: &AtomicU32, slot: usize) -> bool {
    word.load(Relaxed) & !WAIT == owner(slot)
}

/// Releases the lock.
#[inline]
pub(super) fn unlock(word: &AtomicU32, host: &impl Host) {
    if word.swap(0, Release) & WAIT != 0 {
        host.wake(word); // [W6] is the swap
    }
}
