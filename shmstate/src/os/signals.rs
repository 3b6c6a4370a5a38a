//! Threads of the library's get no signals.

use std::io;
use std::thread::Builder;

/// Bytes of the stack of a thread that sleeps most of the time; the program's wakers run on it.
const STACK: usize = 256 << 10;

/// Runs `f` on a thread of its own with that name, which gets no signals.
pub(crate) fn in_background(name: &str, f: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let _signals = Blocked::all();
    Builder::new().name(name.into()).stack_size(STACK).spawn(f).map(drop)
}

/// All signals, which are blocked on this thread, and on one that it starts meanwhile: the program's handlers are to run
/// where its descriptors are.
pub(super) struct Blocked(libc::sigset_t);

impl Blocked {
    pub(super) fn all() -> Blocked {
        // SAFETY: a set of integers, for which zeroes are a value.
        let mut all: libc::sigset_t = unsafe { std::mem::zeroed() };
        let mut before = all;
        // SAFETY: room for a set.
        unsafe { libc::sigfillset(&raw mut all) };
        // SAFETY: a set, and room for one.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before) };
        Blocked(before)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set that was there before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}
