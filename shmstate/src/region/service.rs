//! What a handle does whose region is being replaced, or has been.

use super::attached::Region;
use super::reopening::lost;
use crate::commit::{BeginError, Clock, Published, Service};
use crate::error::{Call, Error, ErrorRepr};
use crate::os;
use crate::track::Frame;

/// What a region holds, while the writer's lock keeps it so.
#[derive(Clone, Copy)]
pub(crate) struct Current<'a> {
    pub(crate) version: u64,
    /// All bytes of the state.
    pub(crate) bytes: &'a [u8],
}

impl Region {
    /// Decides what happens to a closure that meets an active copy `copy` that the region does not have. That is an error, unless
    /// the region is being replaced and its name still leads to it. Then the region is in service, and its active copy is the one
    /// beside the flags.
    #[cold]
    pub(crate) fn check_service(&self, copy: usize) -> Result<(), Error> {
        match (Published { version: 0, copy }).service() {
            Service::In => Err(self.no_such_copy(copy)),
            Service::Leaving if self.has_its_name()? => Ok(()),
            Service::Leaving => {
                self.shared().confirm_retired();
                Err(self.retired())
            }
            Service::Retired => Err(self.retired()),
        }
    }

    /// [`Self::check_service`] by a writer. After `Ok`, the region is in service without flags, or the next attempt finds out what
    /// it is. Waits for the process that replaces the region; if that process is dead, does what it has left to do.
    #[cold]
    pub(crate) fn settle(&self, copy: usize, clock: &mut impl Clock) -> Result<(), Error> {
        self.check_service(copy)?;
        self.with_lock(clock, || self.shared().settle_service(|| self.has_its_name()))?
    }

    /// Puts another region in this one's place: under the lock, `make` makes it of the current version, and `take_name` gives it
    /// the name. `None`: this region no longer has the name.
    pub(crate) fn replace<N>(
        &self,
        clock: &mut impl Clock,
        make: impl FnOnce(Current<'_>) -> Result<N, Error>,
        take_name: impl FnOnce(&mut N) -> Result<(), Error>,
    ) -> Result<Option<N>, Error> {
        self.with_lock(clock, || {
            if !self.has_its_name()? {
                return Ok(None);
            }
            let make = |active| {
                let current = self.current(active)?;
                // A closure of the program's may be in it, which must wait neither for this very lock nor for a version.
                let made = Frame::new(self.key().numbers()).enter_locked(|| make(current))?;
                // It may have forked, and this be the child.
                self.check()?;
                Ok(made)
            };
            self.shared().hand_over(make, take_name)?.ok_or_else(|| self.retired()).map(Some)
        })?
    }

    /// The active version with its bytes, which stays the current one for as long as the caller has the lock.
    fn current(&self, Published { version, copy }: Published) -> Result<Current<'_>, Error> {
        if copy >= self.shared().in_use() {
            return Err(self.no_such_copy(copy));
        }
        let (base, stride) = self.images();
        let (first, size) = (base.wrapping_add(copy * stride).cast_const(), self.kernel.geometry.size as usize);
        // SAFETY: as many bytes as the state has, in a copy of the mapping, which this handle keeps. No process writes the active
        // copy, and no other one becomes it while the caller has the lock.
        let bytes = unsafe { std::slice::from_raw_parts(first, size) };
        Ok(Current { version, bytes })
    }

    /// Whether the region is in service: as its words say, or, if they leave it open, as its name says.
    pub(crate) fn is_in_service(&self) -> Result<bool, Error> {
        match self.shared().published().service() {
            Service::In => Ok(true),
            Service::Leaving => self.has_its_name(),
            Service::Retired => Ok(false),
        }
    }

    /// Whether its name still leads to it; where there is no such name any more, whether it has one at all.
    fn has_its_name(&self) -> Result<bool, Error> {
        let Some(origin) = self.origin() else { return Ok(true) };
        match origin.now()? {
            Some(key) => Ok(key == self.key()),
            // Moved with its directory, or out of this process's reach.
            None => {
                let named = self.os().liveness.with_file(|file| os::has_name(self.path(), file));
                named.map_err(|e| lost(self.path(), e))?
            }
        }
    }

    /// Takes the writer's lock for something else than an update.
    fn with_lock<R>(&self, clock: &mut impl Clock, f: impl FnOnce() -> R) -> Result<R, Error> {
        struct Unlock<'a>(&'a Region);
        impl Drop for Unlock<'_> {
            fn drop(&mut self) {
                // In a child that was forked meanwhile, the lock is the parent's.
                if self.0.is_mine() {
                    self.0.shared().unlock(self.0.os());
                }
            }
        }
        self.check()?;
        if Frame::is_written(self.key().numbers()) {
            return Err(ErrorRepr::Reentrant { path: self.path().to_owned(), call: Call::Replace }.into());
        }
        let _ = self.shared().lock(self.slot(), self.os(), clock).map_err(|e| self.to_error(BeginError::Lock(e)))?;
        let _unlock = Unlock(self);
        Ok(f())
    }

    /// The error of a handle whose region was replaced.
    #[cold]
    pub(crate) fn retired(&self) -> Error {
        ErrorRepr::Retired { path: self.path().to_owned() }.into()
    }
}
