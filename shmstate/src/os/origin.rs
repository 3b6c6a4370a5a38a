//! Where a region was found, kept for as long as a handle lives. It has no descriptor, because the program might close one.

use super::descriptors::{Guarded, open_at_undivided};
use super::file::key_of;
use super::fork::NoFork;
use super::own_table::entry;
use super::registered::{is_of, replaced};
use crate::error::{ANONYMOUS, Error, ErrorRepr};
use crate::os::RegionKey;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What is wrong with a name after a `chroot`.
pub(crate) const OUT_OF_REACH: &str =
    "this process has another root by now (`chroot`), from which the name cannot be looked up";

/// A path that led to a region.
pub(crate) struct Origin {
    /// As it was given, for people.
    path: PathBuf,
    /// The same from the root on, whatever the working directory is by now.
    absolute: PathBuf,
    /// The root that it starts from.
    root: Option<RegionKey>,
}

impl Origin {
    /// Of a path of this process, now.
    pub(super) fn new(path: &Path) -> Origin {
        let absolute = match std::env::current_dir() {
            Ok(dir) => dir.join(path),
            // There is no working directory any more: a relative path leads nowhere from the root either.
            Err(_) => path.to_owned(),
        };
        Origin { path: path.to_owned(), absolute, root: root() }
    }

    /// The path, for people.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The same from the root on.
    pub(crate) fn absolute(&self) -> &Path {
        &self.absolute
    }

    /// The file that the path leads to now.
    pub(crate) fn now(&self) -> Result<Option<RegionKey>, Error> {
        match rustix::fs::statat(CWD, &self.absolute, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(key_of(&stat))),
            Err(Errno::NOENT | Errno::NOTDIR) if self.is_out_of_reach() => {
                Err(ErrorRepr::Unsupported { path: self.path.clone(), why: OUT_OF_REACH.into() }.into())
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(e) => Err(Error::io(&self.path, "find", e)),
        }
    }

    /// The name by which a region can be looked up again; an error for a region without a name, or after a `chroot`.
    pub(crate) fn in_reach(origin: Option<&Origin>) -> Result<&Origin, Error> {
        let (path, why) = match origin {
            None => (Path::new(ANONYMOUS), "it has no name, which could lead to another region"),
            Some(origin) if origin.is_out_of_reach() => (origin.path(), OUT_OF_REACH),
            Some(origin) => return Ok(origin),
        };
        Err(ErrorRepr::Unsupported { path: path.to_owned(), why: why.into() }.into())
    }

    /// Whether this process has another root by now (`chroot`), from which the path means nothing.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        root() != self.root
    }

    /// Opens the file, if it is the one with that identity.
    fn open(&self, no_fork: &NoFork, key: RegionKey) -> io::Result<Guarded> {
        self.open_as(no_fork, key, flags())
    }

    /// [`Self::open`], without the right to write.
    pub(super) fn open_for_reading(&self, no_fork: &NoFork, key: RegionKey) -> io::Result<Guarded> {
        self.open_as(no_fork, key, flags() - OFlags::RDWR)
    }

    fn open_as(&self, no_fork: &NoFork, key: RegionKey, flags: OFlags) -> io::Result<Guarded> {
        // Looked at before it is opened: to open a FIFO or a device has effects of its own.
        let stat = rustix::fs::statat(CWD, &self.absolute, AtFlags::SYMLINK_NOFOLLOW)?;
        if key_of(&stat) != key {
            return Err(Errno::NOENT.into());
        }
        let file = open_at_undivided(no_fork, CWD, &self.absolute, flags, Mode::empty())?;
        if key_of(&rustix::fs::fstat(&file)?) == key { Ok(file) } else { Err(Errno::NOENT.into()) }
    }
}

fn root() -> Option<RegionKey> {
    rustix::fs::stat("/").ok().map(|stat| key_of(&stat))
}

/// `DSYNC` has no effect on memory, and distinguishes the description from others.
fn flags() -> OFlags {
    OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::DSYNC | OFlags::CLOEXEC
}

/// Another description of the file that `fd` is open on: by the descriptor itself, or, without `/proc`, by its name if that
/// still leads there.
///
/// The program may have put another file under the number meanwhile, and the link leads to that file then. Only the file with that
/// identity is accepted.
pub(super) fn reopen(no_fork: &NoFork, fd: &OwnedFd, key: RegionKey, origin: Option<&Origin>) -> io::Result<Guarded> {
    let by_descriptor = entry(fd.as_raw_fd());
    // The entry is a link.
    let flags = flags() - OFlags::NOFOLLOW;
    match (open_at_undivided(no_fork, CWD, by_descriptor, flags, Mode::empty()), origin) {
        (Ok(file), _) if is_of(fd, key) => Ok(file),
        (Ok(_), None) => Err(replaced()),
        // Nothing can be opened, by whatever name.
        (Err(e @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)), _) | (Err(e), None) => Err(e.into()),
        (_, Some(origin)) => origin.open(no_fork, key),
    }
}

/// A description of the file with that identity, of which this process has no descriptor any more: by its name, or by the
/// mapping that begins and ends at these addresses, which takes a privilege.
pub(super) fn find_again(
    no_fork: &NoFork,
    key: RegionKey,
    origin: Option<&Origin>,
    mapping: (usize, usize),
) -> io::Result<Guarded> {
    let by_name = origin.map(|origin| origin.open(no_fork, key));
    if let Some(Ok(file)) = by_name {
        return Ok(file);
    }
    let by_mapping = format!("/proc/self/map_files/{:x}-{:x}", mapping.0, mapping.1);
    let flags = flags() - OFlags::NOFOLLOW;
    match open_at_undivided(no_fork, CWD, by_mapping, flags, Mode::empty()) {
        Ok(file) if key_of(&rustix::fs::fstat(&file)?) == key => Ok(file),
        Ok(_) => Err(Errno::NOENT.into()),
        Err(e) => by_name.unwrap_or(Err(e.into())),
    }
}
