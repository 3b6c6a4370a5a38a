//! Byte locks, by which the kernel says which handles live.
//!
//! Each handle holds an open-file-description lock on the byte of its slot, which the kernel frees when the description is gone,
//! however the process ended. The bytes lie far past the file's end: a lock needs no data.
//!
//! A description lives as long as something refers to it. For a handle, only the region's *mapping* does: the descriptor that takes
//! the lock is closed as soon as the handle is attached. So a program may close all its descriptors. No child, whether forked or
//! made by a raw `clone`, inherits the mapping that holds the lock (`MADV_DONTFORK`). The kernel undoes the mapping when the
//! process dies, executes another program, or drops the handle.
//!
//! Other slots' bytes are tried through a description of another kind ([`Probe`]), one thread at a time: with one
//! description for both, a handle that probes its own slot, or two threads that probe the same one, would each get the answer that
//! the byte is free, and would then free it.

use super::descriptors::Guarded;
use super::fork::NoFork;
use super::origin::{Origin, reopen};
use super::probe::{Borrowed, Probe};
use super::registered::{Registered, replaced};
use crate::os::RegionKey;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

/// The population byte: held for reading by every handle, for writing by one that makes the region clean.
pub(super) const POPULATION: i64 = 0x4000_0000_0000_0000;

/// The first slot's byte.
const SLOTS: i64 = POPULATION + 1;

/// How a byte is locked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Shared,
    Exclusive,
    Free,
}

/// Locks one byte of the library's own file without waiting, or frees it. `Ok(false)`: another description holds it.
///
/// The kernel looks the number up anew, and another thread may have put a file of the program under it after the check. So an
/// answer counts only if the number is still the library's afterwards. A lock that hit another file is left there, because freeing
/// it could free a lock of the program.
pub(super) fn lock_of(fd: &Registered, byte: i64, lock: Lock) -> io::Result<bool> {
    let file = fd.get()?;
    let locked = set(&file, byte, lock)?;
    let _ = fd.get().map_err(|_| replaced())?;
    Ok(locked)
}

#[cfg(test)]
type OtherThread = Box<dyn FnOnce(i32)>;

#[cfg(test)]
thread_local! {
    /// What another thread does between the look at a number and the lock.
    static BEFORE_THE_LOCK: std::cell::Cell<Option<OtherThread>> = const { std::cell::Cell::new(None) };
}

