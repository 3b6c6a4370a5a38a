//! Waiting for a version of a region, which may be replaced meanwhile.

use super::attached::Region;
use super::read_only::ReadOnlyRegion;
use crate::commit::{Clock, Os, Published, Service};
use crate::error::{Call, Error, ErrorRepr};
use crate::os;
use crate::track::Frame;
use std::time::Duration;

/// How long a waiter sleeps between two looks at a region that is being replaced.
pub(super) const REPLACED: Duration = Duration::from_millis(1);

impl Region {
    /// Refuses to wait where a version can never come: in a forked child, and inside of an update by this thread.
    pub(super) fn check_wait(&self) -> Result<(), Error> {
        self.check()?;
        if Frame::is_written(self.key().numbers()) {
            return Err(ErrorRepr::Reentrant { path: self.path().to_owned(), call: Call::Wait }.into());
        }
        Ok(())
    }

    /// The version in `now` if it comes after `version`. An error if the region is out of service for good.
    pub(super) fn newer(&self, version: u64, now: Published) -> Result<Option<u64>, Error> {
        if now.service() != Service::In {
            self.check_service(now.copy)?;
        }
        Ok((now.version > version).then_some(now.version))
    }

    /// Waits until there is a version after `version`, and returns the newest one; `None` when the time is up.
    pub(crate) fn wait_newer(&self, version: u64, clock: &mut impl Clock) -> Result<Option<u64>, Error> {
        self.check_wait()?;
        let sleep = |word: &_, seen, limit| self.os().wait(word, seen, limit);
        loop {
            let mut now = self.shared().published();
            if !now.is_news(version) {
                // A look without waiting raises no flag.
                if clock.remaining().is_none() {
                    return Ok(None);
                }
                match self.shared().wait_newer(version, sleep, clock) {
                    Some(newer) => now = newer,
                    None => return Ok(None),
                }
            }
            if let Some(newer) = self.newer(version, now)? {
                return Ok(Some(newer));
            }
            // It still has its name, and the process that replaces it is at work or dead.
            let Some(remaining) = clock.remaining() else { return Ok(None) };
            os::sleep(remaining.min(REPLACED));
        }
    }
}

impl ReadOnlyRegion {
    /// [`Region::newer`].
    pub(super) fn newer(&self, version: u64, now: Published) -> Result<Option<u64>, Error> {
        if now.service() != Service::In && !self.is_in_service()? {
            return Err(ErrorRepr::Retired { path: self.origin().path().to_owned() }.into());
        }
        Ok((now.version > version).then_some(now.version))
    }

    /// [`Region::wait_newer`] by one that cannot announce that it waits.
    pub(crate) fn wait_newer(&self, version: u64, clock: &mut impl Clock) -> Result<Option<u64>, Error> {
        loop {
            let Some(now) = self.shared().wait_unannounced(version, os::futex_wait, clock) else { return Ok(None) };
            if let Some(newer) = self.newer(version, now)? {
                return Ok(Some(newer));
            }
            let Some(remaining) = clock.remaining() else { return Ok(None) };
            os::sleep(remaining.min(REPLACED));
        }
    }
}
