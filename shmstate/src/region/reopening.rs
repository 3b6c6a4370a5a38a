//! What to say of a region's file that cannot be opened a second time.

use crate::error::{Error, ErrorRepr};
use crate::os::{self, ANONYMOUS, Origin};
use std::path::Path;

/// Where a region was found, for people.
pub(super) fn path_of(origin: Option<&Origin>) -> &Path {
    origin.map_or(Path::new(ANONYMOUS), Origin::path)
}

/// A file that was open could not be opened a second time.
#[cold]
pub(super) fn not_reopened(origin: Option<&Origin>, e: std::io::Error) -> Error {
    let path = path_of(origin);
    if e.kind() != std::io::ErrorKind::NotFound {
        return Error::io(path, "open a second time", e);
    }
    let why = if origin.is_some_and(Origin::is_out_of_reach) {
        format!("{}, and to open it a second time without its name takes /proc", os::OUT_OF_REACH)
    } else {
        "it has no name, or none any more, and to open it a second time without one takes /proc".into()
    };
    ErrorRepr::Unsupported { path: path.to_owned(), why }.into()
}

/// The program has closed the descriptor, and the file could not be opened again.
#[cold]
pub(super) fn lost(path: &Path, e: std::io::Error) -> Error {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    if !matches!(e.kind(), NotFound | PermissionDenied) {
        return Error::io(path, "open a second time", e);
    }
    let why = format!(
        "the program has closed the region's descriptor (`closefrom`, `close_range`), and the region cannot be opened again: \
         {e}; make the handles that are needed before the descriptors are closed, or open the region by its name"
    );
    ErrorRepr::Unsupported { path: path.to_owned(), why }.into()
}
