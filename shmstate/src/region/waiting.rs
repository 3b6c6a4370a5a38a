//! Waiting for a version of a region, which may be replaced meanwhile.

use super::attached::Region;
use super::read_only::ReadOnlyRegion;
use crate::commit::{Clock, Service};
use crate::error::{Error, Trouble};
use crate::os;
use crate::track::Frame;
use std::time::Duration;

/// How long a waiter sleeps between two looks at a region that is being replaced.
const REPLACED: Duration = Duration::from_millis(1);

impl Region {
    /// Waits until there is a version after `version`, and returns the newest one; `None` when the time is up.
    pub(crate) fn wait_newer(&self, version: u64, clock: &mut impl Clock) -> Result<Option<u64>, Error> {
        self.check()?;
        if Frame::is_written(self.key().numbers()) {
            return Err(Trouble::Reentrant { path: self.path().to_owned() }.into());
        }
        loop {
            let mut now = self.shared().published();
            if !now.is_news(version) {
                // A look without waiting raises no flag.
                if clock.remaining().is_none() {
                    return Ok(None);
                }
                match self.shared().wait_newer(version, self.os(), clock) {
                    Some(newer) => now = newer,
                    None => return Ok(None),
                }
            }
            if now.service() != Service::In {
                self.check_service(now.copy)?;
            }
            if now.version > version {
                return Ok(Some(now.version));
            }
            // It still has its name, and the process that replaces it is at work or dead.
            let Some(remaining) = clock.remaining() else { return Ok(None) };
            std::thread::sleep(remaining.min(REPLACED));
        }
    }
}

impl ReadOnlyRegion {
    /// [`Region::wait_newer`] by one that cannot announce that it waits.
    pub(crate) fn wait_newer(&self, version: u64, clock: &mut impl Clock) -> Result<Option<u64>, Error> {
        loop {
            let Some(now) = self.shared().wait_unannounced(version, os::futex_wait, clock) else { return Ok(None) };
            if now.service() != Service::In && !self.is_in_service()? {
                return Err(Trouble::Retired { path: self.origin().path().to_owned() }.into());
            }
            if now.version > version {
                return Ok(Some(now.version));
            }
            let Some(remaining) = clock.remaining() else { return Ok(None) };
            std::thread::sleep(remaining.min(REPLACED));
        }
    }
}
