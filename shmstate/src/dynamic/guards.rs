//! [`Reading`] and [`Transaction`]: a read and an update that last from call to call.

use super::edit::Edit;
use super::image::Image;
use super::session::{Held, Writing};
use super::shape::Shapes;
use super::snapshot::{Snapshot, checked};
use super::source::Source;
use super::state::{Access, DynState};
use super::value::Value;
use crate::error::Error;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// One version of a state, which stays as it is until this guard is dropped: [`DynState::reading`].
///
/// It gives what the closure of [`DynState::read`] sees to programs that cannot use a closure: a binding to another language, a
/// coroutine. Elsewhere, prefer the closure, because it cannot last longer than it should.
///
/// * It keeps one of the region's copies from being written, as a reader that stays in its closure does: with K copies, K − 2 of them
///   delay no writer.
/// * It keeps the handle's mapping alive, and does not borrow the handle.
/// * It belongs to the thread that made it: an update of the same region on that thread is refused as
///   [`Reentrant`](crate::ErrorKind::Reentrant) meanwhile. It may be read and dropped on another thread.
/// * Leaked (by `std::mem::forget`), it holds its copy until the process ends, or all handles of the process on the region are gone.
/// * In a child of the process (`fork`), each call is the error [`Forked`](crate::ErrorKind::Forked), and the guard keeps the child
///   from nothing.
///
/// ```
/// # use shmstate::State;
/// use shmstate::dynamic::DynState;
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("number");
/// # let number = State::<u64>::create(&name)?;
/// let writer = DynState::options().writable(true).open(&name)?;
/// let before = writer.reading()?;
/// std::thread::scope(|s| s.spawn(|| number.update(|n| *n = 7)).join().unwrap())?;
/// assert_eq!(before.value()?.as_u64()?, 0);
/// assert_eq!(writer.reading()?.value()?.as_u64()?, 7);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the version is left when the guard is dropped"]
pub struct Reading {
    shapes: Arc<Shapes>,
    held: Version,
}

enum Version {
    Held(Held),
    /// What a handle that only looks has instead of a pin.
    Copied(Snapshot),
}

/// A running update of a state: [`DynState::begin`]. [`commit`](Self::commit) makes what was written the next version; if the guard
/// is dropped without it, all of it is rolled back.
///
/// It gives what the closure of [`DynState::update`] gets to programs that cannot use a closure: a binding to another language, a
/// coroutine. Elsewhere, prefer the closure, because no other update of the region runs as long as this guard lives.
///
/// * It keeps the handle's mapping alive, and does not borrow the handle.
/// * It belongs to the thread that made it: an update of the same region on that thread is refused as
///   [`Reentrant`](crate::ErrorKind::Reentrant) meanwhile. It may be used and dropped on another thread; an update of the same
///   region there waits for it in vain, until its timeout.
/// * Leaked (by `std::mem::forget`), it holds the region's lock until the process ends, which rolls it back. Other updates are
///   [`Busy`](crate::ErrorKind::Busy) until then.
/// * If the process dies, it is rolled back, as any update is.
/// * In a child of the process (`fork`), each call is the error [`Forked`](crate::ErrorKind::Forked), and dropping the guard does
///   nothing; an update of the child's own waits for the parent's, as any other process does.
///
/// ```
/// # use shmstate::State;
/// use shmstate::dynamic::DynState;
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("number");
/// # let number = State::<u64>::create(&name)?;
/// let writer = DynState::options().writable(true).open(&name)?;
/// let mut update = writer.begin()?;
/// update.edit()?.set("", 7u64)?;
/// assert_eq!(number.read(|n| *n)?, 0, "not committed yet");
/// assert_eq!(update.commit()?, 1);
/// assert_eq!(number.read(|n| *n)?, 7);
/// drop(writer.begin()?); // rolled back
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an update that is dropped is rolled back"]
pub struct Transaction {
    shapes: Arc<Shapes>,
    writing: Writing,
}

/// The bytes of an update that was rolled back, which no process writes until this is dropped: [`Transaction::abandon`].
#[must_use = "the bytes are given back when this is dropped"]
pub struct Abandoned {
    _held: Held,
}

const _: () = {
    const fn send<T: Send>() {}
    send::<Reading>();
    send::<Transaction>();
    send::<Abandoned>();
};

