//! Where the regions are.

use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// The directory of bare names, as the library's chapter on files says it.
pub fn directory() -> PathBuf {
    match std::env::var_os("SHMSTATE_DIR") {
        Some(dir) if !dir.is_empty() => dir.into(),
        _ => Path::new("/dev/shm").join(format!("shmstate-{}", rustix::process::geteuid().as_raw())),
    }
}

/// The regular files in a directory, by name. A directory that is not there has none.
pub fn files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::File(dir.display().to_string(), error);
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        // Where no bare name has been used yet.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && dir == directory() => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