/// Locks one byte without waiting. `Ok(false)`: another description holds it.
fn set(fd: &OwnedFd, byte: i64, lock: Lock) -> io::Result<bool> {
    #[cfg(test)]
    if let Some(other_thread) = BEFORE_THE_LOCK.take() {
        other_thread(fd.as_raw_fd());
    }
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

/// Whether any handle is attached to the region in that file, in this process or in another one. It needs only the right to read
/// the file, and no process notices it.
pub(crate) fn is_populated(file: &OwnedFd) -> io::Result<bool> {
    // SAFETY: a struct of integers, for which zeroes are a value.
    let mut flock: libc::flock = unsafe { std::mem::zeroed() };
    flock.l_type = libc::F_WRLCK as libc::c_short;
    flock.l_whence = libc::SEEK_SET as libc::c_short;
    flock.l_start = POPULATION;
    flock.l_len = 1;
    // SAFETY: an open descriptor and an initialised struct.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut flock) } == 0 {
        Ok(flock.l_type != libc::F_UNLCK as libc::c_short)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The description that holds a handle's locks, while it still has a descriptor: until the handle is attached.
pub(crate) struct LiveDescription {
    fd: Registered,
}

impl LiveDescription {
    /// A description of its own of the file that `file` is open on, which has that identity, whatever its name is by now.
    pub(crate) fn open(file: &OwnedFd, key: RegionKey, origin: Option<&Origin>) -> io::Result<LiveDescription> {
        Ok(LiveDescription { fd: Registered::open(key, |no_fork| reopen(no_fork, file, key, origin))? })
    }

    /// What the region is to be mapped by.
    pub(crate) fn file(&self) -> io::Result<ManuallyDrop<OwnedFd>> {
        self.fd.get().map_err(|_| replaced())
    }

    /// Whether this is the only handle: then no other one gets in before [`Self::share`].
    pub(crate) fn is_alone(&self) -> io::Result<bool> {
        lock_of(&self.fd, POPULATION, Lock::Exclusive)
    }

    /// Joins the population. `Ok(false)`: another handle is making the region clean.
    pub(crate) fn share(&self) -> io::Result<bool> {
        lock_of(&self.fd, POPULATION, Lock::Shared)
    }

    /// Leaves the population.
    pub(crate) fn leave(&self) -> io::Result<()> {
        lock_of(&self.fd, POPULATION, Lock::Free).map(drop)
    }

    /// Claims a slot for as long as this process keeps the description.
    pub(crate) fn claim(&self, slot: usize) -> io::Result<bool> {
        lock_of(&self.fd, SLOTS + slot as i64, Lock::Exclusive)
    }

    /// Leaves the locks to the mapping. An error if the descriptor was closed meanwhile: then the last calls may have locked
    /// another file.
    ///
    /// On overlayfs, what is mapped is the file in the upper layer, and the description ends with its descriptor: there, the caller
    /// has to keep the returned description.
    pub(crate) fn leave_to_the_mapping(self, layered: bool) -> io::Result<Option<LiveDescription>> {
        let _ = self.file()?;
        Ok(layered.then_some(self))
    }
}

/// A handle's way to ask which others live.
pub(crate) struct Liveness {
    probe: Arc<Probe>,
    /// Where the region is mapped, from the first address to the one after the last.
    mapping: (usize, usize),
}

/// A slot's byte, held through the probe description: the slot cannot be claimed.
pub(crate) struct Held<'a> {
    fd: Borrowed<'a>,
    slot: usize,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // An error would leave the byte with a live process: the slot is then lost until that ends, no more.
        let _ = self.fd.lock(SLOTS + self.slot as i64, Lock::Free);
    }
}

impl Liveness {
    /// Of the region that `file` is open on, mapped at these addresses.
    pub(crate) fn new(
        key: RegionKey,
        file: &OwnedFd,
        origin: Option<&Arc<Origin>>,
        mapping: (usize, usize),
    ) -> io::Result<Liveness> {
        Ok(Liveness { probe: Probe::of(key, file, origin)?, mapping })
    }

    /// Identity of the file.
    pub(crate) fn key(&self) -> RegionKey {
        self.probe.key
    }

    /// Calls `f` with a descriptor of the file, which is not to be kept. An error if the program has closed it and it cannot
    /// be opened again.
    pub(crate) fn with_file<R>(&self, f: impl FnOnce(&OwnedFd) -> R) -> io::Result<R> {
        let fd = self.probe.get(self.mapping)?;
        let result = f(fd.file());
        // It may have been about another file.
        fd.check()?;
        Ok(result)
    }

    /// Another description of the file; the outer error is that of [`Self::with_file`].
    pub(crate) fn reopen(&self, origin: Option<&Origin>) -> io::Result<io::Result<Guarded>> {
        self.with_file(|file| reopen(&NoFork::begin()?, file, self.probe.key, origin))
    }

    /// Why no dead handle can be recognised, if that is so.
    pub(crate) fn doubt(&self) -> Option<io::Error> {
        self.with_file(|_| ()).err()
    }

