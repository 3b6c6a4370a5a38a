//! Byte locks, by which the kernel tells who lives.
//!
//! Each handle holds an open-file-description lock on the byte of its slot, which the kernel frees when the last
//! descriptor of that description is gone, however the process went. The bytes lie far past the file's end: a lock needs
//! no data.
//!
//! Every handle has two descriptions. *Live* holds its slot's byte, and the population byte for reading. *Probe* is used
//! to try other slots' bytes, under a mutex: with one description for both, a handle that probes its own slot, or two
//! threads that probe the same one, would each be told that the byte is free, and would then free it.
//! Neither is the description that is mapped: a mapping keeps its description alive in a forked child.

use super::descriptors::duplicate;
use super::file::Place;
use super::fork::{NoFork, Registered};
use crate::mutant::planted;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The population byte: held for reading by every handle, for writing by one that makes the region clean.
const POPULATION: i64 = 0x4000_0000_0000_0000;

/// The first slot's byte.
const SLOTS: i64 = POPULATION + 1;

/// How a byte is locked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    Shared,
    Exclusive,
    Free,
}

/// Locks one byte without waiting. `Ok(false)`: another description holds it.
fn set(fd: &OwnedFd, byte: i64, lock: Lock) -> io::Result<bool> {
    let kind = match lock {
        Lock::Shared => libc::F_RDLCK,
        Lock::Exclusive => libc::F_WRLCK,
        Lock::Free => libc::F_UNLCK,
    };
    // SAFETY: a struct of integers, for which zeroes are a value.
    let mut flock: libc::flock = unsafe { std::mem::zeroed() };
    flock.l_type = kind as libc::c_short;
    flock.l_whence = libc::SEEK_SET as libc::c_short;
    flock.l_start = byte;
    flock.l_len = 1;
    loop {
        // SAFETY: an open descriptor and an initialised struct.
        if unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_OFD_SETLK, &flock) } == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EACCES) => return Ok(false),
            Some(libc::EINTR) => {}
            _ => return Err(error),
        }
    }
}

/// The two descriptions of a handle.
pub(crate) struct Liveness {
    // Dropped in this order: the byte goes last.
    probe: Registered,
    probing: Mutex<()>,
    live: Registered,
}

/// A slot's byte, held through the probe description: nobody can claim the slot.
pub(crate) struct Held<'a> {
    liveness: &'a Liveness,
    slot: usize,
    _probing: MutexGuard<'a, ()>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // An error here would leave the byte with a live process: the slot is then lost until that ends, no more.
        let _ = set(self.liveness.probe.fd(), SLOTS + self.slot as i64, Lock::Free);
    }
}

impl Liveness {
    /// Two descriptions of the file that `file` is open on, however it is named by now.
    pub(crate) fn new(file: &OwnedFd, place: Option<&Place>) -> io::Result<Liveness> {
        let open = |no_fork: &NoFork| match planted("locks_on_the_mapped_description") {
            true => Ok(duplicate(file)?),
            false => super::file::reopen_undivided(no_fork, file, place),
        };
        let live = Registered::open(open)?;
        Ok(Liveness { probe: Registered::open(open)?, probing: Mutex::new(()), live })
    }

    /// The file.
    pub(crate) fn file(&self) -> &OwnedFd {
        self.live.fd()
    }

    /// Whether this is the only handle: then nobody else gets in before [`Liveness::share`].
    pub(crate) fn is_alone(&self) -> io::Result<bool> {
        set(self.live.fd(), POPULATION, Lock::Exclusive)
    }

    /// Joins the population. `Ok(false)`: somebody is making the region clean.
    pub(crate) fn share(&self) -> io::Result<bool> {
        set(self.live.fd(), POPULATION, Lock::Shared)
    }

    /// Leaves the population.
    pub(crate) fn leave(&self) -> io::Result<()> {
        set(self.live.fd(), POPULATION, Lock::Free).map(drop)
    }

    /// Claims a slot for as long as this process keeps the description.
    pub(crate) fn claim(&self, slot: usize) -> io::Result<bool> {
        set(self.live.fd(), SLOTS + slot as i64, Lock::Exclusive)
    }

    /// Gives the slot back, and leaves the population. Closing would do it, if nobody else had the description: a thread
    /// of this process that forks while it opens a region may have left it to a child.
    pub(crate) fn release(&self, slot: usize) {
        let _ = set(self.live.fd(), SLOTS + slot as i64, Lock::Free);
        let _ = set(self.live.fd(), POPULATION, Lock::Free);
    }

    /// Holds another handle's slot if its holder is dead. Any doubt counts as life.
    pub(crate) fn probe(&self, slot: usize) -> Option<Held<'_>> {
        let probing = self.probing.lock().unwrap_or_else(PoisonError::into_inner);
        let fd = if planted("probed_through_live") { self.live.fd() } else { self.probe.fd() };
        match set(fd, SLOTS + slot as i64, Lock::Exclusive) {
            Ok(true) => Some(Held { liveness: self, slot, _probing: probing }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handles<const N: usize>() -> [Liveness; N] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let fd = OwnedFd::from(file.reopen().unwrap());
        std::array::from_fn(|_| Liveness::new(&fd, None).unwrap())
    }

    #[test]
    fn a_handle_finds_itself_alive() {
        let [handle] = handles();
        assert!(handle.claim(3).unwrap());
        assert!(handle.probe(3).is_none());
        assert!(handle.probe(4).is_some(), "a slot that nobody has");
    }

    #[test]
    fn a_slot_that_is_probed_cannot_be_claimed() {
        let [one, other] = handles();
        let held = one.probe(3);
        assert!(held.is_some() && other.probe(3).is_none());
        assert!(!other.claim(3).unwrap() && !one.claim(3).unwrap());
        drop(held);
        assert!(other.claim(3).unwrap());
        assert!(one.probe(3).is_none());
    }
}
