//! Room for the bytes of a region: reserved before they are used, so that a full file system is an error and not a signal.

use super::check_is_of;
use super::kind::is_memory;
use crate::error::{Error, ErrorRepr};
use crate::os::RegionKey;
use crate::os::memory::{Left, Limit, memory_left};
use crate::os::own_table::undisturbed;
use crate::os::signals::FileLimit;
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

/// Whether room may be reserved beyond what the file system and the memory limits leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Limits {
    /// It may not.
    Respected,
    /// It may, because the program says that the room will be there.
    Ignored,
}

/// Makes an empty file `len` bytes long, and room for the first `room` of them.
pub(super) fn extend(path: &Path, file: &OwnedFd, len: u64, room: u64, limits: Limits) -> Result<(), Error> {
    // Past this limit the kernel does not only refuse: it sends a signal that ends the process.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    let too_long = limit.is_some_and(|limit| len > limit) || libc::off_t::try_from(len).is_err();
    let cut = if too_long { Err(Errno::FBIG) } else { retried(|| rustix::fs::ftruncate(file, len)) };
    cut.map_err(|e| refused(path, len, e))?;
    reserve_undisturbed(path, file, 0..room, limits)
}

/// Makes sure that there is room for these bytes of the file, which is long enough; they keep what they hold. No other
/// process uses these bytes.
pub(crate) fn reserve(
    path: &Path,
    file: &OwnedFd,
    key: RegionKey,
    bytes: Range<u64>,
    limits: Limits,
) -> Result<(), Error> {
    let is_it = |file| check_is_of(path, file, key);
    is_it(file)?;
    // A file that another thread has replaced is whole, or is not reserved.
    if is_whole(path, file, &bytes)? {
        return is_it(file);
    }
    undisturbed(&[file.as_raw_fd()], || {
        is_it(file)?;
        reserve_undisturbed(path, file, bytes, limits)
    })
}

fn reserve_undisturbed(path: &Path, file: &OwnedFd, bytes: Range<u64>, limits: Limits) -> Result<(), Error> {
    if is_whole(path, file, &bytes)? {
        return Ok(());
    }
    let needed = bytes.end - bytes.start;
    in_pieces(bytes.clone(), |piece| {
        // Asked again for each piece, because other processes take memory too.
        if limits == Limits::Respected {
            check_room(path, file, piece.start..bytes.end, needed)?;
        }
        match allocate(file, piece) {
            Ok(()) => Ok(Progress::Done),
            Err(Errno::INTR) => Ok(Progress::Interrupted),
            Err(e) => Err(refused(path, needed, e)),
        }
    })
}

/// What came of a piece.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    Interrupted,
}

/// Bytes at a time, at most.
const LARGEST_PIECE: u64 = 64 << 20;

/// Lets `allocate` have the bytes in pieces. A signal may interrupt the kernel, which then may undo the piece. So a process that
/// gets signals at short intervals, for instance from a profiler, goes on with smaller pieces.
fn in_pieces(bytes: Range<u64>, mut allocate: impl FnMut(Range<u64>) -> Result<Progress, Error>) -> Result<(), Error> {
    let page = rustix::param::page_size() as u64;
    let (mut from, mut size) = (bytes.start, LARGEST_PIECE);
    while from < bytes.end {
        let piece = from..bytes.end.min(from + size);
        let len = piece.end - piece.start;
        match allocate(piece)? {
            Progress::Done => (from, size) = (from + len, LARGEST_PIECE.min(size * 2)),
            Progress::Interrupted => size = (size.min(len) / 2).next_multiple_of(page),
        }
    }
    Ok(())
}

/// Reserves room for these bytes.
fn allocate(file: &OwnedFd, bytes: Range<u64>) -> rustix::io::Result<()> {
    let (from, len) = (bytes.start as libc::off_t, (bytes.end - bytes.start) as libc::off_t);
    // By the C library, where a test can put itself in between.
    // SAFETY: an open descriptor.
    if unsafe { libc::fallocate(file.as_raw_fd(), 0, from, len) } == 0 {
        return Ok(());
    }
    match Errno::from_io_error(&io::Error::last_os_error()) {
        // Some file systems cannot, and some old kernels.
        Some(Errno::OPNOTSUPP | Errno::NOSYS) => rewrite(file, bytes),
        e => Err(e.unwrap_or(Errno::IO)),
    }
}

/// Writes what the file holds already, which takes room where the file had none.
fn rewrite(file: &OwnedFd, bytes: Range<u64>) -> rustix::io::Result<()> {
    // The file may be longer than this process may write, if another process has made it.
    let _limit = FileLimit::as_error();
    let mut buffer = vec![0; 1 << 16];
    let mut at = bytes.start;
    while at < bytes.end {
        let len = buffer.len().min((bytes.end - at) as usize);
        // Nothing, where another process has cut the file off meanwhile.
        let read = retried(|| rustix::io::pread(file, &mut buffer[..len], at))?;
        if read == 0 {
            return Err(Errno::IO);
        }
        let mut written = 0;
        while written < read {
            match retried(|| rustix::io::pwrite(file, &buffer[written..read], at + written as u64))? {
                0 => return Err(Errno::NOSPC),
                more => written += more,
            }
        }
        at += read as u64;
    }
    Ok(())
}

