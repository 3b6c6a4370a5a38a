//! Which processes are attached, and the one among them that is elected.

use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::region::Attached;
use crate::state::State;
use std::fmt;
use std::time::Duration;

/// Held by one handle of a region at a time: [`State::elect`].
///
/// When it is dropped, or its process dies, another handle can be elected. A process that is stopped keeps it.
#[must_use = "the handle is elected for as long as this is there"]
pub struct Elected<'a, T: SharedLayout> {
    state: &'a State<T>,
}

impl<T: SharedLayout> State<T> {
    /// The handles that are attached, this one among them, in the order of their slots.
    ///
    /// The kernel says which handles live, so that no handle of a dead process is listed.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// for handle in board.attached()? {
    ///     println!("process {} ({}), since {:?}", handle.pid, handle.command, handle.since);
    /// }
    /// # assert_eq!(board.attached()?[0].pid, std::process::id());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle.
    pub fn attached(&self) -> Result<Vec<Attached>, Error> {
        self.region().attached()
    }

    /// Sleeps until `f` returns `Some` for the handles that are [attached](Self::attached), and returns that; `None` if it has not
    /// after `timeout`.
    ///
    /// A handle that is opened or dropped ends the sleep at once. The death of a process is seen after 64 ms at the latest.
    ///
    /// # Errors
    /// As for [`wait_newer`](Self::wait_newer).
    ///
    /// # Panics
    /// With whatever `f` panics.
    pub fn wait_attached<R>(
        &self,
        timeout: Duration,
        mut f: impl FnMut(&[Attached]) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        let region = self.region();
        region.wait_present(&mut Deadline::new(timeout), || Ok(f(&region.attached()?)))
    }

    /// Waits until no other handle of the region is elected, and elects this one; `None` if that takes longer than `timeout`.
    ///
    /// Of all handles that are attached to a region, one is elected at a time, whichever process dies at whatever moment. A handle
    /// stays elected until the value is dropped or its process dies: there is no lease that could run out while the process is
    /// stopped or slow. Waiting handles notice a death within 64 ms, by the lock that the kernel keeps for each handle. The first
    /// handle that notices it is elected next.
    ///
    /// An election is that of one region: after the region was replaced, the handles of the new one elect anew.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # use std::time::Duration;
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let elected = board.elect(Duration::MAX)?.expect("it has waited for ever");
    /// let other = board.try_clone()?; // or another process
    /// assert!(other.elect(Duration::ZERO)?.is_none());
    /// drop(elected);
    /// assert!(other.elect(Duration::ZERO)?.is_some());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`wait_newer`](Self::wait_newer).
    pub fn elect(&self, timeout: Duration) -> Result<Option<Elected<'_, T>>, Error> {
        let region = self.region();
        let elected = region.wait_present(&mut Deadline::new(timeout), || {
            Ok(region.shared().try_elect(region.slot(), region.os()).then_some(()))
        })?;
        Ok(elected.map(|()| Elected { state: self }))
    }
}

impl<T: SharedLayout> Drop for Elected<'_, T> {
    fn drop(&mut self) {
        self.state.region().resign();
    }
}

impl<T: SharedLayout> fmt::Debug for Elected<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elected").field("state", self.state).finish()
    }
}
