//! Where an operation takes place.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Which other processes are attached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scene {
    /// A bystander is attached: the population lives on.
    Shared,
    /// None.
    Lonely,
}

/// Makes a file of these bytes: a new one, so that nothing is left of the last.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::File::options().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}
