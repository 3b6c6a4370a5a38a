//! Directories of the tests' own.

use std::path::Path;
use tempfile::TempDir;

/// Where shared memory lives on this machine.
#[must_use]
pub fn tmpfs() -> &'static Path {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() { shm } else { Path::new("/tmp") }
}

/// A new directory under [`tmpfs`], which goes with the value.
///
/// # Panics
/// If there is no room.
#[must_use]
pub fn scratch_dir() -> TempDir {
    tempfile::Builder::new().prefix("shmstate-tests-").tempdir_in(tmpfs()).expect("a directory of the test's own")
}
