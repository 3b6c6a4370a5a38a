//! Spare copies: what a writer takes into use when readers stay in all the others.
//!
//! A region has address space for `max_copies` copies and memory for those in use. The number in use only grows, under
//! the writer's lock. Readers need not know it: the copy that `active` names has been made room for before any writer
//! could publish it. A death in the midst leaves room that is not counted, or a counted copy of unknown content, which is odd
//! from the start, so that its first user copies everything.

use super::outside::{Event, Os};
use super::shared::Shared;
use crate::sync::Ordering::Relaxed;

impl Shared<'_> {
    /// Takes a spare copy into use, if there is one and the system has room for it. The caller holds the lock.
    #[cold]
    pub(super) fn add_spare(&self, os: &impl Os) -> Option<usize> {
        let copy = self.in_use();
        if copy == self.copies.len() || !os.make_room(copy) {
            return None;
        }
        self.control.counters.copies.store(copy as u32 + 1, Relaxed);
        self.control.active.turns.store(copy as u32 + 1, Relaxed);
        self.notify(Event::Spare { copies: copy + 1 }, os);
        Some(copy)
    }
}
