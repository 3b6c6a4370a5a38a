//! Reads a region's file by a descriptor, where an access to its mapping could take memory or end the process.
//!
//! On a tmpfs, the first access to a page that is a hole takes memory, or causes a signal if there is none. Reading the file does
//! neither.

use super::descriptors::Guarded;
use super::file::pages_there;
use super::fork::{ForkGuard, NoFork};
use super::origin::Origin;
use super::registered::Registered;
use crate::os::RegionKey;
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What all read-only handles on a region share, in one process.
pub(crate) struct Reader {
    key: RegionKey,
    fd: Mutex<Option<Registered>>,
    fork_guard: ForkGuard,
}

/// The readers of this process, by device and inode; in a child, also those of its parent. Locked only while no thread can fork
/// ([`NoFork`]), so that no child finds it locked.
static READERS: Mutex<BTreeMap<(u64, u64), Weak<Reader>>> = Mutex::new(BTreeMap::new());

impl Reader {
    /// The process's reader of the file that `file` is open on, which has that identity. The reader takes over the description.
    pub(crate) fn of(file: Guarded, key: RegionKey) -> io::Result<Arc<Reader>> {
        let fork_guard = ForkGuard::current()?;
        let no_fork = NoFork::begin()?;
        let mut readers = READERS.lock().unwrap_or_else(PoisonError::into_inner);
        let known = readers.get(&(key.device, key.inode)).and_then(Weak::upgrade);
        if let Some(reader) = known.filter(|reader| reader.fork_guard.is_current()) {
            return Ok(reader);
        }
        readers.retain(|_, reader| reader.strong_count() > 0);
        let reader = Arc::new(Reader { key, fd: Mutex::new(None), fork_guard });
        readers.insert((key.device, key.inode), Arc::downgrade(&reader));
        drop((readers, no_fork));
        let fd = Registered::open(key, |_| Ok(file))?;
        *reader.fd.lock().unwrap_or_else(PoisonError::into_inner) = Some(fd);
        Ok(reader)
    }

    /// Whether this is the process whose descriptor it has, and not a child of it.
    pub(crate) fn is_mine(&self) -> bool {
        self.fork_guard.is_current()
    }

    /// How many of these bytes of a file in memory, from the first on, lie in no hole. A number that is too small does no harm.
    pub(crate) fn data(&self, bytes: Range<u64>, origin: &Origin) -> io::Result<u64> {
        let page = rustix::param::page_size() as u64;
        let pages = bytes.end.div_ceil(page) - bytes.start / page;
        self.with(origin, |file| {
            // Asked first, because it moves no position.
            if pages_there(file, bytes.clone()).is_some_and(|there| there >= pages) {
                return Ok(bytes.end - bytes.start);
            }
            match rustix::fs::seek(file, SeekFrom::Hole(bytes.start)) {
                Ok(hole) => Ok(hole.saturating_sub(bytes.start)),
                Err(Errno::NXIO | Errno::INVAL) => Ok(0),
                Err(e) => Err(e.into()),
            }
        })
    }

    /// Reads the words that begin at `from`.
    pub(crate) fn read(&self, from: u64, words: &mut [u64], origin: &Origin) -> io::Result<()> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
        self.with(origin, |file| {
            let mut filled = 0;
            while filled < bytes.len() {
                match rustix::io::pread(file, &mut bytes[filled..], from + filled as u64) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(read) => filled += read,
                    Err(Errno::INTR) => {}
                    Err(e) => return Err(e.into()),
                }
            }
            Ok(())
        })
    }

    /// Calls `f` with a descriptor of the file. One that the program has closed is opened again, by the name.
    fn with<R>(&self, origin: &Origin, f: impl FnOnce(&OwnedFd) -> io::Result<R>) -> io::Result<R> {
        if !self.fork_guard.is_current() {
            // The parent's: the lock may have been held by a thread that this child does not have.
            let file = origin.open_for_reading(&NoFork::begin()?, self.key)?;
            return f(&file);
        }
        let mut fd = self.fd.lock().unwrap_or_else(PoisonError::into_inner);
        if fd.as_ref().is_none_or(|fd| fd.get().is_err()) {
            *fd = None;
            *fd = Some(Registered::open(self.key, |no_fork| origin.open_for_reading(no_fork, self.key))?);
        }
        let Some(fd) = fd.as_ref() else { return Err(Errno::BADF.into()) };
        let file = fd.get()?;
        let result = f(&file);
        // What `f` has read was another file if the number is the program's by now.
        fd.check()?;
        result
    }
}
