//! What a file is, and on what kind of file system it lies.

use crate::error::{Error, Trouble};
use rustix::fs::{FileType, Stat};
use std::os::fd::OwnedFd;
use std::path::Path;

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
pub(super) fn check_kind(path: &Path, stat: &Stat) -> Result<(), Error> {
    match kind_of(stat.st_mode) {
        None => Ok(()),
        Some(what) => Err(Trouble::NotAFile { path: path.to_owned(), what }.into()),
    }
}

/// `f_type` of the file system that a file lies on.
fn magic(path: &Path, fd: &OwnedFd) -> Result<u32, Error> {
    Ok(rustix::fs::fstatfs(fd).map_err(|e| Error::io(path, "look at the file system of", e))?.f_type as u32)
}

/// tmpfs, `/dev/shm` and `memfd` included.
const TMPFS: u32 = 0x0102_1994;

/// A tmpfs without limits.
const RAMFS: u32 = 0x8584_58f6;

/// Whether the file's pages are memory, and nothing but memory: they take it as soon as they are read, and are gone when the
/// machine is restarted.
pub(super) fn is_memory(path: &Path, fd: &OwnedFd) -> Result<bool, Error> {
    Ok(matches!(magic(path, fd)?, TMPFS | RAMFS))
}

/// Refuses file systems on which memory is not shared, or locks are not local.
pub(super) fn check_file_system(path: &Path, fd: &OwnedFd) -> Result<(), Error> {
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
    let magic = magic(path, fd)?;
    match NETWORK.iter().find(|(known, _)| *known == magic) {
        None => Ok(()),
        Some((_, name)) => {
            let why = format!("it lies on {name}, where processes do not share memory: use a local file system");
            Err(Trouble::Unsupported { path: path.to_owned(), why }.into())
        }
    }
}
