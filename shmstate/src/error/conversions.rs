//! What `?` makes an error of a state.

use super::{Error, ErrorRepr};
#[cfg(feature = "archived")]
use crate::containers::ArchiveError;
use crate::containers::CapacityError;
use crate::plain::{ParseUuidError, TimeRangeError};

/// A container has no room: `?` takes the error of any container into [`Error`].
impl<T> From<CapacityError<T>> for Error {
    fn from(full: CapacityError<T>) -> Self {
        ErrorRepr::Full(full.without_value()).into()
    }
}

/// Of the kind [`Full`](crate::ErrorKind::Full) if the archive is too long.
#[cfg(feature = "archived")]
impl From<ArchiveError> for Error {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Full(full) => full.into(),
            refused @ ArchiveError::Refused(_) => ErrorRepr::InvalidValue(refused.into()).into(),
        }
    }
}

impl From<TimeRangeError> for Error {
    fn from(error: TimeRangeError) -> Self {
        ErrorRepr::InvalidValue(error.into()).into()
    }
}

impl From<ParseUuidError> for Error {
    fn from(error: ParseUuidError) -> Self {
        ErrorRepr::InvalidValue(error.into()).into()
    }
}
