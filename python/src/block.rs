//! [`Block`]: a read, an update or a snapshot, as the views in it share it. [`At`]: where a view looks.

use crate::errors::{from_library, over, raise};
use crate::exports::Exports;
use crate::owned::{Owned, Refused};
use crate::registry::Registry;
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use shmstate::Error;
use shmstate::dynamic::{Abandoned, Edit, Position, Reading, Snapshot, Transaction, Value};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// What views look into.
pub(crate) struct Block {
    pub(crate) registry: Arc<Registry>,
    content: Content,
    /// Counts what moves or removes parts.
    moves: AtomicU64,
    replaced: Replaced,
    pub(crate) exports: Exports,
}

enum Content {
    Snapshot(Snapshot),
    Open(Owned<Open>),
}

enum Open {
    Read(Reading),
    Update(Transaction),
    /// A read that is over, but for the buffers that show it.
    Left {
        _reading: Reading,
    },
    /// An update that was rolled back, but for the buffers that show it.
    Abandoned {
        _abandoned: Abandoned,
    },
    Over,
}

const OVER: &str = "the block is over: use what it has shown inside of the `with`, or a `snapshot()`, which lasts";

impl Block {
    fn new(registry: &Arc<Registry>, content: Content) -> Arc<Block> {
        let registry = Arc::clone(registry);
        Arc::new(Block {
            registry,
            content,
            moves: AtomicU64::new(0),
            replaced: Replaced::default(),
            exports: Exports::default(),
        })
    }

    pub(crate) fn snapshot(registry: &Arc<Registry>, snapshot: Snapshot) -> Arc<Block> {
        Self::new(registry, Content::Snapshot(snapshot))
    }

    pub(crate) fn reading(registry: &Arc<Registry>, reading: Reading) -> Arc<Block> {
        Self::new(registry, Content::Open(Owned::new(Open::Read(reading))))
    }

    pub(crate) fn update(registry: &Arc<Registry>, transaction: Transaction) -> Arc<Block> {
        Self::new(registry, Content::Open(Owned::new(Open::Update(transaction))))
    }

