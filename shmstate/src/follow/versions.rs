//! Version after version.

use crate::State;
use crate::error::Error;
use crate::layout::SharedLayout;
use std::fmt;
use std::time::Duration;

/// Waits for one version after the other: [`State::changes`].
///
/// As an iterator it waits without a limit; [`next_within`](Self::next_within) has a timeout. For tasks there is
/// [`stream`](Self::stream), for loops over descriptors [`readiness`](Self::readiness).
#[must_use = "it is the iteration that waits"]
pub struct Versions<'a, T: SharedLayout> {
    pub(super) state: &'a State<T>,
    pub(super) seen: u64,
    pub(super) failed: bool,
}

/// A version that [`Versions`] has caught.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NewVersion {
    /// Its number.
    pub version: u64,
    /// How many versions there were between the one before and this one.
    pub skipped: u64,
}

impl<T: SharedLayout> State<T> {
    /// An iterator over the versions after the present one, which may skip some.
    ///
    /// Each item names the newest version, and says how many were skipped since the item before, because they were made faster than
    /// the iterator was asked. A read after that may see a version that is newer still.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let mut changes = board.changes()?;
    /// board.update(|s| s.ticks += 1)?;
    /// board.update(|s| s.ticks += 1)?;
    /// let change = changes.next().expect("it has no end")?;
    /// assert_eq!((change.version, change.skipped), (2, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle. An item can be an error of
    /// [`wait_newer`](Self::wait_newer); no item follows the first error.
    pub fn changes(&self) -> Result<Versions<'_, T>, Error> {
        Ok(self.changes_since(self.version()?))
    }

    /// [`changes`](Self::changes) after a version that the program has seen.
    pub fn changes_since(&self, version: u64) -> Versions<'_, T> {
        Versions { state: self, seen: version, failed: false }
    }
}

impl<T: SharedLayout> Versions<'_, T> {
    /// The next version; `None` if there is none after `timeout`.
    ///
    /// # Errors
    /// As for [`State::wait_newer`].
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<NewVersion>, Error> {
        let newest = self.state.wait_newer(self.seen, timeout)?;
        Ok(newest.map(|version| {
            let skipped = version - self.seen - 1;
            self.seen = version;
            NewVersion { version, skipped }
        }))
    }
}

impl<T: SharedLayout> Iterator for Versions<'_, T> {
    type Item = Result<NewVersion, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.next_within(Duration::MAX) {
                Ok(None) => {}
                Ok(Some(version)) => return Some(Ok(version)),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl<T: SharedLayout> std::iter::FusedIterator for Versions<'_, T> {}

impl<T: SharedLayout> fmt::Debug for Versions<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Versions").field("state", self.state).field("seen", &self.seen).finish_non_exhaustive()
    }
}
