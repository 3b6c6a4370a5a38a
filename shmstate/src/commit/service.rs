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
//! A `rename` moves the name from one region to the other at one stroke, and that decides. So a death in the midst leaves one of the
//! two in service. No other process has to finish anything; it may have no right to do so.
//!
//! All of this is done under the writer's lock. So nothing is committed from before the successor is made until the end, and the
//! successor takes over the last version. The exception is [`Shared::confirm_retired`], which changes nothing that the name has not
//! decided already.
//!
//! The mark needs no ordering of its own: a process that finds the new region by the name has seen the effect of a system call
//! that came after the mark, and with it the mark.

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
    /// Puts a successor in the region's place: `make` makes it, of the version that the region has, and `take_name` gives it the
    /// name. `None`: the region is out of service already. The caller holds the lock, and the region has its name.
    pub(crate) fn hand_over<S, E>(
        &self,
        make: impl FnOnce(Published) -> Result<S, E>,
        take_name: impl FnOnce(&mut S) -> Result<(), E>,
    ) -> Result<Option<S>, E> {
        let active = self.published();
        if active.service() == Service::Retired {
            return Ok(None);
        }
        let mut successor = make(active.in_service())?;
        // In this order: no moment is without a region in service, and none has two.
        self.leave_service();
        if let Err(error) = take_name(&mut successor) {
            self.stay_in_service();
            return Err(error);
        }
        self.publish_service(RETIRED);
        Ok(Some(successor))
    }

    /// Does what is left to do for a process that died while it replaced the region: the name says what. The caller holds the
    /// lock.
    pub(crate) fn settle_service<E>(&self, has_its_name: impl FnOnce() -> Result<bool, E>) -> Result<(), E> {
        if self.published().service() == Service::Leaving {
            if has_its_name()? {
                self.stay_in_service();
            } else {
                self.publish_service(RETIRED);
            }
        }
        Ok(())
    }

    /// Lets the region's name decide whether it is in service. The caller holds the lock.
    pub(super) fn leave_service(&self) {
        self.publish_service(LEAVING);
    }

    /// Puts a region back into service that still has its name. The caller holds the lock, or is alone.
    pub(crate) fn stay_in_service(&self) {
        self.publish_service(0);
    }

    /// The same version, with these flags. The caller holds the lock, or is alone.
    fn publish_service(&self, flags: usize) {
        self.control.active.published.store(self.published().with(flags).pack(), SeqCst);
    }

    /// Retires the region without the lock, for a process that has seen that the name leads elsewhere: saves the next ones the look.
    pub(crate) fn confirm_retired(&self) {
        let word = self.control.active.published.load(Relaxed);
        let active = Published::unpack(word);
        if active.service() == Service::Leaving {
            // In vain if a process with the lock has decided meanwhile.
            let _ = self.control.active.published.compare_exchange(word, active.with(RETIRED).pack(), SeqCst, Relaxed);
        }
    }

    /// [`Shared::enter`] at a region that is being replaced, and is in service by its name.
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
