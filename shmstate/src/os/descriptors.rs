//! Every descriptor of the library is opened here.
//!
//! A daemon may have closed its standard descriptors 0, 1 and 2. The kernel gives the lowest free number to whatever is opened
//! next, and the program's output would go there. So no descriptor of the library is ever below 3: the closed ones are filled with
//! placeholders, which the kernel refuses to read and write, while something is opened. The test `house` checks that nothing in
//! `os` opens a descriptor elsewhere.

use super::fork::NoFork;
use super::own_table::is_own;
use super::registered::replaced;
use crate::os::RegionKey;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use rustix::event::EventfdFlags;
use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};

/// The standard descriptors lie below.
const FIRST: RawFd = 3;

/// How files of the kernel's are opened.
pub(crate) const READING: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::NOFOLLOW);

/// `openat`.
pub(crate) fn open_at(
    dir: impl AsFd,
    name: impl rustix::path::Arg,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<Guarded> {
    open_at_undivided(&no_fork()?, dir, name, flags, mode)
}

/// `openat`, inside of a section that no fork may divide.
pub(crate) fn open_at_undivided(
    no_fork: &NoFork,
    dir: impl AsFd,
    name: impl rustix::path::Arg,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<Guarded> {
    above_standard(no_fork, || rustix::fs::openat(dir, name, flags, mode)).map(|fd| Guarded::new(fd, flags))
}

/// `memfd_create`.
pub(crate) fn create_memory(name: &str, flags: MemfdFlags) -> rustix::io::Result<Guarded> {
    let fd = above_standard(&no_fork()?, || rustix::fs::memfd_create(name, flags))?;
    Ok(Guarded::new(fd, OFlags::RDWR))
}

/// `eventfd`, which is read and written without waiting.
pub(crate) fn create_event() -> rustix::io::Result<Guarded> {
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    let fd = above_standard(&no_fork()?, || rustix::event::eventfd(0, flags))?;
    Ok(Guarded::new(fd, OFlags::RDWR | OFlags::NONBLOCK))
}

/// Another descriptor of the same description. The kernel itself keeps it above the standard ones.
pub(crate) fn duplicate(fd: impl AsFd) -> rustix::io::Result<Guarded> {
    let _no_fork = no_fork()?;
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    Ok(Guarded::new(rustix::io::fcntl_dupfd_cloexec(fd, FIRST)?, flags))
}

/// What a descriptor of the library is recognised by, because another thread of the program may have given its number to a file of
/// its own: the file, the flags that it was opened with, which no other part of a program uses together, and, among the library's
/// own descriptors, the number of its opening. The descriptor itself gets no mark, because a mark could hit the program's file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    fd: RawFd,
    key: Option<RegionKey>,
    flags: OFlags,
    opening: u64,
}

/// The flags that the kernel keeps of those that a file is opened with.
const KEPT: OFlags =
    OFlags::ACCMODE.union(OFlags::PATH).union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::DSYNC);

/// Each entry has a descriptor number of the library, and in the bits below it the number of the opening that last returned it.
/// Descriptor numbers that are as far apart as this table is long share an entry; then nothing is known of the one that was
/// overwritten.
static OPENINGS: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];

/// Bits below the number of a descriptor.
const OPENING_BITS: u32 = 40;

impl Mark {
    /// Of what has just been opened with these flags.
    fn new(fd: &OwnedFd, flags: OFlags) -> Mark {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let opening = LAST.fetch_add(1, Relaxed) + 1;
        let mark = Mark { fd: fd.as_raw_fd(), key: identity(fd), flags: flags & KEPT, opening };
        if !is_own() {
            // Relaxed: the kernel's table orders the openings of one number.
            mark.last_opening().store(mark.numbers(), Relaxed);
        }
        mark
    }

    fn numbers(&self) -> u64 {
        u64::from(self.fd.cast_unsigned()) << OPENING_BITS | self.opening & ((1 << OPENING_BITS) - 1)
    }