impl DynState {
    /// Holds the committed version until the guard is dropped: [`read`](Self::read) without a closure.
    ///
    /// A read-only handle copies the version instead, as [`snapshot`](Self::snapshot) does.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn reading(&self) -> Result<Reading, Error> {
        let held = match &self.access {
            Access::TakingPart(session) => Version::Held(Held::new(session)?),
            Access::Looking(_) => Version::Copied(self.snapshot()?),
        };
        Ok(Reading { shapes: Arc::clone(&self.shapes), held })
    }

    /// Begins an update, which [`Transaction::commit`] ends: [`update`](Self::update) without a closure.
    ///
    /// # Errors
    /// [`Permission`](crate::ErrorKind::Permission) through a handle that is not [`writable`](super::DynOptions::writable);
    /// otherwise as for [`State::update`](crate::State::update).
    pub fn begin(&self) -> Result<Transaction, Error> {
        self.begin_by(None)
    }

    /// [`begin`](Self::begin), which waits at most `timeout` for other updates: not at all for `Duration::ZERO`.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub fn begin_within(&self, timeout: Duration) -> Result<Transaction, Error> {
        self.begin_by(Some(timeout))
    }

    fn begin_by(&self, timeout: Option<Duration>) -> Result<Transaction, Error> {
        match &self.access {
            Access::TakingPart(session) if self.options.writable => {
                let writing = Writing::new(session, timeout.unwrap_or(session.timeout()))?;
                Ok(Transaction { shapes: Arc::clone(&self.shapes), writing })
            }
            _ => Err(self.read_only()),
        }
    }
}

impl Reading {
    /// The whole state.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that made the guard.
    #[inline]
    pub fn value(&self) -> Result<Value<'_>, Error> {
        match &self.held {
            Version::Held(held) => Ok(Value::root(&self.shapes, Source::Whole(held.bytes()?))),
            Version::Copied(snapshot) => Ok(snapshot.value()),
        }
    }

    /// The number of the version.
    ///
    /// # Errors
    /// As for [`value`](Self::value).
    pub fn version(&self) -> Result<u64, Error> {
        match &self.held {
            Version::Held(held) => held.version(),
            Version::Copied(snapshot) => Ok(snapshot.version()),
        }
    }

    /// Copies the version, and checks it.
    ///
    /// # Errors
    /// As for [`DynState::snapshot`].
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        match &self.held {
            Version::Held(held) => {
                let (bytes, version) = (held.bytes()?.into(), held.version()?);
                checked(&self.shapes, bytes, version)
            }
            Version::Copied(snapshot) => Ok(snapshot.clone()),
        }
    }
}

impl Transaction {
    /// The whole state, as it is now in this update.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that made the guard.
    #[inline]
    pub fn value(&self) -> Result<Value<'_>, Error> {
        Ok(Value::root(&self.shapes, Source::of_guard(self.writing.bytes()?)))
    }

    /// The whole state, to be changed.
    ///
    /// # Errors
    /// As for [`value`](Self::value).
    #[inline]
    pub fn edit(&mut self) -> Result<Edit<'_>, Error> {
        let (bytes, touched) = self.writing.bytes_mut()?;
        Ok(Edit::new(&self.shapes, Image::of_guard(bytes, touched)))
    }

    /// The addresses of the copy that it writes: what lies there may change with each [`edit`](Self::edit). What
    /// [`value`](Self::value) shows may lie elsewhere.
    #[must_use]
    pub fn as_ptr_range(&self) -> Range<*const u8> {
        self.writing.as_ptr_range()
    }

    /// The number of the version that it makes, if it commits.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.writing.version()
    }

    /// Makes what was written the next version, all of it at once. Returns its number.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that made the guard.
    pub fn commit(self) -> Result<u64, Error> {
        self.writing.commit()
    }

    /// Rolls back. No process uses the memory that the update has written until the returned value is dropped.
    ///
    /// It is for programs that have handed out pointers into the state and cannot take them back, as a binding to another language
    /// may have to: what is written through them is never part of a version. Meanwhile, it holds a copy as a [`Reading`] does. This
    /// holds for pointers from [`Part::bytes_mut`](super::Part::bytes_mut) and [`Part::item_bytes`](super::Part::item_bytes), of
    /// which only those from the first may be written.
    ///
    /// # Errors
    /// As for [`commit`](Self::commit).
    pub fn abandon(self) -> Result<Abandoned, Error> {
        Ok(Abandoned { _held: self.writing.abandon()? })
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("version", &self.version().ok()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("version", &self.version()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Abandoned").finish_non_exhaustive()
    }
}
