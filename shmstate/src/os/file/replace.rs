//! A new file takes the name of another one.

use super::Place;
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
    pub(crate) fn prepare(&mut self, place: &Place) -> Result<(), Error> {
        if self.temporary.is_some() {
            return Ok(());
        }
        sweep(place);
        undisturbed(&[self.file.as_raw_fd()], || lock(&self.file))
            .map_err(|e| Error::io(&place.path, "lock the file that is to replace", e))?;
        let name = OsString::from(format!("{TEMPORARY}{:032x}", crate::os::random_u128()));
        let dir = duplicate(&place.dir).map_err(|e| Error::io(&place.path, "replace", e))?;
        self.link_as(place, &name)?;
        self.temporary = Some(Temporary { dir, name });
        Ok(())
    }

    /// Gives the file, which has a temporary name, the name of that place, whatever has it now. At each moment, the name leads
    /// to the one file or to the other.
    pub(crate) fn take_name(&mut self, place: &Place) -> Result<(), Error> {
        let Some(temporary) = &self.temporary else { return self.link(place) };
        undisturbed(&self.numbers(place), || {
            self.check(place)?;
            renameat(&temporary.dir, &temporary.name, &place.dir, &place.name)
                .map_err(|e| Error::io(&place.path, "replace", e))
        })?;
        self.temporary = None;
        Ok(())
    }
}
