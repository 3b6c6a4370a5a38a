//! How a program gets a state by its name.

use super::handle::State;
use super::options::Options;
use crate::error::Error;
use crate::layout::SharedLayout;
use std::path::Path;

impl<T: SharedLayout> State<T> {
    /// Creates a state that does not exist yet, with everything zero, empty or `false`, except fields with `#[shared(init = …)]`.
    ///
    /// A bare name lives in a private directory of the user under `/dev/shm`, or in the directory that the environment variable
    /// `SHMSTATE_DIR` names; a name with a `/` is a path. [`options`](Self::options) has more settings.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists), [`NoSpace`](crate::ErrorKind::NoSpace),
    /// [`InvalidName`](crate::ErrorKind::InvalidName), [`Permission`](crate::ErrorKind::Permission),
    /// [`NotFound`](crate::ErrorKind::NotFound) if the directory is missing, or what the operating system says.
    pub fn create(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().create(name)
    }

    /// Opens a state that exists.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound); [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) with the differences
    /// field by field; [`Corrupt`](crate::ErrorKind::Corrupt), [`UnknownFormat`](crate::ErrorKind::UnknownFormat),
    /// [`Rebooted`](crate::ErrorKind::Rebooted), [`NotAFile`](crate::ErrorKind::NotAFile) for a file that is no sound
    /// region; [`Permission`](crate::ErrorKind::Permission); [`Busy`](crate::ErrorKind::Busy) when all its handles are
    /// taken.
    pub fn open(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open(name)
    }

    /// Opens the state, or creates it if it does not exist. When several processes do this at once, one creates it and all get
    /// the same.
    ///
    /// # Errors
    /// As for [`open`](Self::open) and [`create`](Self::create), without `AlreadyExists`; `NotFound` is about the directory.
    pub fn open_or_create(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open_or_create(name)
    }

    /// How to create and open: mode, copies, handles, timeout, initial content.
    pub fn options<'a>() -> Options<'a, T> {
        Options::new()
    }
}
