//! The lock on where a region's name leads.
//!
//! The one process that removes or replaces a region locks a byte of its file. It takes neither a slot nor the writer's lock, so
//! that it works for a region whose handles are all taken, and for a file that is no sound region.

use super::clock::sleep;
use super::file::{RegionPath, key, key_of};
use super::liveness::{Lock, POPULATION, lock_of};
use super::making::Making;
use super::origin::{Origin, reopen};
use super::registered::Registered;
use crate::commit::Clock;
use crate::error::{Error, ErrorRepr};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The byte before the population's.
const NAME: i64 = POPULATION - 1;

/// A description that can lock the byte. The kernel frees it when the process is gone.
pub(crate) struct NameLock {
    fd: Registered,
}

impl NameLock {
    /// Keeps others from removing and replacing the region in `file`. `None`: the name leads elsewhere by now.
    pub(crate) fn take(
        region_path: &RegionPath,
        file: &OwnedFd,
        clock: &mut impl Clock,
    ) -> Result<Option<NameLock>, Error> {
        let path = region_path.path();
        Making::check(region_path)?;
        let lock = match NameLock::new(file, &region_path.origin()) {
            // Without `/proc`, it is opened by its name.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            lock => lock.map_err(|e| Error::io(path, "open a second time", e))?,
        };
        let mut round = 0;
        while !lock.try_lock().map_err(|e| Error::io(path, "lock", e))? {
            if clock.remaining().is_none() {
                return Err(ErrorRepr::Renaming { path: path.to_owned() }.into());
            }
            sleep(Duration::from_micros(50 << round.min(5)));
            round += 1;
        }
        let same = region_path.now()? == Some(key(path, file)?);
        Ok(same.then_some(lock))
    }

    /// Of the file that `file` is open on. Nothing is locked yet.
    pub(super) fn new(file: &OwnedFd, origin: &Origin) -> io::Result<NameLock> {
        let key = key_of(&rustix::fs::fstat(file)?);
        Ok(NameLock { fd: Registered::open(key, |no_fork| reopen(no_fork, file, key, Some(origin)))? })
    }

    /// Locks the byte. `Ok(false)`: another process has it, or another thread.
    pub(super) fn try_lock(&self) -> io::Result<bool> {
        lock_of(&self.fd, NAME, Lock::Exclusive)
    }

    /// Keeps all handles out, if none is attached.
    pub(crate) fn try_close(&self) -> io::Result<bool> {
        lock_of(&self.fd, POPULATION, Lock::Exclusive)
    }
}

impl Drop for NameLock {
    fn drop(&mut self) {
        // Closing would do it, if no child has the description: a thread may have forked by a raw `clone` meanwhile.
        let _ = lock_of(&self.fd, NAME, Lock::Free);
        let _ = lock_of(&self.fd, POPULATION, Lock::Free);
    }
}
