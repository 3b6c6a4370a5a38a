//! Which handles are attached, and waiting for one to come or to go.

use super::attached::Region;
use super::attached_handle::Attached;
use crate::commit::{Clock, Os, SlotLine};
use crate::error::Error;
use crate::plain::Timestamp;
use crate::sync::Ordering::Relaxed;
use std::time::Duration;

/// How long to sleep at first between two looks; it doubles from then on. A death rings no bell.
const FIRST_NAP: Duration = Duration::from_millis(1);

/// The longest time to sleep between two looks.
const LONGEST_NAP: Duration = Duration::from_millis(64);

impl Region {
    /// The handles that live and have described themselves, in the order of their slots.
    pub(crate) fn attached(&self) -> Result<Vec<Attached>, Error> {
        self.check()?;
        let shared = self.shared();
        let used = (shared.control.counters.used.load(Relaxed) as usize).min(shared.slots.len());
        let described = |line: &SlotLine| line.pid.load(Relaxed) != 0;
        let lives = |slot: usize| slot == self.slot() || self.os().probe(slot).is_none();
        let found = shared.slots[..used].iter().enumerate().filter(|(slot, line)| described(line) && lives(*slot));
        Ok(found
            .map(|(slot, line)| Attached {
                slot,
                pid: line.pid.load(Relaxed),
                namespace: line.namespace.load(Relaxed),
                command: line.command(),
                since: Timestamp::from_unix_nanos(self.since()[slot].load(Relaxed).cast_signed()),
            })
            .collect())
    }

    /// Calls `look` whenever a handle may have come, gone, or resigned, until it finds something; `None` when the time is up.
    pub(crate) fn wait_present<R>(
        &self,
        clock: &mut impl Clock,
        mut look: impl FnMut() -> Result<Option<R>, Error>,
    ) -> Result<Option<R>, Error> {
        let mut nap = FIRST_NAP;
        loop {
            self.check_wait()?;
            let now = self.shared().published();
            self.newer(now.version, now)?;
            let bell = self.shared().bell();
            if let Some(found) = look()? {
                return Ok(Some(found));
            }
            let Some(remaining) = clock.remaining() else { return Ok(None) };
            self.os().wait(&self.shared().control.lock.bell, bell, remaining.min(nap));
            nap = (nap * 2).min(LONGEST_NAP);
        }
    }
}
