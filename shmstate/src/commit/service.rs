//! Retiring: a region goes out of service because another one gets its name.
//!
//! The byte of `published` that has the copy's number has two flags for it, so that the range check that every reader and
//! writer makes anyway is the only cost. The copy is kept beside them: a region whose replacer died before the name
//! changed goes back into service.
//!
//! | flags | the region | what decides |
//! |---|---|---|
//! | none | is in service | – |
//! | [`LEAVING`] | is being replaced | the name: it is in service for as long as that leads to it |
//! | [`RETIRED`] | is out of service, for ever | – |
//!
//! All of it is done with the writer's lock, so that nothing is committed between [`Shared::leave_service`] and the end.
//! The exception is [`Shared::confirm_retired`], which changes nothing that the name has not decided already.

use super::pins::Pin;
use super::shared::Shared;
use super::words::Published;
use crate::sync::Ordering::{Relaxed, SeqCst};

/// The flag of a region that is being replaced.
const LEAVING: usize = 0x80;

/// The flags of a region that has been replaced.
const RETIRED: usize = 0xc0;

/// Whether a region may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Service {
    /// It may.
    In,
    /// Its name decides.
    Leaving,
    /// Another region has its name, for good.
    Retired,
}

impl Published {
    /// Whether the region is in service, as far as the word says.
    pub(crate) fn service(self) -> Service {
        match self.copy & RETIRED {
            LEAVING => Service::Leaving,
            RETIRED => Service::Retired,
            _ => Service::In,
        }
    }

    /// The same version in the same copy, without flags.
    pub(crate) fn in_service(self) -> Published {
        Published { copy: self.copy & !RETIRED, ..self }
    }

    fn with(self, flags: usize) -> Published {
        Published { copy: self.in_service().copy | flags, ..self }
    }
}

impl Shared<'_> {
    /// Lets the region's name decide whether it is in service. The caller holds the lock.
    pub(crate) fn leave_service(&self) {
        let active = self.published();
        self.control.active.published.store(active.with(LEAVING).pack(), SeqCst);
    }

    /// Takes the region out of service for good, after its name has gone to another one. The caller holds the lock.
    pub(crate) fn retire(&self) {
        let active = self.published();
        self.control.active.published.store(active.with(RETIRED).pack(), SeqCst);
    }

    /// Puts a region back into service that still has its name. The caller holds the lock, or is alone.
    pub(crate) fn stay_in_service(&self) {
        let active = self.published();
        self.control.active.published.store(active.in_service().pack(), SeqCst);
    }

    /// [`Self::retire`] by one that has not the lock, and has seen that the name leads elsewhere: saves the next ones the look.
    pub(crate) fn confirm_retired(&self) {
        let word = self.control.active.published.load(Relaxed);
        let active = Published::unpack(word);
        if active.service() == Service::Leaving {
            // In vain if a process with the lock has decided meanwhile.
            let _ = self.control.active.published.compare_exchange(word, active.with(RETIRED).pack(), SeqCst, Relaxed);
        }
    }

    /// Pins the active copy of a region that is being replaced, and is in service by its name. As [`Shared::enter`] does, or
    /// says what the region names instead.
    #[cold]
    pub(crate) fn enter_leaving(&self, me: usize) -> Result<Pin<'_>, usize> {
        self.enter_flagged(me, &self.slots[me], LEAVING)
    }

    /// [`Self::optimistic_read`] at such a region.
    #[cold]
    pub(crate) fn optimistic_read_leaving<R>(&self, read: impl FnOnce(usize) -> R) -> Result<(R, bool), usize> {
        self.optimistic_read_flagged(LEAVING, read)
    }
}
