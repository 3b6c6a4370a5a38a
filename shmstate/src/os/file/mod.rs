//! Region files: finding, checking, creating, linking and unlinking them.

mod anonymous;
mod create;
mod home;
mod kind;
mod region_path;
mod replace;
mod reserve;
mod turn;

pub(crate) use anonymous::{ANONYMOUS, check_anonymous, new_anonymous};
pub(crate) use create::NewFile;
pub(crate) use region_path::RegionPath;
pub(crate) use replace::Rights;
pub(super) use reserve::pages_there;
pub(crate) use reserve::{Limits, reserve};

use crate::error::{Error, ErrorRepr};
use crate::os::RegionKey;
use crate::os::descriptors::{Guarded, READING, open_at};
use crate::os::registered::{is_of, replaced};
use kind::{check_file_system, check_kind};
pub(crate) use kind::{is_layered, is_memory};
use rustix::fs::{Mode, Stat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Which other users may have written a file that this process trusts.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    /// The mode that a new region gets. A region that others may write is opened only if this lets them.
    pub(crate) mode: u32,
}

impl Access {
    /// Whether a file with these properties is to be trusted.
    fn check(self, path: &Path, stat: &Stat) -> Result<(), Error> {
        let refuse = |why: String| Err(ErrorRepr::Permission { path: path.to_owned(), why, source: None }.into());
        let user = rustix::process::geteuid().as_raw();
        let all_users = self.mode & 0o002 != 0;
        let my_groups = self.mode & 0o020 != 0 && (stat.st_uid == 0 || in_group(stat.st_gid));
        if stat.st_uid != user && !all_users && !my_groups {
            // Only a descriptor that was handed over comes past the file's own mode, and the file is opened anew by it.
            let lets_in =
                user == 0 || stat.st_mode & 0o006 == 0o006 || (stat.st_mode & 0o060 == 0o060 && in_group(stat.st_gid));
            return refuse(if lets_in {
                format!(
                    "it belongs to user {}, not to this process's: open it with `.mode(0o660)`, for a region of one of this \
                     process's groups, or `.mode(0o666)`, for those of all users, if it is meant to be shared between users",
                    stat.st_uid
                )
            } else {
                format!(
                    "it belongs to user {}, and its mode {:o} keeps the user of this process out: if it is meant to be shared \
                     between users, create it with `.mode(0o666)`, or `.mode(0o660)` for a common group, and open it with the \
                     same",
                    stat.st_uid,
                    stat.st_mode & 0o777
                )
            });
        }
        // To read is enough to lock bytes of the file, and so to keep others waiting.
        let open_to = stat.st_mode & 0o066 & !self.mode;
        if open_to != 0 {
            return refuse(format!(
                "its mode {:o} lets other users {} it, which could {} this process: take the right away, or open it with \
                 `.mode(0o{:o})` if that is meant",
                stat.st_mode & 0o7777,
                if open_to & 0o022 != 0 { "write" } else { "read" },
                if open_to & 0o022 != 0 { "change it under" } else { "lock it against" },
                stat.st_mode & 0o777 | 0o600
            ));
        }
        Ok(())
    }
}

/// Whether this process is of that group.
fn in_group(group: u32) -> bool {
    let mine = rustix::process::getgroups().unwrap_or_default();
    rustix::process::getegid().as_raw() == group || mine.iter().any(|g| g.as_raw() == group)
}

/// Device and inode of an open file.
pub(crate) fn key(path: &Path, fd: &OwnedFd) -> Result<RegionKey, Error> {
    Ok(key_of(&rustix::fs::fstat(fd).map_err(|e| Error::io(path, "look at", e))?))
}

/// Device and inode of a file when it was opened, which it still is.
pub(crate) fn opened_as(path: &Path, fd: &Guarded) -> Result<RegionKey, Error> {
    fd.check().map_err(|e| Error::io(path, "use", e))?;
    fd.key().ok_or_else(|| Error::io(path, "use", replaced()))
}

/// Refuses a descriptor that is not of that file any more: another thread has replaced or closed it.
pub(crate) fn check_is_of(path: &Path, fd: &OwnedFd, key: RegionKey) -> Result<(), Error> {
    if is_of(fd, key) { Ok(()) } else { Err(Error::io(path, "use", replaced())) }
}

pub(super) fn key_of(stat: &Stat) -> RegionKey {
    RegionKey { device: stat.st_dev, inode: stat.st_ino }
}

/// Bytes of an open file.
pub(crate) fn len(path: &Path, fd: &OwnedFd) -> Result<u64, Error> {
    let stat = rustix::fs::fstat(fd).map_err(|e| Error::io(path, "look at", e))?;
    Ok(u64::try_from(stat.st_size).unwrap_or(0))
}

/// Whether an open file has any name.
pub(crate) fn has_name(path: &Path, fd: &OwnedFd) -> Result<bool, Error> {
    Ok(rustix::fs::fstat(fd).map_err(|e| Error::io(path, "look at", e))?.st_nlink > 0)
}

/// Reads `len` bytes from `offset` on; fewer where the file ends before.
pub(crate) fn read(path: &Path, fd: &OwnedFd, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        match rustix::io::pread(fd, &mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(Errno::INTR) => {}
            Err(e) => return Err(Error::io(path, "read", e)),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// The whole content of one of the kernel's files.
pub(super) fn read_whole(path: &Path) -> rustix::io::Result<Vec<u8>> {
    /// More than any such file has.
    const MOST: usize = 4 << 20;
    let file = open_at(rustix::fs::CWD, path, READING, Mode::empty())?;
    let (mut bytes, mut filled) = (vec![0; 4096], 0);
    while filled < MOST {
        if filled == bytes.len() {
            bytes.resize(2 * filled, 0);
        }
        match rustix::io::pread(&file, &mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    file.check().map_err(|_| Errno::BADF)?;
    bytes.truncate(filled);
    Ok(bytes)
}
