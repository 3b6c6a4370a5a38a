//! Where a name leads: a directory that is held open, and a file name in it.

use super::create::{TEMPORARY, sweep};
use super::home::{home, open_dir};
use super::turn::Turn;
use super::{Access, Limits, NewFile, check_file_system, check_kind, key_of};
use crate::commit::Clock;
use crate::error::{Error, ErrorRepr};
use crate::os::RegionKey;
use crate::os::descriptors::{Guarded, open_at};
use crate::os::origin::Origin;
use crate::os::own_table::undisturbed;
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A name in a directory.
pub(crate) struct RegionPath {
    pub(super) dir: Guarded,
    pub(super) name: OsString,
    /// For people.
    pub(super) path: PathBuf,
}

impl RegionPath {
    /// Where `name` leads: a bare name into the user's directory, which is made if need be; a path as it is.
    pub(crate) fn find(name: &Path) -> Result<RegionPath, Error> {
        let invalid = |why| Error::from(ErrorRepr::InvalidName { name: name.to_owned(), why });
        let bytes = name.as_os_str().as_bytes();
        if bytes.is_empty() {
            return Err(invalid("it is empty"));
        }
        if bytes.contains(&0) {
            return Err(invalid("it has a zero byte"));
        }
        if bytes.ends_with(b"/") || name.file_name().is_none() || matches!(bytes, b"." | b"..") {
            return Err(invalid("it names a directory, not a file in one"));
        }
        let file = name.file_name().unwrap_or(OsStr::new("")).to_owned();
        if file.as_bytes().starts_with(TEMPORARY.as_bytes()) {
            return Err(invalid("it begins like a file that is being made, which may be swept away"));
        }
        if file.len() > 255 {
            return Err(invalid("it is longer than 255 bytes"));
        }
        let (dir, parent) = if bytes.contains(&b'/') {
            let parent = name.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
            (open_dir(&parent, OFlags::empty())?, parent)
        } else {
            home()?
        };
        Ok(RegionPath { dir, path: parent.join(&file), name: file })
    }

    /// The path, for people.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file, after checks of what it is and which users may write it.
    pub(crate) fn open(&self, access: Access) -> Result<Guarded, Error> {
        let (file, stat) = self.open_as(OFlags::RDWR)?;
        access.check(&self.path, &stat)?;
        Ok(file)
    }

