//! How long a call is willing to wait.

use crate::commit::Clock;
use std::time::{Duration, Instant};

/// Time from the first look on: a call that never waits never asks the time.
pub(super) struct Deadline {
    timeout: Duration,
    since: Option<Instant>,
}

impl Deadline {
    #[inline]
    pub(super) fn new(timeout: Duration) -> Self {
        Deadline { timeout, since: None }
    }
}

impl Deadline {
    /// Time since the first look, if there was one.
    #[inline]
    pub(super) fn waited(&self) -> Option<Duration> {
        self.since.map(|since| since.elapsed())
    }
}

impl Clock for Deadline {
    fn rest(&mut self) -> Option<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.timeout.checked_sub(since.elapsed()).filter(|rest| !rest.is_zero())
    }
}
