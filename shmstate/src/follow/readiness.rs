//! New versions as readiness of a descriptor, for loops over `epoll` and the like.

use super::versions::{NewVersion, Versions};
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::EventFd;
use crate::region::{Task, Waited};
use crate::state::State;
use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::task::{Poll, Waker};

/// A descriptor that is readable while there is a version that was not taken yet: [`Versions::readiness`].
///
/// It is an `eventfd`, for `poll`, `epoll`, `io_uring`, or a runtime's adapter for descriptors. Only this library reads and writes it.
pub struct Readiness<'a, T: SharedLayout> {
    state: &'a State<T>,
    seen: u64,
    // The task is dropped before its waker's descriptor.
    task: Task<'a>,
    event: Arc<EventFd>,
}

impl<'a, T: SharedLayout> Versions<'a, T> {
    /// The same versions, with a descriptor that becomes readable when there is one.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// use rustix::event::{PollFd, PollFlags, poll};
    ///
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let mut changes = board.changes()?.readiness()?;
    /// # let writer = std::thread::spawn({
    /// #     let board = board.try_clone()?;
    /// #     move || board.update(|s| s.ticks += 1)
    /// # });
    /// poll(&mut [PollFd::new(&changes, PollFlags::IN)], None)?; // beside sockets and timers
    /// assert_eq!(changes.take()?.expect("it is readable").version, 1);
    /// assert!(changes.take()?.is_none());
    /// # writer.join().unwrap()?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::changed`]; what the operating system says when there can be no descriptor.
    pub fn readiness(self) -> Result<Readiness<'a, T>, Error> {
        let Versions { state, seen, .. } = self;
        let failed = |e| Error::io(state.region().path(), "make an event descriptor for", e);
        let event = Arc::new(EventFd::new().map_err(failed)?);
        let mut readiness = Readiness { state, seen, task: Task::new(Waited::Attached(state.region())), event };
        readiness.arm()?;
        Ok(readiness)
    }
}

impl<T: SharedLayout> Readiness<'_, T> {
    /// The newest version, if it was not taken yet; the descriptor is not readable until there is another one. It never waits.
    ///
    /// # Errors
    /// As for [`State::changed`]. The descriptor stays readable then.
    pub fn take(&mut self) -> Result<Option<NewVersion>, Error> {
        self.event.clear();
        let taken = self.try_take().and_then(|taken| self.arm().map(|()| taken));
        taken.inspect_err(|_| self.event.set())
    }

    fn try_take(&mut self) -> Result<Option<NewVersion>, Error> {
        let version = self.state.version()?;
        if version <= self.seen {
            return Ok(None);
        }
        let skipped = version - self.seen - 1;
        self.seen = version;
        Ok(Some(NewVersion { version, skipped }))
    }

    /// Has the descriptor made readable when there is a version that was not taken.
    fn arm(&mut self) -> Result<(), Error> {
        match self.task.poll_newer(self.seen, &Waker::from(Arc::clone(&self.event))) {
            Poll::Pending => Ok(()),
            Poll::Ready(newer) => {
                newer?;
                self.event.set();
                Ok(())
            }
        }
    }
}

impl<T: SharedLayout> AsFd for Readiness<'_, T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

impl<T: SharedLayout> AsRawFd for Readiness<'_, T> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<T: SharedLayout> fmt::Debug for Readiness<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").field("state", self.state).field("seen", &self.seen).finish_non_exhaustive()
    }
}
