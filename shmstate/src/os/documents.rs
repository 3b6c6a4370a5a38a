//! Files that are no regions: read whole, and replaced whole.

use super::descriptors::open_at;
use super::signals::FileLimit;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How much is read at a time.
const PIECE: usize = 64 << 10;

/// The content of a file.
pub(crate) fn read_document(path: &Path) -> io::Result<Vec<u8>> {
    let file = open_at(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty())?;
    let mut bytes = Vec::new();
    loop {
        let filled = bytes.len();
        bytes.resize(filled + PIECE, 0);
        match rustix::io::read(&file, &mut bytes[filled..]) {
            Ok(0) => {
                bytes.truncate(filled);
                return Ok(bytes);
            }
            Ok(count) => bytes.truncate(filled + count),
            Err(Errno::INTR) => bytes.truncate(filled),
            Err(e) => return Err(e.into()),
        }
    }
}

/// The first bytes of a file, at most `most`; `None` if it is no plain file.
pub(crate) fn read_begin(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    // Opening a pipe or a device could wait, or do something.
    if FileType::from_raw_mode(rustix::fs::stat(path)?.st_mode) != FileType::RegularFile {
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = open_at(CWD, path, flags, Mode::empty())?;
    let mut bytes = vec![0; most];
    let count = rustix::io::retry_on_intr(|| rustix::io::pread(&file, &mut bytes, 0))?;
    bytes.truncate(count);
    Ok(Some(bytes))
}

/// The file that is written before it replaces the one at that path.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Replaces the content of a file by what `fill` writes, once all of it is written. Until then, and if that fails, the file stays
/// as it was.
pub(crate) fn write_document<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let part = part_of(path);
    let write = || {
        // Longer than the buffer, which writes what is left when it is dropped.
        let _limit = FileLimit::as_error();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = open_at(CWD, &*part, flags, Mode::from_raw_mode(0o666)).map_err(|e| failed(e.into()))?;
        let mut out = BufWriter::new(Output(file));
        fill(&mut out)?;
        out.flush().map_err(&failed)?;
        rustix::fs::renameat(CWD, &*part, CWD, path).map_err(|e| failed(e.into()))
    };
    let written = write();
    if written.is_err() {
        let _ = rustix::fs::unlinkat(CWD, &*part, AtFlags::empty());
    }
    written
}

/// A file that is written.
struct Output(super::Guarded);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
