//! How long a call waits, and waiting without sleeping.

use crate::commit::Clock;
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

/// Keeps the processor busy for so long.
pub(crate) fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        spin_loop();
    }
}
