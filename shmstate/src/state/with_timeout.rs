//! Updates with another timeout than that of their handle.

use crate::error::Error;
use crate::layout::SharedLayout;
use crate::{Outcome, State};
use std::fmt;
use std::time::Duration;

/// A handle with another timeout for updates: [`State::with_timeout`].
pub struct WithTimeout<'a, T: SharedLayout> {
    state: &'a State<T>,
    timeout: Duration,
}

impl<T: SharedLayout> State<T> {
    /// This handle, with updates that wait for `timeout` at most, instead of the time that
    /// [`Options::timeout`](crate::Options::timeout) has set.
    ///
    /// For an update that must not wait at all, as on a thread of an async executor, use [`Duration::ZERO`]: the update is done at
    /// once, or returns [`Busy`](crate::ErrorKind::Busy).
    ///
    /// ```
    /// # use shmstate::{ErrorKind, SharedLayout, State};
    /// # use std::time::Duration;
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// board.with_timeout(Duration::ZERO).update(|s| s.ticks += 1)?;
    ///
    /// let other = board.try_clone()?;
    /// board.update(|_| {
    ///     // While an update runs, another thread gets nothing:
    ///     std::thread::scope(|threads| {
    ///         let busy = threads.spawn(|| other.with_timeout(Duration::ZERO).update(|s| s.ticks += 1));
    ///         assert_eq!(busy.join().unwrap().unwrap_err().kind(), ErrorKind::Busy);
    ///     });
    /// })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "it is the update that waits"]
    pub fn with_timeout(&self, timeout: Duration) -> WithTimeout<'_, T> {
        WithTimeout { state: self, timeout }
    }
}

impl<T: SharedLayout> WithTimeout<'_, T> {
    /// As [`State::update`].
    ///
    /// # Errors
    /// As for [`State::update`].
    ///
    /// # Panics
    /// As for [`State::update`].
    #[inline]
    pub fn update<R, UseTryUpdateForResult>(&self, f: impl FnOnce(&mut T) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        match self.try_update(|s| Ok::<R, std::convert::Infallible>(f(s)))? {
            Ok(r) => Ok(r),
        }
    }

    /// As [`State::try_update`].
    ///
    /// # Errors
    /// As for [`State::try_update`].
    ///
    /// # Panics
    /// As for [`State::try_update`].
    #[inline]
    pub fn try_update<R, E>(&self, f: impl FnOnce(&mut T) -> Result<R, E>) -> Result<Result<R, E>, Error> {
        self.state.update_within(|| self.timeout, |s, _| f(s))
    }

    /// As [`State::update_versioned`].
    ///
    /// # Errors
    /// As for [`State::update`].
    ///
    /// # Panics
    /// As for [`State::update`].
    #[inline]
    pub fn update_versioned<R, UseTryUpdateForResult>(&self, f: impl FnOnce(&mut T, u64) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        match self.try_update_versioned(|s, version| Ok::<R, std::convert::Infallible>(f(s, version)))? {
            Ok(r) => Ok(r),
        }
    }

    /// As [`State::try_update_versioned`].
    ///
    /// # Errors
    /// As for [`State::update`].
    ///
    /// # Panics
    /// As for [`State::update`].
    #[inline]
    pub fn try_update_versioned<R, E>(
        &self,
        f: impl FnOnce(&mut T, u64) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        self.state.update_within(|| self.timeout, f)
    }

    /// As [`State::transact`].
    ///
    /// # Errors
    /// As for [`State::transact`].
    ///
    /// # Panics
    /// As for [`State::transact`].
    #[inline]
    pub fn transact<R>(&self, f: impl FnOnce(&mut T) -> Result<R, Error>) -> Result<R, Error> {
        self.try_update(f)?
    }
}

impl<T: SharedLayout> Clone for WithTimeout<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: SharedLayout> Copy for WithTimeout<'_, T> {}

impl<T: SharedLayout> fmt::Debug for WithTimeout<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithTimeout").field("state", self.state).field("timeout", &self.timeout).finish()
    }
}
