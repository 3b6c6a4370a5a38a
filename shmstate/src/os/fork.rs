//! What a forked child must not keep.
//!
//! A byte lock belongs to an open file description, and a forked child shares its parent's descriptions: as long as the
//! child keeps them, the parent looks alive after its death. So the descriptors of all handles are registered here, and
//! a handler closes them in every child. The mapping itself is not inherited at all (`MADV_DONTFORK`), and a page that
//! the kernel wipes in the child (`MADV_WIPEONFORK`) tells a handle, before it touches the mapping, that it is one of the
//! parent's. The page also notices a `clone` that runs no handlers.

use crate::mutant::planted;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use std::cell::UnsafeCell;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::OnceLock;

/// The page that is wiped in a child.
struct Sentinel {
    page: NonNull<AtomicU64>,
}

// SAFETY: the page is never unmapped, and holds one atomic word.
unsafe impl Send for Sentinel {}
// SAFETY: as above.
unsafe impl Sync for Sentinel {}

/// The process in which a handle was made.
#[derive(Clone, Copy)]
pub(crate) struct Generation {
    page: NonNull<AtomicU64>,
    number: u64,
}

// SAFETY: the page is never unmapped, and holds one atomic word.
unsafe impl Send for Generation {}
// SAFETY: as above.
unsafe impl Sync for Generation {}

impl Generation {
    /// The present process.
    pub(crate) fn current() -> io::Result<Generation> {
        // Counted up in every process that needs a number: a child that makes handles of its own gets another one than
        // all its ancestors, for it inherits their count.
        static LAST: AtomicU64 = AtomicU64::new(0);
        let page = sentinel()?.page;
        // SAFETY: the page is mapped for ever.
        let word = unsafe { page.as_ref() };
        let mut number = word.load(Relaxed);
        if number == 0 {
            let next = LAST.fetch_add(1, Relaxed) + 1;
            number = word.compare_exchange(0, next, Relaxed, Relaxed).map_or_else(|other| other, |_| next);
        }
        Ok(Generation { page, number })
    }

    /// Whether this still is that process, and not a child of it.
    #[inline]
    pub(crate) fn is_current(self) -> bool {
        // SAFETY: the page is mapped for ever.
        unsafe { self.page.as_ref() }.load(Relaxed) == self.number || planted("fork_unnoticed")
    }
}

fn sentinel() -> io::Result<&'static Sentinel> {
    static SENTINEL: OnceLock<Sentinel> = OnceLock::new();
    if let Some(sentinel) = SENTINEL.get() {
        return Ok(sentinel);
    }
    let len = 4096;
    let flags = rustix::mm::MapFlags::PRIVATE;
    let prot = rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let page = unsafe { rustix::mm::mmap_anonymous(std::ptr::null_mut(), len, prot, flags)? };
    // SAFETY: the mapping just made.
    if unsafe { libc::madvise(page, len, libc::MADV_WIPEONFORK) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let page = NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
    // Two threads at once: the loser's page stays mapped, and unused.
    Ok(SENTINEL.get_or_init(|| Sentinel { page }))
}

/// The descriptors that a child closes, under a lock that is held while the process forks.
struct Registry {
    lock: UnsafeCell<libc::pthread_mutex_t>,
    descriptors: UnsafeCell<Vec<RawFd>>,
}

// SAFETY: `descriptors` is touched under `lock` alone.
unsafe impl Sync for Registry {}

static REGISTRY: Registry =
    Registry { lock: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER), descriptors: UnsafeCell::new(Vec::new()) };

/// Not std's mutex: the handlers take and release the lock in different calls, one of them in another process.
extern "C" fn lock() {
    // SAFETY: an initialised mutex that is never moved.
    unsafe { libc::pthread_mutex_lock(REGISTRY.lock.get()) };
}

extern "C" fn unlock() {
    // SAFETY: as in `lock`; this thread, or the one that it is the copy of, holds it.
    unsafe { libc::pthread_mutex_unlock(REGISTRY.lock.get()) };
}

extern "C" fn in_child() {
    // SAFETY: `lock` ran before the fork, on the thread that this one is the copy of. Nothing is allocated or freed: the
    // allocator may not be used in a child of a process with threads.
    let descriptors = unsafe { &mut *REGISTRY.descriptors.get() };
    for &fd in descriptors.iter().filter(|_| !planted("child_keeps_the_descriptors")) {
        // SAFETY: a registered descriptor is open, and its owner leaves it alone in a child (`Registered::drop`).
        unsafe { libc::close(fd) };
    }
    // Truncated without giving the memory back.
    descriptors.clear();
    unlock();
}

/// While there is one, no other thread forks, and none opens anything. A fork that runs no handlers (a raw `clone`) is not
/// held up.
pub(crate) struct NoFork(());

impl NoFork {
    /// Waits until no other thread has one.
    pub(crate) fn begin() -> io::Result<NoFork> {
        static HANDLERS: OnceLock<i32> = OnceLock::new();
        // SAFETY: handlers of the right signature, which live as long as the process.
        let installed =
            HANDLERS.get_or_init(|| unsafe { libc::pthread_atfork(Some(lock), Some(unlock), Some(in_child)) });
        if *installed != 0 {
            return Err(io::Error::from_raw_os_error(*installed));
        }
        lock();
        Ok(NoFork(()))
    }
}

impl Drop for NoFork {
    fn drop(&mut self) {
        unlock();
    }
}

/// A descriptor that no child keeps.
pub(crate) struct Registered {
    /// `None` only while it is being dropped.
    fd: Option<OwnedFd>,
    generation: Generation,
}

impl Registered {
    /// Opens a descriptor and registers it, so that no fork comes in between.
    pub(crate) fn open(open: impl FnOnce(&NoFork) -> io::Result<OwnedFd>) -> io::Result<Registered> {
        let generation = Generation::current()?;
        let no_fork = NoFork::begin()?;
        let fd = open(&no_fork)?;
        // SAFETY: the lock is held.
        unsafe { &mut *REGISTRY.descriptors.get() }.push(std::os::fd::AsRawFd::as_raw_fd(&fd));
        Ok(Registered { fd: Some(fd), generation })
    }

    /// The descriptor.
    pub(crate) fn fd(&self) -> &OwnedFd {
        match &self.fd {
            Some(fd) => fd,
            None => unreachable!("only `drop` takes it"),
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        use std::os::fd::IntoRawFd;
        let Some(fd) = self.fd.take().map(IntoRawFd::into_raw_fd) else { return };
        if !self.generation.is_current() {
            // The child's handler has closed it; by now the number may be somebody else's.
            return;
        }
        lock();
        // SAFETY: the lock is held.
        let descriptors = unsafe { &mut *REGISTRY.descriptors.get() };
        if let Some(i) = descriptors.iter().position(|&other| other == fd) {
            descriptors.swap_remove(i);
        }
        // SAFETY: taken from its owner above; closed under the lock, so that no child is made that would close a number
        // that is somebody else's.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
        unlock();
    }
}
