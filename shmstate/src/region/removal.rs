//! Taking a region's name away.

use super::recognise;
use crate::error::Error;
use crate::os::{self, DEFAULT_TIMEOUT, Deadline, NameLock, RegionKey, RegionPath};

/// Removes the name of the region at that path if it is the one that is meant. Returns whether it was.
pub(crate) fn remove_name(region_path: &RegionPath, is_meant: impl Fn(RegionKey) -> bool) -> Result<bool, Error> {
    let clock = &mut Deadline::new(DEFAULT_TIMEOUT);
    loop {
        let file = region_path.open_own()?;
        if !is_meant(os::key(region_path.path(), &file)?) {
            return Ok(false);
        }
        recognise(region_path.path(), &file)?;
        if let Some(_lock) = NameLock::take(region_path, &file, clock)? {
            return region_path.unlink().map(|()| true);
        }
    }
}