fn retried<R>(mut call: impl FnMut() -> rustix::io::Result<R>) -> rustix::io::Result<R> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}

/// Whether there is room for these bytes already. Any doubt counts as a no.
fn is_whole(path: &Path, file: &OwnedFd, bytes: &Range<u64>) -> Result<bool, Error> {
    let taken = taken(path, file)?;
    if bytes.start > 0 || taken < bytes.end {
        return Ok(false);
    }
    // So many blocks may lie past these bytes as well. In memory, pages that are reserved and have never been touched look
    // like holes; to reserve them again would take as long as for the first time. So the pages are counted, where that can be
    // done.
    let page = rustix::param::page_size() as u64;
    let memory = is_memory(path, file)?;
    if memory && let Some(pages) = pages_there(file, 0..bytes.end) {
        return Ok(pages >= bytes.end.div_ceil(page));
    }
    // A file system that does not know its holes says that there are none.
    let whole = first_hole(path, file)? >= bytes.end;
    Ok(whole || memory && taken == bytes.end.next_multiple_of(page))
}

/// How many pages of these bytes of a file in memory exist, in memory or in swap; `None` on kernels before 6.5, and where a sandbox
/// does not let the process ask.
pub(in crate::os) fn pages_there(file: &OwnedFd, bytes: Range<u64>) -> Option<u64> {
    /// `cachestat`, which has the same number on all platforms.
    const CACHESTAT: libc::c_long = 451;
    let range = [bytes.start, bytes.end - bytes.start];
    // Pages there, dirty, being written, evicted, and recently evicted.
    let mut counts = [0_u64; 5];
    // SAFETY: an open descriptor, the two words of a range, and as many words as the kernel writes.
    let done = unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), range.as_ptr(), counts.as_mut_ptr(), 0) };
    (done == 0).then_some(counts[0] + counts[3])
}

/// Bytes of the file system that the file takes.
fn taken(path: &Path, file: &OwnedFd) -> Result<u64, Error> {
    let stat = rustix::fs::fstat(file).map_err(|e| Error::io(path, "look at", e))?;
    Ok(u64::try_from(stat.st_blocks).unwrap_or(0) * 512)
}

/// Where the file's first hole begins.
fn first_hole(path: &Path, file: &OwnedFd) -> Result<u64, Error> {
    match rustix::fs::seek(file, SeekFrom::Hole(0)) {
        Ok(at) => Ok(at),
        // An empty file, or a kernel that does not know the question.
        Err(Errno::NXIO | Errno::INVAL) => Ok(0),
        Err(e) => Err(Error::io(path, "look for holes in", e)),
    }
}

/// Below this many bytes the memory limits are not looked at, because any process takes as much at its start.
const SMALL: u64 = 1 << 20;

/// Refuses to reserve `rest` of `needed` bytes if that is more than the file system, the machine, or a control group of this
/// process has left.
fn check_room(path: &Path, file: &OwnedFd, rest: Range<u64>, needed: u64) -> Result<(), Error> {
    let missing = rest.end.saturating_sub(taken(path, file)?).min(rest.end - rest.start);
    let asked = |e: Errno| Error::io(path, "ask how much room there is for", e);
    let fits = |left: Option<Left>| match left.filter(|left| left.bytes < missing) {
        None => Ok(()),
        Some(Left { bytes, limit }) => {
            let insist = limit != Limit::FileSystem;
            // As the kernel would say it.
            let source = if insist { Errno::NOMEM } else { Errno::NOSPC }.into();
            let (path, limit) = (path.to_owned(), limit.to_string());
            Err(ErrorRepr::TooLarge { path, needed, available: bytes, limit, insist, source }.into())
        }
    };
    fits(file_system_left(file).map_err(asked)?)?;
    if missing >= SMALL && is_memory(path, file)? { fits(memory_left().map_err(asked)?) } else { Ok(()) }
}

/// What the file system of an open file has left; `None` if it has no limit of its own, and so reports no blocks at all.
fn file_system_left(file: &OwnedFd) -> rustix::io::Result<Option<Left>> {
    let stat = rustix::fs::fstatvfs(file)?;
    // What is kept for root may be for this process.
    let bytes = stat.f_bfree.saturating_mul(stat.f_frsize);
    Ok((stat.f_blocks > 0).then_some(Left { bytes, limit: Limit::FileSystem }))
}

