//! Waiting without a thread for each waiter.

use crate::error::Error;
use crate::layout::SharedLayout;
use crate::region::{Task, Waited};
use crate::state::{ReadOnly, State};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is ready when there is a new version: [`State::changed`].
#[must_use = "futures do nothing unless they are polled"]
pub struct Changed<'a> {
    task: Task<'a>,
    version: u64,
}

impl<'a> Changed<'a> {
    fn new(waited: Waited<'a>, version: u64) -> Self {
        Changed { task: Task::new(waited), version }
    }
}

impl Future for Changed<'_> {
    type Output = Result<u64, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let version = self.version;
        self.task.poll_newer(version, context.waker())
    }
}

impl<T: SharedLayout> State<T> {
    /// Waits until there is a version after `version`, and gives the number of the newest one: [`wait_newer`](Self::wait_newer) for
    /// a task.
    ///
    /// It needs no particular runtime. However many tasks of a process wait for versions of a region, one thread sleeps for all of
    /// them: the first task starts this thread, and it ends a quarter of a second after the last task. Dropping the future ends the
    /// wait and loses nothing, because the version to wait after is an argument. For a timeout, use that of the runtime.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let seen = board.read_versioned(|_, version| version)?;
    /// # let writer = std::thread::spawn({
    /// #     let board = board.try_clone()?;
    /// #     move || board.update(|s| s.ticks += 1)
    /// # });
    /// # runtime.block_on(async {
    /// assert_eq!(board.changed(seen).await?, 1); // of this process, or of another one
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # writer.join().unwrap()?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`wait_newer`](Self::wait_newer); what the operating system says when there can be no thread, or no second mapping of
    /// the region for it.
    pub fn changed(&self, version: u64) -> Changed<'_> {
        Changed::new(Waited::Attached(self.region()), version)
    }

    /// Waits until `f` returns `Some` for a version of the state, and gives that: [`wait_until`](Self::wait_until) for a task.
    ///
    /// ```
    /// # use shmstate::{Queue, SharedLayout, State};
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Jobs { queue: Queue<u64, 16> }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # let dir = tempfile::tempdir()?;
    /// let jobs = State::<Jobs>::create(dir.path().join("jobs"))?;
    /// # let writer = std::thread::spawn({
    /// #     let jobs = jobs.try_clone()?;
    /// #     move || jobs.transact(|s| Ok(s.queue.push_back(7)?))
    /// # });
    /// # runtime.block_on(async {
    /// assert_eq!(jobs.until(|s| s.queue.front().copied()).await?, 7);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # writer.join().unwrap()?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`changed`](Self::changed) and [`read`](Self::read).
    ///
    /// # Panics
    /// With whatever `f` panics.
    pub async fn until<R>(&self, mut f: impl FnMut(&T) -> Option<R>) -> Result<R, Error> {
        loop {
            let (found, version) = self.read_versioned(|s, version| (f(s), version))?;
            if let Some(found) = found {
                return Ok(found);
            }
            self.changed(version).await?;
        }
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    /// Waits until there is a version after `version`: see [`State::changed`], and [`wait_newer`](Self::wait_newer) for how late a
    /// read-only handle may see it. Each read-only handle has a thread of its own for its tasks.
    ///
    /// # Errors
    /// As for [`wait_newer`](Self::wait_newer); [`Forked`](crate::ErrorKind::Forked) in a child of a process that has waited in this
    /// way.
    pub fn changed(&self, version: u64) -> Changed<'_> {
        Changed::new(Waited::ReadOnly(self.region()), version)
    }
}

impl fmt::Debug for Changed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").field("version", &self.version).finish_non_exhaustive()
    }
}
