//! The library's threads get no signals, and files that cannot grow are errors.

use std::marker::PhantomData;

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

/// While this value lives, a write past the limit on the size of a file (`ulimit -f`) is an error of this thread. Without it, the kernel also
/// sends the signal `SIGXFSZ`, which ends the process.
#[must_use = "the limit is an error for as long as this value lives"]
#[derive(Debug)]
pub struct FileLimit {
    /// The signal was blocked before.
    was_blocked: bool,
    /// Such a signal waited already, which is not this value's.
    was_pending: bool,
    /// It is about one thread.
    thread: PhantomData<*const ()>,
}

impl FileLimit {
    /// From now on.
    pub fn as_error() -> FileLimit {
        let was_pending = is_pending();
        // SAFETY: a set of integers, for which zeroes are a value.
        let mut before: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: a set, and room for one.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &size_limit(), &raw mut before) };
        FileLimit { was_blocked: has_size_limit(&before), was_pending, thread: PhantomData }
    }
}

impl Drop for FileLimit {
    fn drop(&mut self) {
        let (signal, at_once) = (size_limit(), libc::timespec { tv_sec: 0, tv_nsec: 0 });
        if !self.was_pending && is_pending() {
            // SAFETY: a set, no room for what is known of the signal, and a time.
            unsafe { libc::sigtimedwait(&raw const signal, std::ptr::null_mut(), &raw const at_once) };
        }
        if !self.was_blocked {
            // SAFETY: a set, and no room for the one before.
            unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signal, std::ptr::null_mut()) };
        }
    }
}

/// The set of `SIGXFSZ` alone.
fn size_limit() -> libc::sigset_t {
    // SAFETY: a set of integers, for which zeroes are a value.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: room for a set.
    unsafe { libc::sigemptyset(&raw mut set) };
    // SAFETY: a set.
    unsafe { libc::sigaddset(&raw mut set, libc::SIGXFSZ) };
    set
}

fn has_size_limit(set: &libc::sigset_t) -> bool {
    // SAFETY: a set.
    unsafe { libc::sigismember(set, libc::SIGXFSZ) == 1 }
}

/// Whether such a signal waits to be delivered to this thread.
fn is_pending() -> bool {
    // SAFETY: a set of integers, for which zeroes are a value.
    let mut pending: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: room for a set.
    unsafe { libc::sigpending(&raw mut pending) };
    has_size_limit(&pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends the signal to this thread, as the kernel does for a write past the limit.
    fn send() {
        // SAFETY: a signal, which is blocked.
        assert_eq!(unsafe { libc::raise(libc::SIGXFSZ) }, 0);
    }

    #[test]
    fn a_signal_of_the_limit_is_taken_and_one_that_waited_before_stays() {
        let limit = FileLimit::as_error();
        send();
        {
            let _inner = FileLimit::as_error();
            send();
        }
        assert!(is_pending());
        drop(limit);
        // It would have ended this process.
        assert!(!is_pending());
        let limit = FileLimit::as_error();
        {
            let _inner = FileLimit::as_error();
            send();
        }
        assert!(!is_pending());
        drop(limit);
    }
}