/// Bytes that the file system of an open file has left for a region of `room` bytes; the largest number if nothing limits them, or
/// nothing is known.
pub(super) fn free_room(file: &OwnedFd, room: u64) -> u64 {
    let asked = room >= SMALL && is_memory(Path::new(""), file).unwrap_or(false);
    let limits = [file_system_left(file), if asked { memory_left() } else { Ok(None) }];
    limits.into_iter().filter_map(|left| Some(left.ok()??.bytes)).min().unwrap_or(u64::MAX)
}

/// The system does not give the room.
#[cold]
fn refused(path: &Path, needed: u64, e: Errno) -> Error {
    match e {
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::NOMEM => {
            ErrorRepr::NoSpace { path: path.to_owned(), needed, source: e.into() }.into()
        }
        e => Error::io(path, "reserve room for", e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel that takes as long for a piece as it is large, and undoes the piece when a signal comes meanwhile.
    fn pieces(bytes: Range<u64>, mut is_interrupted: impl FnMut(u64) -> bool) -> Vec<u64> {
        let (mut at, mut sizes, mut calls) = (bytes.start, Vec::new(), 0);
        in_pieces(bytes.clone(), |piece| {
            calls += 1;
            assert!(calls < 1000, "it does not get on");
            let size = piece.end - piece.start;
            assert!(piece.start == at && piece.end <= bytes.end && size > 0, "{piece:?}");
            if is_interrupted(size) {
                return Ok(Progress::Interrupted);
            }
            at = piece.end;
            sizes.push(size);
            Ok(Progress::Done)
        })
        .unwrap();
        assert_eq!(at, bytes.end);
        sizes
    }

    #[test]
    fn interrupted_pieces_get_smaller_and_then_larger_again() {
        let mib = 1 << 20;
        assert_eq!(pieces(0..200 * mib, |_| false), [64 * mib, 64 * mib, 64 * mib, 8 * mib]);
        assert!(pieces(0..200 * mib, |size| size > mib).iter().all(|&size| size <= mib));
        let page = rustix::param::page_size() as u64;
        // Not one of the sizes that halving the largest piece gives.
        assert!(pieces(4096..9 * page + 4096, |size| size > page).iter().all(|&size| size == page));
        let mut signals = 10;
        let sizes = pieces(0..200 * mib, |_| {
            let interrupted = signals > 0;
            signals -= i32::from(interrupted);
            interrupted
        });
        assert!(sizes.starts_with(&[mib / 16, mib / 8]) && sizes.iter().any(|&size| size == 64 * mib), "{sizes:?}");
    }

    #[test]
    fn what_cannot_be_allocated_is_written_and_keeps_what_it_holds() {
        use std::io::{Seek, Write};
        use std::os::unix::fs::{FileExt, MetadataExt};
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(300_001).unwrap();
        file.seek(std::io::SeekFrom::Start(100_000)).unwrap();
        file.write_all(b"kept").unwrap();
        let file = std::fs::File::from({
            let fd = OwnedFd::from(file);
            rewrite(&fd, 0..300_001).unwrap();
            assert_eq!(rewrite(&fd, 300_001..300_002), Err(Errno::IO));
            fd
        });
        let stat = file.metadata().unwrap();
        assert!(stat.len() == 300_001 && stat.blocks() * 512 >= 300_001, "{stat:?}");
        let mut bytes = vec![1; 300_001];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert!(&bytes[100_000..100_004] == b"kept" && bytes.iter().filter(|&&byte| byte != 0).count() == 4);
    }

    /// A file whose blocks lie past the bytes in question has as many blocks as one that is whole.
    #[test]
    fn blocks_past_the_end_are_no_room() {
        let file = OwnedFd::from(tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile()).unwrap());
        let path = Path::new("a file");
        rustix::fs::ftruncate(&file, 1 << 16).unwrap();
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::KEEP_SIZE, 1 << 16, 1 << 17).unwrap();
        assert!(taken(path, &file).unwrap() >= 1 << 16 && !is_whole(path, &file, &(0..1 << 16)).unwrap());
        let before = taken(path, &file).unwrap();
        reserve_undisturbed(path, &file, 0..1 << 16, Limits::Respected).unwrap();
        assert_eq!(taken(path, &file).unwrap(), before + (1 << 16));
        // What was reserved once is not reserved again, although it was never touched.
        assert!(is_whole(path, &file, &(0..1 << 16)).unwrap() || !is_memory(path, &file).unwrap());
        // As many blocks as there are bytes in question, but not the right ones.
        let file = OwnedFd::from(tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile()).unwrap());
        rustix::fs::ftruncate(&file, 1 << 16).unwrap();
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::KEEP_SIZE, 1 << 15, 1 << 16).unwrap();
        if is_memory(path, &file).unwrap() && pages_there(&file, 0..1).is_some() {
            assert!(taken(path, &file).unwrap() == 1 << 16 && !is_whole(path, &file, &(0..1 << 16)).unwrap());
        }
    }
}
