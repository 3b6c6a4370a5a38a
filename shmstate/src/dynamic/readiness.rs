//! New versions as readiness of a descriptor, for a loop that cannot borrow the handle.

use super::state::{Access, DynState};
use crate::commit::Ticket;
use crate::error::Error;
use crate::os::EventFd;
use crate::region::{Task, Waited};
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::task::{Poll, Waker};

/// A descriptor that is readable while there is a version that was not taken yet: [`DynState::readiness`].
///
/// It is an `eventfd`, as that of [`shmstate::Readiness`](crate::Readiness), and keeps the handle.
pub struct Readiness {
    state: Arc<DynState>,
    seen: u64,
    /// Of a task that waits for a version after `seen`.
    ticket: Option<Ticket>,
    event: Arc<EventFd>,
}

impl DynState {
    /// A descriptor that becomes readable when there is a version after `seen`.
    ///
    /// However many of them a process has for a region, one thread sleeps for all of them: see
    /// [`State::changed`](crate::State::changed).
    ///
    /// ```
    /// # use shmstate::State;
    /// use rustix::event::{PollFd, PollFlags, poll};
    /// use shmstate::dynamic::DynState;
    /// use std::sync::Arc;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// # let number = State::<u64>::create(&name)?;
    /// let state = Arc::new(DynState::options().writable(true).open(&name)?);
    /// let mut ready = state.readiness(state.version())?;
    /// # let writer = std::thread::spawn(move || number.update(|n| *n = 7));
    /// poll(&mut [PollFd::new(&ready, PollFlags::IN)], None)?; // beside sockets and timers
    /// assert_eq!(ready.take()?, Some(1));
    /// assert_eq!(ready.take()?, None);
    /// # writer.join().unwrap()?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`wait_newer`](Self::wait_newer); what the operating system says when there can be no descriptor, no thread, or no second
    /// mapping of the region for it.
    pub fn readiness(self: &Arc<Self>, seen: u64) -> Result<Readiness, Error> {
        let failed = |e| Error::io(self.waited().path(), "make an event descriptor for", e);
        let event = Arc::new(EventFd::new().map_err(failed)?);
        let mut readiness = Readiness { state: Arc::clone(self), seen, ticket: None, event };
        readiness.arm()?;
        Ok(readiness)
    }

    fn waited(&self) -> Waited<'_> {
        match &self.access {
            Access::TakingPart(session) => Waited::Attached(session.region()),
            Access::Looking(viewer) => Waited::ReadOnly(viewer.region()),
        }
    }
}

impl Readiness {
    /// The newest version, if it was not taken yet; the descriptor is not readable until there is another one. It never waits.
    ///
    /// # Errors
    /// As for [`DynState::readiness`]. The descriptor stays readable then.
    pub fn take(&mut self) -> Result<Option<u64>, Error> {
        self.event.clear();
        let version = self.state.version();
        let newer = (version > self.seen).then_some(version);
        self.seen = self.seen.max(version);
        let taken = self.arm().map(|()| newer);
        taken.inspect_err(|_| self.event.set())
    }

    /// Has the descriptor made readable when there is a version that was not taken.
    fn arm(&mut self) -> Result<(), Error> {
        let mut task = Task::resume(self.state.waited(), self.ticket.take());
        let newer = task.poll_newer(self.seen, &Waker::from(Arc::clone(&self.event)));
        self.ticket = task.suspend();
        match newer {
            Poll::Pending => Ok(()),
            Poll::Ready(newer) => {
                newer?;
                self.event.set();
                Ok(())
            }
        }
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        drop(Task::resume(self.state.waited(), self.ticket.take()));
    }
}

impl AsFd for Readiness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").field("state", &self.state).field("seen", &self.seen).finish_non_exhaustive()
    }
}
