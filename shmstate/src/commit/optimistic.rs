//! Reading without a pin, as a seqlock is read: read-only handles, which map the region for reading only, and loads of a few
//! words.
//!
//! A copy is written only while it is not the active one, and its writer changes its sequence first. So no writer has written it if
//! it is still the active one of the same version, or if it still has the same sequence and this says that the copy holds a version.
//! (An update may have been rolled back in the copy between the look at `active` and the look at the sequence.) If neither holds,
//! what was read may be torn, and is thrown away.

use super::pins::Reader;
use super::shared::Shared;
#[cfg(feature = "dynamic")]
use super::words::NEVER;
use crate::sync::{Ordering::Relaxed, fence_acquire};

/// How often a load tries again before it takes a pin. An attempt fails if two updates came in between.
const ATTEMPTS: usize = if cfg!(shmstate_loom) { 0 } else { 16 };

impl Shared<'_> {
    /// Lets `read` look at the active copy without a pin, and says whether writers have left that copy alone meanwhile. If so, what
    /// was read is of one version; if not, it means nothing. The error is the copy that the region names and does not have.
    #[inline]
    pub(crate) fn optimistic_read<R>(&self, read: impl FnOnce(usize) -> R) -> Result<(R, bool), usize> {
        self.optimistic_read_flagged(0, read)
    }

    /// [`Self::optimistic_read`], where the copy's number may have these flags beside it.
    #[inline(always)]
    pub(super) fn optimistic_read_flagged<R>(
        &self,
        flags: usize,
        read: impl FnOnce(usize) -> R,
    ) -> Result<(R, bool), usize> {
        let before = self.published_relaxed();
        let copy = before.copy & !flags;
        let line = self.copies.get(copy).ok_or(before.copy)?;
        let sequence = line.sequence.load(Relaxed);
        fence_acquire();
        let found = read(copy);
        fence_acquire(); // [P1]
        let same = sequence.is_multiple_of(4) && line.sequence.load(Relaxed) == sequence;
        Ok((found, same || self.published_relaxed() == before))
    }

    /// Lets `read` look at copy `k`, the active one or not, and says which version it holds. `None` if it holds none, or if a
    /// writer has begun to write it meanwhile: what was read means nothing then.
    #[cfg(feature = "dynamic")]
    pub(crate) fn inspect<R>(&self, k: usize, read: impl FnOnce() -> R) -> Option<(R, u64)> {
        let (before, line) = (self.published_relaxed(), self.copies.get(k)?);
        let sequence = line.sequence.load(Relaxed);
        fence_acquire();
        let (found, version) = (read(), line.synced.load(Relaxed));
        fence_acquire(); // [P1]
        let same = sequence.is_multiple_of(4) && line.sequence.load(Relaxed) == sequence && version != NEVER;
        // A writer may have died between its commit and its last store to the sequence.
        let active = before.copy == k && self.published_relaxed() == before;
        let version = if active { before.version } else { version };
        (same || active).then_some((found, version))
    }

    /// Lets `read` look at the active copy until no writer has written it meanwhile; with a pin, when writers are faster each
    /// time. Slot `me` is this process's.
    #[inline]
    pub(crate) fn load<R>(&self, me: usize, mut read: impl FnMut(usize) -> R) -> Result<R, usize> {
        let (found, unchanged) = self.optimistic_read(&mut read)?;
        if unchanged { Ok(found) } else { self.load_again(me, read) }
    }

    #[cold]
    fn load_again<R>(&self, me: usize, mut read: impl FnMut(usize) -> R) -> Result<R, usize> {
        for _ in 0..ATTEMPTS {
            if let (found, true) = self.optimistic_read(&mut read)? {
                return Ok(found);
            }
        }
        let pin = self.enter(me, &self.slots[me], Reader::Guest)?;
        Ok(read(pin.copy()))
    }
}
