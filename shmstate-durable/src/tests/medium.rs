//! A medium that remembers what is written to it, and what of it is there after a power cut.

use super::rng::Rng;
use redb::StorageBackend;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a disk writes whole, or not.
const SECTOR: usize = 512;

/// What happened, in order.
#[derive(Clone)]
pub(super) enum Op {
    Write {
        at: u64,
        bytes: Vec<u8>,
    },
    Len(u64),
    /// What was written before is on the medium.
    Sync,
    /// A process was assured that this version is on disk.
    Assured(u64),
}

/// Without the bytes.
impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Write { at, bytes } => write!(f, "Write({at}, {} bytes)", bytes.len()),
            Op::Len(len) => write!(f, "Len({len})"),
            Op::Sync => f.write_str("Sync"),
            Op::Assured(version) => write!(f, "Assured({version})"),
        }
    }
}

/// A medium. Its clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Medium(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) ops: Vec<Op>,
    /// It has no room for anything.
    pub(super) is_full: bool,
    bytes: Vec<u8>,
}

impl Medium {
    pub(super) fn of(bytes: Vec<u8>) -> Medium {
        Medium(Arc::new(Mutex::new(Recorded { bytes, ..Recorded::default() })))
    }

    pub(super) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.recorded().bytes.clone()
    }

    pub(super) fn assured(&self, version: u64) {
        self.recorded().ops.push(Op::Assured(version));
    }
}

impl Recorded {
    fn does(&mut self, op: Op) -> io::Result<()> {
        if self.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        perform(&op, &mut self.bytes);
        self.ops.push(op);
        Ok(())
    }
}

/// What an operation does to the bytes.
fn perform(op: &Op, medium: &mut Vec<u8>) {
    match op {
        Op::Write { at, bytes } => {
            let range = *at as usize..*at as usize + bytes.len();
            if medium.len() < range.end {
                medium.resize(range.end, 0);
            }
            medium[range].copy_from_slice(bytes);
        }
        Op::Len(len) => medium.resize(*len as usize, 0),
        Op::Sync | Op::Assured(_) => {}
    }
}

impl StorageBackend for Medium {
    fn len(&self) -> io::Result<u64> {
        Ok(self.recorded().bytes.len() as u64)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let range = offset as usize..(offset as usize).saturating_add(len);
        let found = self.recorded().bytes.get(range).map(<[u8]>::to_vec);
        found.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.recorded().does(Op::Len(len))
    }

    fn sync_data(&self, eventual: bool) -> io::Result<()> {
        if eventual { Ok(()) } else { self.recorded().does(Op::Sync) }
    }

    fn write(&self, at: u64, data: &[u8]) -> io::Result<()> {
        self.recorded().does(Op::Write { at, bytes: data.to_vec() })
    }
}

/// Goes through what happened, and makes the bytes that are there after a power cut at each point.
pub(super) struct Cuts<'a> {
    ops: &'a [Op],
    next: usize,
    /// What is there in any case.
    synced: Vec<u8>,
    /// What may be there.
    unsynced: Vec<&'a Op>,
    /// The newest version of which a process was assured.
    pub(super) assured: Option<u64>,
}

/// How the power is cut.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Loss {
    /// All that is not synced is lost.
    All,
    /// Nothing is lost but the end of the last write.
    Tail,
    /// Any sectors are there, in any order.
    Any,
}

impl<'a> Cuts<'a> {
    pub(super) fn new(start: Vec<u8>, ops: &'a [Op]) -> Cuts<'a> {
        Cuts { ops, next: 0, synced: start, unsynced: Vec::new(), assured: None }
    }

    /// Goes past the next operation; `None` at the end.
    pub(super) fn step(&mut self) -> Option<&'a Op> {
        let op = self.ops.get(self.next)?;
        self.next += 1;
        match op {
            Op::Sync => self.unsynced.drain(..).for_each(|op| perform(op, &mut self.synced)),
            Op::Assured(version) => self.assured = self.assured.max(Some(*version)),
            Op::Write { .. } | Op::Len(_) => self.unsynced.push(op),
        }
        Some(op)
    }

    /// Whether the length is not synced.
    pub(super) fn is_growing(&self) -> bool {
        self.unsynced.iter().any(|op| matches!(op, Op::Len(_)))
    }

    /// What is there after a cut at this point.
    pub(super) fn cut(&self, loss: Loss, rng: &mut Rng) -> Vec<u8> {
        let mut medium = self.synced.clone();
        let mut left: Vec<Op> = match loss {
            Loss::All => vec![],
            Loss::Tail | Loss::Any => self.unsynced.iter().map(|op| (*op).clone()).collect(),
        };
        match loss {
            Loss::All => {}
            Loss::Tail => {
                if let Some(Op::Write { bytes, .. }) = left.last_mut() {
                    bytes.truncate(rng.below(bytes.len() / SECTOR + 1) * SECTOR);
                }
            }
            Loss::Any => {
                left = left.iter().flat_map(sectors).filter(|_| rng.below(3) > 0).collect();
                rng.shuffle(&mut left);
                // Of a sector that was written twice, the later content may have been lost; not replaced by the earlier one.
            }
        }
        left.iter().for_each(|op| perform(op, &mut medium));
        medium
    }
}

/// The parts of a write that a disk writes whole.
fn sectors(op: &Op) -> Vec<Op> {
    match op {
        Op::Write { at, bytes } => {
            let part = |(n, part): (usize, &[u8])| Op::Write { at: at + (n * SECTOR) as u64, bytes: part.to_vec() };
            bytes.chunks(SECTOR).enumerate().map(part).collect()
        }
        op => vec![op.clone()],
    }
}