    /// Holds another handle's slot if its holder is dead. Any doubt counts as life.
    pub(crate) fn probe(&self, slot: usize) -> Option<Held<'_>> {
        let fd = self.probe.get(self.mapping).ok()?;
        match fd.lock(SLOTS + slot as i64, Lock::Exclusive) {
            Ok(true) => Some(Held { fd, slot }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::Mapping;
    use crate::os::file::key;

    /// A handle as far as the kernel is concerned.
    struct Handle {
        live: Option<LiveDescription>,
        mapping: Option<Mapping>,
        liveness: Liveness,
    }

    impl Handle {
        fn new(file: &tempfile::NamedTempFile) -> Handle {
            let fd = OwnedFd::from(file.reopen().unwrap());
            rustix::fs::ftruncate(&fd, 4096).unwrap();
            let key = key(file.path(), &fd).unwrap();
            let live = LiveDescription::open(&fd, key, None).unwrap();
            let mapping = Mapping::new(&live.file().unwrap(), 4096).unwrap();
            let liveness = Liveness::new(key, &fd, None, mapping.addresses()).unwrap();
            Handle { live: Some(live), mapping: Some(mapping), liveness }
        }

        fn claim(&self, slot: usize) -> bool {
            self.live.as_ref().unwrap().claim(slot).unwrap()
        }
    }

    #[test]
    fn a_handle_finds_itself_alive() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut handle = Handle::new(&file);
        assert!(handle.claim(3));
        for _ in 0..2 {
            assert!(handle.liveness.probe(3).is_none());
            assert!(handle.liveness.probe(4).is_some(), "a vacant slot");
            // The mapping holds it from here on.
            if let Some(live) = handle.live.take() {
                live.leave_to_the_mapping(false).unwrap();
            }
        }
        handle.mapping = None;
        assert!(handle.liveness.probe(3).is_some(), "the mapping is gone");
    }

    /// What another thread of the program does: its own file gets the number that is about to be locked.
    fn replace_before_the_lock(own: &tempfile::NamedTempFile) {
        let own = own.reopen().unwrap();
        BEFORE_THE_LOCK.set(Some(Box::new(move |number| {
            // SAFETY: both are open; the library's is given up by this.
            assert_eq!(unsafe { libc::dup2(own.as_raw_fd(), number) }, number);
        })));
    }

    #[test]
    fn a_lock_on_a_file_of_the_programs_says_nothing() {
        let [file, own] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        let [holder, other] = [(); 2].map(|()| Handle::new(&file));
        assert!(holder.claim(3) && holder.live.as_ref().unwrap().share().unwrap());
        replace_before_the_lock(&own);
        assert!(other.liveness.probe(3).is_none(), "a living holder was taken for a dead one");
        replace_before_the_lock(&own);
        assert!(!other.live.as_ref().unwrap().is_alone().unwrap_or(false), "alone beside the holder");
        let origin = Origin::new(file.path());
        let lock = || crate::os::NameLock::new(&file.reopen().unwrap().into(), &origin).unwrap();
        let (first, second, third) = (lock(), lock(), lock());
        assert!(first.try_lock().unwrap());
        replace_before_the_lock(&own);
        assert!(!second.try_lock().unwrap_or(false), "two have the name's lock");
        replace_before_the_lock(&own);
        assert!(!third.try_close().unwrap_or(false), "closed beside the holder");
    }

    #[test]
    fn another_file_under_the_number_is_not_opened_again() {
        let [file, own] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        let key = key(file.path(), &file.reopen().unwrap().into()).unwrap();
        let replaced = OwnedFd::from(own.reopen().unwrap());
        assert!(LiveDescription::open(&replaced, key, None).is_err());
        let by_name = LiveDescription::open(&replaced, key, Some(&Origin::new(file.path()))).unwrap();
        assert!(by_name.share().unwrap());
    }

    #[test]
    fn a_slot_that_is_probed_cannot_be_claimed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let [one, other] = [(); 2].map(|()| Handle::new(&file));
        let held = one.liveness.probe(3);
        assert!(held.is_some() && !other.claim(3) && !one.claim(3));
        drop(held);
        assert!(other.claim(3));
        assert!(one.liveness.probe(3).is_none() && other.liveness.probe(3).is_none());
    }
}
