//! A new file takes the name of another one, and its rights.

use super::create::{NewFile, TEMPORARY, Temporary, lock, sweep};
use super::{Access, RegionPath};
use crate::error::{Error, ErrorRepr};
use crate::os::descriptors::duplicate;
use crate::os::own_table::undisturbed;
use rustix::fs::{Gid, Uid, renameat};
use rustix::io::Errno;
use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

/// Which user and group own a file, and which users may do what with it.
#[derive(Clone, Copy)]
pub(crate) struct Rights {
    user: u32,
    group: u32,
    pub(crate) mode: u32,
}

impl Rights {
    /// Those of an open file.
    pub(crate) fn of(path: &Path, file: &OwnedFd) -> Result<Rights, Error> {
        let stat = rustix::fs::fstat(file).map_err(|e| Error::io(path, "look at", e))?;
        Ok(Rights { user: stat.st_uid, group: stat.st_gid, mode: stat.st_mode & 0o777 })
    }
}

impl NewFile {
    /// Gives the file, which has the mode already, to the user and the group of another one: other users trust a region by these.
    pub(crate) fn give_to(&self, region_path: &RegionPath, rights: Rights, access: Access) -> Result<(), Error> {
        let path = region_path.path();
        let own = Rights::of(path, &self.file)?;
        if (own.user, own.group) == (rights.user, rights.group) {
            return Ok(());
        }
        let user = (own.user != rights.user).then(|| Uid::from_raw(rights.user));
        let given = undisturbed(&self.numbers(region_path), || {
            self.check(region_path)?;
            Ok::<_, Error>(rustix::fs::fchown(&self.file, user, Some(Gid::from_raw(rights.group))))
        })?;
        match given {
            // The group has no rights that it could lose.
            Err(Errno::PERM) if user.is_none() && access.mode & 0o070 == 0 => Ok(()),
            Err(Errno::PERM) => {
                let (user, group) = (rights.user, rights.group);
                let why = format!(
                    "it belongs to user {user} and group {group}, and this process cannot give a new region to them: let a process \
                     of that user, in that group, or of root do it"
                );
                Err(ErrorRepr::Permission { path: path.to_owned(), why, source: None }.into())
            }
            given => given.map_err(|e| Error::io(path, "set the owner of", e)),
        }
    }

    /// Gives the file a temporary name if it has none, for [`Self::take_name`]. The file is locked for as long as this process
    /// lives, so that others can tell which files a dead process has left.
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