    fn last_opening(&self) -> &'static AtomicU64 {
        &OPENINGS[self.fd.cast_unsigned() as usize % OPENINGS.len()]
    }

    /// Whether the number still is that of this description. Allocates nothing.
    pub(super) fn is_ours(&self) -> bool {
        let (last, mine) = (self.last_opening().load(Relaxed), self.numbers());
        let same_opening = last == mine || last >> OPENING_BITS != mine >> OPENING_BITS || is_own();
        // SAFETY: used for calls that ask only, which the kernel refuses for a number that is not open.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        let same_flags = || rustix::fs::fcntl_getfl(fd).is_ok_and(|flags| flags & KEPT == self.flags);
        same_opening && same_flags() && self.key.is_some() && identity(fd) == self.key
    }

    /// Closes it, unless it is the program's.
    pub(super) fn close(&self) {
        if self.is_ours() {
            // SAFETY: a descriptor that the library has opened, and closes here alone.
            unsafe { libc::close(self.fd) };
        }
    }

    /// What it was when it was opened.
    pub(super) fn key(&self) -> Option<RegionKey> {
        self.key
    }

    /// The number.
    pub(super) fn number(&self) -> RawFd {
        self.fd
    }
}

fn identity(fd: impl AsFd) -> Option<RegionKey> {
    rustix::fs::fstat(fd).ok().map(|stat| super::file::key_of(&stat))
}

/// A descriptor of the library's. When dropped, it is closed, unless the program has closed it or has put a file of its own under
/// its number.
pub(crate) struct Guarded {
    fd: ManuallyDrop<OwnedFd>,
    mark: Mark,
}

impl Guarded {
    /// Of what has just been opened with these flags.
    pub(super) fn new(fd: OwnedFd, flags: OFlags) -> Guarded {
        Guarded { mark: Mark::new(&fd, flags), fd: ManuallyDrop::new(fd) }
    }

    /// Whether the number still leads to the same description.
    pub(crate) fn is_ours(&self) -> bool {
        self.mark.is_ours()
    }

    /// An error if it does not. Call it in the descriptor table in which the number is used afterwards.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.is_ours() { Ok(()) } else { Err(replaced()) }
    }

    /// What it was when it was opened.
    pub(crate) fn key(&self) -> Option<RegionKey> {
        self.mark.key()
    }

    /// The number, which the caller closes.
    pub(crate) fn into_fd(self) -> OwnedFd {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the field is not used again, and the value is not dropped.
        unsafe { ManuallyDrop::take(&mut this.fd) }
    }

    /// What it is recognised by; the caller closes it.
    pub(super) fn into_mark(self) -> Mark {
        ManuallyDrop::new(self).mark
    }
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
        self.mark.close();
    }
}

/// The first `most` bytes of a file of the kernel's.
pub(crate) fn read_start(path: &str, most: usize) -> io::Result<Vec<u8>> {
    let file = open_at(rustix::fs::CWD, path, READING, Mode::empty())?;
    let mut bytes = vec![0; most];
    loop {
        // Without moving the position: another thread may have put the program's file under the number.
        match rustix::io::pread(&file, &mut bytes, 0) {
            Ok(read) => {
                file.check()?;
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

/// Opens something whose number is never that of a standard descriptor, not even for a moment. One thread at a time does so:
/// otherwise, another thread could remove its placeholders before this one has opened.
fn above_standard(_: &NoFork, open: impl FnOnce() -> rustix::io::Result<OwnedFd>) -> rustix::io::Result<OwnedFd> {
    let mut placeholders = Placeholders(Vec::new());
    placeholders.fill()?;
    let file = open()?;
    drop(placeholders);
    if file.as_raw_fd() < FIRST {
        // Another thread has closed a standard descriptor just now.
        return rustix::io::fcntl_dupfd_cloexec(&file, FIRST);
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
