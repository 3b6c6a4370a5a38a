//! The state that is followed: through a handle, or through a read-only handle.

use super::changed::Changed;
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::state::{ReadOnly, State};
use std::fmt;

pub(super) enum Source<'a, T: SharedLayout> {
    State(&'a State<T>),
    ReadOnly(&'a ReadOnly<T>),
}

impl<T: SharedLayout> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: SharedLayout> Copy for Source<'_, T> {}

impl<'a, T: SharedLayout> Source<'a, T> {
    /// Waits until there is a newer version than `version`; `None` if there is none in time.
    pub(super) fn wait_newer(self, version: u64, clock: &mut Deadline) -> Result<Option<u64>, Error> {
        match self {
            Source::State(state) => state.region().wait_newer(version, clock),
            Source::ReadOnly(view) => view.region().wait_newer(version, clock),
        }
    }

    /// The same for a task.
    pub(super) fn changed(self, version: u64) -> Changed<'a> {
        match self {
            Source::State(state) => state.changed(version),
            Source::ReadOnly(view) => view.changed(version),
        }
    }
}

impl<T: SharedLayout> fmt::Debug for Source<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::State(state) => state.fmt(f),
            Source::ReadOnly(view) => view.fmt(f),
        }
    }
}
