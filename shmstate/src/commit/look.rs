//! Onlookers, who map the region for reading only: no slot, no pin, no lock.
//!
//! A copy is written only while it is not the active one, and whoever writes it changes its generation first. So it was
//! left alone if it is still the active one of the same version, or still has the same even generation. What was read in
//! the meantime may be torn, and is thrown away if neither holds.

use super::copies::Shared;
use super::words::{CopyLine, Published};
use crate::mutant::planted;
use crate::sync::{Ordering::Relaxed, fence_acquire};

/// A look at the active copy, which nothing holds in place.
pub(crate) struct Look<'a> {
    shared: &'a Shared<'a>,
    line: &'a CopyLine,
    before: Published,
    generation: u64,
}

impl Shared<'_> {
    /// [`Shared::published`], for memory that is mapped for reading. Relaxed loads are what the language promises to work
    /// there; the fence makes them acquire.
    pub(crate) fn seen(&self) -> Published {
        let word = self.control.active.published.load(Relaxed);
        fence_acquire();
        Published::unpack(word)
    }

    /// Begins to look at the active copy, or says which copy the region names that it does not have.
    pub(crate) fn look(&self) -> Result<Look<'_>, usize> {
        let before = self.seen();
        let line = self.copies.get(before.copy).ok_or(before.copy)?;
        let generation = line.generation.load(Relaxed);
        fence_acquire();
        Ok(Look { shared: self, line, before, generation })
    }
}

impl Look<'_> {
    /// The copy that is looked at.
    pub(crate) fn copy(&self) -> usize {
        self.before.copy
    }

    /// Whether nobody has written the copy since the look began: what was read of it is a version then.
    pub(crate) fn was_left_alone(self) -> bool {
        if !planted("P1") {
            fence_acquire(); // [P1]
        }
        let same = self.generation.is_multiple_of(2) && self.line.generation.load(Relaxed) == self.generation;
        same || self.shared.seen() == self.before || planted("onlooker_looks_once")
    }
}