    /// A view of the whole state.
    pub(crate) fn root<'py>(self: &Arc<Self>, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.look(py, |value| {
            let at = At {
                block: Arc::clone(self),
                position: value.position(),
                moves: AtomicU64::new(u64::MAX),
                replaced: 0,
            };
            crate::to_python::view(py, &at, value, false)
        })
    }

    /// Refuses another thread than the one that has opened the block.
    pub(crate) fn check_thread(&self, py: Python<'_>) -> PyResult<()> {
        match &self.content {
            Content::Open(open) if !open.is_mine() => Err(refused(py, Refused::OtherThread)),
            _ => Ok(()),
        }
    }

    /// Looks at the state. `f` may make Python objects, and calls nothing that a user has written.
    pub(crate) fn look<R>(&self, py: Python<'_>, f: impl FnOnce(Value<'_>) -> Result<R, Failure>) -> PyResult<R> {
        let result = match &self.content {
            Content::Snapshot(snapshot) => f(snapshot.value()),
            Content::Open(open) => match &*open.get().map_err(|why| refused(py, why))? {
                Open::Read(reading) => reading.value().map_err(Failure::from).and_then(f),
                Open::Update(transaction) => transaction.value().map_err(Failure::from).and_then(f),
                _ => return Err(over(py, OVER)),
            },
        };
        result.map_err(|failure| failure.raise(py))
    }

    /// Changes the state.
    fn edit<R>(&self, py: Python<'_>, f: impl FnOnce(&mut Edit<'_>) -> Result<R, Error>) -> PyResult<R> {
        let read_only = "nothing can be changed here: change the state inside of `with state.update() as s`";
        let Content::Open(open) = &self.content else {
            return Err(raise(py, "read_only", format!("a snapshot is a copy; {read_only}")));
        };
        match &mut *open.get().map_err(|why| refused(py, why))? {
            Open::Update(transaction) => {
                let result = transaction.edit().and_then(|mut edit| f(&mut edit));
                if self.exports.count() > 0 {
                    self.exports.check(transaction.value().map_err(|error| from_library(py, &error))?)?;
                }
                result.map_err(|error| from_library(py, &error))
            }
            Open::Read(_) => Err(raise(py, "read_only", read_only.into())),
            _ => Err(over(py, OVER)),
        }
    }

    /// Whether the state can be changed here.
    pub(crate) fn is_update(&self) -> bool {
        match &self.content {
            Content::Open(open) => open.get().is_ok_and(|open| matches!(*open, Open::Update(_))),
            Content::Snapshot(_) => false,
        }
    }

    /// Whether some of these bytes may be of the copy that the block writes.
    pub(crate) fn may_write(&self, bytes: &Range<*const u8>) -> bool {
        match &self.content {
            Content::Snapshot(_) => false,
            Content::Open(open) => open.get().map_or(true, |open| match &*open {
                Open::Update(transaction) => {
                    let written = transaction.as_ptr_range();
                    written.start < bytes.end && bytes.start < written.end
                }
                _ => false,
            }),
        }
    }

    pub(crate) fn version(&self, py: Python<'_>) -> PyResult<u64> {
        let version = match &self.content {
            Content::Snapshot(snapshot) => Ok(snapshot.version()),
            Content::Open(open) => match &*open.get().map_err(|why| refused(py, why))? {
                Open::Read(reading) => reading.version(),
                Open::Update(transaction) => Ok(transaction.version()),
                _ => return Err(over(py, OVER)),
            },
        };
        version.map_err(|error| from_library(py, &error))
    }

    /// Ends the block: commits an update if it shall, else rolls it back. Returns the new version.
    pub(crate) fn end(&self, py: Python<'_>, commit: bool) -> PyResult<Option<u64>> {
        let Content::Open(open) = &self.content else { return Ok(None) };
        let mut open = open.get().map_err(|why| refused(py, why))?;
        let exports = self.exports.count();
        let fail = |error: Error| from_library(py, &error);
        match std::mem::replace(&mut *open, Open::Over) {
            Open::Read(reading) if exports > 0 => {
                *open = Open::Left { _reading: reading };
                Err(still_shown(exports, "this version stays held until then"))
            }
            Open::Update(transaction) if exports > 0 => {
                *open = Open::Abandoned { _abandoned: transaction.abandon().map_err(fail)? };
                Err(still_shown(
                    exports,
                    "the update has been rolled back, and a copy of the state stays held until then",
                ))
            }
            Open::Update(transaction) if commit => {
                self.exports.check_commit()?;
                transaction.commit().map(Some).map_err(fail)
            }
            // Dropped, and with it rolled back or left.
            Open::Read(_) | Open::Update(_) => Ok(None),
            over => {
                *open = over;
                Ok(None)
            }
        }
    }

    /// One buffer less shows its memory, on whatever thread. On another one, what the block holds stays held until the block is gone.
    pub(crate) fn release(&self, written: Option<Position>) {
        if self.exports.remove(written)
            && let Content::Open(open) = &self.content
            && let Ok(mut open) = open.get()
            && matches!(*open, Open::Left { .. } | Open::Abandoned { .. })
        {
            *open = Open::Over;
        }
    }
}

fn refused(py: Python<'_>, why: Refused) -> PyErr {
    match why {
        Refused::OtherThread => {
            let why = "the block was opened by another thread: open one in this thread, or hand a `snapshot()` over";
            raise(py, "wrong_thread", why.into())
        }
        Refused::InUse => over(py, "the block is in use further out, as by a finalizer"),
    }
}

/// Which places have got another value as a whole, in the order of that. A view leads to a place: what it showed before is gone then.
#[derive(Default)]
struct Replaced {
    /// How often that was so.
    count: AtomicU64,
    /// The last ones: as many as are worth looking at.
    last: Mutex<Vec<Range<usize>>>,
}

impl Replaced {
    fn add(&self, bytes: Range<usize>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == 256 {
            last.clear();
        }
        last.push(bytes);
        let _ = self.count.fetch_add(1, Relaxed);
    }

    /// Whether one of these bytes, or it is not known which, was replaced since it had happened `seen` times.
    fn since(&self, seen: u64, bytes: &Range<usize>) -> bool {
        let newer = (self.count.load(Relaxed) - seen) as usize;
        if newer == 0 {
            return false;
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        newer > last.len()
            || last[last.len() - newer..].iter().any(|range| range.start < bytes.end && bytes.start < range.end)
    }
}

fn still_shown(exports: usize, then: &str) -> PyErr {
    PyBufferError::new_err(format!(
        "the block ends while {exports} array(s) or memoryview(s) still show its memory, and {then}: `del` them before the end, do \
         the work in a function that ends before (`state.update(f)`, `state.read(f)`), or copy (`numpy.array(s.items)`)"
    ))
}

/// Why something in a block did not work.
pub(crate) enum Failure {
    Library(Error),
    Python(PyErr),
}

impl Failure {
    fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Failure::Library(error) => from_library(py, &error),
            Failure::Python(error) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Failure::Python(error)
    }
}

/// Where a view looks.
pub(crate) struct At {
    pub(crate) block: Arc<Block>,
    pub(crate) position: Position,
    /// How often something had moved when the place was last known to be right; `u64::MAX` where nothing can move.
    moves: AtomicU64,
    /// How often a place had got another value when the view was made.
    replaced: u64,
}

