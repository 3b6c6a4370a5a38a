//! What a file is, and what its file system has to offer.

use crate::error::{Error, ErrorRepr};
use rustix::fs::{FileType, IFlags, Stat};
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
        Some(what) => Err(ErrorRepr::NotAFile { path: path.to_owned(), what }.into()),
    }
}

/// What a file system offers to a region. A region takes memory that all processes share (`MAP_SHARED`), locks that the kernel
/// frees when their holder dies (`F_OFD_SETLK`), and room that stays reserved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Offer {
    /// All of it. The pages are nothing but memory: a read of a page takes it, and it is gone after a restart.
    Memory,
    /// All of it, in the page cache.
    Local,
    /// All of it, for files that are not copied before each write: those with the attribute `NOCOW`.
    CopyOnWrite,
    /// All of it, once a file lies in the upper layer; a mapping does not keep the description that it was made by.
    Layered,
    /// Not enough.
    Refused(&'static str),
}

const REMOTE: &str = "which other machines write as well, and where processes do not share memory";
const SERVED: &str = "where a program decides whether processes share memory and see locks, and whose end is a signal at the next \
                      access";
const SHARED_FOLDER: &str = "a folder of the machine around this virtual one, where processes do not share memory";
const HUGE: &str = "where a file consists of huge pages, and cannot be written as other files are (a tmpfs can have huge pages: \
                    mount it with `huge=`)";
const UNION: &str = "where a file is another one after it was opened for writing";
const FULL_IS_FATAL: &str = "which takes new room at each write, so that a full one is a signal at some access";

/// The file systems that are known, by `f_type`. Any other file system is taken for a local one.
const FILE_SYSTEMS: [(u32, &str, Offer); 37] = [
    (TMPFS, "tmpfs", Offer::Memory),
    (0x8584_58f6, "ramfs", Offer::Memory),
    (0xef53, "ext4", Offer::Local),
    (0x5846_5342, "XFS", Offer::Local),
    (0xf2f5_2010, "F2FS", Offer::Local),
    (0x2fc1_2fc1, "ZFS", Offer::Local),
    (0x3153_464a, "JFS", Offer::Local),
    (0x5265_4973, "ReiserFS", Offer::Local),
    (0x2011_bab0, "exFAT", Offer::Local),
    (0x4d44, "FAT", Offer::Local),
    (0x7366_746e, "NTFS", Offer::Local),
    (0xf15f, "eCryptfs", Offer::Local),
    (BTRFS, "Btrfs", Offer::CopyOnWrite),
    (OVERLAYFS, "overlayfs", Offer::Layered),
    (0x6175_6673, "aufs", Offer::Refused(UNION)),
    (0xca45_1a4e, "bcachefs", Offer::Refused(FULL_IS_FATAL)),
    (0x9584_58f6, "hugetlbfs", Offer::Refused(HUGE)),
    (0x6573_5546, "FUSE (virtiofs, sshfs, s3fs, fuse-overlayfs, …)", Offer::Refused(SERVED)),
    (0x0102_1997, "9p", Offer::Refused(REMOTE)),
    (0x6969, "NFS", Offer::Refused(REMOTE)),
    (0xff53_4d42, "CIFS", Offer::Refused(REMOTE)),
    (0xfe53_4d42, "SMB 2", Offer::Refused(REMOTE)),
    (0x517b, "SMB", Offer::Refused(REMOTE)),
    (0x564c, "NCP", Offer::Refused(REMOTE)),
    (0x5346_414f, "AFS", Offer::Refused(REMOTE)),
    (0x6b41_4653, "kAFS", Offer::Refused(REMOTE)),
    (0x7375_7245, "Coda", Offer::Refused(REMOTE)),
    (0x00c3_6400, "Ceph", Offer::Refused(REMOTE)),
    (0x0bd0_0bd0, "Lustre", Offer::Refused(REMOTE)),
    (0x4750_4653, "GPFS", Offer::Refused(REMOTE)),
    (0x0116_1970, "GFS2", Offer::Refused(REMOTE)),
    (0x7461_636f, "OCFS2", Offer::Refused(REMOTE)),
    (0x1983_0326, "BeeGFS", Offer::Refused(REMOTE)),
    (0x2003_0528, "OrangeFS", Offer::Refused(REMOTE)),
    (0x786f_4256, "vboxsf", Offer::Refused(SHARED_FOLDER)),
    (0xbacb_acbc, "vmhgfs", Offer::Refused(SHARED_FOLDER)),
    (0x7c7c_6673, "prl_fs", Offer::Refused(SHARED_FOLDER)),
];

