//! Stores that no process keeps up to date: copies of a version, and the check of a store.

use crate::control::Requests;
use crate::error::Error;
use crate::store::{Differing, Store};
use shmstate::dynamic::{DynState, Snapshot};
use shmstate::{ErrorKind, State};
use std::path::Path;

/// The mode of a backup.
const MODE: u32 = 0o600;

/// Writes the committed version of the region `name` to a new file, while other processes use it. Returns the version.
///
/// The file is a store that belongs to no region yet: [`restore`] makes it the store of a state.
///
/// # Errors
/// [`Error::AlreadyExists`] if the file exists; [`Error::Held`] if another process is making it; [`Error::Store`];
/// [`Error::State`] if the region cannot be read.
pub fn backup(name: impl AsRef<Path>, file: impl AsRef<Path>) -> Result<u64, Error> {
    let state = snapshot(|| DynState::open(&name))?;
    write_backup(&state, file)?;
    Ok(state.version())
}

/// The committed version of the region that `open` opens. If the region is replaced meanwhile, `open` opens the next one, unless the name still
/// leads to the replaced one.
fn snapshot(open: impl Fn() -> Result<DynState, shmstate::Error>) -> Result<Snapshot, shmstate::Error> {
    loop {
        let state = open()?;
        match state.snapshot() {
            Err(e) if e.kind() == ErrorKind::Retired && !state.is_current()? => {}
            taken => return taken,
        }
    }
}

/// Writes a version of a state to a new file: see [`backup`].
///
/// # Errors
/// [`Error::AlreadyExists`] if the file exists; [`Error::Held`] if another process is making it; [`Error::Store`].
pub fn write_backup(state: &Snapshot, file: impl AsRef<Path>) -> Result<(), Error> {
    write(file.as_ref(), state.version(), &state.schema(), state.bytes())
}

/// Writes a version to a new store.
pub(crate) fn write(file: &Path, version: u64, schema: &str, image: &[u8]) -> Result<(), Error> {
    Store::create(file, MODE, 0, |store| store.write(version, schema, image, Differing::Any)).map(drop)
}

/// Makes a backup the store of the state `name` in the directory `dir`: the next [`DurableState::open`](crate::DurableState::open)
/// restores the region from it. Returns the version.
///
/// The backup is read and checked as a whole, and copied; it stays as it is. The state must not have a store yet.
///
/// # Errors
/// As for [`verify`], and [`Error::AlreadyExists`] if the state has a store.
pub fn restore(file: impl AsRef<Path>, name: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<u64, Error> {
    let snapshot = verify(file.as_ref())?;
    let paths = crate::paths::Paths::new(name.as_ref(), dir.as_ref())?;
    let _dirs = paths.make_dir()?;
    write(&paths.store, snapshot.version(), &snapshot.schema(), snapshot.bytes())?;
    Ok(snapshot.version())
}

/// Checks a store, or a backup, that no process has open: every checksum, and every value of the state. Returns the state. The file stays as
/// it is, even if the engine would repair something.
///
/// # Errors
/// [`Error::Damaged`] with what is wrong; [`Error::Held`] if a process has the store open; [`Error::NoStore`].
pub fn verify(file: impl AsRef<Path>) -> Result<Snapshot, Error> {
    let file = file.as_ref();
    let no_store = |hint| Error::NoStore { path: file.to_owned(), hint };
    let mut store = Store::open_untouched(file)?
        .ok_or_else(|| no_store("name the file `NAME.redb` in the directory of the stores"))?;
    store.check()?;
    store
        .read()?
        .ok_or_else(|| no_store("the file is one, and has no version yet: no process has finished opening its state"))
}

/// Removes the region of that name, and those beside it, as a restart of the machine does. The store stays. Processes that use the
/// region keep it, but their changes are no longer written to the store.
///
/// # Errors
/// [`Error::State`] as for [`shmstate::remove`].
pub fn remove(name: impl AsRef<Path>) -> Result<(), Error> {
    let paths = crate::paths::Paths::new(name.as_ref(), Path::new(""))?;
    let mut removed = vec![shmstate::remove(&paths.region)];
    // The process that writes closes the store, instead of sleeping until its interval is over.
    if let Ok(requests) = State::<Requests>::open(&paths.requests) {
        let _ = requests.update(|_| ());
    }
    // Those beside it may be there alone.
    removed.extend([&paths.progress, &paths.requests].map(shmstate::remove));
    let is_found = removed.iter().any(Result::is_ok);
    let is_missing = |e: &shmstate::Error| is_found && e.kind() == shmstate::ErrorKind::NotFound;
    match removed.into_iter().filter_map(Result::err).find(|e| !is_missing(e)) {
        Some(e) => Err(e.into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_region_that_is_replaced_while_it_is_copied() {
        let (dir, is_replaced) = (tempfile::tempdir().unwrap(), Cell::new(false));
        let name = dir.path().join("number");
        State::<u64>::create(&name).unwrap().update(|n| *n = 7).unwrap();
        let open = || {
            let found = DynState::open(&name);
            if !is_replaced.replace(true) {
                State::<u64>::open(&name)?.recreate(State::options().handles(100))?;
            }
            found
        };
        assert_eq!(snapshot(open).unwrap().value().as_u64().unwrap(), 7);
    }

    #[test]
    fn a_second_name_of_a_region_that_was_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (name, second) = (dir.path().join("number"), dir.path().join("second"));
        let mut state = State::<u64>::create(&name).unwrap();
        std::fs::hard_link(&name, &second).unwrap();
        state.recreate(State::options().handles(100)).unwrap();
        let refused = backup(&second, dir.path().join("copy")).unwrap_err();
        assert!(matches!(&refused, Error::State(e) if e.kind() == ErrorKind::Retired), "{refused}");
        assert!(!dir.path().join("copy").exists());
    }
}