impl Clone for At {
    fn clone(&self) -> Self {
        let (block, moves) = (Arc::clone(&self.block), AtomicU64::new(self.moves.load(Relaxed)));
        At { block, moves, ..*self }
    }
}

impl At {
    /// A part of it that stays where it is.
    pub(crate) fn fixed(&self, position: Position) -> At {
        self.part(position, self.moves.load(Relaxed))
    }

    /// A part of it that may move: an item, an entry, the payload of a variant.
    pub(crate) fn moving(&self, position: Position) -> At {
        self.part(position, self.block.moves.load(Relaxed))
    }

    /// How often something has moved so far.
    pub(crate) fn moves_so_far(&self) -> u64 {
        self.block.moves.load(Relaxed)
    }

    /// A view of the part at a position, which may move.
    pub(crate) fn view_at<'py>(&self, py: Python<'py>, position: Position) -> PyResult<Bound<'py, PyAny>> {
        self.block.look(py, |root| crate::to_python::view(py, self, root.part(position)?, true))
    }

    fn part(&self, position: Position, moves: u64) -> At {
        let replaced = self.block.replaced.count.load(Relaxed);
        At { block: Arc::clone(&self.block), position, moves: AtomicU64::new(moves), replaced }
    }

    fn check(&self, py: Python<'_>) -> PyResult<()> {
        let moves = self.moves.load(Relaxed);
        if moves == u64::MAX || moves == self.block.moves.load(Relaxed) {
            return Ok(());
        }
        let why = "items or entries were moved, removed or replaced since this view was made: look the part up again, or take a \
                   `.copy()` of it before (`a, b = b.copy(), a.copy()`)";
        Err(raise(py, "stale", why.into()))
    }

    /// The bytes of the state that its place takes, whatever has moved since the view was made.
    fn bytes(&self, py: Python<'_>) -> PyResult<Range<usize>> {
        let size = self.block.look(py, |root| Ok(self.registry().info(root.part(self.position)?.type_index()).size))?;
        Ok(self.position.offset()..self.position.offset() + size)
    }

    /// The place has just got another value, as a whole.
    pub(crate) fn replace(&self, py: Python<'_>) -> PyResult<()> {
        self.block.replaced.add(self.bytes(py)?);
        Ok(())
    }

    /// Whether an object is a view of this very place, as in `s.items += [1]`, which sets it to what it is.
    pub(crate) fn is_shown_by(&self, object: &Bound<'_, PyAny>) -> bool {
        let same = |at: &At| Arc::ptr_eq(&at.block, &self.block) && at.position == self.position;
        crate::from_python::at_of(object).is_some_and(same) && self.block.is_update()
    }

    /// Refuses a view as the value that another place shall get, if its own place has got another one since the view was made: as by
    /// `a, b = b, a`.
    pub(crate) fn check_source(&self, py: Python<'_>) -> PyResult<()> {
        self.check(py)?;
        if self.replaced == self.block.replaced.count.load(Relaxed)
            || !self.block.replaced.since(self.replaced, &self.bytes(py)?)
        {
            return Ok(());
        }
        let why = "this view leads to a place that has got another value since it was made: take a `.copy()` before \
                   (`a, b = b.copy(), a.copy()`)";
        Err(raise(py, "stale", why.into()))
    }

    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.block.registry
    }

    /// Looks at the value.
    #[inline]
    pub(crate) fn look<R>(&self, py: Python<'_>, f: impl FnOnce(Value<'_>) -> Result<R, Failure>) -> PyResult<R> {
        self.check(py)?;
        self.block.look(py, |root| f(root.part(self.position)?))
    }

    /// Changes the value, or a part of it. `moves` says whether parts that other views show may be elsewhere after that. The value itself
    /// is where it was.
    #[inline]
    pub(crate) fn edit<R>(
        &self,
        py: Python<'_>,
        moves: bool,
        f: impl FnOnce(&mut Edit<'_>) -> Result<R, Error>,
    ) -> PyResult<R> {
        self.check(py)?;
        let result = self.block.edit(py, f)?;
        if moves {
            let now = self.block.moves.fetch_add(1, Relaxed) + 1;
            if self.moves.load(Relaxed) != u64::MAX {
                self.moves.store(now, Relaxed);
            }
        }
        Ok(result)
    }

    /// The path that leads to it, for messages.
    pub(crate) fn path(&self, py: Python<'_>) -> String {
        self.block.look(py, |root| Ok(root.path_to(self.position))).unwrap_or_default()
    }
}
