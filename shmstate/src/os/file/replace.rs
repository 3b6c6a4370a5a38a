//! A new file takes the name of another one.

use super::RegionPath;
use super::create::{NewFile, TEMPORARY, Temporary, lock, sweep};
use crate::error::Error;
use crate::os::descriptors::duplicate;
use crate::os::own_table::undisturbed;
use rustix::fs::renameat;
use std::ffi::OsString;
use std::os::fd::AsRawFd;

impl NewFile {
    /// Gives the file a temporary name if it has none, for [`Self::take_name`]. It is locked for as long as this process lives,
    /// so that others can tell what a dead one has left.
    pub(crate) fn prepare(&mut self, region_path: &RegionPath) -> Result<(), Error> {
        if self.temporary.is_some() {
            return Ok(());
        }
        sweep(region_path);
        undisturbed(&[self.file.as_raw_fd()], || lock(&self.file))
            .map_err(|e| Error::io(&region_path.path, "lock the file that is to replace", e))?;
        let name = OsString::from(format!("{TEMPORARY}{:032x}", crate::os::random_u128()));
        let dir = duplicate(&region_path.dir).map_err(|e| Error::io(&region_path.path, "replace", e))?;
        self.link_as(region_path, &name)?;
        self.temporary = Some(Temporary { dir, name });
        Ok(())
    }

    /// Gives the file, which has a temporary name, that name, whatever has it now. At each moment, the name leads
    /// to the one file or to the other.
    pub(crate) fn take_name(&mut self, region_path: &RegionPath) -> Result<(), Error> {
        let Some(temporary) = &self.temporary else { return self.link(region_path) };
        undisturbed(&self.numbers(region_path), || {
            self.check(region_path)?;
            renameat(&temporary.dir, &temporary.name, &region_path.dir, &region_path.name)
                .map_err(|e| Error::io(&region_path.path, "replace", e))
        })?;
        self.temporary = None;
        Ok(())
    }
}
