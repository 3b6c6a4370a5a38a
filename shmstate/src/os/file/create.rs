//! New files, which get their name only when they are complete.

use super::{Access, Place, check_file_system};
use crate::error::{Error, Trouble};
use crate::mutant::planted;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How the names of files begin that are not complete, where the file system knows no nameless ones.
pub(super) const TEMPORARY: &str = ".shmstate-new-";

/// A file without a name, or with a temporary one.
pub(crate) struct NewFile<'a> {
    place: &'a Place,
    file: OwnedFd,
    temporary: Option<OsString>,
}

impl<'a> NewFile<'a> {
    /// Reserves `len` bytes of zeroes: a full file system is an error now, and not a signal at some later store.
    pub(super) fn create(place: &'a Place, access: Access, len: u64) -> Result<Self, Error> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let new = match rustix::fs::openat(&place.dir, ".", flags | OFlags::TMPFILE, private) {
            Ok(file) => NewFile { place, file, temporary: None },
            // Not known to the file system, or (EISDIR, ENOENT) to the kernel.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => Self::with_temporary_name(place)?,
            Err(e) => return Err(Error::io(&place.path, "create", e)),
        };
        check_file_system(&place.path, &new.file)?;
        reserve(&place.path, &new.file, len)?;
        let mode = Mode::from_raw_mode(access.mode);
        rustix::fs::fchmod(&new.file, mode).map_err(|e| Error::io(&place.path, "set the mode of", e))?;
        Ok(new)
    }

    /// For file systems without nameless files. The file is locked for as long as its creator lives, so that others can
    /// tell what a dead one has left.
    fn with_temporary_name(place: &'a Place) -> Result<Self, Error> {
        let failed = |e| Error::io(&place.path, "create", e);
        sweep(place);
        loop {
            let name = OsString::from(format!("{TEMPORARY}{:032x}", crate::os::random_u128()));
            let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
            let file = rustix::fs::openat(&place.dir, &name, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?;
            let new = NewFile { place, file, temporary: Some(name) };
            let locked = rustix::fs::flock(&new.file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
            // Somebody may have swept it away before it was locked.
            let swept = rustix::fs::fstat(&new.file).map_err(failed)?.st_nlink == 0;
            match locked {
                Ok(()) if !swept => return Ok(new),
                Ok(()) | Err(Errno::WOULDBLOCK) => {}
                Err(e) => return Err(failed(e)),
            }
        }
    }

    /// The file.
    pub(crate) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// Gives the file its name, unless something has it: then the error's kind is `AlreadyExists`.
    pub(crate) fn link(&self) -> Result<(), Error> {
        let Place { dir, name, path } = self.place;
        if planted("name_is_taken_from_another") {
            let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
        }
        let linked = match &self.temporary {
            Some(temporary) => rustix::fs::linkat(dir, temporary, dir, name, AtFlags::empty()),
            // By the descriptor's own entry, which needs no privilege; without `/proc`, by the descriptor, which does on
            // older kernels.
            None => {
                let entry = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                match rustix::fs::linkat(rustix::fs::CWD, entry, dir, name, AtFlags::SYMLINK_FOLLOW) {
                    Err(Errno::NOENT) => match rustix::fs::linkat(&self.file, "", dir, name, AtFlags::EMPTY_PATH) {
                        Err(Errno::NOENT) => {
                            let why =
                                "to create a region takes /proc, or a newer kernel, or the right to search anything";
                            return Err(Trouble::Unsupported { path: path.clone(), why: why.into() }.into());
                        }
                        linked => linked,
                    },
                    linked => linked,
                }
            }
        };
        linked.map_err(|e| Error::io(path, "create", e))
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = rustix::fs::unlinkat(&self.place.dir, temporary, AtFlags::empty());
        }
    }
}

/// Makes sure that there is room for the first `len` bytes of the file, which keep what they hold.
pub(crate) fn reserve(path: &Path, file: &OwnedFd, len: u64) -> Result<(), Error> {
    /// Bytes at a time: a kernel that is interrupted begins the piece anew, and not the whole.
    const PIECE: u64 = 64 << 20;
    let no_space = |source| Error::from(Trouble::NoSpace { path: path.to_owned(), needed: len, source });
    let stat = rustix::fs::fstat(file).map_err(|e| Error::io(path, "look at", e))?;
    if stat.st_blocks as u64 * 512 >= len && stat.st_size as u64 >= len {
        return Ok(());
    }
    // Past this limit the kernel does not only refuse: it sends a signal that ends the process.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    if limit.is_some_and(|limit| len > limit) || libc::off_t::try_from(len).is_err() {
        return Err(no_space(Errno::FBIG.into()));
    }
    if planted("room_not_reserved") {
        return rustix::fs::ftruncate(file, len).map_err(|e| no_space(e.into()));
    }
    let mut from = 0;
    while from < len {
        let piece = PIECE.min(len - from);
        // SAFETY: an open descriptor.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), from as libc::off_t, piece as libc::off_t) } {
            0 => from += piece,
            libc::EINTR => {}
            e @ (libc::ENOSPC | libc::EDQUOT | libc::EFBIG | libc::ENOMEM) => {
                return Err(no_space(io::Error::from_raw_os_error(e)));
            }
            e => return Err(Error::io(path, "reserve room for", io::Error::from_raw_os_error(e))),
        }
    }
    Ok(())
}

/// Removes the temporary files whose creators are dead. What cannot be looked at is left alone.
fn sweep(place: &Place) {
    let Ok(entries) =
        rustix::fs::openat(&place.dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .and_then(rustix::fs::Dir::new)
    else {
        return;
    };
    for entry in entries.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if !name.as_bytes().starts_with(TEMPORARY.as_bytes()) {
            continue;
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = rustix::fs::openat(&place.dir, name, flags, Mode::empty()) else { continue };
        let dead = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok();
        if (dead || planted("living_are_swept")) && !planted("dead_are_not_swept") {
            let _ = rustix::fs::unlinkat(&place.dir, name, AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(dir: &tempfile::TempDir) -> Place {
        Place::find(&dir.path().join("region")).unwrap()
    }

    fn names(dir: &tempfile::TempDir) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_nameless_file_leaves_nothing_before_it_is_linked() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(&dir);
        let new = place.new_file(Access { mode: 0o600 }, 10_000).unwrap();
        assert_eq!(names(&dir), [""; 0]);
        new.link().unwrap();
        assert_eq!(new.link().unwrap_err().kind(), crate::ErrorKind::AlreadyExists);
        assert_eq!(names(&dir), ["region"]);
    }

    #[test]
    fn a_temporary_name_is_swept_once_its_creator_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(&dir);
        let first = NewFile::with_temporary_name(&place).unwrap();
        let second = NewFile::with_temporary_name(&place).unwrap();
        assert_eq!(names(&dir).len(), 2, "the first creator lives");
        second.link().unwrap();
        drop(second);
        // As a kill leaves it: the description is gone, the name is not.
        let mut first = std::mem::ManuallyDrop::new(first);
        let devnull = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()).unwrap();
        drop(std::mem::replace(&mut first.file, devnull));
        assert_eq!(names(&dir).len(), 2);
        let third = NewFile::with_temporary_name(&place).unwrap();
        assert_eq!(names(&dir).len(), 2, "the dead one's name is gone");
        drop(third);
        assert_eq!(names(&dir), ["region"]);
    }
}
