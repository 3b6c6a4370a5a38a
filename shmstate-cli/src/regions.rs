//! Where the regions are.

use crate::failure::Failure;
use shmstate::dynamic::{DynOptions, DynState};
use shmstate::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Which regions of other users are trusted.
static MODE: OnceLock<Option<u32>> = OnceLock::new();

/// Trusts regions of other users that have this mode, from now on.
pub fn trust(mode: Option<u32>) {
    let _ = MODE.set(mode);
}

/// A mode as the command line says it.
pub fn mode(octal: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(octal.trim_start_matches("0o"), 8).map_err(|e| e.to_string())?;
    if mode & !0o777 == 0 && mode & 0o600 == 0o600 { Ok(mode) } else { Err("between 600 and 777".into()) }
}

/// How every command opens a region.
pub fn options() -> DynOptions {
    let options = DynState::options();
    match MODE.get() {
        Some(Some(mode)) => options.mode(*mode),
        _ => options,
    }
}

/// Opens a region to look at it.
pub fn open(name: impl AsRef<Path>) -> Result<DynState, Error> {
    options().open(name)
}

/// Looks at the region that a name leads to. If another process has replaced it since it was opened, looks at the next one.
pub fn look<R>(state: &mut DynState, mut look: impl FnMut(&DynState) -> Result<R, Error>) -> Result<R, Error> {
    loop {
        match look(state) {
            Err(error) if error.kind() == ErrorKind::Retired && state.reopen()? => {}
            seen => return seen,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use shmstate::State;

    #[test]
    fn a_region_that_is_replaced_while_it_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let (name, second) = (dir.path().join("number"), dir.path().join("second"));
        let mut number = State::<u64>::create(&name).unwrap();
        number.update(|n| *n = 7).unwrap();
        std::fs::hard_link(&name, &second).unwrap();
        let mut state = open(&name).unwrap();
        number.recreate(State::options().handles(100)).unwrap();
        assert_eq!(state.to_json("").unwrap_err().kind(), ErrorKind::Retired);
        assert_eq!(look(&mut state, |state| state.to_json("")).unwrap(), "7");
        // A second name still leads to the region that was replaced.
        let mut state = open(&second).unwrap();
        assert_eq!(look(&mut state, |state| state.to_json("")).unwrap_err().kind(), ErrorKind::Retired);
    }
}