/// `/dev/shm` and `memfd` included.
const TMPFS: u32 = 0x0102_1994;

const BTRFS: u32 = 0x9123_683e;

const OVERLAYFS: u32 = 0x794c_7630;

/// The file system of an open file: what it is called, and what it offers.
fn offer(path: &Path, fd: &OwnedFd) -> Result<(&'static str, Offer), Error> {
    let stat = rustix::fs::fstatfs(fd).map_err(|e| Error::io(path, "look at the file system of", e))?;
    Ok(offer_of(stat.f_type as u32))
}

fn offer_of(magic: u32) -> (&'static str, Offer) {
    let known = FILE_SYSTEMS.iter().find(|(known, ..)| *known == magic);
    known.map_or(("a file system", Offer::Local), |(_, name, offer)| (name, *offer))
}

/// Whether the file's pages are memory, and nothing but memory.
pub(crate) fn is_memory(path: &Path, fd: &OwnedFd) -> Result<bool, Error> {
    Ok(offer(path, fd)?.1 == Offer::Memory)
}

/// Whether opening the file for writing for the first time makes it another file.
pub(crate) fn is_layered(path: &Path, fd: &OwnedFd) -> Result<bool, Error> {
    Ok(offer(path, fd)?.1 == Offer::Layered)
}

/// Refuses file systems that do not offer enough.
pub(super) fn check_file_system(path: &Path, fd: &OwnedFd) -> Result<(), Error> {
    let refused = |name, why| {
        let why =
            format!("it lies on {name}, {why}: keep regions on a local file system, best on a tmpfs such as /dev/shm");
        Err(ErrorRepr::Unsupported { path: path.to_owned(), why }.into())
    };
    match offer(path, fd)? {
        (name, Offer::Refused(why)) => refused(name, why),
        (name, Offer::CopyOnWrite) if !has_no_copy_on_write(fd) => refused(name, FULL_IS_FATAL),
        _ => Ok(()),
    }
}

/// Prepares a new file, which is empty, for its file system.
pub(super) fn prepare(path: &Path, fd: &OwnedFd) -> Result<(), Error> {
    if offer(path, fd)?.1 == Offer::CopyOnWrite
        && let Ok(flags) = rustix::fs::ioctl_getflags(fd)
    {
        // If that does not help, the file is refused.
        let _ = rustix::fs::ioctl_setflags(fd, flags | IFlags::NOCOW);
    }
    check_file_system(path, fd)
}

fn has_no_copy_on_write(fd: &OwnedFd) -> bool {
    rustix::fs::ioctl_getflags(fd).is_ok_and(|flags| flags.contains(IFlags::NOCOW))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const CHAPTER: &str = include_str!("../../../docs/files.md");

    #[test]
    fn the_chapter_has_each_file_system_with_what_it_offers() {
        let rows: BTreeSet<(u32, bool)> = CHAPTER
            .lines()
            .filter_map(|line| {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                let magic = cells.get(2)?.trim_matches('`').strip_prefix("0x")?;
                Some((u32::from_str_radix(magic, 16).ok()?, cells.get(3)?.starts_with("refused")))
            })
            .collect();
        let known: BTreeSet<(u32, bool)> =
            FILE_SYSTEMS.iter().map(|(magic, _, offer)| (*magic, matches!(offer, Offer::Refused(_)))).collect();
        assert_eq!(known.len(), FILE_SYSTEMS.len(), "a number stands twice in the table");
        assert_eq!(rows, known);
    }

    #[test]
    fn what_is_not_known_is_taken_for_local() {
        assert_eq!(offer_of(0x1234_5678).1, Offer::Local);
        assert_eq!(offer_of(0x6573_5546).1, Offer::Refused(SERVED));
    }
}
