//! The door through which every descriptor of the library comes.
//!
//! A daemon may have closed its standard descriptors 0, 1 and 2. The kernel gives the lowest free number to whatever is
//! opened next, and what the program prints then goes there. So no descriptor of the library is ever below 3: the closed
//! ones are filled with placeholders, which the kernel refuses to read and write, while something is opened. A test
//! (`tests/tests/house.rs`) sees to it that nothing in `os` opens past this door.

use super::fork::NoFork;
use crate::track::RegionKey;
use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};

/// The standard descriptors lie below.
const FIRST: RawFd = 3;

/// `openat`.
pub(crate) fn open_at(
    dir: impl AsFd,
    name: impl rustix::path::Arg,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<OwnedFd> {
    open_at_undivided(&no_fork()?, dir, name, flags, mode)
}

/// `openat`, in the midst of what no fork may divide.
pub(crate) fn open_at_undivided(
    no_fork: &NoFork,
    dir: impl AsFd,
    name: impl rustix::path::Arg,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<OwnedFd> {
    above_standard(no_fork, || rustix::fs::openat(dir, name, flags, mode))
}

/// `memfd_create`.
pub(crate) fn create_memory(name: &str, flags: MemfdFlags) -> rustix::io::Result<OwnedFd> {
    above_standard(&no_fork()?, || rustix::fs::memfd_create(name, flags))
}

/// Another descriptor of the same description. The kernel itself keeps it above the standard ones.
pub(crate) fn duplicate(fd: impl AsFd) -> rustix::io::Result<OwnedFd> {
    rustix::io::fcntl_dupfd_cloexec(fd, FIRST)
}

/// A descriptor that is open while code of the program's runs, which may close it, or replace it by a file of its own. What
/// is another file by then is not closed.
pub(crate) struct Guarded {
    fd: ManuallyDrop<OwnedFd>,
    key: Option<RegionKey>,
}

impl Guarded {
    /// Of what has just been opened.
    pub(crate) fn new(fd: OwnedFd) -> Guarded {
        Guarded { key: identity(&fd), fd: ManuallyDrop::new(fd) }
    }

    /// Whether the number still leads to the same file.
    pub(crate) fn is_ours(&self) -> bool {
        self.key.is_some() && identity(&self.fd) == self.key
    }
}

fn identity(fd: &OwnedFd) -> Option<RegionKey> {
    rustix::fs::fstat(fd).ok().map(|stat| super::file::key_of(&stat))
}

impl Deref for Guarded {
    type Target = OwnedFd;

    fn deref(&self) -> &OwnedFd {
        &self.fd
    }
}

impl AsFd for Guarded {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if self.is_ours() {
            // SAFETY: the field is not used again.
            drop(unsafe { ManuallyDrop::take(&mut self.fd) });
        }
    }
}

/// The first `most` bytes of a file of the kernel's.
pub(crate) fn read_start(path: &str, most: usize) -> io::Result<Vec<u8>> {
    let file = open_at(rustix::fs::CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut bytes = vec![0; most];
    loop {
        match rustix::io::read(&file, &mut bytes) {
            Ok(read) => {
                bytes.truncate(read);
                return Ok(bytes);
            }
            Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

fn no_fork() -> rustix::io::Result<NoFork> {
    NoFork::begin().map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::NOMEM))
}

/// Opens something whose number is not that of a standard descriptor, at no moment. One thread at a time: a placeholder of
/// another thread's would go before this one has opened.
fn above_standard(_: &NoFork, open: impl FnOnce() -> rustix::io::Result<OwnedFd>) -> rustix::io::Result<OwnedFd> {
    let mut placeholders = Placeholders(Vec::new());
    placeholders.fill()?;
    let file = open()?;
    drop(placeholders);
    if file.as_raw_fd() < FIRST {
        // Another thread has closed a standard descriptor just now.
        return duplicate(&file);
    }
    Ok(file)
}

/// What takes the numbers of closed standard descriptors for a moment.
struct Placeholders(Vec<OwnedFd>);

impl Placeholders {
    fn fill(&mut self) -> rustix::io::Result<()> {
        while (0..FIRST).any(is_closed) {
            self.0.push(rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
        }
        Ok(())
    }
}

impl Drop for Placeholders {
    fn drop(&mut self) {
        for placeholder in self.0.drain(..) {
            // The program may have put something of its own there meanwhile, by `dup2`.
            if !rustix::fs::fcntl_getfl(&placeholder).is_ok_and(|flags| flags.contains(OFlags::PATH)) {
                let _ = placeholder.into_raw_fd();
            }
        }
    }
}

/// Whether nothing is open under that number. Not by `poll`, for which a placeholder (`O_PATH`) is not open.
fn is_closed(fd: RawFd) -> bool {
    // SAFETY: no pointers; the call asks only, and may ask about any number.
    unsafe { libc::fcntl(fd, libc::F_GETFD) == -1 }
}
