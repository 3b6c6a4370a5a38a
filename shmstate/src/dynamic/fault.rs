//! What is wrong with a path or a value: errors that say where, of what type, and what to do.

use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::ValidityError;

/// An error of that kind, at no path yet.
#[cold]
pub(super) fn fault(kind: ErrorKind, why: impl Into<String>) -> Error {
    ErrorRepr::View { kind, at: String::new(), why: why.into() }.into()
}

/// The path leads nowhere.
#[cold]
pub(super) fn no_path(why: impl Into<String>) -> Error {
    fault(ErrorKind::InvalidPath, why)
}

/// The state cannot hold the value.
#[cold]
pub(super) fn no_value(why: impl Into<String>) -> Error {
    fault(ErrorKind::InvalidValue, why)
}

/// The bytes of the region are no value.
#[cold]
pub(super) fn damaged(why: impl Into<String>) -> Error {
    fault(ErrorKind::Corrupt, why)
}

/// This process gets no memory for that many bytes.
#[cold]
pub(super) fn no_memory(bytes: usize) -> Error {
    let why = format!("no memory for a value of {bytes} bytes: make room, or give its containers smaller capacities");
    fault(ErrorKind::NoSpace, why)
}

/// A container has no room.
#[cold]
pub(super) fn full(name: &str, capacity: usize, needed: usize) -> Error {
    let why = format!("the `{name}` is full: it holds at most {capacity}, and {needed} were needed");
    fault(ErrorKind::Full, why)
}

/// The error of a value whose bytes are wrong.
#[cold]
pub(super) fn invalid(invalid: &ValidityError) -> Error {
    damaged(invalid.to_string())
}

/// Says where in the state it went wrong: inside of `path`.
pub(super) trait Within {
    fn within(self, path: &str) -> Self;
}

impl<T> Within for Result<T, Error> {
    #[inline]
    fn within(self, path: &str) -> Self {
        self.map_err(|error| error.inside(path))
    }
}
