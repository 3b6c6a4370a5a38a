//! Waiting until there is a newer version, or one of which something is true.

use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::state::{ReadOnly, State};
use std::time::Duration;

impl<T: SharedLayout> State<T> {
    /// Sleeps until there is a version after `version`, and returns the number of the newest one; `None` if there is none after
    /// `timeout`.
    ///
    /// A newer version that is there already is returned at once. Get `version` from the data that the program has seen
    /// ([`read_versioned`](Self::read_versioned)): then no version that was made since is missed. To wait until something is true
    /// of the state, use [`wait_until`](Self::wait_until).
    ///
    /// An update does nothing for waiters when there are none. The chapter [Waiting and following](crate::following) says what
    /// is promised.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # use std::time::Duration;
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let seen = board.read_versioned(|_, version| version)?;
    /// std::thread::scope(|threads| {
    ///     threads.spawn(|| board.update(|s| s.ticks += 1)); // or another process
    ///     assert_eq!(board.wait_newer(seen, Duration::from_secs(60)).unwrap(), Some(1));
    /// });
    /// assert_eq!(board.wait_newer(1, Duration::ZERO)?, None);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Retired`](crate::ErrorKind::Retired) as soon as the region is replaced by another one;
    /// [`Reentrant`](crate::ErrorKind::Reentrant) inside of an update of this region by this thread, which would wait for itself;
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle.
    pub fn wait_newer(&self, version: u64, timeout: Duration) -> Result<Option<u64>, Error> {
        self.region().wait_newer(version, &mut Deadline::new(timeout))
    }

    /// Sleeps until `f` returns `Some` for a version of the state, and returns that; `None` if it has not after `timeout`.
    ///
    /// `f` gets the present version, and then the newest one each time that there are newer ones. It may not get every version: a
    /// condition that holds in a single version is missed if another version follows at once.
    ///
    /// ```
    /// # use shmstate::{Queue, SharedLayout, State};
    /// # use std::time::Duration;
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Jobs { queue: Queue<u64, 16> }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let jobs = State::<Jobs>::create(dir.path().join("jobs"))?;
    /// std::thread::scope(|threads| {
    ///     threads.spawn(|| jobs.transact(|s| Ok(s.queue.push_back(7)?))); // or another process
    ///     let first = jobs.wait_until(Duration::from_secs(60), |s| s.queue.front().copied());
    ///     assert_eq!(first.unwrap(), Some(7));
    /// });
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`wait_newer`](Self::wait_newer) and [`read`](Self::read).
    ///
    /// # Panics
    /// With whatever `f` panics.
    pub fn wait_until<R>(&self, timeout: Duration, mut f: impl FnMut(&T) -> Option<R>) -> Result<Option<R>, Error> {
        let mut clock = Deadline::new(timeout);
        loop {
            let (found, version) = self.read_versioned(|s, version| (f(s), version))?;
            if found.is_some() || self.region().wait_newer(version, &mut clock)?.is_none() {
                return Ok(found);
            }
        }
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    /// Waits until there is a version after `version`: see [`State::wait_newer`].
    ///
    /// A read-only handle cannot announce that it waits. It looks for a version after 1 ms, then at intervals that double up to
    /// 16 ms; and at once while a handle that can write waits for the same region.
    ///
    /// # Errors
    /// [`Retired`](crate::ErrorKind::Retired) as soon as the region is replaced by another one; what the operating system says when
    /// it cannot look whether it is.
    pub fn wait_newer(&self, version: u64, timeout: Duration) -> Result<Option<u64>, Error> {
        self.region().wait_newer(version, &mut Deadline::new(timeout))
    }
}
