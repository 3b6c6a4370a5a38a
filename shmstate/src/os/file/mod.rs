//! Region files: finding, checking, creating, linking and unlinking them.

mod anonymous;
mod create;
mod place;

pub(crate) use anonymous::{ANONYMOUS, check_anonymous, new_anonymous};
pub(crate) use create::{NewFile, reserve};
pub(crate) use place::Place;

use crate::error::{Error, Trouble};
use crate::mutant::planted;
use crate::os::descriptors::open_at_undivided;
use crate::os::fork::NoFork;
use crate::track::RegionKey;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

/// Who else may have written a file that this process trusts.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    /// The mode that a new region gets. A region that others may write is opened only if this lets them.
    pub(crate) mode: u32,
}

impl Access {
    /// Whether a file with these properties is to be trusted.
    fn check(self, path: &Path, stat: &Stat) -> Result<(), Error> {
        let refuse = |why: String| Err(Trouble::Permission { path: path.to_owned(), why, source: None }.into());
        let user = rustix::process::geteuid().as_raw();
        let anybodys = self.mode & 0o002 != 0;
        let my_groups = self.mode & 0o020 != 0 && (stat.st_uid == 0 || in_group(stat.st_gid));
        if stat.st_uid != user && !anybodys && !my_groups {
            return refuse(format!(
                "it belongs to user {}, not to this process's: open it with `.mode(0o660)`, for a region of one of this \
                 process's groups, or `.mode(0o666)`, for anybody's, if it is meant to be shared between users",
                stat.st_uid
            ));
        }
        // To read is enough to lock bytes of the file, and so to keep others waiting.
        let open_to = stat.st_mode & 0o066 & !self.mode;
        if open_to != 0 {
            return refuse(format!(
                "its mode {:o} lets others {} it, who could {} this process: take the right away, or open it with \
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

/// What is no plain file.
fn kind_of(mode: u32) -> Option<&'static str> {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some("a directory"),
        FileType::Symlink => Some("a symbolic link"),
        FileType::Fifo => Some("a FIFO"),
        FileType::Socket => Some("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
        _ => Some("something else"),
    }
}

/// Refuses all but plain files.
fn check_kind(path: &Path, stat: &Stat) -> Result<(), Error> {
    match kind_of(stat.st_mode) {
        None => Ok(()),
        Some(what) => Err(Trouble::NotAFile { path: path.to_owned(), what }.into()),
    }
}

/// Refuses file systems on which memory is not shared, or locks are not local.
fn check_file_system(path: &Path, fd: &OwnedFd) -> Result<(), Error> {
    const NETWORK: [(u32, &str); 8] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x517b, "SMB"),
        (0x5346_414f, "AFS"),
        (0x0102_1997, "9p"),
        (0x00c3_6400, "Ceph"),
        (0x0bd0_0bd0, "Lustre"),
    ];
    let kind = rustix::fs::fstatfs(fd).map_err(|e| Error::io(path, "look at the file system of", e))?.f_type as u32;
    match NETWORK.iter().find(|(magic, _)| *magic == kind) {
        None => Ok(()),
        Some((_, name)) => {
            let why = format!("it lies on {name}, where processes do not share memory: use a local file system");
            Err(Trouble::Unsupported { path: path.to_owned(), why }.into())
        }
    }
}

/// Device and inode of an open file.
pub(crate) fn key(path: &Path, fd: &OwnedFd) -> Result<RegionKey, Error> {
    Ok(key_of(&rustix::fs::fstat(fd).map_err(|e| Error::io(path, "look at", e))?))
}

fn key_of(stat: &Stat) -> RegionKey {
    RegionKey { device: stat.st_dev, inode: stat.st_ino }
}

/// Bytes of an open file.
pub(crate) fn len(path: &Path, fd: &OwnedFd) -> Result<u64, Error> {
    let stat = rustix::fs::fstat(fd).map_err(|e| Error::io(path, "look at", e))?;
    Ok(u64::try_from(stat.st_size).unwrap_or(0))
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

/// Another description of the file that `fd` is open on: by the descriptor itself, or, without `/proc`, by its name if that
/// still leads there, in the directory that it was found in, whatever the working directory or the root is by now.
pub(crate) fn reopen(fd: &OwnedFd, place: Option<&Place>) -> io::Result<OwnedFd> {
    reopen_undivided(&NoFork::begin()?, fd, place)
}

/// [`reopen`], in the midst of what no fork may divide.
pub(in crate::os) fn reopen_undivided(no_fork: &NoFork, fd: &OwnedFd, place: Option<&Place>) -> io::Result<OwnedFd> {
    let cloexec = if planted("descriptors_survive_exec") { OFlags::empty() } else { OFlags::CLOEXEC };
    let flags = OFlags::RDWR | cloexec;
    let by_descriptor = format!("/proc/self/fd/{}", fd.as_raw_fd());
    if let Ok(file) = open_at_undivided(no_fork, rustix::fs::CWD, by_descriptor, flags, Mode::empty()) {
        return Ok(file);
    }
    let Some(place) = place else { return Err(Errno::NOENT.into()) };
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = open_at_undivided(no_fork, &place.dir, &place.name, flags, Mode::empty())?;
    if key_of(&rustix::fs::fstat(&file)?) == key_of(&rustix::fs::fstat(fd)?) {
        Ok(file)
    } else {
        Err(Errno::NOENT.into())
    }
}
