//! A task that waits for versions.

use super::attached::Region;
use super::read_only::ReadOnlyRegion;
use super::task_server::TaskServer;
use crate::commit::{Published, Ticket};
use crate::error::{Error, ErrorRepr};
use std::path::Path;
use std::task::{Poll, Waker};

/// Whose versions are waited for.
#[derive(Clone, Copy)]
pub(crate) enum Waited<'a> {
    Attached(&'a Region),
    ReadOnly(&'a ReadOnlyRegion),
}

impl Waited<'_> {
    fn server(&self) -> Result<&TaskServer, Error> {
        match self {
            Waited::Attached(region) => region.tasks(),
            Waited::ReadOnly(region) => region.tasks(),
        }
    }

    fn published(&self) -> Published {
        match self {
            Waited::Attached(region) => region.shared().published(),
            Waited::ReadOnly(region) => region.published(),
        }
    }

    /// The version in `now`, if it comes after `version`.
    fn newer(&self, version: u64, now: Published) -> Result<Option<u64>, Error> {
        match self {
            Waited::Attached(region) => region.newer(version, now),
            Waited::ReadOnly(region) => region.newer(version, now),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Waited::Attached(region) => region.path(),
            Waited::ReadOnly(region) => region.origin().path(),
        }
    }
}

/// One task of a process.
pub(crate) struct Task<'a> {
    waited: Waited<'a>,
    ticket: Option<Ticket>,
}

impl<'a> Task<'a> {
    pub(crate) fn new(waited: Waited<'a>) -> Task<'a> {
        Task { waited, ticket: None }
    }

    /// The task that was [suspended](Self::suspend), of the same region.
    #[cfg(feature = "dynamic")]
    pub(crate) fn resume(waited: Waited<'a>, ticket: Option<Ticket>) -> Task<'a> {
        Task { waited, ticket }
    }

    /// The task without the region. It goes on waiting, until it is dropped as a task.
    #[cfg(feature = "dynamic")]
    pub(crate) fn suspend(mut self) -> Option<Ticket> {
        self.ticket.take()
    }

    /// The newest version, if it comes after `version`; else `waker` is woken when there is one.
    pub(crate) fn poll_newer(&mut self, version: u64, waker: &Waker) -> Poll<Result<u64, Error>> {
        let found = self.newer_or_wait(version, waker);
        if !matches!(found, Ok(None)) {
            self.rest();
        }
        match found {
            Ok(None) => Poll::Pending,
            Ok(Some(newer)) => Poll::Ready(Ok(newer)),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn newer_or_wait(&mut self, version: u64, waker: &Waker) -> Result<Option<u64>, Error> {
        match self.waited {
            Waited::Attached(region) => region.check_wait()?,
            Waited::ReadOnly(region) if !region.is_mine() => {
                return Err(ErrorRepr::Forked { path: self.waited.path().to_owned() }.into());
            }
            Waited::ReadOnly(_) => {}
        }
        let newer = self.waited.newer(version, self.waited.published())?;
        if newer.is_some() {
            return Ok(newer);
        }
        let news = self.waited.server()?.news_or_wait(&mut self.ticket, version, waker);
        match news.map_err(|e| Error::io(self.waited.path(), "start a thread that waits for", e))? {
            Some(now) => self.waited.newer(version, now),
            None => Ok(None),
        }
    }

    /// Waits no more.
    fn rest(&mut self) {
        let is_mine = match self.waited {
            Waited::Attached(region) => region.is_mine(),
            Waited::ReadOnly(region) => region.is_mine(),
        };
        // A child of the process has no such task, and its parent may have held the lock.
        if let (Some(ticket), true) = (self.ticket.take(), is_mine)
            && let Ok(server) = self.waited.server()
        {
            server.forget(ticket);
        }
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.rest();
    }
}
