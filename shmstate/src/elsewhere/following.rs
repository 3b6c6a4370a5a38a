//! What stands for `follow`.

use super::{Attached, Change, Never, NewVersion, Projection, ReadOnly, State, Versions};
use crate::error::Error;
use crate::layout::SharedLayout;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

impl<T: SharedLayout> State<T> {
    pub fn wait_newer(&self, version: u64, timeout: Duration) -> Result<Option<u64>, Error> {
        match self.never {}
    }

    pub fn follow(&self) -> Result<Follower<'_, T>, Error> {
        match self.never {}
    }

    pub fn changed(&self, version: u64) -> Changed<'_> {
        match self.never {}
    }

    pub async fn until<R>(&self, mut f: impl FnMut(&T) -> Option<R>) -> Result<R, Error> {
        match self.never {}
    }

    pub fn wait_until<R>(&self, timeout: Duration, mut f: impl FnMut(&T) -> Option<R>) -> Result<Option<R>, Error> {
        match self.never {}
    }

    pub fn watch<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<Watch<'_, T>, Error> {
        match self.never {}
    }

    pub fn watch_part<P: ?Sized>(&self, part: impl FnOnce(&T) -> &P) -> Result<Watch<'_, T>, Error> {
        match self.never {}
    }

    pub fn attached(&self) -> Result<Vec<Attached>, Error> {
        match self.never {}
    }

    pub fn wait_attached<R>(
        &self,
        timeout: Duration,
        mut f: impl FnMut(&[Attached]) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        match self.never {}
    }

    pub fn elect(&self, timeout: Duration) -> Result<Option<Elected<'_, T>>, Error> {
        match self.never {}
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    pub fn follow(&self) -> Result<Follower<'_, T>, Error> {
        match self.never {}
    }

    pub fn wait_newer(&self, version: u64, timeout: Duration) -> Result<Option<u64>, Error> {
        match self.never {}
    }

    pub fn changed(&self, version: u64) -> Changed<'_> {
        match self.never {}
    }
}

pub struct Follower<'a, T: SharedLayout> {
    state: &'a State<T>,
}

impl<T: SharedLayout> Follower<'_, T> {
    pub fn get(&self) -> &T {
        match self.state.never {}
    }

    pub fn bytes(&self) -> &[u8] {
        match self.state.never {}
    }

    pub fn version(&self) -> u64 {
        match self.state.never {}
    }

    pub fn advance(&mut self) -> Result<Option<Change<T>>, Error> {
        match self.state.never {}
    }

    pub fn wait(&mut self, timeout: Duration) -> Result<Option<Change<T>>, Error> {
        match self.state.never {}
    }

    pub async fn changed(&mut self) -> Result<Change<T>, Error> {
        match self.state.never {}
    }
}

impl<T: SharedLayout> fmt::Debug for Follower<'_, T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state.never {}
    }
}

#[must_use = "futures do nothing unless they are polled"]
pub struct Changed<'a> {
    never: Never,
    of: PhantomData<&'a ()>,
}

impl Future for Changed<'_> {
    type Output = Result<u64, Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.never {}
    }
}

impl fmt::Debug for Changed<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}

#[cfg(unix)]
pub struct Readiness<'a, T: SharedLayout> {
    state: &'a State<T>,
}

#[cfg(unix)]
impl<'a, T: SharedLayout> Versions<'a, T> {
    pub fn readiness(self) -> Result<Readiness<'a, T>, Error> {
        match self.state.never {}
    }
}

#[cfg(unix)]
impl<T: SharedLayout> Readiness<'_, T> {
    pub fn take(&mut self) -> Result<Option<NewVersion>, Error> {
        match self.state.never {}
    }
}

#[cfg(unix)]
impl<T: SharedLayout> AsFd for Readiness<'_, T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.state.never {}
    }
}

#[cfg(unix)]
impl<T: SharedLayout> AsRawFd for Readiness<'_, T> {
    fn as_raw_fd(&self) -> RawFd {
        match self.state.never {}
    }
}

#[cfg(unix)]
impl<T: SharedLayout> fmt::Debug for Readiness<'_, T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state.never {}
    }
}

pub struct Watch<'a, T: SharedLayout> {
    state: &'a State<T>,
}

impl<T: SharedLayout> Watch<'_, T> {
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<u64>, Error> {
        match self.state.never {}
    }

    pub async fn changed(&mut self) -> Result<u64, Error> {
        match self.state.never {}
    }
}

impl<T: SharedLayout> fmt::Debug for Watch<'_, T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state.never {}
    }
}

#[must_use = "the handle is elected for as long as this is there"]
pub struct Elected<'a, T: SharedLayout> {
    state: &'a State<T>,
}

impl<T: SharedLayout> fmt::Debug for Elected<'_, T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state.never {}
    }
}
