//! `rm`.

use super::stat::is_alive;
use crate::failure::Failure;
use crate::processes;
use crate::regions;
use shmstate::dynamic::DynState;
use shmstate::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Removes the name, unless a process has the region open.
pub fn rm(name: &Path, force: bool) -> Result<bool, Failure> {
    if !force {
        let users = match users(name) {
            // What cannot be opened may be what is to go away.
            Err(error) if error.kind() != ErrorKind::NotFound => Vec::new(),
            users => users?,
        };
        if !users.is_empty() {
            return Err(Failure::InUse(users.join(", ")));
        }
    }
    shmstate::remove(name)?;
    Ok(true)
}

/// Removes each region that no process has open. Files that are no regions, or damaged, stay.
pub fn orphans(out: &mut impl Write, dir: Option<PathBuf>, dry_run: bool) -> Result<bool, Failure> {
    for file in regions::files(&dir.unwrap_or_else(regions::directory))? {
        let is_orphan = match users(&file) {
            Ok(users) => users.is_empty(),
            Err(error) => error.kind() == ErrorKind::Rebooted,
        };
        if !is_orphan {
            continue;
        }
        if !dry_run {
            shmstate::remove(&file)?;
        }
        writeln!(out, "{} {}", if dry_run { "would remove" } else { "removed" }, file.display())?;
    }
    Ok(true)
}

fn users(name: &Path) -> Result<Vec<String>, Error> {
    users_of(&regions::open(name)?)
}

/// The processes that have a region open, by number and command. Those that this process cannot see count as alive if they have
/// a handle. One that only looks has none: it is found by its mappings, if it is of this user.
pub(super) fn users_of(state: &DynState) -> Result<Vec<String>, Error> {
    let handles = state.handles()?;
    let alive = handles.iter().filter(|handle| is_alive(handle) != Some(false));
    let mut users: BTreeMap<u32, String> = alive.map(|handle| (handle.pid, handle.command.clone())).collect();
    for (pid, command) in processes::that_have(state.file()) {
        users.entry(pid).or_insert(command);
    }
    Ok(users.into_iter().map(|(pid, command)| format!("{pid} (`{command}`)")).collect())
}
