//! What each of them can do, and why it cannot do the rest.

use super::Kind;
use crate::counter_list::{HUGE, SIZES, size_name};
use crate::op::{Op, Shape};

/// What is done, as far as a peer may be unable to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    Op(Op),
    Create,
    /// Attach from another process, while others have it open.
    Attach,
    /// The same while no process has.
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

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

impl Kind {
    /// Why it cannot, or is not tried.
    pub fn cannot(self, work: Work, bytes: usize) -> Option<String> {
        self.too_large(work, bytes).or_else(|| self.unable(work).map(str::to_owned))
    }

    /// The largest size that it is measured at, and why at none above.
    fn most(self, work: Work) -> (usize, &'static str) {
        match (self, work) {
            (Kind::Ours | Kind::Mutex, Work::Op(op)) if op.shape() == Shape::Map => {
                (64 * MIB, "to fill it takes too long")
            }
            (Kind::Ours | Kind::Mutex, _) => (SIZES[5], ""),
            (Kind::Iceoryx, _) => (MIB, "a value goes over the stack"),
            (Kind::PythonManager, _) => (4 * KIB, "each item is a message"),
            (Kind::PythonShareable, _) => (64 * KIB, "offsets are summed up at start"),
            (Kind::PythonArray, _) => (MIB, "to fill it takes too long"),
            (Kind::Sqlite, _) => (64 * MIB, "to fill it takes too long"),
            (Kind::Lmdb | Kind::LmdbNoSync, Work::Beside) => (64 * MIB, "it grows as long as a reader stays"),
            (Kind::MmapSync | Kind::Seqlock, Work::Beside) => (HUGE, "not tried"),
            _ => (64 * MIB, "not tried"),
        }
    }

    fn too_large(self, work: Work, bytes: usize) -> Option<String> {
        let (most, why) = self.most(work);
        (bytes > most).then(|| format!("{why}: none above {}", size_name(most)))
    }

    fn unable(self, work: Work) -> Option<&'static str> {
        match (self, work) {
            (Kind::PythonArray | Kind::PythonShareable, Work::Op(Op::Append | Op::InsertFront)) => {
                Some("a fixed length")
            }
            (Kind::PythonArray | Kind::PythonShareable, Work::Op(Op::LookUp | Op::UpdateKey)) => {
                Some("no map; a search in Python says nothing about sharing")
            }
            (Kind::PythonArray, Work::Attach | Work::AttachCold) => Some("children inherit it, and do not attach"),
            (Kind::PythonManager | Kind::Iceoryx, Work::AttachCold) => Some("it is gone when no process has it open"),
            (Kind::PythonArray | Kind::PythonShareable | Kind::PythonManager, Work::Death) => {
                Some("the lock of a dead process stays locked: the next process waits for ever")
            }
            (Kind::Seqlock, Work::Death) => Some("the next process waits for ever"),
            (Kind::MmapSync, Work::Death) => Some("an update is one call that takes a finished value"),
            (Kind::PythonArray | Kind::PythonShareable | Kind::PythonManager | Kind::Iceoryx, Work::Memory) => {
                Some("its memory has no files that are its alone")
            }
            (Kind::Lmdb | Kind::LmdbNoSync | Kind::Sqlite, Work::Op(Op::InsertFront)) => {
                Some("keys, not places: an insert would rewrite all keys, or choose a smaller one")
            }
            (Kind::MmapSync | Kind::Iceoryx, Work::Writers) => Some("one writer only"),
            _ => None,
        }
    }
}
