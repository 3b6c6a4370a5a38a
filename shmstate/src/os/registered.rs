//! Descriptors that outlive a call of the library, or that a forked child must not keep.
//!
//! A program may close all descriptors of its process (`closefrom`, `close_range`, `daemon(3)`) and open files of its own,
//! which then get the same numbers. So a number alone is never believed: the file is compared by device and inode, and the
//! description by its position, which is a random number. What is not the library's is not used, and not closed.

use super::fork::{Generation, NoFork};
use super::random_u64;
use crate::track::RegionKey;
use rustix::fs::SeekFrom;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A number, and what it takes to recognise the description that the library has opened under it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Tagged {
    fd: RawFd,
    key: RegionKey,
    /// The position of the description.
    tag: u64,
}

impl Tagged {
    /// Marks a description of the file with that identity, which nothing else uses.
    fn new(fd: &OwnedFd, key: RegionKey) -> io::Result<Tagged> {
        // Every file system knows positions of 31 bits.
        let tag = 1 << 30 | random_u64() >> 34;
        let tagged = Tagged { fd: fd.as_raw_fd(), key, tag };
        tagged.mark(fd)?;
        Ok(tagged)
    }

    /// Moves the position to where it is recognised. Another file's is left where it is.
    fn mark(&self, fd: &OwnedFd) -> io::Result<()> {
        if !is_of(fd, self.key) {
            return Err(replaced());
        }
        rustix::fs::seek(fd, SeekFrom::Start(self.tag))?;
        Ok(())
    }

    /// Whether the number still is that of this description. Allocates nothing.
    fn is_ours(&self) -> bool {
        // SAFETY: used for calls that ask only, which the kernel refuses for a number that is not open.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        is_of(fd, self.key) && rustix::fs::tell(fd) == Ok(self.tag)
    }

    /// Closes it, unless it is the program's.
    fn close(&self) {
        if self.is_ours() {
            // SAFETY: a descriptor that the library has opened, and closes here alone.
            unsafe { libc::close(self.fd) };
        }
    }
}

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

/// What a forked child closes. Locked only while nobody can fork ([`NoFork`]), so that no child finds it locked.
static REGISTRY: Mutex<Vec<Tagged>> = Mutex::new(Vec::new());

fn registry(_: &NoFork) -> MutexGuard<'static, Vec<Tagged>> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In a child, on the one thread that it has: closes what is the parent's. Nothing is allocated or freed, because the
/// allocator may not be used in a child of a process with threads.
pub(super) fn close_in_child(no_fork: &NoFork) {
    let mut registry = registry(no_fork);
    registry.iter().for_each(Tagged::close);
    // Truncated without giving the memory back.
    registry.clear();
}

/// A descriptor that no child keeps, and that the program may close.
pub(crate) struct Registered {
    tagged: Tagged,
    generation: Generation,
}

impl Registered {
    /// Opens a descriptor of a description of its own and registers it, so that no fork comes in between. Refuses any other
    /// file than the one with that identity: another thread may have put one of the program's under the number.
    pub(super) fn open(key: RegionKey, open: impl FnOnce(&NoFork) -> io::Result<OwnedFd>) -> io::Result<Registered> {
        let generation = Generation::current()?;
        let no_fork = NoFork::begin()?;
        let fd = open(&no_fork)?;
        // Closed by number, after a look at what it is by then: what is the program's is left open.
        let fd = ManuallyDrop::new(fd);
        let tagged = Tagged::new(&fd, key)?;
        registry(&no_fork).push(tagged);
        Ok(Registered { tagged, generation })
    }

    /// The descriptor, unless the program has closed it.
    pub(super) fn get(&self) -> io::Result<ManuallyDrop<OwnedFd>> {
        if !self.generation.is_current() || !self.tagged.is_ours() {
            return Err(io::Error::other(
                "the program has closed its descriptor meanwhile (`closefrom`, `close_range`)",
            ));
        }
        // SAFETY: a descriptor that is open, and that this value alone closes, when it is dropped.
        Ok(ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(self.tagged.fd) }))
    }

    /// Makes the descriptor recognisable again, after a call that may have moved its position. If that fails, it counts as
    /// lost, and the call may have been about another file.
    pub(super) fn mark(&self, fd: &OwnedFd) -> io::Result<()> {
        self.tagged.mark(fd)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if !self.generation.is_current() {
            // The child's handler has closed it.
            return;
        }
        let no_fork = NoFork::wait();
        let mut registry = registry(&no_fork);
        if let Some(i) = registry.iter().position(|other| *other == self.tagged) {
            registry.swap_remove(i);
        }
        // While nobody forks, so that no child is made that would look for a number that is gone.
        self.tagged.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(file: &tempfile::NamedTempFile) -> Registered {
        Registered::open(key_of(file), |_| Ok(file.reopen()?.into())).unwrap()
    }

    fn key_of(file: &tempfile::NamedTempFile) -> RegionKey {
        crate::os::file::key_of(&rustix::fs::fstat(file).unwrap())
    }

    /// Between opening and looking, another thread may put a file of the program's under the number.
    #[test]
    fn a_number_that_was_replaced_before_it_was_registered_is_left_alone() {
        let [file, other] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        let mine = OwnedFd::from(other.reopen().unwrap());
        let number = mine.as_raw_fd();
        let refused = Registered::open(key_of(&file), |_| Ok(mine)).err().expect("another file");
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
        let tagged = fd.tagged;
        assert!(tagged.is_ours());
        drop(fd);
        assert!(!tagged.is_ours());
    }
}
