//! The library's threads get no signals.

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
