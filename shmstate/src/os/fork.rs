//! What a forked child must not keep.
//!
//! A byte lock belongs to an open file description, and a forked child shares its parent's descriptions: as long as the child keeps
//! them, the parent looks alive after its death. The mapping, which holds them, is not inherited at all (`MADV_DONTFORK`); a
//! handler in every child closes the descriptors that happened to be open during the fork. A page that the kernel wipes in the
//! child (`MADV_WIPEONFORK`) tells a handle, before it touches the mapping, that it is one of the parent's. The page also notices a
//! `clone` that runs no handlers.

use super::registered::close_in_child;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use std::cell::UnsafeCell;
use std::io;
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
pub(crate) struct ForkGuard {
    page: NonNull<AtomicU64>,
    number: u64,
}

// SAFETY: the page is never unmapped, and holds one atomic word.
unsafe impl Send for ForkGuard {}
// SAFETY: as above.
unsafe impl Sync for ForkGuard {}

impl ForkGuard {
    /// The present process.
    pub(crate) fn current() -> io::Result<ForkGuard> {
        // Counted up in every process that needs a number: a child that makes handles of its own gets another one than
        // all its ancestors, because it inherits their count.
        static LAST: AtomicU64 = AtomicU64::new(0);
        let page = sentinel()?.page;
        // SAFETY: the page is mapped for ever.
        let word = unsafe { page.as_ref() };
        let mut number = word.load(Relaxed);
        if number == 0 {
            let next = LAST.fetch_add(1, Relaxed) + 1;
            number = word.compare_exchange(0, next, Relaxed, Relaxed).map_or_else(|other| other, |_| next);
        }
        Ok(ForkGuard { page, number })
    }

    /// Whether this still is that process, and not a child of it.
    #[inline]
    pub(crate) fn is_current(self) -> bool {
        // SAFETY: the page is mapped for ever.
        unsafe { self.page.as_ref() }.load(Relaxed) == self.number
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

/// Held while the process forks.
struct ForkLock(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: a mutex is there to be used by several threads.
unsafe impl Sync for ForkLock {}

static FORK_LOCK: ForkLock = ForkLock(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER));

/// Not std's mutex: the handlers take and release the lock in different calls, one of them in another process.
extern "C" fn lock() {
    // SAFETY: an initialised mutex that is never moved.
    unsafe { libc::pthread_mutex_lock(FORK_LOCK.0.get()) };
}

extern "C" fn unlock() {
    // SAFETY: as in `lock`; this thread, or the one that it is the copy of, holds it.
    unsafe { libc::pthread_mutex_unlock(FORK_LOCK.0.get()) };
}

extern "C" fn in_child() {
    // `lock` ran before the fork, on the thread that this one is the copy of.
    close_in_child(&NoFork(()));
    crate::track::close_inherited();
}

/// While there is one, no other thread forks, and none opens anything. A fork that runs no handlers (a raw `clone`) is not
/// held up.
pub(crate) struct NoFork(());

impl NoFork {
    /// Waits until no other thread has one.
    pub(crate) fn begin() -> io::Result<NoFork> {
        static HANDLERS: OnceLock<i32> = OnceLock::new();
        // SAFETY: handlers of the right signature. They live as long as they are called: the C library forgets those of a
        // library that is unloaded.
        let installed =
            HANDLERS.get_or_init(|| unsafe { libc::pthread_atfork(Some(lock), Some(unlock), Some(in_child)) });
        if *installed != 0 {
            return Err(io::Error::from_raw_os_error(*installed));
        }
        Ok(Self::wait())
    }

    /// [`Self::begin`], after it has succeeded once.
    pub(super) fn wait() -> NoFork {
        lock();
        NoFork(())
    }
}

impl Drop for NoFork {
    fn drop(&mut self) {
        unlock();
    }
}
