//! The lock on where a region's name leads.
//!
//! A byte of the region's file is locked by the one process that removes or replaces it. It takes neither a slot nor the
//! writer's lock, so that it works for a region whose handles are all taken, and for a file that is no sound region.

use super::file::key_of;
use super::liveness::{Lock, POPULATION, lock_of};
use super::origin::{Origin, reopen};
use super::registered::Registered;
use std::io;
use std::os::fd::OwnedFd;

/// The byte before the population's.
const NAME: i64 = POPULATION - 1;

/// A description that can lock the byte. The kernel frees it when the process is gone.
pub(crate) struct NameLock {
    fd: Registered,
}

impl NameLock {
    /// Of the file that `file` is open on. Nothing is locked yet.
    pub(crate) fn new(file: &OwnedFd, origin: &Origin) -> io::Result<NameLock> {
        let key = key_of(&rustix::fs::fstat(file)?);
        Ok(NameLock { fd: Registered::open(key, |no_fork| reopen(no_fork, file, key, Some(origin)))? })
    }

    /// Locks the byte. `Ok(false)`: another process has it, or another thread.
    pub(crate) fn try_lock(&self) -> io::Result<bool> {
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
