//! Descriptors that outlive a call of the library, or that a forked child must not keep.
//!
//! A program may close all descriptors of its process (`closefrom`, `close_range`, `daemon(3)`) and open files of its own, which
//! then get the same numbers. So a number alone is never trusted: see [`Mark`]. A descriptor that is not the library's is neither
//! used nor closed.

use super::descriptors::{Guarded, Mark};
use super::fork::{ForkGuard, NoFork};
use crate::os::RegionKey;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the descriptor is open on the file with that identity.
pub(super) fn is_of(fd: impl AsFd, key: RegionKey) -> bool {
    rustix::fs::fstat(fd).is_ok_and(|stat| super::file::key_of(&stat) == key)
}

/// Another thread of the program has taken a number away from the library.
#[cold]
pub(crate) fn replaced() -> io::Error {
    io::Error::other(
        "the program has replaced or closed the library's descriptor during the call, on another thread (`dup2`, `close`, \
         `closefrom`): let it do so only with descriptors of its own, and try again",
    )
}

/// What a forked child closes. Locked only while no thread can fork ([`NoFork`]), so that no child finds it locked.
static REGISTRY: Mutex<Vec<Mark>> = Mutex::new(Vec::new());

fn registry(_: &NoFork) -> MutexGuard<'static, Vec<Mark>> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In a child, on the one thread that it has: closes what is the parent's. Nothing is allocated or freed, because the
/// allocator may not be used in a child of a process with threads.
pub(super) fn close_in_child(no_fork: &NoFork) {
    let mut registry = registry(no_fork);
    registry.iter().for_each(Mark::close);
    // Truncated without giving the memory back.
    registry.clear();
}

/// A descriptor that no child keeps, and that the program may close.
pub(crate) struct Registered {
    mark: Mark,
    fork_guard: ForkGuard,
}

impl Registered {
    /// Opens a descriptor of a description of its own and registers it, so that no fork comes in between. Refuses any other
    /// file than the one with that identity: another thread may have put one of the program's under the number.
    pub(super) fn open(key: RegionKey, open: impl FnOnce(&NoFork) -> io::Result<Guarded>) -> io::Result<Registered> {
        let fork_guard = ForkGuard::current()?;
        let no_fork = NoFork::begin()?;
        // Closed by number, after a look at what it is by then: what is the program's is left open.
        let mark = open(&no_fork)?.into_mark();
        if mark.key() != Some(key) || !mark.is_ours() {
            return Err(replaced());
        }
        registry(&no_fork).push(mark);
        Ok(Registered { mark, fork_guard })
    }

    /// The descriptor, unless the program has closed it.
    pub(super) fn get(&self) -> io::Result<ManuallyDrop<OwnedFd>> {
        if !self.fork_guard.is_current() || !self.mark.is_ours() {
            return Err(io::Error::other(
                "the program has closed its descriptor meanwhile (`closefrom`, `close_range`)",
            ));
        }
        // SAFETY: a descriptor that is open, and that this value alone closes, when it is dropped.
        Ok(ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(self.mark.number()) }))
    }

    /// The number that it was opened under.
    pub(super) fn number(&self) -> RawFd {
        self.mark.number()
    }

    /// An error if the program has closed it, or replaced it: what a call has said before may be about another file.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.mark.is_ours() { Ok(()) } else { Err(replaced()) }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if !self.fork_guard.is_current() {
            // The child's handler has closed it.
            return;
        }
        let no_fork = NoFork::wait();
        let mut registry = registry(&no_fork);
        if let Some(i) = registry.iter().position(|other| *other == self.mark) {
            registry.swap_remove(i);
        }
        // While no thread forks, so that no child is made that would look for a number that is gone.
        self.mark.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::descriptors::open_at_undivided;
    use rustix::fs::{CWD, Mode, OFlags};
    use std::os::fd::{AsRawFd, BorrowedFd};

    fn registered(file: &tempfile::NamedTempFile) -> Registered {
        let open = |no_fork: &NoFork| open_at_undivided(no_fork, CWD, file.path(), FLAGS, Mode::empty());
        Registered::open(key_of(file), |no_fork| Ok(open(no_fork)?)).unwrap()
    }

    const FLAGS: OFlags = OFlags::RDWR.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

    fn key_of(file: &tempfile::NamedTempFile) -> RegionKey {
        crate::os::file::key_of(&rustix::fs::fstat(file).unwrap())
    }

    /// Between opening and looking, another thread may put a file of the program's under the number.
    #[test]
    fn a_number_that_was_replaced_before_it_was_registered_is_left_alone() {
        let [file, other] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        let mine = OwnedFd::from(other.reopen().unwrap());
        let number = mine.as_raw_fd();
        let refused = Registered::open(key_of(&file), |_| Ok(Guarded::new(mine, FLAGS))).err().expect("another file");
        assert!(refused.to_string().contains("has replaced or closed"), "{refused}");
        // SAFETY: the program's descriptor, which the library has left open.
        let mine = unsafe { BorrowedFd::borrow_raw(number) };
        assert_eq!(rustix::fs::tell(mine), Ok(0), "moved, or closed");
        // SAFETY: as above; closed here alone.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }

    /// What has the number may be another file, or the very same one, opened by the program.
    #[test]
    fn a_number_that_is_the_programs_by_now_is_left_alone() {
        let [file, other] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        for mine in [other.reopen().unwrap(), file.reopen().unwrap()] {
            let fd = registered(&file);
            let number = fd.get().unwrap().as_raw_fd();
            // SAFETY: both are open; the library's is given up by this.
            assert_eq!(unsafe { libc::dup2(mine.as_raw_fd(), number) }, number);
            assert!(fd.get().unwrap_err().to_string().contains("has closed its descriptor"));
            drop(fd);
            // SAFETY: the duplicate made above.
            let duplicate = unsafe { OwnedFd::from_raw_fd(number) };
            rustix::fs::fstat(&duplicate).expect("still open");
        }
    }

    #[test]
    fn a_descriptor_is_closed_with_its_owner() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let fd = registered(&file);
        let mark = fd.mark;
        assert!(mark.is_ours());
        drop(fd);
        assert!(!mark.is_ours());
    }
}
