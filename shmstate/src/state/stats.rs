//! What a region counts.

use super::handle::State;
use crate::error::Error;
use crate::events;
use crate::layout::SharedLayout;
pub use crate::region::Stats;
use crate::sync::Ordering::Relaxed;
use std::time::Duration;

impl<T: SharedLayout> State<T> {
    /// What the region counts.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// board.update(|s| s.ticks += 1)?;
    /// let _ = board.try_update(|_| Err::<(), _>("no"))?;
    /// let stats = board.stats()?;
    /// assert_eq!((stats.commits, stats.roll_backs, stats.recoveries), (1, 1, 0));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A region that has been [replaced](crate::ErrorKind::Retired) keeps its counters, so that they can still be looked at.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle.
    pub fn stats(&self) -> Result<Stats, Error> {
        self.region().check()?;
        Ok(Stats::of(self.region().shared()))
    }

    /// Notes how long an update has waited.
    #[cold]
    pub(super) fn note_wait(&self, waited: Duration) {
        let ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        self.region().shared().control.counters.longest_wait_ns.fetch_max(ns, Relaxed);
        events::waited(self.region().path(), waited);
    }
}
