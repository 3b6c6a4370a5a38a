//! Which of the attached handles is the elected one.
//!
//! One word names the elected handle's slot. As for the lock, slots count, and the [`Os`] says whether the holder of a slot lives:
//! nothing depends on time. A handle takes the word if it is 0, or if it names the slot of a dead handle. The taker holds that slot
//! meanwhile, so that no new handle can claim it. So the handle that the word names then is dead.
//!
//! | died | what is there | what follows |
//! |---|---|---|
//! | the elected handle | the word names its slot | the next handle that looks takes the word; a new handle that gets the slot clears it |
//! | a handle that takes the word | the word as before, or its slot | the same |
//!
//! Handles that wait sleep on the bell, which rings when a handle attaches, leaves, or resigns. A death rings nothing; the waiters
//! notice it when their naps end.

use super::outside::Os;
use super::shared::Shared;
use crate::sync::{
    AtomicU32,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

impl Shared<'_> {
    /// Makes slot `me` the elected one, if no living handle is elected. Returns whether it did so.
    pub(crate) fn try_elect(&self, me: usize, os: &impl Os) -> bool {
        let word = &self.control.counters.elected;
        let seen = word.load(Relaxed);
        // What is no slot was written past the protocol.
        let holder = (seen as usize).checked_sub(1).filter(|holder| *holder < self.slots.len());
        let _held = match holder {
            None => None,
            Some(holder) => match os.probe(holder) {
                // It lives; perhaps it is this one.
                None => return false,
                held => held,
            },
        };
        word.compare_exchange(seen, me as u32 + 1, AcqRel, Relaxed).is_ok()
    }

    /// Ends the election of slot `me`. Returns whether it was the elected one.
    pub(crate) fn resign(&self, me: usize) -> bool {
        self.control.counters.elected.compare_exchange(me as u32 + 1, 0, Release, Relaxed).is_ok()
    }

    /// The number of the bell. A waiter takes it, looks for a change that rings the bell without an update, and then sleeps until the
    /// number is another one.
    pub(crate) fn bell(&self) -> u32 {
        self.control.lock.bell.load(Acquire)
    }

    /// Wakes all that sleep on the bell, after a change that they wait for.
    pub(crate) fn ring_bell(&self, wake_all: impl FnOnce(&AtomicU32)) {
        let bell = &self.control.lock.bell;
        bell.fetch_add(1, Release);
        wake_all(bell);
    }
}
