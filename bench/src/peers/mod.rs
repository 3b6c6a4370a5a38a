//! Whom shmstate is measured against, and what each of them can do.

#[cfg(feature = "peers")]
mod iceoryx;
#[cfg(feature = "peers")]
mod lmdb;
#[cfg(feature = "peers")]
mod mmap_sync;
mod mutex;
mod ours;
mod python;
mod seqlock;
#[cfg(feature = "peers")]
mod sqlite;
mod store;

use crate::measure::timed;
use crate::op::Op;
use anyhow::{Result, bail};
use clap::ValueEnum;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::OpenOptions;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// Somebody who has the state of a directory open.
pub trait Peer {
    /// Does `op` once for each number of the range. Says how many reads were torn.
    fn run(&mut self, op: Op, range: Range<u64>) -> Result<u64>;
    /// The same, and how many nanoseconds it took.
    fn timed(&mut self, op: Op, range: Range<u64>) -> Result<(u64, f64)> {
        let (torn, time) = timed(|| self.run(op, range));
        Ok((torn?, time))
    }
    fn counter(&mut self) -> Result<u64>;
    /// The counter, and the sum of the items.
    fn look(&mut self) -> Result<(u64, u64)>;
    /// Stays in a read for that long. Says whether what it saw has changed.
    fn hold(&mut self, time: Duration) -> Result<u64>;
    /// Begins an update, says so, and never ends it.
    fn hang_in_update(&mut self, entered: &mut dyn FnMut()) -> Result<()>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Kind {
    Ours,
    Mutex,
    Seqlock,
    MmapSync,
    Iceoryx,
    Lmdb,
    LmdbNoSync,
    Sqlite,
    PythonArray,
    PythonShareable,
    PythonManager,
}

/// What is done, as far as a peer may be unable to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Op(Op),
    /// Attach from another process, while others have it open.
    Attach,
    /// The same while nobody has.
    AttachCold,
    /// One process reads, another one writes.
    Beside,
    /// Several processes write.
    Writers,
    /// A writer dies within an update.
    Death,
    /// The size of its files.
    Memory,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ours => "shmstate",
            Kind::Mutex => "robust mutex, in place",
            Kind::Seqlock => "racing seqlock (floor)",
            Kind::MmapSync => "mmap-sync (unsafe read)",
            Kind::Iceoryx => "iceoryx2 blackboard",
            Kind::Lmdb => "LMDB",
            Kind::LmdbNoSync => "LMDB, no sync, write map",
            Kind::Sqlite => "SQLite (WAL)",
            Kind::PythonArray => "Python Array",
            Kind::PythonShareable => "Python ShareableList",
            Kind::PythonManager => "Python Manager().list()",
        }
    }

    pub fn is_python(self) -> bool {
        matches!(self, Kind::PythonArray | Kind::PythonShareable | Kind::PythonManager)
    }

    /// The floor is what no lock can be below; it is nobody's substitute, so it is not called the best.
    pub fn competes(self) -> bool {
        !matches!(self, Kind::Ours | Kind::Seqlock)
    }

    /// All that can run here, and a note on those that cannot.
    pub fn all() -> (Vec<Kind>, Vec<String>) {
        let mut notes = Vec::new();
        let mut kinds = Kind::value_variants().to_vec();
        if !python::found() {
            kinds.retain(|kind| !kind.is_python());
            notes.push("Python is left out: there is no python3".to_owned());
        }
        if cfg!(not(feature = "peers")) {
            kinds.retain(|kind| matches!(kind, Kind::Ours | Kind::Mutex | Kind::Seqlock) || kind.is_python());
            notes.push("built without the feature `peers`".to_owned());
        }
        (kinds, notes)
    }

    /// Why it cannot, or is not tried.
    pub fn cannot(self, work: Work, bytes: usize) -> Option<&'static str> {
        let (mib, last) = (1 << 20, 1 << 30);
        if bytes == last && !matches!(self, Kind::Ours | Kind::Mutex) {
            return Some("not measured at 1 GiB");
        }
        match (self, work) {
            (_, Work::Op(Op::Snapshot | Op::InsertFront)) if bytes == last => Some("not measured at 1 GiB"),
            (Kind::Iceoryx, _) if bytes > mib => Some("a value goes over the stack: none above 1 MiB"),
            (Kind::PythonManager, _) if bytes > 4 << 10 => Some("each item is a message: none above 4 KiB"),
            (Kind::PythonArray | Kind::PythonShareable, _) if bytes > mib => Some("not tried above 1 MiB"),
            (Kind::PythonShareable, _) if bytes > 64 << 10 => Some("offsets are summed up at start: none above 64 KiB"),
            (kind, Work::Op(Op::RollBack | Op::Append | Op::InsertFront)) if kind.is_python() => {
                Some("no roll-back; a fixed length, or a list of another process")
            }
            (kind, work) if kind.is_python() && !matches!(work, Work::Op(_)) => {
                Some("operations are measured in one process only")
            }
            (Kind::Lmdb | Kind::LmdbNoSync | Kind::Sqlite, Work::Op(Op::InsertFront)) => {
                Some("keys, not places: an insert would rewrite all keys, or choose a smaller one")
            }
            (Kind::MmapSync | Kind::Iceoryx, Work::Writers) => Some("one writer only"),
            (Kind::Iceoryx, Work::Memory) => Some("its memory has no files of its own"),
            (Kind::Iceoryx, Work::AttachCold) => Some("it is gone when nobody has it open"),
            (Kind::MmapSync, Work::Death) => Some("an update is one call that takes a finished value"),
            (Kind::Seqlock, Work::Death) => Some("whoever comes next waits for ever"),
            _ => None,
        }
    }

    pub fn create(self, dir: &Path, bytes: usize) -> Result<Box<dyn Peer>> {
        self.open(dir, bytes, true)
    }

    pub fn attach(self, dir: &Path, bytes: usize) -> Result<Box<dyn Peer>> {
        self.open(dir, bytes, false)
    }

    fn open(self, dir: &Path, bytes: usize, create: bool) -> Result<Box<dyn Peer>> {
        match self {
            Kind::Ours => ours::open(dir, bytes, create),
            Kind::Mutex => mutex::open(dir, bytes, create),
            Kind::Seqlock => seqlock::open(dir, bytes, create),
            #[cfg(feature = "peers")]
            Kind::MmapSync => mmap_sync::open(dir, bytes, create),
            #[cfg(feature = "peers")]
            Kind::Iceoryx => iceoryx::open(dir, bytes, create),
            #[cfg(feature = "peers")]
            Kind::Lmdb => lmdb::open(dir, bytes, create, true),
            #[cfg(feature = "peers")]
            Kind::LmdbNoSync => lmdb::open(dir, bytes, create, false),
            #[cfg(feature = "peers")]
            Kind::Sqlite => sqlite::open(dir, bytes, create),
            Kind::PythonArray => python::open("array", bytes),
            Kind::PythonShareable => python::open("shareable", bytes),
            Kind::PythonManager => python::open("manager", bytes),
            #[cfg(not(feature = "peers"))]
            _ => bail!("built without the feature `peers`"),
        }
    }
}

/// A shared mapping of a file of that length.
fn map(path: &Path, len: usize, create: bool) -> Result<MmapRaw> {
    let file = OpenOptions::new().read(true).write(true).create_new(create).open(path)?;
    if create {
        file.set_len(len as u64)?;
    }
    if file.metadata()?.len() != len as u64 {
        bail!("{} has another size", path.display());
    }
    Ok(MmapOptions::new().len(len).map_raw(&file)?)
}
