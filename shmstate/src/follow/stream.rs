//! Version after version, for a task.

use super::versions::{NewVersion, Versions};
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::{Changed, State};
use futures_core::{FusedStream, Stream};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A stream of versions: [`Versions::stream`].
#[must_use = "streams do nothing unless they are polled"]
pub struct VersionStream<'a, T: SharedLayout> {
    state: &'a State<T>,
    seen: u64,
    changed: Changed<'a>,
    failed: bool,
}

impl<'a, T: SharedLayout> Versions<'a, T> {
    /// The same versions as a [`Stream`], for tasks: see [`State::changed`].
    ///
    /// Each item comes as soon as there is a newer version than the one of the item before. If a task is cancelled when it was
    /// about to get an item, nothing is lost: the next item is the newest version, and counts the versions that it skips.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// use tokio_stream::StreamExt;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let mut changes = board.changes()?.stream();
    /// board.update(|s| s.ticks += 1)?;
    /// board.update(|s| s.ticks += 1)?;
    /// # runtime.block_on(async {
    /// let change = changes.next().await.expect("it has no end")?;
    /// assert_eq!((change.version, change.skipped), (2, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn stream(self) -> VersionStream<'a, T> {
        let Versions { state, seen, failed } = self;
        VersionStream { state, seen, changed: state.changed(seen), failed }
    }
}

impl<T: SharedLayout> Stream for VersionStream<'_, T> {
    type Item = Result<NewVersion, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.failed {
            return Poll::Ready(None);
        }
        let newest = ready!(Pin::new(&mut self.changed).poll(context));
        Poll::Ready(Some(match newest {
            Ok(version) => {
                let caught = NewVersion { version, skipped: version - self.seen - 1 };
                (self.seen, self.changed) = (version, self.state.changed(version));
                Ok(caught)
            }
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }))
    }
}

impl<T: SharedLayout> FusedStream for VersionStream<'_, T> {
    fn is_terminated(&self) -> bool {
        self.failed
    }
}

impl<T: SharedLayout> fmt::Debug for VersionStream<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersionStream").field("state", self.state).field("seen", &self.seen).finish_non_exhaustive()
    }
}