    /// Opens a file of this user's own, even if other users may write it, because its owner has allowed that.
    pub(crate) fn open_own(&self) -> Result<Guarded, Error> {
        let (file, stat) = self.open_as(OFlags::RDWR)?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            let why = format!("it belongs to user {}, not to this process's: that user can remove it", stat.st_uid);
            return Err(ErrorRepr::Permission { path: self.path.clone(), why, source: None }.into());
        }
        Ok(file)
    }

    /// Opens the file for reading, whichever users may write it, after a check of what it is.
    pub(crate) fn open_read_only(&self) -> Result<Guarded, Error> {
        Ok(self.open_as(OFlags::RDONLY)?.0)
    }

    fn open_as(&self, mode: OFlags) -> Result<(Guarded, Stat), Error> {
        let path = &self.path;
        // Looked at before it is opened: to open a FIFO or a device has effects of its own.
        let stat =
            rustix::fs::statat(&self.dir, &self.name, AtFlags::SYMLINK_NOFOLLOW).map_err(|e| self.failed("find", e))?;
        check_kind(path, &stat)?;
        let flags = mode | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match open_at(&self.dir, &self.name, flags, Mode::empty()) {
            Ok(file) => file,
            // What it is by now, instead of what it was a moment ago.
            Err(e) => {
                let what = match e {
                    Errno::LOOP => "a symbolic link",
                    Errno::ISDIR => "a directory",
                    Errno::NXIO => "a socket or a device",
                    e => return Err(self.failed("open", e)),
                };
                return Err(ErrorRepr::NotAFile { path: path.clone(), what }.into());
            }
        };
        // What is open may be another file than the one that was looked at.
        let stat = rustix::fs::fstat(&file).map_err(|e| Error::io(path, "look at", e))?;
        check_kind(path, &stat)?;
        check_file_system(path, &file)?;
        file.check().map_err(|e| Error::io(path, "open", e))?;
        Ok((file, stat))
    }

    /// The error for what failed in the directory, or for what was tried with another file under the directory's number.
    #[cold]
    fn failed(&self, doing: &'static str, e: Errno) -> Error {
        match self.dir.check() {
            Ok(()) => Error::io(&self.path, doing, e),
            Err(replaced) => Error::io(&self.path, doing, replaced),
        }
    }

    /// A new file of `len` zero bytes in the same directory, which has no name yet; the first `room` bytes have memory.
    pub(crate) fn new_file(&self, access: Access, len: u64, room: u64, limits: Limits) -> Result<NewFile, Error> {
        NewFile::create(self, access, len, room, limits)
    }

    /// Waits for the turn to create a region that needs `room` bytes here. However the wait ended, the caller looks the name up
    /// again, because the region may exist by now.
    pub(crate) fn turn(&self, room: u64, clock: &mut impl Clock) -> Turn {
        Turn::wait(self, room, clock)
    }

    /// The directory's path, for people.
    pub(super) fn dir_path(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Whether the directory was removed after it was found.
    pub(crate) fn is_gone(&self) -> bool {
        rustix::fs::fstat(&self.dir).is_ok_and(|stat| stat.st_nlink == 0)
    }

    /// What tells it from others: the directory and the name in it.
    pub(crate) fn identity(&self) -> Result<(RegionKey, OsString), Error> {
        Ok((super::key(self.dir_path(), &self.dir)?, self.name.clone()))
    }

    /// Whether the program has left the directory's descriptor alone.
    pub(crate) fn is_ours(&self) -> bool {
        self.dir.is_ours()
    }

    /// Looks the name up again, after its directory was removed. The directory of bare names is made again. A relative path may
    /// lead to the same removed directory, because the working directory is in it: that is the `error`.
    pub(crate) fn find_again(&self, name: &Path, error: Error) -> Result<RegionPath, Error> {
        let region_path = RegionPath::find(name)?;
        let is_path = name.as_os_str().as_bytes().contains(&b'/');
        if is_path && region_path.is_gone() { Err(error) } else { Ok(region_path) }
    }

    /// No file could be made here.
    #[cold]
    pub(super) fn not_created(&self, e: Errno) -> Error {
        match e {
            // A name that does not exist yet is not what is missing.
            Errno::NOENT => ErrorRepr::NoDirectory { path: self.dir_path().to_owned() }.into(),
            e => self.failed("create", e),
        }
    }

    /// The file that the name leads to now.
    pub(crate) fn now(&self) -> Result<Option<RegionKey>, Error> {
        match rustix::fs::statat(&self.dir, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(key_of(&stat))),
            Err(Errno::NOENT) if self.dir.is_ours() => Ok(None),
            Err(e) => Err(self.failed("find", e)),
        }
    }

    /// Takes the name away.
    pub(crate) fn unlink(&self) -> Result<(), Error> {
        undisturbed(&[self.dir.as_raw_fd()], || {
            self.check()?;
            rustix::fs::unlinkat(&self.dir, &self.name, AtFlags::empty())
                .map_err(|e| Error::io(&self.path, "remove", e))
        })?;
        // What one that replaced it has left when it died takes as much memory.
        sweep(self);
        Ok(())
    }

    /// Refuses to go on if the program has replaced the directory's descriptor.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.dir.check().map_err(|e| Error::io(self.dir_path(), "use the directory", e))
    }

    /// What a handle remembers of it, without a descriptor.
    pub(crate) fn origin(&self) -> Origin {
        Origin::new(&self.path)
    }
}
