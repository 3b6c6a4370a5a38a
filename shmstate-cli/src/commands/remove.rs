//! `rm`.

use super::stat::is_alive;
use crate::failure::Failure;
use shmstate::ErrorKind;
use shmstate::dynamic::DynState;
use std::path::Path;

/// Removes the name, unless a process has the region open.
pub fn rm(name: &Path, force: bool) -> Result<bool, Failure> {
    if !force {
        let attached: Vec<String> = match DynState::open(name) {
            Ok(state) => {
                let handles = state.handles()?;
                let alive = handles.iter().filter(|handle| is_alive(handle) != Some(false));
                alive.map(|handle| format!("{} (`{}`)", handle.pid, handle.command)).collect()
            }
            // What cannot be opened may be what is to go away.
            Err(error) if error.kind() != ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if !attached.is_empty() {
            return Err(Failure::InUse(attached.join(", ")));
        }
    }
    shmstate::remove(name)?;
    Ok(true)
}
