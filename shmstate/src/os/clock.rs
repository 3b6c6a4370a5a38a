//! How long a call waits; sleeping, and waiting without sleeping.

use crate::commit::Clock;
use rustix::io::Errno;
use rustix::thread::clock_nanosleep_absolute;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::hint::spin_loop;
use std::time::{Duration, Instant};

/// How long an update waits, if nothing else is said.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Counts from the first look on, so that a call that never waits never reads the clock.
pub(crate) struct Deadline {
    timeout: Duration,
    since: Option<Instant>,
}

impl Deadline {
    #[inline]
    pub(crate) fn new(timeout: Duration) -> Self {
        Deadline { timeout, since: None }
    }
}

impl Deadline {
    /// Time since the first look, if there was one.
    #[inline]
    pub(crate) fn waited(&self) -> Option<Duration> {
        self.since.map(|since| since.elapsed())
    }
}

impl Clock for Deadline {
    fn remaining(&mut self) -> Option<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.timeout.checked_sub(since.elapsed()).filter(|left| !left.is_zero())
    }
}

/// Sleeps for so long, however many signals come meanwhile.
///
/// `std::thread::sleep` sleeps again, after a signal, for what the kernel says is left. That includes the slack of the timer, which
/// is 50 µs by default: where signals come more often than that, such a sleep does not end.
pub fn sleep(time: Duration) {
    let until = Timespec::try_from(time).ok().and_then(|time| clock_gettime(ClockId::Monotonic).checked_add(time));
    // Later than the clock can tell.
    let Some(until) = until else { return std::thread::sleep(time) };
    while clock_nanosleep_absolute(ClockId::Monotonic, &until) == Err(Errno::INTR) {}
}

/// Keeps the processor busy for so long.
pub(crate) fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        spin_loop();
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};

    /// Signals that have come.
    static SIGNALS: AtomicU32 = AtomicU32::new(0);

    /// Of so many, which take some seconds.
    const MOST: u32 = 100_000;

    /// The timer that they come from.
    static TIMER: AtomicPtr<libc::c_void> = AtomicPtr::new(ptr::null_mut());

    extern "C" fn note(_: libc::c_int) {
        if SIGNALS.fetch_add(1, Relaxed) == MOST {
            signal_every(TIMER.load(Relaxed), 0);
        }
    }

    fn signal_every(timer: libc::timer_t, ns: i64) {
        let time = libc::timespec { tv_sec: 0, tv_nsec: ns };
        let every = libc::itimerspec { it_interval: time, it_value: time };
        // SAFETY: the test's own timer.
        assert_eq!(unsafe { libc::timer_settime(timer, 0, &raw const every, ptr::null_mut()) }, 0);
    }

    #[test]
    fn a_sleep_ends_while_signals_come() {
        let handler: extern "C" fn(libc::c_int) = note;
        // SAFETY: it keeps to what a handler may do.
        assert_ne!(unsafe { libc::signal(libc::SIGUSR2, handler as libc::sighandler_t) }, libc::SIG_ERR);
        // SAFETY: zeroes are a value.
        let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGUSR2;
        event.sigev_notify_thread_id = rustix::thread::gettid().as_raw_nonzero().get();
        let mut timer: libc::timer_t = ptr::null_mut();
        // SAFETY: both are on this stack.
        let made = unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
        assert_eq!(made, 0);
        TIMER.store(timer, Relaxed);
        signal_every(timer, 30_000);
        let since = Instant::now();
        sleep(Duration::from_millis(2));
        let (slept, signals) = (since.elapsed(), SIGNALS.load(Relaxed));
        signal_every(timer, 0);
        // SAFETY: no other thread has it.
        assert_eq!(unsafe { libc::timer_delete(timer) }, 0);
        assert!(slept >= Duration::from_millis(2), "{slept:?}");
        assert!((1..MOST).contains(&signals), "{signals} signals");
    }
}
