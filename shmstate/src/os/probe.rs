//! The one descriptor that a process keeps of a region, however many handles it has.
//!
//! It is rarely needed: to find out whether another handle lives, to make room for a spare copy, or to open the region again. If
//! the program has closed it, the file is opened again.

use super::fork::ForkGuard;
use super::liveness::{Lock, lock_of};
use super::origin::{Origin, find_again, reopen};
use super::per_region::PerRegion;
use super::registered::Registered;
use crate::os::RegionKey;
use rustix::io::Errno;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What all handles on a region share, in one process.
pub(crate) struct Probe {
    pub(super) key: RegionKey,
    origin: Option<Arc<Origin>>,
    fd: Mutex<Option<Registered>>,
    fork_guard: ForkGuard,
}

/// The probes of this process.
static PROBES: PerRegion<Probe> = PerRegion::new();

impl Probe {
    /// The process's probe of the region that `file` is open on, with its descriptor.
    pub(super) fn of(key: RegionKey, file: &OwnedFd, origin: Option<&Arc<Origin>>) -> io::Result<Arc<Probe>> {
        let probe = Self::find(key, origin)?;
        let mut fd = probe.lock();
        if fd.as_ref().is_none_or(|fd| fd.get().is_err()) {
            *fd = Some(Registered::open(key, |no_fork| reopen(no_fork, file, key, origin.map(Arc::as_ref)))?);
        }
        drop(fd);
        Ok(probe)
    }

    fn find(key: RegionKey, origin: Option<&Arc<Origin>>) -> io::Result<Arc<Probe>> {
        let fork_guard = ForkGuard::current()?;
        let probe = Arc::new(Probe { key, origin: origin.cloned(), fd: Mutex::new(None), fork_guard });
        PROBES.get_or_insert(key, probe)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Registered>> {
        self.fd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The descriptor, for this thread alone. If it was closed, another one; `mapping` says where the region is mapped.
    pub(super) fn get(&self, mapping: (usize, usize)) -> io::Result<Borrowed<'_>> {
        if !self.fork_guard.is_current() {
            // The parent's: the lock may have been held by a thread that this child does not have.
            return Err(Errno::BADF.into());
        }
        let mut guard = self.lock();
        if let Some(file) = guard.as_ref().and_then(|fd| fd.get().ok()) {
            return Ok(Borrowed { file, guard });
        }
        *guard = None;
        let fd = Registered::open(self.key, |no_fork| find_again(no_fork, self.key, self.origin.as_deref(), mapping))?;
        let file = fd.get()?;
        *guard = Some(fd);
        Ok(Borrowed { file, guard })
    }
}

/// The descriptor while one thread has it to itself.
pub(super) struct Borrowed<'a> {
    file: ManuallyDrop<OwnedFd>,
    guard: MutexGuard<'a, Option<Registered>>,
}

impl Borrowed<'_> {
    pub(super) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// An error if the program has closed it, or replaced it.
    pub(super) fn check(&self) -> io::Result<()> {
        self.guard.as_ref().map_or(Ok(()), Registered::check)
    }

    /// Locks one byte without waiting, or frees it.
    pub(super) fn lock(&self, byte: i64, lock: Lock) -> io::Result<bool> {
        self.guard.as_ref().map_or(Err(Errno::BADF.into()), |fd| lock_of(fd, byte, lock))
    }
}
