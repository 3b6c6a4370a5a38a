//! What a death leaves, and what sets it right: the process that takes the lock over, or claims the slot, or comes first.
//!
//! A writer's life, and what its death leaves:
//!
//! | died | what is there | what the next one does |
//! |---|---|---|
//! | before `sequence` is odd | nothing has changed | nothing |
//! | while the copy is odd and not active | a copy of unknown content | copies everything when it uses that copy |
//! | as a commit appends to the log | entries too many | takes over bytes that are equal already |
//! | after `active`, before even | a good active copy marked odd | [`Shared::recover`] makes it even |
//! | after even, before unlock | a lock that names a dead slot | takes the lock |

use super::lock::{Acquired, LockError};
use super::outside::{Clock, Event, Os};
use super::shared::Shared;
use super::words::{NEVER, WHOLE, count};
use crate::sync::{
    Ordering::{Relaxed, Release},
    fence_release,
};

impl Shared<'_> {
    /// Takes the writer's lock and sets right what a dead owner left.
    pub(crate) fn lock(&self, me: usize, os: &impl Os, clock: &mut impl Clock) -> Result<Acquired, LockError> {
        let acquired = self.acquire(me, os, clock)?;
        if let Acquired::OwnerDied { slot } = acquired {
            self.notify(self.recover(slot), os);
        }
        Ok(acquired)
    }

    /// Sets right what the death of the writer with that slot may have left. Idempotent: a death in here leaves the same
    /// work.
    fn recover(&self, slot: usize) -> Event {
        let active = self.published();
        let event = Event::Recovered { slot, pid: self.pid(slot), version: active.version };
        self.list_all();
        if let Some(line) = self.copies.get(active.copy).filter(|line| line.is_torn()) {
            // It had committed: `active` named this copy, and only its own writer does that.
            line.sequence.store(line.odd_sequence().wrapping_add(WHOLE), Release);
        }
        count(&self.control.counters.recoveries);
        event
    }

    /// Makes a claimed slot clean: its last holder is dead, and the caller holds its byte.
    pub(crate) fn reset_slot(&self, me: usize, os: &impl Os) {
        self.control.counters.used.fetch_max(me as u32 + 1, Relaxed);
        if self.is_locked_by(me) {
            // The last holder died with the lock, so it is mine by construction.
            let event = self.recover(me);
            self.unlock(os);
            os.notify(event);
        }
        self.resign(me);
        self.clear_pins(me);
    }

    /// Makes the region clean for a first handle: no other handle is attached, and the caller keeps them out.
    ///
    /// Whatever the file says that is not content is forgotten; every copy but the active one is copied anew when it is
    /// used.
    pub(crate) fn reset(&self, active: usize) {
        self.control.lock.word.store(0, Relaxed);
        self.control.counters.elected.store(0, Relaxed);
        for slot in 0..self.slots.len() {
            self.clear_pins(slot);
        }
        self.control.counters.used.store(0, Relaxed);
        self.reset_listed();
        self.reset_log();
        self.reset_turns();
        for (k, line) in self.copies.iter().enumerate() {
            let odd = line.odd_sequence();
            line.sequence.store(if k == active { odd.wrapping_add(WHOLE) } else { odd }, Relaxed);
            fence_release(); // [W7]: a read-only follower may be there
            if k != active {
                line.synced.store(NEVER, Relaxed);
            }
            self.mark_caught_up(line);
        }
    }
}
