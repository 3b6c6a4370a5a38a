//! What shmstate is measured against.

pub mod bells;
mod capabilities;
#[cfg(feature = "peers")]
mod iceoryx;
mod keyed;
#[cfg(feature = "peers")]
mod lmdb;
#[cfg(feature = "peers")]
mod mmap_sync;
mod mutex;
mod ours;
pub mod python;
mod seqlock;
#[cfg(feature = "peers")]
mod sqlite;
mod store;

use crate::counter_list::entries;
use crate::measure::{Side, timed};
use crate::op::{Op, Shape};
use anyhow::{Result, bail};
use clap::ValueEnum;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::OpenOptions;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// A peer that has the state of a directory open.
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
    /// Makes a map of the list, for peers that have none.
    fn make_map(&mut self, _entries: usize) -> Result<()> {
        bail!("no map")
    }
    /// Touches all of its memory, if that does not happen by itself.
    fn touch(&mut self) -> Result<()> {
        Ok(())
    }
    /// Brings it to where it is after many updates.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
    /// Whether it has private copies that catch up.
    fn keeps_copies(&self) -> bool {
        false
    }
    /// What such a copy costs: an update of one element and an advance over it; after such an update, the advance alone; and
    /// instead of that, a read of the element.
    fn followed(&mut self) -> Result<[Side<'_>; 3]> {
        bail!("no private copy that catches up")
    }
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

pub use capabilities::Work;

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

    /// What Python's script calls it.
    pub fn script(self) -> Result<&'static str> {
        match self {
            Kind::PythonArray => Ok("array"),
            Kind::PythonShareable => Ok("shareable"),
            Kind::PythonManager => Ok("manager"),
            _ => bail!("{} is not Python's", self.name()),
        }
    }

    /// The floor is what no lock can be below; it replaces no peer, so it is not called the best.
    pub fn competes(self) -> bool {
        !matches!(self, Kind::Ours | Kind::Seqlock)
    }

    /// All that can run here, and why the others cannot.
    pub fn all() -> (Vec<Kind>, Vec<(Kind, &'static str)>) {
        let python = python::found();
        let missing = |kind: Kind| match kind {
            _ if kind.is_python() && !python => Some("there is no python3 with `multiprocessing.shared_memory`"),
            Kind::MmapSync | Kind::Iceoryx | Kind::Lmdb | Kind::LmdbNoSync | Kind::Sqlite
                if cfg!(not(feature = "peers")) =>
            {
                Some("the bench was built without its feature `peers`")
            }
            _ => None,
        };
        let (mut here, mut away) = (Vec::new(), Vec::new());
        for kind in Kind::value_variants() {
            match missing(*kind) {
                Some(why) => away.push((*kind, why)),
                None => here.push(*kind),
            }
        }
        (here, away)
    }

    pub fn create(self, dir: &Path, bytes: usize) -> Result<Box<dyn Peer>> {
        self.open(dir, bytes, true)
    }

    /// Creates a state of that shape.
    pub fn shaped(self, shape: Shape, dir: &Path, bytes: usize) -> Result<Box<dyn Peer>> {
        match (shape, self) {
            (Shape::List, _) => self.create(dir, bytes),
            (Shape::Map, Kind::Ours) => keyed::ours::create(dir, bytes),
            #[cfg(feature = "peers")]
            (Shape::Map, Kind::Lmdb) => keyed::lmdb::create(dir, bytes, true),
            #[cfg(feature = "peers")]
            (Shape::Map, Kind::LmdbNoSync) => keyed::lmdb::create(dir, bytes, false),
            #[cfg(feature = "peers")]
            (Shape::Map, Kind::Sqlite) => keyed::sqlite::create(dir, bytes),
            (Shape::Map, Kind::PythonManager) => python::open("dict", entries(bytes)),
            (Shape::Map, _) => {
                let mut peer = self.create(dir, bytes)?;
                peer.make_map(entries(bytes))?;
                Ok(peer)
            }
        }
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
            Kind::PythonArray | Kind::PythonShareable | Kind::PythonManager => python::open(self.script()?, bytes / 8),
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
