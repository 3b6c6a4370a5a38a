//! What a region counts.

use super::handle::State;
use crate::error::Error;
use crate::events;
use crate::layout::SharedLayout;
use crate::sync::Ordering::Relaxed;
use std::time::Duration;

/// What has happened to a region since it was created, in all processes together.
///
/// The numbers are read one after the other while others may go on; each is right by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Updates that were committed: the version.
    pub commits: u64,
    /// Updates that were rolled back, by `Err` or by a panic.
    pub roll_backs: u64,
    /// Writers that died with the lock, and whose lock was taken over.
    pub recoveries: u64,
    /// Dead handles whose readers' pins were in a writer's way and were cleared.
    pub pins_reclaimed: u64,
    /// Copies in use: as many as the region was made with, and the spare ones that writers have taken since.
    pub copies: usize,
    /// Copies that the region may come to have ([`max_copies`](crate::Options::max_copies) when it was created, which may be
    /// another number than this process asks for).
    pub max_copies: usize,
    /// Handles that the region can have at a time ([`handles`](crate::Options::handles) when it was created).
    pub handles: usize,
    /// The longest time that an update waited for the lock and for a copy, whether or not it got them.
    pub longest_wait: Duration,
}

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
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle.
    pub fn stats(&self) -> Result<Stats, Error> {
        self.region().check()?;
        let shared = self.region().shared();
        let counters = &shared.control.counters;
        Ok(Stats {
            commits: shared.published().version,
            roll_backs: counters.roll_backs.load(Relaxed),
            recoveries: counters.recoveries.load(Relaxed),
            pins_reclaimed: counters.reclaimed.load(Relaxed),
            copies: shared.in_use(),
            max_copies: shared.copies.len(),
            handles: shared.slots.len(),
            longest_wait: Duration::from_nanos(counters.longest_wait_ns.load(Relaxed)),
        })
    }

    /// Notes how long an update has waited.
    #[cold]
    pub(super) fn note_wait(&self, waited: Duration) {
        let ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        self.region().shared().control.counters.longest_wait_ns.fetch_max(ns, Relaxed);
        events::waited(self.region().path(), waited);
    }
}
